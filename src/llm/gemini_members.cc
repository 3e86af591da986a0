#include "gemini_members.h"

#include <algorithm>
#include <array>

namespace sluice::llm {

using json::Kind;
using json::Value;

GeminiAnswer::GeminiAnswer(Value top) {
  std::string scratch;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "candidates") {
      candidates = member.value;
    } else if (name == "usageMetadata") {
      usage = member.value;
    } else if (name == "modelVersion") {
      model = member.value;
    } else if (name == "responseId") {
      id = member.value;
    } else if (name == "promptFeedback") {
      feedback = member.value;
    } else if (name == "error" && !member.value.is_null()) {
      error = member.value;
    }
  }
}

GeminiCandidate::GeminiCandidate(Value candidate) {
  std::string scratch;
  for (const json::Member member : candidate.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "content") {
      parts = member.value.find("parts");
    } else if (name == "index") {
      index = member.value.integer().value_or(-1);
    } else if (name == "finishReason" && member.value.is(Kind::string)) {
      reason = member.value;
    } else if (name == "groundingMetadata") {
      grounding = member.value;
    } else if (name == "logprobsResult") {
      logprobs = member.value;
    }
  }
}

GeminiPart::GeminiPart(Value part) {
  std::string scratch;
  for (const json::Member member : part.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "text") {
      text = json::raw_text(member.value);
    } else if (name == "thought") {
      thought = member.value.boolean().value_or(false);
    } else if (name == "thoughtSignature") {
      signature = json::raw_text(member.value);
    } else if (name == "functionCall" && member.value.is(Kind::object)) {
      call = member.value;
    } else if (name == "inlineData") {
      const auto type = member.value.find("mimeType");
      const auto data = member.value.find("data");
      if (type) media_type = json::raw_text(*type);
      if (data) media = json::raw_text(*data);
    }
  }
}

GeminiCall::GeminiCall(Value call) {
  std::string scratch;
  for (const json::Member member : call.members()) {
    const std::string_view key = member.key.unescaped(scratch);
    if (key == "id") {
      id = json::raw_text(member.value);
    } else if (key == "name") {
      name = json::raw_text(member.value);
    } else if (key == "args" && member.value.is(Kind::object)) {
      arguments = member.value;
    } else if (key == "partialArgs" && member.value.is(Kind::array)) {
      pieces = member.value;
    } else if (key == "willContinue") {
      goes_on = member.value.boolean().value_or(false);
    }
  }
}

FinishReason gemini_finish_reason(std::string_view word, bool called) noexcept {
  constexpr std::array<std::string_view, 6> filters = {
      "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"};
  if (word == "STOP") return called ? FinishReason::tool_calls : FinishReason::stop;
  if (word == "MAX_TOKENS") return FinishReason::length;
  if (std::ranges::find(filters, word) != filters.end() || word.starts_with("IMAGE_")) {
    return FinishReason::content_filter;
  }
  // MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, TOO_MANY_TOOL_CALLS, LANGUAGE, OTHER, NO_IMAGE
  // and those still to come.
  return FinishReason::stop;
}

}  // namespace sluice::llm
