// How one attempt ended, for the health of who was asked: a deployment, and the credential it was
// asked with.
//
//   success, refused                          good: who was asked did its part
//   abandoned                                 no verdict: the client left, or a hedge lost
//   everything else                           a failure
//
// Only who ends an attempt gives the verdict, once. What follows from one: circuit_breaker.h,
// cool_down.h, and over all cores scoreboard.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::upstream {

enum class Verdict : std::uint8_t {
  success,       // a whole, well-formed answer
  unreachable,   // name, connect, TLS
  timed_out,     // any deadline of the attempt's own
  reset,         // the connection broke, or the answer was cut
  malformed,     // an empty 200, HTML, no JSON
  failed,        // 5xx, or an error event
  overloaded,    // 503, 529, or said in words
  rate_limited,  // 429
  auth_refused,  // 401 or 403 of our key
  quota,         // 402, or a 429 that no waiting mends
  refused,       // a 4xx that is the request's own fault: no failure
  abandoned,     // the client left or a hedge lost: no verdict, but counted
};
inline constexpr std::size_t verdict_count = 12;

/// Whether it says anything about who was asked.
[[nodiscard]] constexpr bool is_verdict(Verdict verdict) noexcept {
  return verdict != Verdict::abandoned;
}

/// Whether it speaks against who was asked.
[[nodiscard]] constexpr bool is_failure(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::success:
    case Verdict::refused:
    case Verdict::abandoned: return false;
    case Verdict::unreachable:
    case Verdict::timed_out:
    case Verdict::reset:
    case Verdict::malformed:
    case Verdict::failed:
    case Verdict::overloaded:
    case Verdict::rate_limited:
    case Verdict::auth_refused:
    case Verdict::quota: return true;
  }
  return true;
}

/// Whether it may speak against the credential alone: another one of the same provider's may have
/// what this one was refused.
[[nodiscard]] constexpr bool is_of_credential(Verdict verdict) noexcept {
  return verdict == Verdict::rate_limited || verdict == Verdict::quota ||
         verdict == Verdict::auth_refused;
}

/// Its name as it stands above, for metrics and explanations.
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

}  // namespace sluice::upstream
