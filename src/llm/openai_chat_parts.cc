#include "openai_chat_parts.h"

#include <optional>

#include "sluice/json/writer.h"

namespace sluice::llm {

std::string_view quoted_format(ReasoningOrigin origin) noexcept {
  switch (origin) {
    case ReasoningOrigin::unknown: return "null";
    case ReasoningOrigin::anthropic: return "\"anthropic-claude-v1\"";
    case ReasoningOrigin::google: return "\"google-gemini-v1\"";
    case ReasoningOrigin::openai: return "\"openai-responses-v1\"";
  }
  __builtin_unreachable();
}

void append_member(std::string& out, std::string_view name, json::Text text) {
  out += ",\"";
  out += name;
  out += "\":";
  json::append_quoted(out, text);
}

void open_detail(std::string& out, std::string_view type, ReasoningOrigin origin,
                 std::uint32_t index, json::Text id) {
  out += "{\"type\":\"";
  out += type;
  out += "\",\"format\":";
  out += quoted_format(origin);
  out += ",\"index\":";
  out += std::to_string(index);
  if (!id.empty()) append_member(out, "id", id);
}

void append_image(std::string& out, const ChatEvent& event) {
  out += R"({"type":"image_url","image_url":{"url":"data:)";
  json::append_escaped(out, event.name);
  out += ";base64,";
  json::append_escaped(out, event.text);
  out += "\"}}";
}

void append_signature(std::string& out, json::Text signature) {
  if (signature.empty()) return;
  out += R"(,"extra_content":{"google":{"thought_signature":)";
  json::append_quoted(out, signature);
  out += "}}";
}

void append_finish(std::string& out, const ChatEvent& event) {
  out += "\"finish_reason\":\"";
  out += to_string(event.reason);
  out += '"';
  if (!event.text.empty()) append_member(out, "native_finish_reason", event.text);
  if (!event.name.empty()) append_member(out, "stop_sequence", event.name);
}

void append_logprobs(std::string& out, std::string_view elements) {
  if (elements.empty()) {
    out += "null";
    return;
  }
  out += "{\"content\":[";
  out += elements;
  out += "],\"refusal\":null}";
}

void append_openai_usage(std::string& out, const Usage& usage, const AnswerFrame::Cost& cost) {
  json::Writer writer(out);
  const auto count = [&](std::string_view name, const Usage::Count& value) {
    writer.key(name);
    if (value) {
      writer.unsigned_integer(*value);
    } else {
      writer.null();
    }
  };
  const auto detail = [&](std::string_view name, const Usage::Count& value) {
    if (value) writer.key(name).unsigned_integer(*value);
  };
  Usage::Count total = usage.total;
  if (!total && usage.input && usage.output) total = *usage.input + *usage.output;
  writer.begin_object();
  count("prompt_tokens", usage.input);
  count("completion_tokens", usage.output);
  count("total_tokens", total);
  writer.key("prompt_tokens_details").begin_object();
  writer.key("cached_tokens").unsigned_integer(usage.cached_input.value_or(0));
  detail("cache_write_tokens", usage.cache_write_input);
  detail("audio_tokens", usage.audio_input);
  detail("image_tokens", usage.image_input);
  writer.end_object();
  writer.key("completion_tokens_details").begin_object();
  writer.key("reasoning_tokens").unsigned_integer(usage.reasoning_output.value_or(0));
  detail("audio_tokens", usage.audio_output);
  detail("image_tokens", usage.image_output);
  detail("accepted_prediction_tokens", usage.accepted_prediction_output);
  detail("rejected_prediction_tokens", usage.rejected_prediction_output);
  writer.end_object();
  if (cost.of != nullptr) {
    const std::optional<double> usd = cost.of(cost.context, usage);
    writer.key("cost");
    if (usd) {
      writer.number(*usd);
    } else {
      writer.null();
    }
  }
  writer.end_object();
}

std::string answer_id(json::Text id, std::string_view request_id) {
  std::string out;
  if (id.empty() || id.bytes.size() > answer_id_bytes_max) {
    out = "chatcmpl-";
    json::append_escaped(out, json::Text{.bytes = request_id});
  } else {
    json::append_escaped(out, id);
  }
  return out;
}

void append_tags(std::string& out, const AnswerFrame& frame) {
  append_member(out, "request_id", {.bytes = frame.request_id});
  append_member(out, "provider", {.bytes = frame.provider});
}

}  // namespace sluice::llm
