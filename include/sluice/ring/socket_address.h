// A socket address: IPv4, IPv6 or a Unix path, as the kernel wants it. A value type.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/attributes.h"

namespace sluice::ring {

/// The longest text: a Unix path behind "unix:"; addresses and ports take half of it.
inline constexpr std::size_t address_text_bytes_max = 5 + sizeof(sockaddr_un::sun_path);

class SocketAddress {
 public:
  SocketAddress() noexcept = default;  // family() is AF_UNSPEC

  /// `octets`: the four bytes in network order.
  [[nodiscard]] static SocketAddress ipv4(const std::uint8_t (&octets)[4],
                                          std::uint16_t port) noexcept;
  [[nodiscard]] static SocketAddress ipv6(const std::uint8_t (&octets)[16], std::uint16_t port,
                                          std::uint32_t scope_id = 0) noexcept;
  /// `path` is cut at the kernel's limit of 107 bytes; callers check before.
  [[nodiscard]] static SocketAddress unix_path(std::string_view path) noexcept;
  /// From what accept or getsockname filled in.
  [[nodiscard]] static SocketAddress from(const sockaddr* address, socklen_t size_bytes) noexcept;

  [[nodiscard]] int family() const noexcept { return storage_.generic.sa_family; }
  [[nodiscard]] const sockaddr* data() const noexcept { return &storage_.generic; }
  [[nodiscard]] socklen_t size() const noexcept { return size_bytes_; }
  /// 0 for Unix sockets.
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// 127.0.0.0/8, ::1, or a Unix socket.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`.
  [[nodiscard]] std::string to_string() const;
  /// The same without an allocation; the view is into `memory`.
  [[nodiscard]] std::string_view write_to(
      std::span<char, address_text_bytes_max> memory SLUICE_LIFETIMEBOUND) const noexcept;
  /// The host part alone: `127.0.0.1`, `::1`, `unix`.
  [[nodiscard]] std::string host() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;

 private:
  char* write_host(char* at) const noexcept;

  union Storage {
    sockaddr generic;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  } storage_ = {.generic = {}};
  socklen_t size_bytes_ = 0;
};

}  // namespace sluice::ring
