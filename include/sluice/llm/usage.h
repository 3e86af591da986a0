// What a request cost in tokens, as far as the provider said: an unknown count is nothing, not 0.
#pragma once
#include <cstdint>
#include <optional>

namespace sluice::llm {

/// Counts in tokens. The details are parts of their totals: cached_input of input, reasoning of
/// output, cache_write_5m_input of cache_write_input.
struct Usage {
  using Count = std::optional<std::uint64_t>;
  Count input = {};                 // everything read, cached or not
  Count cached_input = {};          // read from the provider's prompt cache
  Count cache_write_input = {};     // written to it
  Count cache_write_5m_input = {};  // to be kept for five minutes, or an hour
  Count cache_write_1h_input = {};
  Count audio_input = {};
  Count image_input = {};
  Count output = {};  // everything written, thinking included
  Count reasoning_output = {};
  Count audio_output = {};
  Count image_output = {};
  Count accepted_prediction_output = {};
  Count rejected_prediction_output = {};
  Count total = {};  // the provider's own sum

  /// Whether anything is known.
  [[nodiscard]] bool known() const noexcept {
    const auto any = [](const auto&... counts) { return (counts.has_value() || ...); };
    return any(input, cached_input, cache_write_input, cache_write_5m_input, cache_write_1h_input,
               audio_input, image_input, output, reasoning_output, audio_output, image_output,
               accepted_prediction_output, rejected_prediction_output, total);
  }
  /// Takes every count `later` knows: a stream may report usage more than once, each time newer.
  void update(const Usage& later) noexcept;

  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace sluice::llm
