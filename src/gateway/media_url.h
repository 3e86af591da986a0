// The URL of something on the web that a caller wants fetched: taken apart strictly, and only where
// the configuration lets the gateway go.
//
//   https://cdn.example.com:8443/a%20b.png?X-Amz-Signature=...#top
//           ^host           ^port ^target, sent as it is        ^left out
//
// What browsers put up with and others read differently is refused: users and passwords, addresses
// in decimal, octal or hexadecimal letters, dots at a name's end. Whether the host's addresses are
// public is not known here: net::AddressFilter judges them when it is connected to.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "sluice/catalog/url.h"
#include "sluice/config/media.h"

namespace sluice::gateway {

struct MediaUrl {
  catalog::Url place;  // without a path
  std::string target;  // path and query, of characters that may stand in a request line
};

/// Longer ones are refused. Signatures in queries are long.
inline constexpr std::size_t media_url_bytes_max = 8192;

/// On failure the end of a sentence, without a word of the URL.
[[nodiscard]] std::expected<MediaUrl, std::string> parse_media_url(
    std::string_view text, const config::MediaConfig& config);

/// What a Location field leads to from there, absolute (RFC 3986 section 5.2); to be parsed anew.
[[nodiscard]] std::string follow_location(const MediaUrl& from, std::string_view location);

/// The host of a URL for an error message, as far as it has one; empty if not.
[[nodiscard]] std::string host_to_show(std::string_view url);

}  // namespace sluice::gateway
