// Understands requests in the Anthropic dialect: what the gateway itself needs to know of one, and
// all of it, for a provider of another dialect.
//
//   POST /v1/messages {"model","max_tokens","system","messages":[{"role","content":[blocks]}],..}
//
// Where ChatRequest has no place for a block as it is:
//   search_result, tool_reference    a text: what was found, the tool's name
//   a document's context             a text in front of it
//   mid_conv_system                  a system message of its own, between the parts around it
//   blocks of tools that run at      left out, and named in `others` by their path
//   Anthropic, unknown blocks        ("messages.1.content.0"): no other provider can read them
//
// Without `thinking`, and with one disabled or displayed as "omitted", reasoning is `hidden`: a
// caller that did not ask for thinking blocks takes the first block for the answer.
//
// Gateway-only members are those of openai_request.h, `fallbacks` where it is a list: so callers of
// OpenRouter send it in this dialect. "default" is a word to Anthropic (beta server-side-fallback,
// 2026), and goes there.
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// The top-level members taken out of bodies whatever they hold, in no order.
[[nodiscard]] std::span<const std::string_view> anthropic_gateway_only_fields() noexcept;
/// Whether a top-level member is taken out.
[[nodiscard]] bool is_anthropic_gateway_only(std::string_view name, json::Value value) noexcept;

/// Understands the body of a messages or count_tokens request. `index` is scratch; it holds no
/// needed state after. openai_upstream_body() makes the body for a provider of this dialect.
///
/// Refused with an error that says what to do: no body, not JSON, not an object, model missing, no
/// text or empty, messages missing or no array, wrong types of the fields read, a member given
/// twice.
[[nodiscard]] std::expected<Request, ApiError> understand_anthropic_json(const Endpoint& endpoint,
                                                                         std::string_view body,
                                                                         json::Index& index);

enum class OutputLimit : std::uint8_t { needed, optional };

/// Reads the body of a messages request, or of one to count its tokens, which needs no max_tokens.
/// `top` is an object. What is missing or of a wrong type is
/// a 400 that names its path ("messages.0.content.1.source.data"). Lifetime: the request views the
/// indexed bytes, not the index.
[[nodiscard]] std::expected<ChatRequest, ApiError> read_anthropic_chat(
    json::Value top, OutputLimit limit = OutputLimit::needed);

}  // namespace sluice::llm
