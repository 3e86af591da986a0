#include "request_target.h"

#include "scan.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 && (text.empty() || parse_decimal(text));
}

bool is_ipv6_byte(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.';
}

void split_query(std::string_view path_and_query, RequestHead& head) noexcept {
  const std::size_t mark = path_and_query.find('?');
  head.path = path_and_query.substr(0, mark);
  head.query =
      mark == std::string_view::npos ? std::string_view{} : path_and_query.substr(mark + 1);
  if (head.path.empty()) head.path = "/";
}

// The bytes of "http://" or "https://" at the front, or 0.
std::size_t scheme_bytes(std::string_view target) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* host_end = text.data();
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    for (const char c : text.substr(1, close - 1)) {
      if (!is_ipv6_byte(c)) return false;
    }
    host_end += close + 1;
  } else {
    host_end = skip_bytes(text.data(), end, host_byte);
  }
  if (host_end == end) return true;
  if (*host_end != ':' || host_end == text.data()) return false;
  return is_port(text.substr(static_cast<std::size_t>(host_end - text.data()) + 1));
}

std::optional<Rejection> split_target(RequestHead& head) noexcept {
  // A tunnel is not what a gateway of requests is for; its framing rules differ, so none starts.
  if (head.method_text == "CONNECT") {
    return Rejection{status::not_implemented, "CONNECT is not supported"};
  }
  const std::string_view target = head.target;
  head.authority = {};
  if (target.starts_with('/')) {
    split_query(target, head);
    return std::nullopt;
  }
  if (target == "*" && head.method == Method::options) {
    head.path = target;
    head.query = {};
    return std::nullopt;
  }
  const std::size_t scheme = scheme_bytes(target);
  if (scheme == 0) return Rejection{status::bad_request, "the request target is not a path or URL"};
  const std::string_view rest = target.substr(scheme);
  const std::size_t authority_end = rest.find_first_of("/?");
  head.authority = rest.substr(0, authority_end);
  if (head.authority.empty() || !is_authority(head.authority)) {
    return Rejection{status::bad_request, "the request target has no valid host"};
  }
  split_query(
      authority_end == std::string_view::npos ? std::string_view{} : rest.substr(authority_end),
      head);
  return std::nullopt;
}

}  // namespace sluice::http
