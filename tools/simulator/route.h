// Which provider's dialect a path speaks, where it is not OpenAI's own.
//
//   /v1/messages                                    anthropic       any prefix may stand in front
//   /v1/messages/count_tokens                       anthropic
//   /v1beta/models/{model}:generateContent          gemini          also :streamGenerateContent and
//                                                                   :countTokens, :embedContent
//                                                                   and :batchEmbedContents
//   /v1/projects/{p}/locations/{l}/publishers/google/models/{model}:...        vertex: also
//   :predict /v1/projects/{p}/locations/{l}/publishers/anthropic/models/{model}:rawPredict
//   vertex_anthropic /model/{model}/converse                         bedrock         also
//   /converse-stream,
//                                                                   /count-tokens
//   /openai/deployments/{model}/chat/completions    azure
//   /openai/v1/chat/completions                     azure_v1
//
// Written without a look at how the gateway makes these paths: the simulator is the second opinion.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/http/head.h"

namespace sluice::simulator {

enum class Host : std::uint8_t {
  anthropic,
  gemini,
  vertex,
  vertex_anthropic,
  bedrock,
  azure,
  azure_v1,
};

enum class Action : std::uint8_t { generate, stream, count_tokens, embed, embed_batch, predict };

struct Route {
  Host host = Host::anthropic;
  Action action = Action::generate;  // of Anthropic's own host: `stream` is a member of the body
  std::string model{};               // of the path, percent-decoded
};

/// The dialect of a path; nothing where it is OpenAI's, or nobody's.
[[nodiscard]] std::optional<Route> find_route(std::string_view path);

/// The value of a query's parameter, as it stands there; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query,
                                                          std::string_view name);

}  // namespace sluice::simulator
