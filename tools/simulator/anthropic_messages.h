// The parts of Anthropic's rules that take the most words: messages with their blocks, and tools.
#pragma once
#include <optional>
#include <string>

#include "simulator/anthropic_check.h"
#include "sluice/json/value.h"

namespace sluice::simulator {

/// Messages and system: roles, blocks, the pairing of calls and results, marks for the cache.
[[nodiscard]] std::optional<std::string> check_anthropic_messages(json::Value root,
                                                                  const AnthropicRules& rules);

/// tools and tool_choice.
[[nodiscard]] std::optional<std::string> check_anthropic_tools(json::Value root);

/// One block of `role`'s message (or of a tool's result, or of the system prompt) at `path`.
enum class BlockPlace : std::uint8_t { user, assistant, result, system };
[[nodiscard]] std::optional<std::string> check_anthropic_block(json::Value block,
                                                               const std::string& path,
                                                               BlockPlace place);

/// A cache_control member, if there is one.
[[nodiscard]] std::optional<std::string> check_cache_control(json::Value holder,
                                                             const std::string& path);

}  // namespace sluice::simulator
