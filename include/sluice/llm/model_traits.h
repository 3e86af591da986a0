// What a request writer must know of the model it writes to, beyond the dialect: which of the
// dialect's ways this model takes. Data, filled in from the catalogue and the configuration.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::llm {

/// How a model is told to think.
enum class ThinkingControl : std::uint8_t {
  none,      // it does not, or cannot be told
  budget,    // by a number of tokens (Claude up to 4.5, Gemini 2.5)
  adaptive,  // by an effort, and decides itself (Claude from 4.6)
  level,     // by a level (Gemini 3)
  effort,    // by reasoning_effort (OpenAI's own)
  toggle,    // on or off, and no more (Qwen 3, GLM up to 5.1, Kimi K2)
};

/// How a host of the OpenAI dialect spells what ThinkingControl says (thinking_switch.h).
enum class ThinkingSwitch : std::uint8_t {
  reasoning_effort,      // OpenAI's own: words as they come
  none_or_default,       // the same; of a model that is a toggle "none" or "default" (Groq)
  thinking,              // "thinking":{"type":"enabled"|"disabled"} (DeepSeek, Z.ai, Moonshot)
  enable_thinking,       // "enable_thinking":true|false, "thinking_budget" (Alibaba)
  chat_template_kwargs,  // "chat_template_kwargs":{VARIABLE:true|false} (vLLM, SGLang, llama.cpp)
  reasoning,             // "reasoning":{"effort"|"max_tokens"|"enabled"} (OpenRouter)
};

/// How a host of the OpenAI dialect is told to go on with the assistant's words that a conversation
/// ends with, in place of answering them.
enum class Prefill : std::uint8_t {
  none,                    // it cannot be told
  plain,                   // it needs not be told (OpenRouter)
  prefix,                  // "prefix":true in the message (Mistral; DeepSeek at its beta URL)
  partial,                 // "partial":true in the message (Moonshot, Alibaba)
  continue_final_message,  // that member at the top, and no generation prompt (vLLM, llama.cpp)
};

struct ModelTraits {
  /// The most tokens it writes: asked for where the caller names no number and the provider wants
  /// one. Nothing: not known.
  std::optional<std::uint64_t> output_tokens_max = {};
  ThinkingControl thinking = ThinkingControl::none;
  /// The host's; narrow() fills it in.
  ThinkingSwitch thinking_switch = ThinkingSwitch::reasoning_effort;
  /// The host's; narrow() fills it in.
  Prefill prefill = Prefill::none;
  /// The variable of its chat template that switches thinking: "enable_thinking" (Qwen, GLM) or
  /// "thinking" (DeepSeek, Kimi); empty: none is known. For hosts that show models' templates.
  std::string thinking_variable = {};
  bool thinking_can_be_off = true;
  bool wants_thoughts = false;               // its host wants reasoning back; narrow() fills it in
  bool takes_chat_completions = true;        // else OpenAI serves it by its Responses API alone
  bool takes_sampling = true;                // temperature, top_p, top_k
  bool takes_temperature_and_top_p = true;   // both in one request
  bool takes_prefill = true;                 // a conversation that ends with the assistant's words
  bool takes_system_inside = false;          // system messages between others
  bool takes_output_schema = true;           // JSON Schema for the answer, natively
  bool takes_schema_with_tools = true;       // both in one request
  bool takes_json_schema_parameters = true;  // else the OpenAPI subset (Gemini up to 2.0)
  bool takes_forced_tool = true;             // tool_choice required or named
  bool takes_media_in_results = true;        // images inside tool results
  bool takes_media_urls = true;              // fetches images and files from the web itself
  bool takes_custom_tools = true;            // tools that take text of any kind (OpenAI's dialects)
  bool signs_calls = false;                  // tool calls carry thought signatures (Gemini 3)
  bool takes_call_ids = false;               // ids of tool calls travel along (Gemini 3)
  bool embeds_in_batches = true;             // on Vertex AI; else one text in a request
  /// Not of the model but of its operator: prompts are marked for caching where callers mark none.
  bool automatic_cache_breakpoints = false;
  std::string publisher = {};  // on Vertex, and part of the path: "google", "anthropic"; else empty
};

}  // namespace sluice::llm
