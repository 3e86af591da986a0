#include "sluice/net/connector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/coro/event.h"
#include "sluice/coro/scope.h"
#include "sluice/net/address.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/tls_stream.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

constexpr std::string_view unix_prefix = "unix:";

// What goes wrong before a request was sent is the provider's doing and may be tried again.
Error before_any_request(Error error) noexcept {
  if (error.kind == ErrorKind::cancelled) return error;
  if (error.kind != ErrorKind::exhausted && error.kind != ErrorKind::invalid &&
      error.kind != ErrorKind::unsupported) {
    error.fault = Fault::provider;
  }
  error.retry = Retry::safe;
  return error;
}

// The attempts of one connect_any(), beside each other.
struct Attempts {
  Attempts(ring::Loop& executor, StopToken parent) : source(parent), changed(executor) {}
  StopSource source;  // stops the losers
  Event changed;      // an attempt has ended
  std::optional<ring::Connection> winner;
  std::optional<Error> first_error;
  std::size_t running = 0;
};

// Lifetime: connect_any() owns `attempts` and joins this task.
Task<void> attempt(ring::Loop& loop, Attempts& attempts, ring::SocketAddress address,
                   ring::ConnectionConfig config) {
  ++attempts.running;
  Result<ring::Connection> made =
      co_await ring::connect(loop, address, config, attempts.source.token());
  --attempts.running;
  attempts.changed.set();
  if (!made) {
    if (!attempts.first_error && !attempts.winner) attempts.first_error = made.error();
    co_return;
  }
  // A loser that won its race with the cancel is closed here.
  if (attempts.winner) co_return;
  attempts.winner.emplace(std::move(*made));
  attempts.source.request_stop();
}

// Waits until an attempt ends or `until`. Lifetime: as attempt().
Task<void> wait_for_change(ring::Loop& loop, Attempts& attempts, MonotonicTime until) {
  ring::Deadline deadline(loop, until, attempts.source.token());
  static_cast<void>(co_await attempts.changed.wait(deadline.token()));
  attempts.changed.reset();
}

}  // namespace

std::vector<ring::SocketAddress> interleave_families(
    const std::vector<ring::SocketAddress>& addresses) {
  std::vector<ring::SocketAddress> first;
  std::vector<ring::SocketAddress> second;
  for (const ring::SocketAddress& address : addresses) {
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  }
  std::vector<ring::SocketAddress> mixed;
  mixed.reserve(addresses.size());
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

Task<Result<ring::Connection>> connect_any(ring::Loop& loop,
                                           std::vector<ring::SocketAddress> addresses,
                                           ConnectorConfig config, StopToken stop) {
  SLUICE_ASSERT(!addresses.empty());
  Attempts attempts(loop, stop);
  Scope scope;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    attempts.changed.reset();  // an attempt that failed at once must not hurry the next
    scope.spawn(attempt(loop, attempts, addresses[i], config.connection));
    if (attempts.running > 0) {
      const bool last = i + 1 == addresses.size();
      const MonotonicTime until =
          last ? MonotonicTime::max() : loop.now() + Duration(config.attempt_delay);
      co_await wait_for_change(loop, attempts, until);
    }
    if (attempts.source.stop_requested()) break;
  }
  while (attempts.running > 0 && !attempts.source.stop_requested()) {
    co_await wait_for_change(loop, attempts, MonotonicTime::max());
  }
  attempts.source.request_stop();
  co_await scope.join();

  if (attempts.winner) co_return std::move(*attempts.winner);
  if (stop.stop_requested()) {
    co_return fail(Error{.kind = ErrorKind::cancelled, .what = "connecting cancelled"});
  }
  SLUICE_ASSERT(attempts.first_error.has_value());
  co_return fail(before_any_request(*attempts.first_error));
}

Connector::Connector(ring::Loop& loop, Resolver& resolver, const TlsClientContext* tls,
                     const ConnectorConfig& config) noexcept
    : loop_(loop), resolver_(resolver), tls_(tls), config_(config) {}

Task<Result<Connected>> Connector::connect(Endpoint endpoint, StopToken stop) {
  return connect(std::move(endpoint), tls_, stop);
}

Task<Result<Connected>> Connector::connect(Endpoint endpoint, const TlsClientContext* tls,
                                           StopToken stop) {
  return connect_by(std::move(endpoint), tls, nullptr, stop);
}

Task<Result<Connected>> Connector::connect(Endpoint endpoint, const TlsClientContext* tls,
                                           const AddressFilter& filter, StopToken stop) {
  return connect_by(std::move(endpoint), tls, &filter, stop);
}

// What is found here is what is connected to: the name is not asked for again in between.
// Lifetime: connect_by() owns the endpoint and awaits this task.
Task<Result<std::vector<ring::SocketAddress>>> Connector::find_addresses(
    const Endpoint& endpoint, const AddressFilter* filter, StopToken stop) {
  std::vector<ring::SocketAddress> addresses;
  if (std::string_view(endpoint.host).starts_with(unix_prefix)) {
    if (endpoint.scheme == Scheme::https && endpoint.tls_name.empty()) {
      co_return fail(before_any_request(
          Error{.kind = ErrorKind::invalid, .what = "https over a Unix socket needs a TLS name"}));
    }
    addresses.push_back(
        ring::SocketAddress::unix_path(std::string_view(endpoint.host).substr(unix_prefix.size())));
  } else {
    Result<AddressList> list = co_await resolver_.resolve(endpoint.host, endpoint.port, stop);
    if (!list) co_return fail(before_any_request(list.error()));
    addresses = std::move(list->addresses);
  }
  if (filter != nullptr) {
    std::erase_if(addresses, [&](const auto& address) { return !filter->admits(address); });
    if (addresses.empty()) {
      co_return fail(before_any_request(Error{
          .kind = ErrorKind::invalid, .what = "the host has no address that is connected to"}));
    }
  }
  addresses = interleave_families(addresses);
  if (addresses.size() > config_.addresses_max) addresses.resize(config_.addresses_max);
  co_return addresses;
}

Task<Result<Connected>> Connector::connect_by(Endpoint endpoint, const TlsClientContext* tls,
                                              const AddressFilter* filter, StopToken stop) {
  const bool secure = endpoint.scheme == Scheme::https;
  if (secure && tls == nullptr) {
    co_return fail(before_any_request(
        Error{.kind = ErrorKind::unsupported, .what = "https without certificate authorities"}));
  }
  const MonotonicTime started = loop_.now();
  Result<std::vector<ring::SocketAddress>> addresses =
      co_await find_addresses(endpoint, filter, stop);
  if (!addresses) co_return fail(addresses.error());
  const MonotonicTime resolved = loop_.now();

  Result<ring::Connection> connection =
      co_await connect_any(loop_, std::move(*addresses), config_, stop);
  if (!connection) co_return fail(connection.error());
  const MonotonicTime connected = loop_.now();
  std::unique_ptr<Stream> stream = std::make_unique<PlainStream>(std::move(*connection));

  if (secure) {
    TlsPeer peer{.host = endpoint.tls_name.empty() ? endpoint.host : endpoint.tls_name,
                 .port = endpoint.port,
                 .now = loop_.wall_now()};
    Result<std::unique_ptr<TlsStream>> made =
        co_await TlsStream::connect(std::move(stream), *tls, std::move(peer), stop);
    if (!made) co_return fail(before_any_request(made.error()));
    stream = std::move(*made);
  }
  SLUICE_ASSERT(stream->is_tls() == secure);
  co_return Connected{.stream = std::move(stream),
                      .timings = {.resolve = resolved - started,
                                  .connect = connected - resolved,
                                  .tls = loop_.now() - connected}};
}

}  // namespace sluice::net
