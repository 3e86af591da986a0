#include "sluice/net/public_address.h"

#include <algorithm>
#include <array>

namespace sluice::net {
namespace {

struct V4Range {
  std::array<std::uint8_t, 4> first;
  std::uint8_t prefix_bits;
};

constexpr std::array<V4Range, 16> v4_not_public = {{
    {{0, 0, 0, 0}, 8},         // this network
    {{10, 0, 0, 0}, 8},        // private
    {{100, 64, 0, 0}, 10},     // shared: behind a carrier's NAT, and Alibaba Cloud's metadata
    {{127, 0, 0, 0}, 8},       // loopback
    {{168, 63, 129, 16}, 32},  // Azure's platform, reached from inside its machines alone
    {{169, 254, 0, 0}, 16},    // link-local: metadata of most clouds
    {{172, 16, 0, 0}, 12},     // private
    {{192, 0, 0, 0}, 24},      // protocol assignments, and Oracle Cloud's metadata
    {{192, 0, 2, 0}, 24},      // documentation
    {{192, 88, 99, 0}, 24},    // 6to4 relays, no longer
    {{192, 168, 0, 0}, 16},    // private
    {{198, 18, 0, 0}, 15},     // benchmarking
    {{198, 51, 100, 0}, 24},   // documentation
    {{203, 0, 113, 0}, 24},    // documentation
    {{224, 0, 0, 0}, 4},       // multicast
    {{240, 0, 0, 0}, 4},       // reserved, and broadcast
}};

struct V6Range {
  std::array<std::uint8_t, 4> first;  // and zeros
  std::uint8_t prefix_bits;           // at most 32
};

constexpr V6Range v6_unicast = {{0x20, 0, 0, 0}, 3};  // all that is given out
constexpr std::array<V6Range, 4> v6_not_public = {{
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments: Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4: an IPv4 address by a relay
    {{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
}};

template <typename Range>
bool within(const Range& range, const IpBytes& address) noexcept {
  IpRange whole{.first = {.bytes = {}, .count = address.count}, .prefix_bits = range.prefix_bits};
  std::copy(range.first.begin(), range.first.end(), whole.first.bytes.begin());
  return whole.contains(address);
}

bool is_public_v4(const IpBytes& address) noexcept {
  return std::ranges::none_of(v4_not_public,
                              [&](const V4Range& range) { return within(range, address); });
}

IpBytes last_four(const IpBytes& address) noexcept {
  IpBytes v4;
  std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
  v4.count = 4;
  return v4;
}

// 64:ff9b::/96: on a network without IPv4 this is how IPv4's public hosts are reached.
bool is_translated(const IpBytes& address) noexcept {
  constexpr std::array<std::uint8_t, 12> prefix = {0, 0x64, 0xff, 0x9b};
  return std::equal(prefix.begin(), prefix.end(), address.bytes.begin());
}

// The interface identifiers of ISATAP, a tunnel to the IPv4 address behind them (RFC 5214).
bool is_isatap(const IpBytes& address) noexcept {
  return (address.bytes[8] & 0xfdU) == 0 && address.bytes[9] == 0 && address.bytes[10] == 0x5e &&
         address.bytes[11] == 0xfe;
}

bool is_public_v6(const IpBytes& address) noexcept {
  if (is_translated(address)) return is_public_v4(last_four(address));
  if (!within(v6_unicast, address)) return false;
  if (is_isatap(address) && !is_public_v4(last_four(address))) return false;
  return std::ranges::none_of(v6_not_public,
                              [&](const V6Range& range) { return within(range, address); });
}

}  // namespace

bool is_public(const ring::SocketAddress& address) noexcept {
  const IpBytes bytes = IpBytes::of(address);
  if (bytes.count == 4) return is_public_v4(bytes);
  return bytes.count == 16 && is_public_v6(bytes);
}

bool AddressFilter::admits(const ring::SocketAddress& address) const noexcept {
  return is_public(address) ||
         std::ranges::any_of(also_, [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace sluice::net
