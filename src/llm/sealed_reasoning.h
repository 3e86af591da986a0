// Thoughts of other makers' models on their way through clients of the Responses API. There a
// reasoning item has `encrypted_content`, which clients send back as it came: what the model's
// maker gave stands in it behind a head that says whose it is and what.
//
//   sluice1:anthropic:signature:EqQB..   signs the thought in the item's summary
//   sluice1:anthropic:sealed:EmwK..      the thought itself (redacted_thinking)
//   sluice1:google:call:CpEB..           signs the tool call that follows the item
//
// The 1 is the version: a head that is not spelled so is not ours, and then all of it is OpenAI's
// own. Origins: anthropic, google, openai, other. OpenAI's sealed thoughts travel without a head.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

enum class SealKind : std::uint8_t { signature, sealed, call };

struct SealedReasoning {
  ReasoningOrigin origin = ReasoningOrigin::openai;
  SealKind kind = SealKind::sealed;
  json::Text rest = {};  // a view of what was read
};

[[nodiscard]] SealedReasoning read_sealed_reasoning(json::Text encrypted_content) noexcept;

/// Appends what read_sealed_reasoning() reads, escaped, without quotes.
void append_sealed_reasoning(std::string& out, const SealedReasoning& reasoning);

}  // namespace sluice::llm
