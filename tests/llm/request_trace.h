// Writes down what a chat request says, so that tests can compare it as text.
//
//   user
//     text "Hello" 5m
//     image base64 image/png AAAA
//   assistant
//     call toolu_1 weather {"city":"Rome"}
//   user
//     result toolu_1 error
//       text "no"
//   tool function weather {"type":"object"}
//   max 100
#pragma once
#include <string>
#include <string_view>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

class RequestTrace {
 public:
  static std::string of(const ChatRequest& request) {
    RequestTrace trace;
    for (const Message& message : request.messages) {
      trace.line("", role(message.role), plain(message.name));
      for (const Part& part : request.parts_of(message)) trace.part("  ", part, request);
    }
    trace.settings(request);
    return std::move(trace.out_);
  }

 private:
  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }
  static std::string quoted(json::Text text) { return "\"" + plain(text) + "\""; }
  static std::string role(Role role) {
    switch (role) {
      case Role::system: return "system";
      case Role::user: return "user";
      case Role::assistant: return "assistant";
    }
    __builtin_unreachable();
  }
  static std::string mark(CacheMark mark) {
    switch (mark) {
      case CacheMark::none: return "";
      case CacheMark::five_minutes: return "5m";
      case CacheMark::one_hour: return "1h";
    }
    __builtin_unreachable();
  }
  static std::string media(const MediaPart& part) {
    constexpr std::string_view kinds[] = {"image", "document", "audio"};
    constexpr std::string_view sources[] = {"base64", "url", "file_id", "text"};
    return std::string(kinds[static_cast<int>(part.kind)]) + " " +
           std::string(sources[static_cast<int>(part.source)]);
  }
  static std::string origin(ReasoningOrigin origin) {
    constexpr std::string_view names[] = {"unknown", "anthropic", "google", "openai"};
    return std::string(names[static_cast<int>(origin)]);
  }

  template <typename... Words>
  void line(std::string_view indent, const Words&... words) {
    out_ += indent;
    bool first = true;
    const auto add = [&](std::string_view word) {
      if (word.empty()) return;
      if (!first) out_ += ' ';
      first = false;
      out_ += word;
    };
    (add(words), ...);
    out_ += '\n';
  }

  void part(const std::string& indent, const Part& part, const ChatRequest& request) {
    if (const auto* text = std::get_if<TextPart>(&part.body)) {
      line(indent, "text", quoted(text->text), mark(part.cache));
    } else if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) {
      line(indent, "refusal", quoted(refusal->text), mark(part.cache));
    } else if (const auto* shown = std::get_if<MediaPart>(&part.body)) {
      line(indent, media(*shown), plain(shown->media_type), plain(shown->data), plain(shown->name),
           plain(shown->detail), mark(part.cache));
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
      line(indent, "call", plain(call->id), plain(call->name), plain(call->arguments),
           plain(call->signature), mark(part.cache));
    } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
      line(indent, "result", plain(result->call_id), result->is_error ? "error" : "",
           mark(part.cache));
      for (const Part& child : request.parts_of(*result)) this->part(indent + "  ", child, request);
    } else if (const auto* thought = std::get_if<ReasoningPart>(&part.body)) {
      line(indent, "reasoning", quoted(thought->text), origin(thought->origin),
           plain(thought->signature), plain(thought->sealed), plain(thought->id));
    }
  }

  void number(std::string_view name, const std::optional<Number>& number) {
    if (number) line("", name, number->raw);
  }

  void settings(const ChatRequest& request) {
    constexpr std::string_view kinds[] = {"function", "custom", "hosted"};
    for (const Tool& tool : request.tools) {
      line("", "tool", kinds[static_cast<int>(tool.kind)], plain(tool.name),
           plain(tool.description), tool.parameters,
           tool.strict ? (*tool.strict ? "strict" : "lax") : "", mark(tool.cache));
    }
    constexpr std::string_view modes[] = {"", "automatic", "none", "required", "named"};
    const ToolChoice& choice = request.tool_choice;
    if (choice.mode != ToolChoiceMode::unspecified || choice.parallel) {
      line("", "choice", modes[static_cast<int>(choice.mode)], plain(choice.name),
           choice.parallel ? (*choice.parallel ? "parallel" : "alone") : "");
    }
    if (request.output.kind == OutputKind::json_schema) {
      line("", "output", request.output.schema);
    }
    const ReasoningWanted& wanted = request.reasoning;
    if (wanted.said()) {
      line("", "reasoning", wanted.enabled ? (*wanted.enabled ? "on" : "off") : "",
           wanted.effort ? to_string(*wanted.effort) : "",
           wanted.tokens_max ? std::to_string(*wanted.tokens_max) : "");
    }
    if (!wanted.hidden) line("", "reasoning shown");
    number("temperature", request.temperature);
    number("top_p", request.top_p);
    number("top_k", request.top_k);
    if (request.output_tokens_max) line("", "max", std::to_string(*request.output_tokens_max));
    for (const json::Text stop : request.stop) line("", "stop", quoted(stop));
    if (!request.user.empty()) line("", "user", plain(request.user));
    if (!request.service_tier.empty()) line("", "tier", plain(request.service_tier));
    if (request.cache != CacheMark::none) line("", "cache", mark(request.cache));
    for (const OtherMember& other : request.others) {
      line("", "other", plain(other.name), other.value);
    }
    if (request.stream) line("", "stream");
  }

  std::string out_;
};

}  // namespace sluice::llm
