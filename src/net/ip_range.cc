#include "sluice/net/ip_range.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sluice/net/address.h"

namespace sluice::net {
namespace {

using Failure = std::unexpected<std::string>;

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A byte of ones in front, as far as the prefix reaches into it.
constexpr std::uint8_t mask_of(unsigned bits) noexcept {
  return static_cast<std::uint8_t>(0xff00U >> bits);
}

}  // namespace

IpBytes IpBytes::of(const ring::SocketAddress& address) noexcept {
  IpBytes out;
  if (address.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address.data(), sizeof v4);
    std::memcpy(out.bytes.data(), &v4.sin_addr, 4);
    out.count = 4;
  } else if (address.family() == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address.data(), sizeof v6);
    std::memcpy(out.bytes.data(), &v6.sin6_addr, 16);
    out.count = 16;
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), out.bytes.begin())) {
      std::copy_n(out.bytes.begin() + 12, 4, out.bytes.begin());
      std::fill(out.bytes.begin() + 4, out.bytes.end(), std::uint8_t{0});
      out.count = 4;
    }
  }
  return out;
}

bool IpRange::contains(const IpBytes& address) const noexcept {
  if (address.count == 0 || address.count != first.count) return false;
  const std::size_t whole = prefix_bits / 8;
  if (!std::equal(first.bytes.begin(), first.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const std::uint8_t mask = mask_of(prefix_bits % 8);
  return mask == 0 || (first.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

std::expected<IpRange, std::string> parse_ip_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash), 0);
  if (!address || text.starts_with('[')) {
    return Failure("a range of addresses is written 10.1.0.0/16 or fd00::/8");
  }
  IpRange range{.first = IpBytes::of(*address), .prefix_bits = 0};
  const unsigned bits_max = range.first.count * 8U;
  // Of an IPv4-mapped one the length would count from another end.
  if (address->family() == AF_INET6 && range.first.count == 4) {
    return Failure("an IPv4 range is written as such: 10.1.0.0/16");
  }
  unsigned bits = bits_max;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (digits.empty() || wrong != std::errc{} || end != digits.data() + digits.size() ||
        bits > bits_max) {
      return Failure("behind the / of a range stands a number from 0 to " +
                     std::to_string(bits_max));
    }
  }
  range.prefix_bits = static_cast<std::uint8_t>(bits);
  for (unsigned bit = bits; bit < bits_max; ++bit) {
    if ((range.first.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      return Failure("the address has bits behind its prefix: write the range's first address");
    }
  }
  return range;
}

}  // namespace sluice::net
