// Understands requests in the OpenAI dialect and prepares the body for an OpenAI-dialect provider.
//
// Fields that only the gateway understands are taken out: `models`, `route`, `provider`, `plugins`,
// `transforms`, `preset`, `session_id`, `trace`, `debug` (OpenRouter), `fallbacks`,
// `fallback_config`, `post_processing_steps`, `model_region`, `transcript_id` (AssemblyAI) and
// `routing`, `free_models_only`, `no_reasoning` (LLM Gateway), `stream_rescue` (ours): OpenAI's own
// API refuses unknown members with a 400. What they say about routing is read (route_wishes.h); of
// a body with `models` and without `model` the first one is meant. Members some provider may
// understand (`top_k`, `reasoning`, `thinking`, `chat_template_kwargs`, ...) are left in place.
#pragma once
#include <expected>
#include <span>
#include <string_view>

#include "sluice/base/slice.h"
#include "sluice/json/index.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/openai_host_edits.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// The top-level members taken out of JSON bodies, in no order.
[[nodiscard]] std::span<const std::string_view> openai_gateway_only_fields() noexcept;

/// Understands a JSON body. `index` is scratch; it holds no needed state after.
///
/// Refused with an error that says what to do: no body, not JSON, not an object, model missing or
/// no text or empty, wrong types of the fields read, stream_options without stream, a field we read
/// given twice, messages missing or no array (chat), input missing (responses, embeddings:
/// responses may have `prompt` or `previous_response_id` in its place), too deep, bad UTF-8.
[[nodiscard]] std::expected<Request, ApiError> understand_openai_json(const Endpoint& endpoint,
                                                                      std::string_view body,
                                                                      json::Index& index);

/// One part of a multipart form: its name and where its value stands in the body.
struct FormField {
  std::string_view name;
  json::Span value;
  bool is_file = false;  // has a filename
};

/// Understands a form (image edits, audio transcriptions and translations). Gateway-only fields of
/// a form are left alone: taking a part out would need the boundary.
[[nodiscard]] std::expected<Request, ApiError> understand_openai_form(
    const Endpoint& endpoint, std::string_view body, std::span<const FormField> fields);

/// A request without a body: responses by id, models.
[[nodiscard]] Request understand_openai_bodiless(const Endpoint& endpoint);

/// The body for a provider that calls the model `upstream_model`, sharing `body`'s bytes. `request`
/// must come from these very bytes. An upstream name that is no legal form value (CR, LF) is a
/// configuration bug and asserted. `host`: the edits for a host with ways of its own, made of the
/// same bytes; null where the request's own will do.
[[nodiscard]] SliceChain openai_upstream_body(const Request& request, const Slice& body,
                                              std::string_view upstream_model,
                                              const HostEdits* host = nullptr);

}  // namespace sluice::llm
