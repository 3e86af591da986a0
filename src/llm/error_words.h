// What the body of an error says, whichever of its shapes it has.
#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::llm {

struct ErrorWords {
  std::string message = {};
  std::string type = {};    // OpenAI's and Anthropic's; AWS: the exception's name
  std::string code = {};    // a word or a number
  std::string status = {};  // Google's: "RESOURCE_EXHAUSTED"
  std::string reason = {};  // Google's, more precise: "API_KEY_INVALID"
  std::string param = {};
  std::string failed_generation = {};
  std::optional<std::chrono::milliseconds> retry_delay = {};  // Google's RetryInfo
  bool daily_quota = false;  // Google's: a quota that is filled up again once a day

  /// Whether type, code, status or reason is one of these.
  [[nodiscard]] bool named(std::span<const std::string_view> names) const noexcept;
  /// Whether the message has one of these in it, in letters of any case.
  [[nodiscard]] bool says(std::span<const std::string_view> parts) const noexcept;
};

/// Reads a whole body; of what is no JSON object nothing is known. `aws_error_type` is the field
/// x-amzn-errortype, or an exception's name. `index` is scratch.
[[nodiscard]] ErrorWords read_error_words(std::string_view body, std::string_view aws_error_type,
                                          json::Index& index);
/// Reads the value of an `error` member.
[[nodiscard]] ErrorWords read_error_words(json::Value error, std::string_view aws_error_type);

}  // namespace sluice::llm
