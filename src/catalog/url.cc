#include "sluice/catalog/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sluice/base/hex.h"

namespace sluice::catalog {
namespace {

using Failure = std::unexpected<std::string>;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

bool is_ipv4(const std::string& host) noexcept {
  std::array<unsigned char, 4> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1;
}

bool is_ipv6(const std::string& host) noexcept {
  std::array<unsigned char, 16> address{};
  return inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// RFC 1123 section 2.1, and the underscore that container networks use. A last label of digits only
// is an address gone wrong ("127.0.0.256"), which resolvers read in surprising ways.
bool is_host_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253) return false;
  std::size_t label_bytes = 0;
  bool all_digits = true;
  char previous = '.';
  for (const char c : host) {
    if (c == '.') {
      if (label_bytes == 0 || previous == '-') return false;
      label_bytes = 0;
      all_digits = true;
    } else {
      if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
      if (label_bytes == 0 && c == '-') return false;
      if (++label_bytes > 63) return false;
      all_digits = all_digits && is_digit(c);
    }
    previous = c;
  }
  return label_bytes > 0 && previous != '-' && !all_digits;
}

// RFC 3986 section 3.3: unreserved, sub-delims, ":", "@" and percent-encoded.
bool is_path_character(char c) noexcept {
  return is_letter(c) || is_digit(c) ||
         std::string_view("-._~!$&'()*+,;=:@/%").find(c) != std::string_view::npos;
}

std::optional<std::string> path_complaint(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_path_character(path[i])) {
      return "the path of a URL has letters, digits and -._~ only; percent-encode the rest";
    }
    if (path[i] == '%' &&
        (i + 2 >= path.size() || hex_value(path[i + 1]) < 0 || hex_value(path[i + 2]) < 0)) {
      return "a % in a URL is followed by two hexadecimal digits";
    }
  }
  std::string_view rest = path;
  while (!rest.empty()) {  // each turn: "/segment..."
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment.empty()) return "the path of a URL has an empty segment (//)";
    if (segment == "." || segment == "..") return "the path of a URL must not have . or .. in it";
    rest.remove_prefix(segment.size());
  }
  return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value == 0 || value > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<std::string> parse_url_host(std::string_view host, bool bracketed, Url& url) {
  if (host.empty()) return "a URL names a host: https://api.example.com/v1";
  url.host = lower(host);
  if (bracketed) {
    if (!is_ipv6(url.host)) return "what stands in brackets must be an IPv6 address";
    url.host_kind = HostKind::ipv6;
  } else if (is_ipv4(url.host)) {
    url.host_kind = HostKind::ipv4;
  } else if (is_host_name(url.host)) {
    url.host_kind = HostKind::name;
  } else {
    return "the host of a URL is a name such as api.example.com, an IPv4 address, or an IPv6 "
           "address in brackets";
  }
  return std::nullopt;
}

// authority = host [ ":" port ]; RFC 3986 section 3.2 without the user information.
std::optional<std::string> parse_url_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) {
    return "a URL must not carry a user or a password; keys belong under keys = [...]";
  }
  std::string_view host = authority;
  std::string_view after;
  const bool bracketed = !authority.empty() && authority.front() == '[';
  if (bracketed) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return "an IPv6 address in a URL ends with ]";
    host = authority.substr(1, close - 1);
    after = authority.substr(close + 1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    after = authority.substr(colon);
  }
  if (auto wrong = parse_url_host(host, bracketed, url)) return wrong;
  if (!after.empty()) {
    const auto port = after.front() == ':' ? parse_port(after.substr(1)) : std::nullopt;
    if (!port) return "the port of a URL is a number from 1 to 65535";
    url.port = *port;
  }
  url.authority = bracketed ? "[" + url.host + "]" : url.host;
  if (!url.default_port()) url.authority += ":" + std::to_string(url.port);
  return std::nullopt;
}

}  // namespace

bool Url::default_port() const noexcept { return port == (scheme == Scheme::https ? 443 : 80); }

bool Url::loopback() const noexcept {
  switch (host_kind) {
    case HostKind::name: return host == "localhost" || host.ends_with(".localhost");
    case HostKind::ipv4: return host.starts_with("127.");
    case HostKind::ipv6: {
      std::array<unsigned char, 16> address{};
      inet_pton(AF_INET6, host.c_str(), address.data());
      constexpr std::array<unsigned char, 16> one = {0, 0, 0, 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 0, 1};
      return address == one;
    }
  }
  return false;
}

std::string Url::text() const {
  return std::string(scheme == Scheme::https ? "https://" : "http://") + authority + path_prefix;
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  if (text.size() > url_bytes_max) return Failure("a URL is at most 2048 bytes long");
  Url url;
  const std::size_t colon = text.find("://");
  const std::string scheme = lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme == "https") {
    url.scheme = Scheme::https;
    url.port = 443;
  } else if (scheme == "http") {
    url.scheme = Scheme::http;
    url.port = 80;
  } else {
    return Failure("a URL begins with https:// or http://");
  }
  const std::string_view rest = text.substr(colon + 3);
  if (rest.find('?') != std::string_view::npos || rest.find('#') != std::string_view::npos) {
    return Failure("a base URL ends with its path: it has no ? and no #");
  }
  const std::size_t slash = rest.find('/');
  if (auto wrong = parse_url_authority(rest.substr(0, slash), url)) return Failure(*wrong);
  if (slash != std::string_view::npos) {
    std::string_view path = rest.substr(slash);
    if (path.ends_with('/')) path.remove_suffix(1);
    if (auto wrong = path_complaint(path)) return Failure(*wrong);
    url.path_prefix = path;
  }
  return url;
}

}  // namespace sluice::catalog
