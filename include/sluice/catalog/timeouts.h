// How long an exchange waits for what. Given for all, per provider, per model and per request: of
// several values the smallest wins, so a deadline only shrinks on its way down.
#pragma once
#include <chrono>
#include <optional>

namespace sluice::catalog {

/// The effective values: every one is set and at least 1 ms.
struct Timeouts {
  std::chrono::milliseconds connect{3'000};          // name, TCP and TLS together
  std::chrono::milliseconds first_byte{60'000};      // until the response head, connecting included
  std::chrono::milliseconds first_content{120'000};  // until the first content; a model may think
  std::chrono::milliseconds idle{60'000};            // between two reads of a response
  std::chrono::milliseconds total{600'000};          // the whole exchange, all attempts
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

/// What one place says about timeouts; what it is silent about stays as it is.
struct TimeoutOverrides {
  std::optional<std::chrono::milliseconds> connect;
  std::optional<std::chrono::milliseconds> first_byte;
  std::optional<std::chrono::milliseconds> first_content;
  std::optional<std::chrono::milliseconds> idle;
  std::optional<std::chrono::milliseconds> total;
  friend bool operator==(const TimeoutOverrides&, const TimeoutOverrides&) = default;
};

/// The smaller of each pair.
[[nodiscard]] Timeouts narrowed(const Timeouts& timeouts, const TimeoutOverrides& by) noexcept;

}  // namespace sluice::catalog
