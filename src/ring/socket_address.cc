#include "sluice/ring/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "sluice/base/assert.h"

namespace sluice::ring {

SocketAddress SocketAddress::ipv4(const std::uint8_t (&octets)[4], std::uint16_t port) noexcept {
  SocketAddress address;
  address.storage_.v4 = {};
  address.storage_.v4.sin_family = AF_INET;
  address.storage_.v4.sin_port = htons(port);
  std::memcpy(&address.storage_.v4.sin_addr, octets, sizeof octets);
  address.size_bytes_ = sizeof(sockaddr_in);
  return address;
}

SocketAddress SocketAddress::ipv6(const std::uint8_t (&octets)[16], std::uint16_t port,
                                  std::uint32_t scope_id) noexcept {
  SocketAddress address;
  address.storage_.v6 = {};
  address.storage_.v6.sin6_family = AF_INET6;
  address.storage_.v6.sin6_port = htons(port);
  address.storage_.v6.sin6_scope_id = scope_id;
  std::memcpy(&address.storage_.v6.sin6_addr, octets, sizeof octets);
  address.size_bytes_ = sizeof(sockaddr_in6);
  return address;
}

SocketAddress SocketAddress::unix_path(std::string_view path) noexcept {
  SocketAddress address;
  address.storage_.local = {};
  address.storage_.local.sun_family = AF_UNIX;
  const std::size_t length = std::min(path.size(), sizeof address.storage_.local.sun_path - 1);
  std::memcpy(address.storage_.local.sun_path, path.data(), length);
  address.size_bytes_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + 1);
  return address;
}

SocketAddress SocketAddress::from(const sockaddr* source, socklen_t size_bytes) noexcept {
  SocketAddress address;
  const std::size_t length = std::min<std::size_t>(size_bytes, sizeof address.storage_);
  std::memcpy(&address.storage_, source, length);
  address.size_bytes_ = static_cast<socklen_t>(length);
  return address;
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(storage_.v6.sin6_port);
  return 0;
}

void SocketAddress::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) storage_.v4.sin_port = htons(port);
  if (family() == AF_INET6) storage_.v6.sin6_port = htons(port);
}

bool SocketAddress::is_loopback() const noexcept {
  if (family() == AF_INET) return (ntohl(storage_.v4.sin_addr.s_addr) >> 24) == 127;
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr) != 0;
  return family() == AF_UNIX;
}

std::string SocketAddress::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {  // in every access log line: inet_ntop would go through printf
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&storage_.v4.sin_addr);
    char* at = text;
    for (int i = 0; i < 4; ++i) {
      if (i > 0) *at++ = '.';
      at = std::to_chars(at, at + 3, octets[i]).ptr;  // at most 3 digits
    }
    return std::string(text, at);
  }
  if (family() == AF_INET6) return inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
  if (family() == AF_UNIX) return "unix";
  return "unknown";
}

std::string SocketAddress::to_string() const {
  if (family() == AF_UNIX) {
    // A connected client's own end has no path: the kernel reports the family alone.
    const bool has_path = size_bytes_ > offsetof(sockaddr_un, sun_path);
    return std::string("unix:") + (has_path ? storage_.local.sun_path : "");
  }
  if (family() == AF_INET6) return "[" + host() + "]:" + std::to_string(port());
  return host() + ":" + std::to_string(port());
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
  return a.size_bytes_ == b.size_bytes_ &&
         std::memcmp(&a.storage_, &b.storage_, a.size_bytes_) == 0;
}

}  // namespace sluice::ring
