// A range of IP addresses, as "10.1.0.0/16": what rules about addresses are made of.
#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sluice/ring/socket_address.h"

namespace sluice::net {

/// The bytes of an IP address in network order: 4 or 16 of them. An IPv4-mapped IPv6 address
/// (::ffff:192.0.2.1) is the IPv4 address that the kernel connects to.
struct IpBytes {
  std::array<std::uint8_t, 16> bytes = {};
  std::uint8_t count = 0;  // 0: no IP address at all

  [[nodiscard]] static IpBytes of(const ring::SocketAddress& address) noexcept;
  friend bool operator==(const IpBytes&, const IpBytes&) = default;
};

struct IpRange {
  IpBytes first = {};
  std::uint8_t prefix_bits = 0;  // that all its addresses share

  /// Of the same family, and within. Never a Unix socket.
  [[nodiscard]] bool contains(const IpBytes& address) const noexcept;
  [[nodiscard]] bool contains(const ring::SocketAddress& address) const noexcept {
    return contains(IpBytes::of(address));
  }
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

/// "10.1.0.0/16", "fd00::/8", or one address. On failure, what would be right. Bits behind the
/// prefix must be zero: 10.1.2.3/16 is a slip, and who reads it cannot tell of which part.
[[nodiscard]] std::expected<IpRange, std::string> parse_ip_range(std::string_view text);

}  // namespace sluice::net
