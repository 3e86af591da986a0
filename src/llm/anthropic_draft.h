// What the parts of a Messages request's writer share: what is to be said to whom, and what could
// not be said.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache_marks.h"
#include "sluice/json/index.h"
#include "sluice/json/writer.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_turns.h"

namespace sluice::llm {

inline constexpr std::size_t anthropic_tool_name_bytes_max = 128;

/// {"cache_control":..} of a mark, if it is one.
void write_cache_control(CacheMark mark, json::Writer& out);

struct AnthropicDraft {
  const ChatRequest& request;
  const ChatTarget& target;
  json::Index& scratch;
  ChatCall call = {};
  CacheMarks marks = {};
  std::optional<ApiError> error = {};  // the first one: what is written then is thrown away

  void fail(ApiError wrong) {
    if (!error) error = std::move(wrong);
  }
  void refuse(std::string_view param, std::string message) {
    fail(errors::field_invalid(param, std::move(message)));
  }
  /// A parameter that merely tunes is left out; once each.
  void drop(std::string_view name);
  [[nodiscard]] const ModelTraits& traits() const noexcept { return target.traits; }
};

/// A member of the caller's that has no place in ChatRequest; null: there is none.
[[nodiscard]] const OtherMember* find_other(const ChatRequest& request, std::string_view name);

// --- anthropic_tools.cc ---

/// How the answer's form is asked for, decided before anything is written.
struct AnthropicOutput {
  std::string schema = {};       // output_config.format; empty: none
  std::string tool = {};         // a tool's name: its call is the answer; empty: none
  std::string instruction = {};  // for the system's words; empty: none
};
[[nodiscard]] AnthropicOutput plan_output(AnthropicDraft& draft);
/// The caller's tools that the model may use, in their order.
[[nodiscard]] std::vector<const Tool*> offered_tools(const AnthropicDraft& draft,
                                                     const AnthropicOutput& output);
/// Whether the model must call a tool.
[[nodiscard]] bool forces_tool(const AnthropicDraft& draft, const AnthropicOutput& output) noexcept;
/// "tools" and "tool_choice", if there are tools. Notes custom and renamed ones.
void write_tools(AnthropicDraft& draft, const std::vector<const Tool*>& tools,
                 const AnthropicOutput& output, json::Writer& out);

// --- anthropic_thinking.cc ---

/// How the model is told to think.
struct AnthropicThinking {
  enum class Kind : std::uint8_t { unsaid, disabled, adaptive, budget } kind = Kind::unsaid;
  std::uint64_t budget = 0;
  std::string_view effort = {};  // of output_config; empty: not said
  std::uint64_t output_tokens_max = 0;

  [[nodiscard]] bool on() const noexcept { return kind == Kind::adaptive || kind == Kind::budget; }
};
[[nodiscard]] AnthropicThinking plan_thinking(AnthropicDraft& draft, const Turns& turns,
                                              const AnthropicOutput& output);
void write_thinking(const AnthropicDraft& draft, const AnthropicThinking& thinking,
                    json::Writer& out);
/// temperature, top_p, top_k, as far as they may be said to a model that thinks so.
void write_sampling(AnthropicDraft& draft, const AnthropicThinking& thinking, json::Writer& out);

// --- anthropic_messages.cc ---

void write_system(const AnthropicDraft& draft, const Turns& turns, std::string_view instruction,
                  json::Writer& out);
void write_messages(AnthropicDraft& draft, const Turns& turns, json::Writer& out);
/// Whether a thought may be shown to the model again.
[[nodiscard]] bool is_replayed(const ReasoningPart& part) noexcept;
/// Tells the marks of what will be written.
void note_marks(AnthropicDraft& draft, const std::vector<const Tool*>& tools, const Turns& turns);

// --- anthropic_call_media.cc ---

void write_media(AnthropicDraft& draft, const Part& part, json::Writer& out);

// --- anthropic_others.cc ---

/// OpenAI's web_search_options as the tool that they are at Anthropic's.
void write_web_search(AnthropicDraft& draft, const OtherMember& options, json::Writer& out);
/// What Messages has no place for: refused, or dropped.
void refuse_or_drop(AnthropicDraft& draft);
/// metadata, service_tier, stop_sequences, and members that travel as they are.
void write_settings(AnthropicDraft& draft, json::Writer& out);

}  // namespace sluice::llm
