// The moment at which a rate limit is whole again, in the many ways that providers spell it.
//
//   6m0s  1m2.389s  120ms      a span, as Go writes it                OpenAI, Groq
//   2026-08-19T14:34:12Z       a moment, RFC 3339                     Anthropic
//   17  0.5                    seconds                                the drafts for HTTP
//   500                        milliseconds, where a period is told   Azure
//   1755613200(000)            seconds or milliseconds since 1970     OpenRouter and others
#pragma once
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice::upstream {

inline constexpr Duration reset_max = std::chrono::hours(24);

/// The span from `now` until then, 0 to reset_max; nothing when it cannot be read. `period` is the
/// one in which the limit renews itself, where it is told: a plain number above it counts
/// milliseconds.
[[nodiscard]] std::optional<Duration> parse_reset(std::string_view text, WallTime now,
                                                  std::optional<Duration> period);

}  // namespace sluice::upstream
