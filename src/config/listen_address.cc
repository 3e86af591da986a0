#include "sluice/config/listen_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace sluice::config {
namespace {

using Failure = std::unexpected<std::string>;
constexpr std::size_t unix_path_bytes_max = 107;  // sockaddr_un::sun_path less its terminator

constexpr std::string_view examples =
    "an address is written 127.0.0.1:8080, [::1]:8080 or unix:/run/sluice.sock";

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::expected<ListenAddress, std::string> parse_listen_address_unix(std::string_view path) {
  if (!path.starts_with('/')) return Failure("the path after unix: must begin with /");
  if (path.size() > unix_path_bytes_max) {
    return Failure("the path after unix: must be at most 107 bytes long");
  }
  if (path.find('\0') != std::string_view::npos) return Failure("the path holds a zero byte");
  ListenAddress address;
  address.kind = ListenAddress::Kind::unix_path;
  address.host.clear();
  address.port = 0;
  address.path = path;
  return address;
}

bool valid_host(ListenAddress::Kind kind, const std::string& host) noexcept {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(kind == ListenAddress::Kind::ipv6 ? AF_INET6 : AF_INET, host.c_str(),
                   bytes.data()) == 1;
}

}  // namespace

bool ListenAddress::local() const noexcept {
  switch (kind) {
    case Kind::unix_path: return true;
    case Kind::ipv4: return host.starts_with("127.");
    case Kind::ipv6: {
      in6_addr address{};
      inet_pton(AF_INET6, host.c_str(), &address);
      return IN6_IS_ADDR_LOOPBACK(&address);
    }
  }
  return false;
}

std::string ListenAddress::text() const {
  switch (kind) {
    case Kind::unix_path: return "unix:" + path;
    case Kind::ipv4: return host + ":" + std::to_string(port);
    case Kind::ipv6: return "[" + host + "]:" + std::to_string(port);
  }
  return {};
}

std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text) {
  if (text.starts_with("unix:")) return parse_listen_address_unix(text.substr(5));
  ListenAddress address;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return Failure(std::string(examples));
    address.kind = ListenAddress::Kind::ipv6;
    address.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
      return Failure("the port is missing; " + std::string(examples));
    }
    address.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (address.host.find(':') != std::string::npos) {
      return Failure("an IPv6 address stands in brackets: [::1]:8080");
    }
  }
  if (!valid_host(address.kind, address.host)) {
    if (address.host.empty() || address.host == "*") {
      return Failure("the address is missing; every interface is 0.0.0.0:8080 or [::]:8080");
    }
    if (address.host == "localhost") {
      return Failure("names are not looked up here; write 127.0.0.1 or [::1]");
    }
    return Failure("the host is no IP address; " + std::string(examples));
  }
  const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return Failure("the port must be a number from 0 to 65535");
  address.port = *port;
  return address;
}

}  // namespace sluice::config
