// Writes a chat request for Amazon Bedrock's Converse API.
//
//   POST {base}/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream
//   {"system":[..],"messages":[..],"inferenceConfig":{..},"toolConfig":{..},"outputConfig":{..},
//    "additionalModelRequestFields":{..}}
//
// Converse says the same for every model; what a model has of its own (how it is told to think,
// top_k) goes into additionalModelRequestFields under the names of its maker, who is told from the
// publisher in the model's id: the last word of an ARN's path, behind a region's prefix if there is
// one. An id that does not say (an application inference profile) needs ModelTraits::publisher.
//
// Members of Converse that the caller gives by these names travel as they are: guardrailConfig,
// performanceConfig, requestMetadata, additionalModelRequestFields (whose members win).
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"

namespace sluice::llm {

/// `scratch` is used to check the arguments of tool calls.
[[nodiscard]] WrittenCall write_bedrock_call(const ChatRequest& request, const ChatTarget& target,
                                             json::Index& scratch);

/// "/model/{model, percent-encoded}/converse" or, for a stream, "/converse-stream".
[[nodiscard]] std::string bedrock_target(std::string_view model, bool stream);

/// Who made the model that this id names: "anthropic", "amazon", "openai", "qwen"; empty: it does
/// not say.
[[nodiscard]] std::string_view bedrock_publisher(std::string_view model) noexcept;

}  // namespace sluice::llm
