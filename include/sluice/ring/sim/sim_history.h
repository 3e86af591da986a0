// What happened in a simulated run: the last events to print, and a hash of all of them.
//
// Two runs with the same seed and the same program have equal hashes; where they differ, something
// outside the simulation (an address, a clock, a hash order) leaked into the program's behaviour.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/clock.h"

namespace sluice::ring::sim {

class SimHistory {
 public:
  /// Keeps the last `entries_max` events, a power of two.
  explicit SimHistory(std::size_t entries_max = 1024);

  /// `what`: static text. `fd`: the descriptor concerned, or -1.
  void add(MonotonicTime time, const char* what, int fd, std::int64_t value) noexcept;

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  /// How many events there were, those no longer kept included.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The last `lines_max` kept events, oldest first, one per line: microseconds since the start,
  /// what, descriptor, value.
  [[nodiscard]] std::string to_string(std::size_t lines_max = 200) const;

 private:
  struct Entry {
    MonotonicTime time;
    const char* what;
    std::int64_t value;
    int fd;
  };
  std::vector<Entry> entries_;  // a ring
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace sluice::ring::sim
