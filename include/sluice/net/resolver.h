// Names into addresses: the interface, and a resolver from a table for tests and simulations.
//
// CaresResolver (cares_resolver.h) is the one that asks the network.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/socket_address.h"

namespace sluice::net {

struct AddressList {
  std::vector<ring::SocketAddress> addresses;  // at least one; the preferred first; port set
  bool stale = false;  // older than its TTL: the resolver is down, or asks in the background
};

class Resolver {
 public:
  virtual ~Resolver() = default;

  /// The addresses of `host`, IPv4 and IPv6; an IP literal is its own address. Errors:
  /// resolve_failed (`what` says why; Retry::safe), cancelled. Leaving by `stop` disturbs no other
  /// caller who waits for the same name.
  [[nodiscard]] virtual Task<Result<AddressList>> resolve(std::string host, std::uint16_t port,
                                                          StopToken stop) = 0;

  /// Ends everything the resolver has under way; every waiting resolve() fails. The last call.
  [[nodiscard]] virtual Task<void> close() = 0;
};

/// What every failed lookup says.
[[nodiscard]] Error resolve_error(const char* what) noexcept;

/// A table. Names are compared in lower case.
class StaticResolver final : public Resolver {
 public:
  /// Adds an address of `host`; its port is replaced by the asked one.
  void add(std::string_view host, const ring::SocketAddress& address);
  /// Forgets `host`: looking it up fails.
  void remove(std::string_view host);

  Task<Result<AddressList>> resolve(std::string host, std::uint16_t port, StopToken stop) override;
  Task<void> close() override;

 private:
  std::map<std::string, std::vector<ring::SocketAddress>, std::less<>> table_;
};

}  // namespace sluice::net
