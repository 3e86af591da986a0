// Whether an address belongs to the public Internet: what a gateway may connect to when a stranger
// names the place (server-side request forgery).
//
//   loopback, private, link-local (cloud metadata: 169.254.169.254), shared (CGNAT), multicast,
//   unspecified, documentation, benchmarking, reserved, unique local           not public
//   IPv4 inside IPv6: mapped (::ffff:0:0/96), translated (64:ff9b::/96)        as the IPv4 address
//   6to4, Teredo, IPv4-compatible, local NAT64 prefixes                        not public
//
// To be asked about the very address that is connected to, after the name was resolved: whatever a
// name led to before is no promise. Sources: IANA's special-purpose address registries (2025),
// RFC 6890, RFC 6052.
#pragma once
#include <vector>

#include "sluice/net/ip_range.h"
#include "sluice/ring/socket_address.h"

namespace sluice::net {

/// Unix sockets and unset addresses are not.
[[nodiscard]] bool is_public(const ring::SocketAddress& address) noexcept;

/// Which addresses may be connected to: public ones, and those of some ranges.
class AddressFilter {
 public:
  AddressFilter() = default;
  explicit AddressFilter(std::vector<IpRange> also) : also_(std::move(also)) {}
  [[nodiscard]] bool admits(const ring::SocketAddress& address) const noexcept;

 private:
  std::vector<IpRange> also_;
};

}  // namespace sluice::net
