// Which of the requests that ask for a fault it strikes: it may be for the first few alone, or for
// a time, so that a provider fails and recovers.
//
//   first:2:status:500           x x . . . . .      the first two that ask for it
//   within:3000:status:503       xxxxxx.........    for three seconds from the first one on
//   every:9000:3000:status:503   xxx......xxx...    the first three seconds of every nine
//
// Counted for each fault as fault_text() spells it, over all workers of a process. Reads no clock:
// time is passed in. Thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "simulator/fault.h"
#include "sluice/base/clock.h"

namespace sluice::simulator {

class Occasions {
 public:
  /// Counts a request that asks for `fault`, and says whether it is struck. `drawn`: whether it may
  /// be at all (FaultRate's probability).
  [[nodiscard]] bool strikes(const Fault& fault, WallTime now, bool drawn = true);

  /// {"status:429":{"asked":3,"struck":1}, ...}
  [[nodiscard]] std::string to_json() const;

  /// Callers name what they like. Beyond so many different ones no more is counted: a fault strikes
  /// as if each request were the first that asks for it.
  static constexpr std::size_t faults_max = 1024;

 private:
  struct Seen {
    std::uint64_t asked = 0;
    std::uint64_t struck = 0;
    WallTime first_at{};
  };
  mutable std::mutex mutex_;  // of all below
  std::map<std::string, Seen> seen_;
};

}  // namespace sluice::simulator
