// What the parts of a Converse request's writer share: the writer itself, whose model it is, and
// what could not be said.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache_marks.h"
#include "sluice/json/index.h"
#include "sluice/json/writer.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_turns.h"

namespace sluice::llm {

/// Makers whose models have fields of their own that are known here.
enum class BedrockMaker : std::uint8_t { anthropic, amazon, openai, qwen, mistral, other };

[[nodiscard]] BedrockMaker bedrock_maker(const ChatTarget& target) noexcept;

struct BedrockWriting {
  const ChatRequest& request;
  const ChatTarget& target;
  json::Index& scratch;
  BedrockMaker maker;
  /// The history's calls and results are told as texts. Converse knows no tool choice "none", wants
  /// tools where the history has calls, and a model that has tools may call them.
  bool tells_calls = false;
  ChatCall call = {};
  std::optional<ApiError> error = {};  // the first one: what is written then is thrown away
  CacheMarks marks = {};
  std::uint32_t documents = 0;  // named so far
  std::vector<std::string> document_names = {};

  void fail(ApiError wrong) {
    if (!error) error = std::move(wrong);
  }
  /// A parameter that merely tunes is left out; once each.
  void drop(std::string_view name);
  [[nodiscard]] bool takes_cache_points() const noexcept {
    return maker == BedrockMaker::anthropic || maker == BedrockMaker::amazon;
  }
};

// --- bedrock_blocks.cc ---

/// The content of a turn, an array of blocks; `mark` is one behind all of them.
void write_bedrock_content(BedrockWriting& writing, const Turn& turn, CacheMark mark,
                           json::Writer& out);
void write_bedrock_system(BedrockWriting& writing, const std::vector<const Part*>& system,
                          std::string_view instruction, json::Writer& out);
/// Chooses among the caller's cache marks. Call before anything is written.
void note_bedrock_marks(BedrockWriting& writing, const Turns& turns);
/// {"cachePoint":..} behind what is marked.
void write_cache_point(const BedrockWriting& writing, CacheMark mark, json::Writer& out);
/// Whether the model's maker takes this thought back.
[[nodiscard]] bool replays_reasoning(const BedrockWriting& writing, const ReasoningPart& part);

// --- bedrock_media.cc ---

void write_bedrock_media(BedrockWriting& writing, const MediaPart& part, json::Writer& out);

// --- bedrock_tools.cc ---

/// How the answer's form is asked for, decided before anything is written.
struct BedrockOutput {
  bool native = false;           // outputConfig
  std::string tool = {};         // a tool's name: its call is the answer; empty: none
  std::string instruction = {};  // for the system's words; empty: none
};
[[nodiscard]] BedrockOutput plan_bedrock_output(BedrockWriting& writing);

/// "toolConfig", if it is needed. Also notes which tools are custom ones.
void write_tool_config(BedrockWriting& writing, const Turns& turns, const BedrockOutput& output,
                       json::Writer& out);
/// "outputConfig" of a native schema.
void write_output_config(const OutputFormat& format, json::Writer& out);
/// Whether tools are there that may not be called.
[[nodiscard]] bool tells_calls_in_words(const ChatRequest& request) noexcept;
/// Whether the model must call a tool.
[[nodiscard]] bool forces_tool(const ChatRequest& request, const BedrockOutput& output) noexcept;
/// Several calls at once are ruled out in the way Anthropic's models take: with the tool choice
/// among their own fields, and none in toolConfig.
[[nodiscard]] bool chooses_in_model_fields(const BedrockWriting& writing,
                                           const BedrockOutput& output) noexcept;
void write_model_tool_choice(const ChatRequest& request, const BedrockOutput& output,
                             json::Writer& out);

// --- bedrock_fields.cc ---

/// How the model is told to think; with it, what else may be said.
struct BedrockThinking {
  bool on = false;
  std::optional<std::uint64_t> budget = {};             // Anthropic's older models
  std::string_view effort = {};                         // the word for the effort; empty: none
  std::optional<std::uint64_t> output_tokens_max = {};  // of the request, or raised for the budget
};
[[nodiscard]] BedrockThinking plan_bedrock_thinking(BedrockWriting& writing, const Turns& turns,
                                                    const BedrockOutput& output);
void write_inference_config(BedrockWriting& writing, const BedrockThinking& thinking,
                            json::Writer& out);
/// "additionalModelRequestFields", if there are any.
void write_model_fields(BedrockWriting& writing, const BedrockThinking& thinking,
                        const BedrockOutput& output, json::Writer& out);
/// requestMetadata, serviceTier, performanceConfig, guardrailConfig.
void write_service_fields(BedrockWriting& writing, json::Writer& out);
/// What Converse has no place for: refused, or dropped.
void refuse_or_drop(BedrockWriting& writing);

// --- ids and names ---

/// A tool call's id in letters that the model takes: itself, or one made of it, always the same.
[[nodiscard]] std::string bedrock_call_id(BedrockMaker maker, json::Text id);
/// A tool's name in the history, in letters that Converse takes.
[[nodiscard]] std::string bedrock_past_name(json::Text name);
[[nodiscard]] bool is_bedrock_tool_name(std::string_view name) noexcept;

}  // namespace sluice::llm
