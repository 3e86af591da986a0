#include "sluice/policy/local_request.h"

#include <algorithm>
#include <optional>

#include "sluice/http/host.h"
#include "sluice/http/text.h"

namespace sluice::policy {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Four decimal numbers: "127.evil.example" is a name like any other.
bool is_ipv4_loopback(std::string_view host) noexcept {
  if (!host.starts_with("127.")) return false;
  int numbers = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view number = host.substr(0, dot);
    if (number.empty() || number.size() > 3 || !std::ranges::all_of(number, is_digit)) return false;
    ++numbers;
    if (dot == std::string_view::npos) return numbers == 4;
    host.remove_prefix(dot + 1);
  }
}

constexpr bool is_name_character(char c) noexcept {
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

bool is_localhost_name(std::string_view host) noexcept {
  constexpr std::string_view name = "localhost";
  if (host.size() < name.size() || !std::ranges::all_of(host, is_name_character)) return false;
  const std::size_t before = host.size() - name.size();
  if (!http::equal_ignoring_case(host.substr(before), name)) return false;
  return before == 0 || host[before - 1] == '.';
}

}  // namespace

bool is_loopback_host(std::string_view host) noexcept {
  const std::optional<std::string_view> name = http::host_of(host);
  return name && (is_localhost_name(*name) || is_ipv4_loopback(*name) || *name == "[::1]");
}

bool is_loopback_origin(std::string_view origin) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_host(origin.substr(scheme.size()));
  }
  return false;
}

bool is_local_request(std::string_view host, std::string_view origin) noexcept {
  return (host.empty() || is_loopback_host(host)) && (origin.empty() || is_loopback_origin(origin));
}

}  // namespace sluice::policy
