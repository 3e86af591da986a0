#include "sluice/net/cares_resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cares_channel.h"
#include "name_cache.h"
#include "sluice/base/assert.h"
#include "sluice/coro/event.h"
#include "sluice/net/address.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

using Outcome = NameEntry::Outcome;

Error cancelled() noexcept {
  return Error{.kind = ErrorKind::cancelled, .what = "lookup cancelled"};
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

AddressList answer(const NameEntry& entry, std::uint16_t port, bool stale) {
  AddressList list{.addresses = entry.addresses, .stale = stale};
  for (ring::SocketAddress& address : list.addresses) address.set_port(port);
  return list;
}

}  // namespace

class CaresResolver::Impl final : private CaresChannel::Listener {
 public:
  Impl(ring::Loop& loop_given, const CaresResolverConfig& config_given)
      : loop(loop_given),
        config(config_given),
        channel(loop, config, *this),
        cache(loop, config.names_max),
        waiters_gone(loop) {}

  // Lifetime: CaresResolver owns this; close() waits for every caller to leave.
  Task<Result<AddressList>> resolve(std::string host, std::uint16_t port, StopToken stop);
  Task<void> close();

  ring::Loop& loop;
  CaresResolverConfig config;
  CaresResolverStats stats;
  CaresChannel channel;
  NameCache cache;
  std::size_t waiters = 0;
  Event waiters_gone;
  bool closing = false;

 private:
  void answered(NameEntry& entry, NameAnswer found) override;
  void start(NameEntry& entry);
  Task<Result<void>> wait_for(NameEntry& entry, StopToken stop);
};

Task<Result<AddressList>> CaresResolver::Impl::resolve(std::string host, std::uint16_t port,
                                                       StopToken stop) {
  if (const std::optional<ring::SocketAddress> literal = parse_ip(host, port)) {
    co_return AddressList{.addresses = {*literal}};
  }
  if (stop.stop_requested()) co_return fail(cancelled());
  if (closing) co_return fail(resolve_error("the resolver is closed"));
  if (!is_host_name(host)) co_return fail(resolve_error("the host name is malformed"));

  const MonotonicTime now = loop.now();
  NameEntry* const found = cache.find_or_add(lower_case(std::move(host)));
  if (found == nullptr) {
    co_return fail(Error{.kind = ErrorKind::exhausted,
                         .retry = Retry::safe,
                         .what = "too many names are being looked up"});
  }
  NameEntry& entry = *found;
  if (entry.is_fresh(now)) {
    ++stats.cache_hits;
    co_return answer(entry, port, /*stale=*/false);
  }
  if (!entry.looking_up && now < entry.failed_until) {
    ++stats.cache_hits;
    if (!entry.may_serve_stale(now)) co_return fail(resolve_error(entry.failure));
    ++stats.stale_served;
    co_return answer(entry, port, /*stale=*/true);
  }

  if (entry.looking_up) {
    ++stats.coalesced;
  } else {
    start(entry);
  }
  if (entry.looking_up) {
    Result<void> waited = co_await wait_for(entry, stop);
    if (!waited) co_return fail(waited.error());
  }
  if (!entry.looking_up && entry.outcome == Outcome::found) {
    co_return answer(entry, port, /*stale=*/false);
  }
  // The servers fail, or are slow: the lookup goes on in the background.
  if (entry.may_serve_stale(loop.now())) {
    ++stats.stale_served;
    co_return answer(entry, port, /*stale=*/true);
  }
  SLUICE_ASSERT(!entry.looking_up);
  co_return fail(resolve_error(entry.failure));
}

// Waits for the end of the entry's lookup; with an old answer at hand only for a moment. Fails only
// when `stop` stopped. The pin keeps the entry while we wait.
Task<Result<void>> CaresResolver::Impl::wait_for(NameEntry& entry, StopToken stop) {
  ++entry.pins;
  ++waiters;
  while (entry.looking_up && !stop.stop_requested()) {
    const bool old_answer = entry.may_serve_stale(loop.now());
    const MonotonicTime patience =
        old_answer ? loop.now() + Duration(config.stale_after) : MonotonicTime::max();
    ring::Deadline deadline(loop, patience, stop);
    static_cast<void>(co_await entry.ended.wait(deadline.token()));
    if (deadline.passed() && entry.may_serve_stale(loop.now())) break;
  }
  const bool left = stop.stop_requested() && entry.looking_up;
  --entry.pins;
  if (--waiters == 0 && closing) waiters_gone.set();
  if (left) co_return fail(cancelled());
  co_return Result<void>{};
}

void CaresResolver::Impl::start(NameEntry& entry) {
  ++stats.lookups;
  entry.looking_up = true;
  entry.ended.reset();
  channel.ask(entry);  // may answer at once: /etc/hosts
}

void CaresResolver::Impl::answered(NameEntry& entry, NameAnswer found) {
  SLUICE_ASSERT(entry.looking_up);
  const MonotonicTime now = loop.now();
  entry.looking_up = false;
  entry.outcome = found.outcome;
  switch (found.outcome) {
    case Outcome::found:
      entry.addresses = std::move(found.addresses);
      entry.fresh_until = now + std::clamp(found.ttl, config.ttl_min, config.ttl_max);
      entry.stale_until = entry.fresh_until + config.stale_max;
      entry.failed_until = now;
      break;
    case Outcome::no_such_name:
      // The name's owner says so: an old answer is wrong now.
      entry.addresses.clear();
      entry.failed_until = now + config.negative_ttl;
      break;
    case Outcome::servers_failed: entry.failed_until = now + config.failure_ttl; break;
  }
  entry.failure = found.failure;
  if (found.outcome != Outcome::found) ++stats.failures;
  entry.ended.set();
}

Task<void> CaresResolver::Impl::close() {
  closing = true;
  channel.cancel();  // every lookup ends, every waiter is woken
  if (waiters > 0) static_cast<void>(co_await waiters_gone.wait(StopToken{}));
  co_await channel.close();
}

CaresResolver::CaresResolver(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CaresResolver::~CaresResolver() = default;

Result<std::unique_ptr<CaresResolver>> CaresResolver::make(ring::Loop& loop,
                                                           const CaresResolverConfig& config) {
  auto impl = std::make_unique<Impl>(loop, config);
  Result<void> opened = impl->channel.open();
  if (!opened) return fail(opened.error());
  return std::unique_ptr<CaresResolver>(new CaresResolver(std::move(impl)));
}

Task<Result<AddressList>> CaresResolver::resolve(std::string host, std::uint16_t port,
                                                 StopToken stop) {
  return impl_->resolve(std::move(host), port, stop);
}

Task<void> CaresResolver::close() { return impl_->close(); }

const CaresResolverStats& CaresResolver::stats() const noexcept { return impl_->stats; }

}  // namespace sluice::net
