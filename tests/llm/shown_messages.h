// Writes down chat requests, so that tests can compare them as text.
//
//   system [text Be brief.]
//   user [text Weather?] [media image url https://a/b.png]
//   assistant [thought Hm signed=s of=anthropic] [call c1 weather {"city":"Rome"}]
//   user [result c1 {text 20}]
#pragma once
#include <string>
#include <string_view>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

inline std::string plain_text(json::Text text) {
  std::string scratch;
  return std::string(text.plain(scratch));
}

inline std::string named_text(std::string_view name, json::Text text) {
  return text.empty() ? "" : " " + std::string(name) + "=" + plain_text(text);
}

inline std::string shown_origin(ReasoningOrigin origin) {
  switch (origin) {
    case ReasoningOrigin::unknown: return "";
    case ReasoningOrigin::anthropic: return " of=anthropic";
    case ReasoningOrigin::google: return " of=google";
    case ReasoningOrigin::openai: return " of=openai";
  }
  __builtin_unreachable();
}

inline std::string shown_media(const MediaPart& media) {
  constexpr std::string_view kinds[] = {"image", "document", "audio"};
  constexpr std::string_view sources[] = {"base64", "url", "file", "text"};
  std::string out = "media " + std::string(kinds[static_cast<int>(media.kind)]) + " ";
  out += std::string(sources[static_cast<int>(media.source)]) + " " + plain_text(media.data);
  return out + named_text("type", media.media_type) + named_text("name", media.name) +
         named_text("detail", media.detail);
}

inline std::string shown_part(const ChatRequest& request, const Part& part) {
  if (const auto* said = std::get_if<TextPart>(&part.body)) return "text " + plain_text(said->text);
  if (const auto* no = std::get_if<RefusalPart>(&part.body)) {
    return "refusal " + plain_text(no->text);
  }
  if (const auto* media = std::get_if<MediaPart>(&part.body)) return shown_media(*media);
  if (const auto* call = std::get_if<ToolCall>(&part.body)) {
    return (call->is_custom ? "custom call " : "call ") + plain_text(call->id) + " " +
           plain_text(call->name) + " " + plain_text(call->arguments) +
           named_text("signature", call->signature);
  }
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    std::string out = "result " + plain_text(result->call_id);
    for (const Part& child : request.parts_of(*result)) {
      out += " {" + shown_part(request, child) + "}";
    }
    return out;
  }
  const auto& thought = std::get<ReasoningPart>(part.body);
  return "thought " + plain_text(thought.text) + named_text("signed", thought.signature) +
         named_text("sealed", thought.sealed) + named_text("id", thought.id) +
         shown_origin(thought.origin);
}

inline std::string shown_messages(const ChatRequest& request) {
  constexpr std::string_view roles[] = {"system", "user", "assistant"};
  std::string out;
  for (const Message& message : request.messages) {
    out += roles[static_cast<int>(message.role)];
    for (const Part& part : request.parts_of(message)) {
      out += " [" + shown_part(request, part) + "]";
    }
    out += '\n';
  }
  return out;
}

}  // namespace sluice::llm
