// The top members of an OpenAI answer or stream event that the gateway reads, found in one pass
// over them: this runs once per answer and per event that is indexed.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

/// Of a member given twice the last counts, as it does for most readers of JSON.
struct OpenaiMembers {
  std::optional<json::Value> type;
  std::optional<json::Value> object;
  std::optional<json::Value> error;
  std::optional<json::Value> choices;
  std::optional<json::Value> usage;
  std::optional<json::Value> response;
  std::optional<json::Value> x_groq;
  bool has_main = false;  // the member that was asked for is there
};

/// `main` is the name of one more member to look out for, or empty.
[[nodiscard]] OpenaiMembers read_openai_members(json::Value top, std::string_view main = {});

/// The usage beside the choices: at the top, in `response`, or in `x_groq`.
[[nodiscard]] Usage read_openai_usage(const OpenaiMembers& members) noexcept;

/// The same, or else that of the first choice that has one.
[[nodiscard]] Usage find_openai_usage(const OpenaiMembers& members) noexcept;

}  // namespace sluice::llm
