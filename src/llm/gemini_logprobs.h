// Tells how probable the tokens of Gemini's answers were, as OpenAI's chat answers do.
#pragma once
#include <cstdint>

#include "sluice/json/value.h"
#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// `result` is a candidate's `logprobsResult`: {"chosenCandidates":[{"token","logProbability"}],
/// "topCandidates":[{"candidates":[..]}]}, an element per token (Vertex AI, recorded in 2026).
/// Tells one event, or none where it holds no token.
void tell_gemini_logprobs(json::Value result, std::uint32_t choice, ChatSink& sink);

}  // namespace sluice::llm
