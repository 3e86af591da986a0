// Where a listener listens: "127.0.0.1:8080", "[::1]:8080", "[::]:443", "unix:/run/sluice.sock".
//
// Addresses only, no names: a listener must not depend on a resolver.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::config {

struct ListenAddress {
  enum class Kind : std::uint8_t { ipv4, ipv6, unix_path } kind = Kind::ipv4;
  std::string host = "127.0.0.1";  // of ipv4, ipv6: a literal without brackets
  std::uint16_t port = 8080;       // 0: the kernel chooses, for tests
  std::string path{};              // of unix_path: absolute, at most 107 bytes

  /// Whether only this machine can reach it: loopback addresses and unix sockets.
  [[nodiscard]] bool local() const noexcept;
  /// As it is written in the file.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// On failure, what would be right.
[[nodiscard]] std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text);

}  // namespace sluice::config
