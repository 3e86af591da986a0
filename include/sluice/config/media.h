// [media]: whether, whence and how much of what a chat names by a URL is fetched, for providers
// that fetch nothing themselves. Off unless it is said: a gateway that connects where a caller
// wants is a way into the network it stands in.
//
// Field names are the keys of the file.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/net/ip_range.h"

namespace sluice::config {

struct MediaConfig {
  // What of a request is fetched beside each other.
  static constexpr std::uint32_t parallel_max = 4;

  bool fetch = false;
  std::uint64_t bytes_max = 20 * 1024 * 1024;        // of one item, before base64
  std::uint64_t total_bytes_max = 40 * 1024 * 1024;  // of one request's items together
  /// Of all requests of one worker that wait for their answers, as base64: what one caller names
  /// costs the gateway far more than it costs the caller.
  std::uint64_t held_bytes_max = 512 * 1024 * 1024;
  std::uint32_t items_max = 16;       // of one request; equal URLs are one
  std::uint32_t timeout_ms = 10'000;  // of one item, redirects and all
  std::uint32_t redirects_max = 3;    // of one item; 0: none is followed
  bool allow_http = false;            // else https alone
  /// "cdn.example.com", "*.example.com" (what is below it, and not it itself), lower case; empty:
  /// any host, as long as its address is public.
  std::vector<std::string> hosts = {};
  std::vector<std::uint16_t> ports = {};         // beside 443 of https and 80 of http
  std::vector<net::IpRange> allow_private = {};  // beside all public addresses

  /// `host`: in lower case, an IPv6 address without its brackets.
  [[nodiscard]] bool admits_host(std::string_view host) const noexcept;
  [[nodiscard]] bool admits_port(std::uint16_t port, std::uint16_t usual) const noexcept;

  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (bytes_max == 0) return "bytes_max must be at least 1";
    if (bytes_max > 1'073'741'824) return "bytes_max must be at most 1 GiB";
    if (total_bytes_max < bytes_max) return "total_bytes_max must not be below bytes_max";
    if (total_bytes_max > 1'073'741'824) return "total_bytes_max must be at most 1 GiB";
    if (held_bytes_max < total_bytes_max / 3 * 4) {
      return "held_bytes_max must be at least 4/3 of total_bytes_max: one request may hold so much";
    }
    if (items_max == 0) return "items_max must be at least 1";
    if (items_max > 256) return "items_max must be at most 256";
    if (timeout_ms == 0) return "timeout_ms must be at least 1";
    if (redirects_max > 20) return "redirects_max must be at most 20";
    return std::nullopt;
  }
};

}  // namespace sluice::config
