// How models are reached on Google's Vertex AI: each publisher's by the API it brought along.
//
//   google      /publishers/google/models/M:generateContent         Gemini's
//   anthropic   /publishers/anthropic/models/M:rawPredict           Messages, but for the model
//   mistralai   /publishers/mistralai/models/M:rawPredict           OpenAI's chats
//   all others  /endpoints/openapi/chat/completions                 OpenAI's chats, of model P/M
//   an endpoint of one's own (tuned models)     /endpoints/ID in place of /publishers/P/models/M;
//                                               of no publisher above:
//                                               /endpoints/ID/chat/completions
//
// "models/gemini-2.5-pro", "claude-opus-4-5@20251101", "meta/llama-3.3-70b-instruct-maas": names
// that say whose they are. Models with the ending -maas are of the last row, whoever made them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::llm {

enum class VertexApi : std::uint8_t {
  generate_content,
  raw_messages,
  raw_chat,
  openapi_chat,
};

struct VertexModel {
  std::string publisher;
  std::string model;  // as the API takes it: with its publisher in front for openapi_chat alone
  friend bool operator==(const VertexModel&, const VertexModel&) = default;
};

/// Whose model a name is, as operators write it: "M", "P/M", "publishers/P/models/M", or of an
/// endpoint "projects/.../locations/.../endpoints/ID" or "endpoints/ID", which are Google's unless
/// `publisher` says otherwise.
/// `publisher`: by the configuration or the catalogue, where the name does not say; may be empty.
[[nodiscard]] VertexModel vertex_model(std::string_view name, std::string_view publisher);

/// The API of a model that vertex_model() named.
[[nodiscard]] VertexApi vertex_api(std::string_view publisher, std::string_view model) noexcept;

/// What follows ".../locations/L" in the URL.
[[nodiscard]] std::string vertex_target(std::string_view publisher, std::string_view model,
                                        bool stream);

/// The same for counting the tokens of a request to Claude, whose body names the model.
inline constexpr std::string_view vertex_count_tokens_target =
    "/publishers/anthropic/models/count-tokens:rawPredict";

/// What Claude's bodies there say in place of the header anthropic-version.
inline constexpr std::string_view vertex_anthropic_version = "vertex-2023-10-16";

}  // namespace sluice::llm
