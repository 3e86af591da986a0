// A provider's base URL, taken apart once at start: what to connect to and what to put before a
// path.
//
//   https://api.openai.com/v1        -> https, "api.openai.com", 443, "/v1"
//   http://[::1]:8000                -> http,  "::1",            8000, ""
//
// Strict on purpose: no user information (a credential would end up in logs), no query, no
// fragment, no percent-encoded host, no dot segments. What is accepted is sent as it was written.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::catalog {

enum class Scheme : std::uint8_t { http, https };

enum class HostKind : std::uint8_t { name, ipv4, ipv6 };

struct Url {
  Scheme scheme = Scheme::https;
  HostKind host_kind = HostKind::name;
  std::string host;  // lower case; an IPv6 literal without its brackets
  std::uint16_t port = 443;
  std::string path_prefix;  // "" or "/v1": begins with a slash and does not end with one
  std::string authority;    // for the Host header: brackets kept, a default port left out

  /// Whether only this machine can be meant: 127.0.0.0/8, ::1, or the name localhost.
  [[nodiscard]] bool loopback() const noexcept;
  [[nodiscard]] bool default_port() const noexcept;
  /// scheme://authority/prefix, as it is shown to operators. Holds no secret.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// At most this many bytes; longer ones are refused.
inline constexpr std::size_t url_bytes_max = 2048;

/// Takes a base URL apart. On failure, one sentence that says what would be right; it never repeats
/// the text, which may hold a pasted key. Sources: RFC 3986 section 3, RFC 9110 section 4.2.
[[nodiscard]] std::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace sluice::catalog
