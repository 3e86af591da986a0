#include "media_url.h"

#include <algorithm>
#include <array>
#include <vector>

#include "sluice/base/percent.h"
#include "sluice/llm/api_error.h"

namespace sluice::gateway {
namespace {

using Failure = std::unexpected<std::string>;

constexpr std::size_t host_shown_bytes_max = 100;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return result;
}

// "127.0.0.0x1" and "0x7f000001": read as a number by some, as a name by others.
bool ends_in_a_number(std::string_view host) noexcept {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  return label.starts_with("0x") && std::ranges::all_of(label.substr(2), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// People write spaces and letters of their own language into URLs; requests cannot hold them.
bool append_target(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (byte > 0x7f || std::string_view(" \"<>\\^`{|}").find(c) != std::string_view::npos) {
      append_percent(out, c);
    } else {
      out += c;
    }
  }
  return true;
}

// RFC 3986 section 5.2.4, of a path that begins with a slash.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_with_slash = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_with_slash = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (segment == ".." || segment == ".") continue;
    if (segment.empty() && path.empty()) continue;
    kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    out += segment;
  }
  if (ends_with_slash || out.empty()) out += '/';
  return out;
}

bool has_scheme(std::string_view text) noexcept {
  const std::size_t colon = text.find_first_of(":/?#");
  return colon != text.npos && colon > 0 && text[colon] == ':';
}

}  // namespace

std::expected<MediaUrl, std::string> parse_media_url(std::string_view text,
                                                     const config::MediaConfig& config) {
  if (text.size() > media_url_bytes_max) {
    return Failure("its URL has more than 8192 bytes");
  }
  const std::size_t colon = text.find("://");
  const std::string scheme = lower(text.substr(0, colon == text.npos ? 0 : colon));
  if (scheme != "https" && (scheme != "http" || !config.allow_http)) {
    return Failure(config.allow_http ? "its URL does not begin with https:// or http://"
                                     : "its URL does not begin with https://");
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != authority.npos) {
    return Failure("its URL carries a user or a password");
  }
  auto place = catalog::parse_url(scheme + "://" + std::string(authority));
  if (!place || (place->host_kind == catalog::HostKind::name && ends_in_a_number(place->host))) {
    return Failure(
        "its URL names no host that is understood: a name, an IPv4 address of four "
        "decimal numbers, or an IPv6 address in brackets, and perhaps a port");
  }
  if (!config.admits_port(place->port, place->scheme == catalog::Scheme::https ? 443 : 80)) {
    return Failure("this gateway does not connect to that port");
  }
  if (!config.admits_host(place->host)) {
    return Failure("this gateway does not fetch from that host");
  }
  std::string_view tail = rest.substr(authority.size());
  tail = tail.substr(0, tail.find('#'));
  MediaUrl url{.place = std::move(*place), .target = tail.starts_with('/') ? "" : "/"};
  if (!append_target(url.target, tail)) return Failure("its URL holds control characters");
  return url;
}

std::string follow_location(const MediaUrl& from, std::string_view location) {
  if (has_scheme(location)) return std::string(location);
  const bool secure = from.place.scheme == catalog::Scheme::https;
  std::string out = secure ? "https:" : "http:";
  if (location.starts_with("//")) return out += location;
  out += "//" + from.place.authority;
  const std::string_view path = std::string_view(from.target).substr(0, from.target.find('?'));
  const std::size_t end = std::min(location.find_first_of("?#"), location.size());
  const std::string_view way = location.substr(0, end);
  if (way.starts_with('/')) {
    out += without_dot_segments(way);
  } else if (way.empty()) {
    out += location.starts_with('?') ? path : std::string_view(from.target);
  } else {
    out +=
        without_dot_segments(std::string(path.substr(0, path.rfind('/') + 1)) + std::string(way));
  }
  return out += location.substr(end);
}

std::string host_to_show(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == url.npos) return {};
  std::string_view host = url.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#\\"));
  host = host.substr(host.rfind('@') + 1);  // npos + 1 is 0
  return llm::quotable(host, host_shown_bytes_max);
}

}  // namespace sluice::gateway
