// Rate headroom: how much of its rate limits a provider says is left, read from an answer's
// headers.
//
//   x-ratelimit-remaining-requests: 499             x-ratelimit-reset-requests: 120ms
//   anthropic-ratelimit-input-tokens-remaining: 0   anthropic-ratelimit-input-tokens-reset: <time>
//   x-ratelimit-remaining-tokens-minute: 97828      ratelimit: "api";r=999;t=295
//
// Providers' own bookkeeping of the key or the model that was asked, true when the answer began.
// Headers are a stranger's: what cannot be read, or cannot be, is passed over, and nothing here
// takes longer than the headers are long. Pure: the wall clock's time is passed in.
#pragma once
#include <cstdint>
#include <optional>

#include "sluice/base/clock.h"
#include "sluice/http/head.h"

namespace sluice::upstream {

/// Nothing: the answer does not say.
struct RateHeadroom {
  std::optional<std::uint64_t> requests_remaining = {};
  std::optional<std::uint64_t> tokens_remaining = {};  // of several kinds of tokens the fewest
  /// Until what is used up is there again, or, while nothing is, the few requests that are left.
  /// From the answer's beginning on, 0 to 24 hours; nothing while there is plenty.
  std::optional<Duration> reset = {};

  /// Fewer than these are few.
  static constexpr std::uint64_t requests_plenty = 10;
  [[nodiscard]] bool is_exhausted() const noexcept {
    return requests_remaining == 0U || tokens_remaining == 0U;
  }
  friend bool operator==(const RateHeadroom&, const RateHeadroom&) = default;
};

[[nodiscard]] RateHeadroom read_rate_headroom(const http::HeaderList& headers, WallTime now);

/// How long the answer asks to wait: retry-after-ms, x-ms-retry-after-ms, Retry-After, the first of
/// them that is above 0; else the reset of what is used up. For CoolDown::record().
[[nodiscard]] std::optional<Duration> read_wait(const http::HeaderList& headers, WallTime now);

}  // namespace sluice::upstream
