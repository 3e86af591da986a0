#include "sluice/net/address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

using Failure = std::unexpected<std::string>;
using Parsed = std::expected<ring::SocketAddress, std::string>;

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view examples =
    "an address is written 127.0.0.1:8080, [::1]:8080 or unix:/run/sluice.sock";

std::optional<std::uint16_t> parse_port(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  std::uint32_t port = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

Parsed parse_unix(std::string_view path) {
  if (!path.starts_with('/')) return Failure("the path after unix: must begin with /");
  if (path.size() > unix_path_bytes_max) {
    return Failure("the path after unix: must be at most 107 bytes long");
  }
  if (path.find('\0') != std::string_view::npos) return Failure("the path holds a zero byte");
  if (path.ends_with('/')) return Failure("the path after unix: names a folder");
  return ring::SocketAddress::unix_path(path);
}

Parsed parse_host(std::string_view host, std::uint16_t port) {
  const std::optional<ring::SocketAddress> address = parse_ip(host, port);
  if (address) return *address;
  if (host.empty() || host == "*") {
    return Failure("the address is missing; every interface is 0.0.0.0:8080 or [::]:8080");
  }
  if (host == "localhost") {
    return Failure("names are not looked up here; write 127.0.0.1 or [::1]");
  }
  return Failure("the host is no IP address; " + std::string(examples));
}

}  // namespace

Parsed parse_listen_address(std::string_view text) {
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()));

  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Failure("the port is missing; " + std::string(examples));
  }
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return Failure("an IPv6 address stands in brackets, its port behind them; " +
                   std::string(examples));
  }
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return Failure("the port must be a number from 0 to 65535");
  return parse_host(host, *port);
}

std::string unix_path_of(const ring::SocketAddress& address) {
  if (address.family() != AF_UNIX) return {};
  return address.to_string().substr(unix_prefix.size());
}

std::optional<ring::SocketAddress> parse_ip(std::string_view text, std::uint16_t port) noexcept {
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';

  std::uint8_t v4[4];
  if (!bracketed && ::inet_pton(AF_INET, copy, v4) == 1) return ring::SocketAddress::ipv4(v4, port);
  std::uint8_t v6[16];
  if (::inet_pton(AF_INET6, copy, v6) == 1) return ring::SocketAddress::ipv6(v6, port);
  return std::nullopt;
}

bool is_host_name(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    for (const char c : label) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      const bool digit = c >= '0' && c <= '9';
      if (!letter && !digit && c != '-' && c != '_') return false;
    }
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace sluice::net
