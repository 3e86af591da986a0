// The gateway's attempts, as they follow from what providers and clients saw, and what each must
// have meant to the health of who was asked. Nothing here is the gateway's word.
//
//   a request over a kept-alive connection that the provider breaks unanswered is sent once more,
//   over a fresh one: both are one attempt
//   where two things happened at about the same time it is not known which the gateway saw first
#pragma once
#include <vector>

#include "health_ledger.h"

namespace sluice::gateway::testing::scripted {

/// Within so long what one side does is known to the other: latencies, and turns of the loop.
inline constexpr milliseconds slack{40};

enum class Meaning : std::uint8_t {
  success,
  failure,
  limited,    // no word on the breaker, but it is to be left alone
  abandoned,  // the client's doing, or a hedge's
  unknown,
};

struct Attempt {
  const Try* last = nullptr;  // of two the second
  MonotonicTime began{};
  MonotonicTime ended{};  // for the gateway; the provider may learn of it later
  Meaning meaning = Meaning::unknown;

  /// When it was the answer that is shown: with the first content of a stream, or whole; the end of
  /// time: never.
  [[nodiscard]] MonotonicTime won_at() const noexcept;
};
[[nodiscard]] MonotonicTime won_at(const Try& made) noexcept;

/// All of a run, as they began. A connection the gateway closed for no reason fails the test.
[[nodiscard]] std::vector<Attempt> attempts_of(const Scenario& scenario,
                                               const HealthLedger& ledger);

[[nodiscard]] inline bool is_about(MonotonicTime a, MonotonicTime b) noexcept {
  return a - b <= slack && b - a <= slack;
}

}  // namespace sluice::gateway::testing::scripted
