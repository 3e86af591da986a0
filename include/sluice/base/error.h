// What went wrong, in 16 bytes: whose fault, what kind, and whether trying again is allowed.
//
// An Error answers a proxy's two questions where the facts are known. `retry` is decided by who
// knows what was sent on which socket; after the commit point of an exchange it is `never`.
#pragma once
#include <cstdint>
#include <string_view>

namespace sluice {

enum class Fault : std::uint8_t { client, gateway, provider };

enum class Retry : std::uint8_t {
  never,
  if_reused,  // only when the socket was a kept-alive one that may have been closed in passing
  safe,
};

enum class ErrorKind : std::uint8_t {
  cancelled,            // a StopToken asked for the end; no verdict on anybody
  deadline_exceeded,    // a deadline passed; `what` names which
  resolve_failed,       // the host name has no usable address
  connect_failed,       // refused, unreachable
  connection_closed,    // the peer ended the connection in an orderly way, but too early
  connection_reset,     // the peer or the network broke the connection
  tls_failed,           // handshake or record failure
  certificate_invalid,  // the peer's certificate is not trusted or not for this name
  malformed,            // bytes that violate the protocol
  too_large,            // a limit on size or count was exceeded
  exhausted,            // descriptors, memory, buffers or a queue ran out on our side
  unsupported,          // legal, but not spoken here
  invalid,              // an argument, a file or a setting that cannot be used
  not_found,            // no such file, name or thing
  io,                   // any other errno; see os_errno
};

/// The kind's name as logs and metrics spell it: the enumerator, in snake_case.
[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;
[[nodiscard]] std::string_view to_string(Fault fault) noexcept;

struct Error {
  ErrorKind kind = ErrorKind::io;
  Fault fault = Fault::gateway;
  Retry retry = Retry::never;
  std::int32_t os_errno = 0;  // 0 when no system call is behind it
  const char* what = "";      // static text; the log line adds the exchange's identity

  friend bool operator==(const Error&, const Error&) = default;
};
static_assert(sizeof(Error) == 16);

}  // namespace sluice
