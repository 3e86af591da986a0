// What is known of names: answers with their ages, failures, and lookups under way.
//
// Invariant: an entry that somebody waits for or a lookup refers to stays where it is.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/coro/event.h"
#include "sluice/ring/socket_address.h"

namespace sluice::net {

struct NameEntry {
  enum class Outcome : std::uint8_t { found, no_such_name, servers_failed };

  explicit NameEntry(Executor& executor) noexcept : ended(executor) {}

  [[nodiscard]] bool is_fresh(MonotonicTime now) const noexcept {
    return !addresses.empty() && now < fresh_until;
  }
  [[nodiscard]] bool may_serve_stale(MonotonicTime now) const noexcept {
    return !addresses.empty() && now < stale_until;
  }
  [[nodiscard]] bool in_use() const noexcept { return looking_up || pins > 0; }

  std::string name;
  std::vector<ring::SocketAddress> addresses;  // empty: never found, or known not to exist
  MonotonicTime fresh_until{};
  MonotonicTime stale_until{};
  MonotonicTime failed_until{};               // until then a failure stands and is not tried again
  const char* failure = "";                   // of the last lookup, static text
  Outcome outcome = Outcome::servers_failed;  // of the last lookup
  bool looking_up = false;
  std::size_t pins = 0;  // coroutines that hold a reference
  Event ended;           // set when the lookup under way ends
  std::list<NameEntry*>::iterator age;
};

/// What a lookup brought.
struct NameAnswer {
  NameEntry::Outcome outcome = NameEntry::Outcome::servers_failed;
  std::vector<ring::SocketAddress> addresses{};
  std::chrono::seconds ttl{0};
  const char* failure = "";
};

class NameCache {
 public:
  NameCache(Executor& executor, std::size_t names_max) noexcept
      : executor_(executor), names_max_(names_max) {}

  /// The entry of `name`, now the youngest; null when every one of `names_max` entries is in use.
  [[nodiscard]] NameEntry* find_or_add(const std::string& name);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  [[nodiscard]] bool make_room();

  Executor& executor_;
  std::size_t names_max_;
  std::unordered_map<std::string, std::unique_ptr<NameEntry>> entries_;
  std::list<NameEntry*> ages_;  // the longest unused first
};

}  // namespace sluice::net
