// Whether a body is one that Anthropic's Messages API takes, member by member.
//
// Written from Anthropic's documentation and from the texts of its errors, which are told in its
// words: a translation that is wrong shows here as it would there.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::simulator {

struct AnthropicRules {
  std::string_view model{};
  std::string_view beta{};        // the anthropic-beta field
  bool counts_tokens = false;     // count_tokens: no max_tokens, no stream
  bool model_is_in_path = false;  // Vertex: no model, but anthropic_version
};

/// The complaint, in the API's words; nothing when the request is right. `root` is an object.
[[nodiscard]] std::optional<std::string> anthropic_complaint(json::Value root,
                                                             const AnthropicRules& rules);

/// 4.6 of claude-opus-4-6 as 406, of whatever family; 0 for names without a version.
[[nodiscard]] int claude_version(std::string_view model);

/// Whether the model takes no prefilled answer any more: a Claude from 4.6 on.
[[nodiscard]] bool claude_refuses_prefill(std::string_view model);

inline constexpr std::string_view claude_family = "claude";  // of signatures

}  // namespace sluice::simulator
