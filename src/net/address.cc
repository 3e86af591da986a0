#include "sluice/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<std::string> refuse(std::string_view text, std::string_view reason) {
  return std::unexpected(
      fmt::format("\"{}\" is no address to listen on: {}; write \"127.0.0.1:8080\", "
                  "\"[::1]:8080\", \":8080\" or "
                  "\"unix:/run/sluice.sock\"",
                  text, reason));
}

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

std::expected<ring::SocketAddress, std::string> parse_unix(std::string_view text,
                                                           std::string_view path) {
  if (path.empty() || path.front() != '/') return refuse(text, "the path must be absolute");
  if (path.size() > unix_path_bytes_max) return refuse(text, "the path is over 107 bytes");
  if (path.find('\0') != std::string_view::npos) return refuse(text, "the path holds a NUL");
  if (path.back() == '/') return refuse(text, "the path names a folder");
  return ring::SocketAddress::unix_path(path);
}

}  // namespace

std::expected<ring::SocketAddress, std::string> parse_listen_address(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix)) return parse_unix(text, text.substr(unix_prefix.size()));

  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text, "it has no port");
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return refuse(text, "an IPv6 address stands in brackets, with its port behind them");
  }
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return refuse(text, "the port is no number from 0 to 65535");

  if (host.empty() || host == "*") {
    // One socket for both families: IPV6_V6ONLY is off unless somebody sets it.
    const std::uint8_t any[16] = {};
    return ring::SocketAddress::ipv6(any, *port);
  }
  const std::optional<ring::SocketAddress> address = parse_ip(host, *port);
  if (!address) return refuse(text, "the host is no IP address, and names are not looked up here");
  return *address;
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
