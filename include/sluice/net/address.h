// Addresses as people write them: where a listener listens, what host an upstream has.
//
//   127.0.0.1:8080   [::1]:8080   0.0.0.0:80   [::]:443 (IPv4 too)   unix:/run/x.sock
//
// Literals only: a listener must not depend on a resolver. Strict: what is not wholly understood is
// refused, with a sentence that says what would be right.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/ring/socket_address.h"

namespace sluice::net {

/// The address to listen on. Port 0 lets the kernel choose. On failure: what would be right, for
/// the operator. The text itself is not in it: whoever shows it knows whether it may be shown.
[[nodiscard]] std::expected<ring::SocketAddress, std::string> parse_listen_address(
    std::string_view text);

/// The path of a Unix socket's address; empty for every other.
[[nodiscard]] std::string unix_path_of(const ring::SocketAddress& address);

/// An IP literal without port: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`; nothing for a name.
/// Zone ids (`fe80::1%eth0`) and the short IPv4 forms of inet_aton (`127.1`) are no literals.
[[nodiscard]] std::optional<ring::SocketAddress> parse_ip(std::string_view text,
                                                          std::uint16_t port) noexcept;

/// Whether `name` can be a host name: 1 to 253 bytes, labels of 1 to 63 letters, digits, `-` and
/// `_`, no `-` at a label's ends, one trailing dot allowed (RFC 1123 section 2.1, RFC 2181).
[[nodiscard]] bool is_host_name(std::string_view name) noexcept;

}  // namespace sluice::net
