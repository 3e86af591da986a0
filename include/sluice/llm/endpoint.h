// Which operation a method and a request target name, what body it takes, whether it streams and
// what a success looks like.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sluice/llm/dialect.h"

namespace sluice::llm {

enum class Operation : std::uint8_t {
  chat_completions,
  completions,
  embeddings,
  responses,               // POST /v1/responses
  responses_retrieve,      // GET /v1/responses/{id}
  responses_delete,        // DELETE /v1/responses/{id}
  responses_cancel,        // POST /v1/responses/{id}/cancel
  responses_input_items,   // GET /v1/responses/{id}/input_items
  responses_input_tokens,  // POST /v1/responses/input_tokens
  images_generations,
  images_edits,
  audio_speech,
  audio_transcriptions,
  audio_translations,
  moderations,
  messages,               // POST /v1/messages
  messages_count_tokens,  // POST /v1/messages/count_tokens
  models,                 // GET /v1/models
  model,                  // GET /v1/models/{id}
};

/// The operation's name for logs and metrics: the enumerator, in snake_case.
[[nodiscard]] std::string_view to_string(Operation operation) noexcept;

/// Whether a success has no other form than a JSON object, unless a stream was asked for.
[[nodiscard]] bool answers_in_json(Operation operation) noexcept;

/// Whether a success says how many tokens it took. A stored response counted when it was made.
[[nodiscard]] bool counts_tokens(Operation operation) noexcept;

enum class BodyForm : std::uint8_t { none, json, multipart };

enum class Streaming : std::uint8_t {
  never,
  by_field,  // the body's `stream` member or form field asks for it
  by_query,  // stream=true in the query
};

struct Endpoint {
  Operation operation = Operation::chat_completions;
  Dialect dialect = Dialect::openai;
  BodyForm body = BodyForm::json;
  Streaming streaming = Streaming::never;
  bool json_too = false;        // the form may come as JSON as well (image edits)
  bool needs_model = true;      // the body must name a model
  bool is_local = false;        // answered from the catalogue, never forwarded
  std::string id = {};          // of the response or the model in the path, percent-decoded
  std::string_view path = {};   // below the version, as received: "/responses/resp_1/cancel"
  std::string_view query = {};  // with its question mark, or empty

  /// path and query: what follows a provider's base URL. Both lie side by side in the target.
  [[nodiscard]] std::string_view upstream_target() const noexcept {
    return {path.data(), path.size() + query.size()};
  }
};

/// Why there is no endpoint.
struct EndpointMiss {
  std::string_view allow;  // the Allow field's value when the path exists but not so; else empty
  std::string_view suggestion;  // a path that exists and is probably meant; may be empty
  Operation operation{};        // with `allow`: what the path is for, the first where it is several

  [[nodiscard]] bool method_wrong() const noexcept { return !allow.empty(); }
};

/// Finds the endpoint of an origin-form target ("/v1/models?x=1"). Methods are case-sensitive.
/// HEAD is allowed where GET is. Paths are compared as received: one that spells its letters in
/// percent escapes, dots or doubled slashes is unknown. Lifetime: views point into `target`.
[[nodiscard]] std::expected<Endpoint, EndpointMiss> find_endpoint(std::string_view method,
                                                                  std::string_view target);

/// Whether a Content-Type field value (empty: none given) names what a body of this form must be.
/// JSON without any Content-Type is accepted; multipart needs its boundary, so it is not.
[[nodiscard]] bool media_type_fits(BodyForm form, std::string_view content_type) noexcept;

}  // namespace sluice::llm
