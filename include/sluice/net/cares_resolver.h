// CaresResolver: DNS by c-ares on the loop, with a cache. /etc/hosts and /etc/resolv.conf count.
//
//   resolve --fresh in the cache--> answer
//           --else, join the lookup under way or start one--> A and AAAA --> cache --> answer
//           --the servers fail, an old answer is known--> the old answer, marked stale
//
// One per worker; only over the kernel back-end, since c-ares opens its own sockets. Lookups belong
// to the resolver, not to who asked: a caller who leaves changes nothing for the others, and the
// answer is cached all the same. close() must have ended before it is destroyed.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/net/resolver.h"
#include "sluice/ring/loop.h"

namespace sluice::net {

struct CaresResolverConfig {
  std::string servers{};                        // "192.0.2.1:53,[::1]:53"; empty: the system's
  std::chrono::milliseconds try_timeout{1500};  // of one question to one server, doubled per round
  int tries = 3;                                // rounds over the servers
  std::chrono::seconds ttl_min{5};              // a TTL below counts as this, against stampedes
  std::chrono::seconds ttl_max{3600};           // and above as this
  std::chrono::seconds negative_ttl{5};         // how long "no such name" is remembered
  std::chrono::milliseconds failure_ttl{1000};  // how long servers that fail are left alone
  std::chrono::seconds stale_max{24 * 3600};    // how old beyond its TTL an answer may be served
  std::chrono::milliseconds stale_after{400};   // with an old answer at hand, how long to wait
  std::size_t names_max = 1024;                 // in the cache; then the oldest goes
  std::size_t addresses_max = 16;               // of one name; the rest is dropped
};

struct CaresResolverStats {
  std::uint64_t lookups = 0;       // questions to c-ares; one asks for A and AAAA
  std::uint64_t cache_hits = 0;    // answered at once
  std::uint64_t coalesced = 0;     // joined a lookup under way
  std::uint64_t stale_served = 0;  // answers beyond their TTL
  std::uint64_t failures = 0;      // lookups that failed, names that do not exist included
};

class CaresResolver final : public Resolver {
 public:
  /// Errors: `invalid` (servers not understood), `exhausted`.
  [[nodiscard]] static Result<std::unique_ptr<CaresResolver>> make(
      ring::Loop& loop, const CaresResolverConfig& config);
  ~CaresResolver() override;

  Task<Result<AddressList>> resolve(std::string host, std::uint16_t port, StopToken stop) override;
  Task<void> close() override;

  [[nodiscard]] const CaresResolverStats& stats() const noexcept;

 private:
  class Impl;
  explicit CaresResolver(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
