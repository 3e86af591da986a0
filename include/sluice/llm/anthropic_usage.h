// What an Anthropic answer counts: the prompt in three parts that do not overlap, where we have one
// sum and what of it was cached.
#pragma once
#include "sluice/json/value.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

class AnthropicUsage {
 public:
  /// Takes every count that `usage` gives: each report of a stream is newer than the one before,
  /// none is an addition.
  void update(json::Value usage) noexcept;

  [[nodiscard]] Usage usage() const noexcept;

 private:
  Usage::Count uncached_input_;
  Usage counts_;
};

}  // namespace sluice::llm
