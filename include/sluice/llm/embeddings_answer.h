// Writes the answer of a provider that was asked for embeddings as OpenAI has it:
//
//   {"embeddings":[{"values":[0.1,..]},..],"usageMetadata":{..}}                  AI Studio
//   {"embedding":{"values":[..]},"usageMetadata":{..}}                            Vertex AI
//   {"predictions":[{"embeddings":{"values":[..],"statistics":{"token_count":5}}},..]}
//
//   --> {"object":"list","data":[{"object":"embedding","index":0,"embedding":[..] or base64},..],
//        "model":"..","usage":{"prompt_tokens":5,"total_tokens":5},..}
//
// Numbers keep their spelling, but where base64 was asked for. One pass over the index: vectors are
// never held as numbers.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_writer.h"
#include "sluice/llm/embeddings_request.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

struct EmbeddingsAnswer {
  std::string body = {};
  Usage usage = {};  // the provider's word; where it says nothing the body has an estimate
  [[nodiscard]] bool is_estimated() const noexcept { return !usage.input.has_value(); }
};

/// The whole body of a 2xx answer to `request`. An error where it can be no success: not JSON, an
/// error inside, another number of vectors than there were texts, a vector that is none. `index` is
/// scratch.
[[nodiscard]] std::expected<EmbeddingsAnswer, ApiError> write_embeddings_answer(
    const EmbeddingsRequest& request, const AnswerFrame& frame, std::string_view body,
    json::Index& index);

}  // namespace sluice::llm
