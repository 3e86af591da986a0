// How much a model is to think, in the words of a host of the OpenAI dialect.
//
//   wanted                host's switch           members of the body
//   effort none           thinking                "thinking":{"type":"disabled"}
//   effort high           enable_thinking         "enable_thinking":true
//   2000 tokens           enable_thinking         "enable_thinking":true,"thinking_budget":2000
//   effort low            chat_template_kwargs    "chat_template_kwargs":{"enable_thinking":true}
//   effort high           none_or_default         "reasoning_effort":"default"
//
// Of a model that knows efforts (ThinkingControl::effort) the effort stands beside the switch; of
// others any effort but none is "on". A model that cannot be switched off is not switched on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sluice/llm/chat_request.h"
#include "sluice/llm/model_traits.h"

namespace sluice::llm {

struct SaidThinking {
  struct Member {
    std::string_view name = {};  // static, without escapes
    std::string value = {};      // JSON
  };
  std::vector<Member> members = {};
  bool dropped = false;         // nothing of it can be said
  bool tokens_dropped = false;  // all can be said but the number of tokens
};

/// `wanted` says something. The words are those of `traits.thinking_switch`.
[[nodiscard]] SaidThinking say_thinking(const ReasoningWanted& wanted, const ModelTraits& traits);

/// Whether a member of this name is the switch's own: a caller that writes it knows the host.
[[nodiscard]] bool is_own_switch(ThinkingSwitch spelling, std::string_view name) noexcept;

/// Whether the switch has words of its own for this model; else OpenAI's go as they come.
[[nodiscard]] bool has_own_words(const ModelTraits& traits) noexcept;

}  // namespace sluice::llm
