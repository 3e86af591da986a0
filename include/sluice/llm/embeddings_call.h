// Writes embeddings requests for Google, whose two houses ask for them in three ways:
//
//   AI Studio   /models/M:batchEmbedContents                     up to 100 texts
//   Vertex AI   /publishers/google/models/M:predict              up to 250 texts
//               /publishers/google/models/M:embedContent         one text: traits.embeds_in_batches
//
// What else a model has for a limit (gemini-embedding-001 takes one text on Vertex AI) is for
// Google to say.
#pragma once
#include "sluice/llm/chat_call.h"
#include "sluice/llm/embeddings_request.h"

namespace sluice::llm {

/// Refused: more texts than fit in one request there. `asked` is of no use to it.
[[nodiscard]] WrittenCall write_embeddings_call(const EmbeddingsRequest& request,
                                                const ChatTarget& target);

}  // namespace sluice::llm
