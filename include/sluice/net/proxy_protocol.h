// The PROXY protocol, versions 1 and 2: who a load balancer speaks for.
//
// Pure: bytes in, addresses out. Source: HAProxy's doc/proxy-protocol.txt. Strict: a header that is
// not wholly right is malformed, and its connection must be closed, since whoever may speak PROXY
// here may name any client.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/ring/socket_address.h"

namespace sluice::net {

struct ProxyHeader {
  enum class Status : std::uint8_t { complete, need_more, malformed };
  Status status = Status::need_more;
  /// Whether the addresses below are told; if not (LOCAL, UNKNOWN, a Unix socket) the connection's
  /// own ones count.
  bool has_addresses = false;
  ring::SocketAddress source{};
  ring::SocketAddress destination{};
  std::size_t bytes_consumed = 0;  // of the header; what follows belongs to the stream
  const char* what = "";           // why it is malformed, static text
};

/// The longest header accepted: version 1 has at most 107 bytes; version 2 could have 64 KiB of
/// extensions, which nobody sends.
inline constexpr std::size_t proxy_header_bytes_max = 4096;

/// Parses the header at the front of `bytes`. A strict prefix of a header is need_more; bytes that
/// begin no header are malformed at the first wrong byte.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view bytes) noexcept;

}  // namespace sluice::net
