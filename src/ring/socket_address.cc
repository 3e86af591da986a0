#include "sluice/ring/socket_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sluice/base/assert.h"
#include "sluice/base/decimal.h"

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

// Behind `at` is room for address_text_bytes_max. In every access log line, so IPv4 is written
// digit by digit: inet_ntop would go through printf.
char* SocketAddress::write_host(char* at) const noexcept {
  if (family() == AF_INET) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(&storage_.v4.sin_addr);
    at = write_decimal(at, octets[0]);
    for (int i = 1; i < 4; ++i) {
      *at++ = '.';
      at = write_decimal(at, octets[i]);
    }
    return at;
  }
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &storage_.v6.sin6_addr, at, INET6_ADDRSTRLEN);
    return at + std::strlen(at);
  }
  const std::string_view name = family() == AF_UNIX ? "unix" : "unknown";
  return std::ranges::copy(name, at).out;
}

std::string SocketAddress::host() const {
  char text[address_text_bytes_max];
  return std::string(text, write_host(text));
}

std::string_view SocketAddress::write_to(
    std::span<char, address_text_bytes_max> memory) const noexcept {
  static_assert(address_text_bytes_max >= INET6_ADDRSTRLEN + sizeof("[]:65535"));
  char* at = memory.data();
  if (family() == AF_INET6) *at++ = '[';
  at = write_host(at);
  if (family() == AF_INET6) *at++ = ']';
  *at++ = ':';
  if (family() != AF_UNIX) {
    at = write_decimal(at, port());
  } else if (size_bytes_ > offsetof(sockaddr_un, sun_path)) {
    // A connected client's own end has no path: the kernel reports the family alone. A path of the
    // kernel's may fill its field and then has no 0 behind it.
    const char* path = storage_.local.sun_path;
    const std::size_t room = size_bytes_ - offsetof(sockaddr_un, sun_path);
    at = std::copy_n(path, strnlen(path, room), at);
  }
  return {memory.data(), at};
}

std::string SocketAddress::to_string() const {
  char text[address_text_bytes_max];
  return std::string(write_to(text));
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
  return a.size_bytes_ == b.size_bytes_ &&
         std::memcmp(&a.storage_, &b.storage_, a.size_bytes_) == 0;
}

}  // namespace sluice::ring
