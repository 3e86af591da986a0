#include "bedrock_parts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base64.h"
#include "sluice/json/writer.h"
#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t message_bytes_max = 500;

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void tell_sealed(json::Text text, ChatSink& sink) {
  std::string scratch;
  const auto decoded = decode_base64(text.plain(scratch));
  ChatEvent event{.kind = ChatEventKind::reasoning_sealed, .text = text};
  if (decoded && is_printable(*decoded)) {
    event.text = {.bytes = *decoded};
    event.origin = ReasoningOrigin::anthropic;
  }
  if (!event.text.empty()) sink.take(event);
}

Usage::Count count_of(Value value) noexcept {
  const auto number = value.integer();
  if (!number || *number < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*number);
  return count > usage_tokens_max ? Usage::Count{} : count;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool is_context_length(std::string_view message) {
  constexpr std::array<std::string_view, 4> texts = {
      "input is too long", "input tokens exceeded", "prompt is too long", "maximum context length"};
  return std::ranges::any_of(
      texts, [message](std::string_view text) { return contains_ignoring_case(message, text); });
}

ApiError refused(std::string_view message) {
  const bool too_long = is_context_length(message);
  ApiError error{.kind = too_long ? ApiErrorKind::context_length : ApiErrorKind::bad_request,
                 .status = 400,
                 .type = "invalid_request_error",
                 .code = too_long ? "context_length_exceeded" : ""};
  error.message = message.empty() ? "The provider refused the request and did not say why."
                                  : quotable(message, message_bytes_max);
  return error;
}

ApiError timed_out(std::string_view provider) {
  ApiError error = errors::upstream_failed(provider, 200, "the model ran out of time");
  error.kind = ApiErrorKind::upstream_timeout;
  error.status = 504;
  error.code = "timeout";
  return error;
}

}  // namespace

void tell_text(ChatEventKind kind, json::Text text, ChatSink& sink) {
  if (text.empty()) return;
  ChatEvent event{.kind = kind, .text = text};
  if (kind == ChatEventKind::reasoning) event.origin = ReasoningOrigin::anthropic;
  sink.take(event);
}

bool tell_reasoning(Value reasoning, ChatSink& sink) {
  const auto whole = reasoning.find("reasoningText");
  const Value content = whole.value_or(reasoning);
  const auto text = content.find("text");
  const auto signature = content.find("signature");
  const auto sealed = reasoning.find("redactedContent");
  if (text) tell_text(ChatEventKind::reasoning, json::raw_text(*text), sink);
  if (signature) tell_text(ChatEventKind::reasoning_signed, json::raw_text(*signature), sink);
  if (sealed) tell_sealed(json::raw_text(*sealed), sink);
  return text || signature || sealed;
}

void tell_citation(Value citation, ChatSink& sink) {
  const auto location = citation.find("location");
  const auto web = location ? location->find("web") : std::nullopt;
  const auto url = web ? web->find("url") : std::nullopt;
  if (!url || json::raw_text(*url).empty()) return;
  const auto title = citation.find("title");
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("type").string("url_citation");
  writer.key("url_citation").begin_object().key("url").text(json::raw_text(*url));
  if (title) writer.key("title").text(json::raw_text(*title));
  writer.end_object().end_object();
  sink.take({.kind = ChatEventKind::citation, .json = out});
}

void tell_image(Value image, ChatSink& sink) {
  const auto format = image.find("format");
  const auto source = image.find("source");
  const auto bytes = source ? source->find("bytes") : std::nullopt;
  if (!bytes || json::raw_text(*bytes).empty()) return;
  std::string type = "image/";
  if (!format || !format->append_string(type)) type += "png";
  sink.take(
      {.kind = ChatEventKind::image, .text = json::raw_text(*bytes), .name = {.bytes = type}});
}

Usage read_bedrock_usage(Value usage) noexcept {
  Usage out;
  std::string scratch;
  for (const json::Member member : usage.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "inputTokens") {
      out.input = count_of(member.value);
    } else if (name == "outputTokens") {
      out.output = count_of(member.value);
    } else if (name == "totalTokens") {
      out.total = count_of(member.value);
    } else if (name == "cacheReadInputTokens") {
      out.cached_input = count_of(member.value);
    } else if (name == "cacheWriteInputTokens") {
      out.cache_write_input = count_of(member.value);
    }
  }
  if (out.input) *out.input += out.cached_input.value_or(0) + out.cache_write_input.value_or(0);
  return out;
}

FinishReason bedrock_finish_reason(std::string_view stop_reason, bool has_calls) {
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") {
    return FinishReason::length;
  }
  if (stop_reason == "guardrail_intervened" || stop_reason == "content_filtered" ||
      stop_reason == "refusal") {
    return FinishReason::content_filter;
  }
  if (stop_reason == "pause_turn") return FinishReason::paused;
  // With a call that is the answer's text, and no other, nobody waits for results.
  const bool may_call = stop_reason == "tool_use" || stop_reason == "end_turn";
  return may_call && has_calls ? FinishReason::tool_calls : FinishReason::stop;
}

ApiError bedrock_stream_error(std::string_view provider, std::string_view name,
                              std::string_view message) {
  const auto is = [name](std::string_view wanted) {
    return contains_ignoring_case(name.substr(0, wanted.size()), wanted);
  };
  ApiError error;
  if (is("throttling") || is("tooManyRequests")) {
    error = errors::upstream_rate_limited(provider, std::nullopt);
  } else if (is("serviceQuotaExceeded")) {
    error = errors::upstream_quota(provider, 200);
  } else if (is("serviceUnavailable") || is("modelNotReady")) {
    error = errors::upstream_overloaded(provider, 200, std::nullopt);
  } else if (is("validation")) {
    error = refused(message);
  } else if (is("modelTimeout")) {
    error = timed_out(provider);
  } else if (is("accessDenied") || is("unrecognizedClient") || is("expiredToken")) {
    error = errors::upstream_auth(provider, 200);
  } else {  // modelStreamError, internalServer, and what is not known
    error = errors::upstream_failed(provider, 0, "");
  }
  error.upstream_status = 200;
  return error;
}

}  // namespace sluice::llm
