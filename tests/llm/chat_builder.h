// Builds chat requests for tests. Texts are views: literals, or kept by the request.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

inline json::Text text_of(std::string_view bytes) { return {.bytes = bytes}; }

inline Part said(std::string_view text) { return {.body = TextPart{.text = text_of(text)}}; }
inline Part called(std::string_view id, std::string_view name, std::string_view arguments,
                   std::string_view signature = {}) {
  return {.body = ToolCall{.id = text_of(id),
                           .name = text_of(name),
                           .arguments = text_of(arguments),
                           .signature = text_of(signature)}};
}
inline Part thought(std::string_view text, std::string_view signature,
                    ReasoningOrigin origin = ReasoningOrigin::google) {
  return {.body = ReasoningPart{
              .text = text_of(text), .signature = text_of(signature), .origin = origin}};
}
inline Part image(std::string_view type, std::string_view base64) {
  return {.body = MediaPart{.data = text_of(base64), .media_type = text_of(type)}};
}
inline Part media_at(std::string_view url, std::string_view type = {}) {
  return {.body = MediaPart{
              .source = MediaSource::url, .data = text_of(url), .media_type = text_of(type)}};
}

class ChatBuilder {
 public:
  ChatBuilder& add(Role role, std::vector<Part> parts) {
    request.messages.push_back({.role = role,
                                .first_part = static_cast<std::uint32_t>(request.parts.size()),
                                .part_count = static_cast<std::uint32_t>(parts.size())});
    for (Part& part : parts) request.parts.push_back(std::move(part));
    return *this;
  }
  ChatBuilder& system(std::string_view text) { return add(Role::system, {said(text)}); }
  ChatBuilder& user(std::string_view text) { return add(Role::user, {said(text)}); }
  ChatBuilder& assistant(std::vector<Part> parts) { return add(Role::assistant, std::move(parts)); }
  ChatBuilder& result(std::string_view id, std::vector<Part> parts, bool is_error = false) {
    const Part part{
        .body = ToolResult{.call_id = text_of(id),
                           .is_error = is_error,
                           .first_child = static_cast<std::uint32_t>(request.result_parts.size()),
                           .child_count = static_cast<std::uint32_t>(parts.size())}};
    for (Part& child : parts) request.result_parts.push_back(std::move(child));
    return add(Role::user, {part});
  }
  ChatBuilder& tool(std::string_view name, std::string_view parameters,
                    std::string_view description = {}) {
    request.tools.push_back(
        {.name = text_of(name), .description = text_of(description), .parameters = parameters});
    return *this;
  }
  ChatBuilder& other(std::string_view name, std::string_view value) {
    request.others.push_back({.name = text_of(name), .value = value});
    return *this;
  }

  ChatRequest request;
};

}  // namespace sluice::llm
