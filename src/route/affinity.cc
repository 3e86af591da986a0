#include "sluice/route/affinity.h"

namespace sluice::route {

void AffinityTable::erase(Entries::iterator entry) noexcept {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

std::optional<std::uint32_t> AffinityTable::find(std::uint64_t key, MonotonicTime now,
                                                 Duration idle_max) noexcept {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const Entries::iterator entry = found->second;
  if (now - entry->used_at <= idle_max) return entry->deployment;
  erase(entry);
  return std::nullopt;
}

void AffinityTable::remember(std::uint64_t key, std::uint32_t deployment, MonotonicTime now) {
  if (entries_max_ == 0) return;
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    found->second->deployment = deployment;
    found->second->used_at = now;
    entries_.splice(entries_.begin(), entries_, found->second);
    return;
  }
  if (entries_.size() >= entries_max_) erase(std::prev(entries_.end()));
  entries_.push_front({.key = key, .deployment = deployment, .used_at = now});
  by_key_.emplace(key, entries_.begin());
}

void AffinityTable::forget(std::uint64_t key) noexcept {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) erase(found->second);
}

}  // namespace sluice::route
