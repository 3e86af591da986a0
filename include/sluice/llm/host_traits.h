// How a host of the OpenAI dialect differs from OpenAI's own API: hosts differ by data, filled in
// from the catalogue and the configuration, and not by code.
//
// The defaults are OpenAI's own ways, but for what few others have. What a model can or cannot do,
// wherever it is served, stands in model_traits.h; narrow() takes from it what its host does not
// carry.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/llm/model_traits.h"

namespace sluice::llm {

/// A shorter id would not tell calls apart, and no host wants a longer one.
inline constexpr std::uint32_t call_id_letters_min = 6;
inline constexpr std::uint32_t call_id_letters_max = 64;

struct HostTraits {
  bool takes_stream_options = true;     // else it answers 400, and sends the usage unasked
  bool takes_developer_role = true;     // else such messages are of the role system
  bool takes_json_schema = true;        // response_format json_schema, else json_object only
  bool takes_custom_tools = true;       // tools of the type "custom", as OpenAI's newest do
  bool takes_media_in_results = false;  // images in messages of the role tool: OpenAI answers 400
  bool takes_media_urls = true;         // fetches images from the web itself
  bool spells_required_any = false;     // tool_choice: "any" in place of "required" (Mistral)
  bool counts_input_tokens = false;     // has POST /responses/input_tokens, as OpenAI does
  /// "max_tokens" or "max_completion_tokens", whichever alone it knows; empty: both.
  std::string output_tokens_name = {};
  std::string seed_name = "seed";  // Mistral: "random_seed"
  /// Ids of tool calls are exactly so many letters and digits (Mistral: 9); 0: any text.
  std::uint32_t call_id_letters = 0;
  /// The member of an assistant's message in which it wants the reasoning of a running tool loop
  /// back: "reasoning_content" or "reasoning"; empty: nothing known, so nothing is renamed.
  std::string reasoning_name = {};
  ThinkingSwitch thinking_switch = ThinkingSwitch::reasoning_effort;
  Prefill prefill = Prefill::none;
  /// Members at the top of a body that it answers with an error. They only tune: they are taken
  /// out.
  std::vector<std::string> refused = {};

  /// Whether a body for OpenAI's own API is right for this host as it stands.
  [[nodiscard]] bool is_plain() const noexcept {
    return takes_developer_role && takes_json_schema &&
           thinking_switch == ThinkingSwitch::reasoning_effort && is_mostly_plain();
  }
  /// The same for bodies without the role developer, thinking or a JSON Schema for the answer: most
  /// hosts are like that for most bodies.
  [[nodiscard]] bool is_mostly_plain() const noexcept {
    return takes_stream_options && !spells_required_any && call_id_letters == 0 &&
           refused.empty() && output_tokens_name.empty() && reasoning_name.empty() &&
           seed_name == "seed";
  }
};

/// Takes from a model's traits what a host of the OpenAI dialect does not carry.
void narrow(ModelTraits& model, const HostTraits& host) noexcept;

}  // namespace sluice::llm
