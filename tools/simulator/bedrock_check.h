// Whether a body is one that Bedrock's Converse takes, member by member, in the words of its
// validation.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::simulator {

struct BedrockRules {
  std::string_view model{};  // the id or ARN of the path

  [[nodiscard]] bool is_claude() const noexcept {
    return model.find("anthropic.") != model.npos || model.find("claude") != model.npos;
  }
};

/// The complaint; nothing when the request is right. `root` is an object.
[[nodiscard]] std::optional<std::string> bedrock_complaint(json::Value root,
                                                           const BedrockRules& rules);

/// messages, with their blocks and the pairing of calls and results.
[[nodiscard]] std::optional<std::string> check_bedrock_messages(json::Value root,
                                                                const BedrockRules& rules);

/// One content block of a message or of a tool's result, at `path`: "messages.0.content.1".
[[nodiscard]] std::optional<std::string> check_bedrock_block(json::Value block,
                                                             const std::string& path,
                                                             const BedrockRules& rules,
                                                             bool in_result);

inline constexpr std::string_view bedrock_family = "bedrock";  // of signatures, Claude's aside

}  // namespace sluice::simulator
