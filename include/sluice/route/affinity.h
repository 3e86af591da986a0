// Affinity: which deployment had a conversation before, so that the prompt cache its provider keeps
// is of use.
//
//   key of the conversation --find()--> deployment, or nothing (a miss)
//   a good answer           --remember()--> the deployment, for idle_s_max from now
//
// A bounded table of one core: a conversation that comes to another core learns its deployment
// there as well. Keys are hashes; what was said is not kept. What was used the longest ago goes
// when room is needed. No clock: time is passed in.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "sluice/base/clock.h"
#include "sluice/route/policy.h"

namespace sluice::route {

class AffinityTable {
 public:
  explicit AffinityTable(std::size_t entries_max) noexcept : entries_max_(entries_max) {}

  /// The deployment (its index within the snapshot) that has the conversation, and has had it
  /// within `idle_max`.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t key, MonotonicTime now,
                                                  Duration idle_max) noexcept;
  /// From now on it is this one's.
  void remember(std::uint64_t key, std::uint32_t deployment, MonotonicTime now);
  void forget(std::uint64_t key) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t key;
    std::uint32_t deployment;
    MonotonicTime used_at;
  };
  using Entries = std::list<Entry>;  // the last used in front
  void erase(Entries::iterator entry) noexcept;

  std::size_t entries_max_;
  Entries entries_;
  std::unordered_map<std::uint64_t, Entries::iterator> by_key_;
};

}  // namespace sluice::route
