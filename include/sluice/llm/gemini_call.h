// Writes chat requests for Google's Gemini, for AI Studio and Vertex AI alike: the body of
// generateContent and where to send it.
//
//   messages    systemInstruction and contents; results of tools by the names of their calls
//   signatures  go back on the calls, texts and thoughts they came with; thoughts of other makers'
//               models are left out; a model that wants its calls signed (traits.signs_calls) is
//               told to go without where the running tool loop was begun by another
//   tools       functionDeclarations, with JSON Schema or the OpenAPI subset by the model's traits;
//               names that Google does not take are changed (asked.renamed_tools); hosted web
//               searches become Google's, other hosted tools are refused
//   answer      a schema that the model takes only without tools is asked for as a tool's
//               (asked.output_tool)
//   others      modalities, web_search_options, safety_settings, extra_body.google: see
//               src/llm/gemini_extras.cc
//
// Refused: what arrange_turns() refuses, calls whose arguments are no JSON object, files of other
// providers, audio to be answered with. Left out and named: parallel_tool_calls, logit_bias and
// others without a counterpart.
#pragma once
#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"

namespace sluice::llm {

/// The target is "/models/M:generateContent", or ":streamGenerateContent?alt=sse"; on Vertex, where
/// traits.publisher is given, behind "/publishers/P". `scratch` is for arguments and schemas.
[[nodiscard]] WrittenCall write_gemini_call(const ChatRequest& request, const ChatTarget& target,
                                            json::Index& scratch);

}  // namespace sluice::llm
