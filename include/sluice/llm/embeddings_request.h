// Reads the body of an embeddings request in OpenAI's dialect, for a provider that speaks another
// one. (For one that speaks the same the body travels as it is: openai_request.h.)
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/json/text.h"
#include "sluice/llm/api_error.h"

namespace sluice::llm {

inline constexpr std::size_t embedding_inputs_max = 2048;  // OpenAI's own limit

struct EmbeddingsRequest {
  std::vector<json::Text> inputs = {};           // 1 to embedding_inputs_max
  std::optional<std::uint64_t> dimensions = {};  // of each vector; nothing: the model's own
  bool base64 = false;  // vectors as base64 of little-endian 32-bit floats, else as numbers
  std::vector<std::string> dropped = {};  // members without a counterpart at other providers
};

/// `body` is one that understand_openai_json() took. Refused with a 400 that names the place: texts
/// given as token ids, which no other provider's models know; members of a wrong type; no text, or
/// too many. `index` is scratch. Lifetime: of the body.
[[nodiscard]] std::expected<EmbeddingsRequest, ApiError> read_embeddings(std::string_view body,
                                                                         json::Index& index);

/// About how many tokens all texts have together (token_estimate.h).
[[nodiscard]] std::uint64_t estimate_tokens(const EmbeddingsRequest& request) noexcept;

}  // namespace sluice::llm
