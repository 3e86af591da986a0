// How a deployment is spoken to: in the caller's own dialect, in another, or not at all.
// A model that OpenAI serves by its Responses API alone is translated for, chats' callers included.
//
//              provider  openai, azure   anthropic    gemini       bedrock
//   caller openai        relayed         translated   translated   translated    chats
//                        relayed         -            -            -             all else
//   caller anthropic     translated      relayed      translated   translated    messages
//                        estimated       relayed      translated   translated    count_tokens
//
// Embeddings, which callers ask for as OpenAI has them, are translated for Gemini.
//
// Tokens are counted by OpenAI's own API and by Bedrock for Claude alone; else they are estimated.
//
// Vertex AI is, by the model's publisher, one of Anthropic's, of Gemini's, or of OpenAI's with
// chats alone: llm/vertex_target.h.
#pragma once
#include <cstdint>

#include "sluice/catalog/deployment.h"
#include "sluice/llm/chat_translation.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/request.h"
#include "sluice/llm/vertex_target.h"

namespace sluice::gateway {

enum class Speech : std::uint8_t {
  none,        // the provider has no such operation
  relayed,     // the body goes as it came, but for a few edits
  translated,  // the body is written anew, and so is the answer
  estimated,   // it cannot count tokens: the gateway says about how many there are
};

/// A chat whose answer is to be mended, or gone on with by others if it breaks off, is translated
/// in any case: that is where answers are taken apart.
[[nodiscard]] Speech speech_for(const llm::Endpoint& endpoint, const llm::Request& request,
                                const catalog::Deployment& deployment) noexcept;

/// Of a deployment on Vertex AI: what its publisher's models speak.
[[nodiscard]] llm::VertexApi vertex_api(const catalog::Deployment& deployment) noexcept;

/// Whether it takes Anthropic's Messages, and with them the names of its beta features.
[[nodiscard]] bool takes_messages(const catalog::Deployment& deployment) noexcept;

/// What a deployment that is translated for, in a chat, speaks in this operation.
[[nodiscard]] llm::ChatDialect chat_dialect(const catalog::Deployment& deployment,
                                            llm::Operation operation) noexcept;

/// What a writer of that dialect is told of it. Lifetime: the deployment's.
[[nodiscard]] llm::ChatTarget chat_target(const catalog::Deployment& deployment) noexcept;

}  // namespace sluice::gateway
