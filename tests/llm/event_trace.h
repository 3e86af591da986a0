// Writes down the chat events it is told, so that tests can compare them as text.
//
//   started id=msg_1 model=claude
//   text "Hello"
//   call 0 id=toolu_1 name=weather
//   arguments 0 {"city":
//   finished tool_calls (tool_use)
//   usage input=12 output=5
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/llm/chat_event.h"

namespace sluice::llm {

class EventTrace : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.choice != 0) out_ += "[" + std::to_string(event.choice) + "] ";
    switch (event.kind) {
      case ChatEventKind::started:
        out_ += "started" + named("id", event.id) + named("model", event.model);
        break;
      case ChatEventKind::text: out_ += "text \"" + plain(event.text) + "\""; break;
      case ChatEventKind::refusal: out_ += "refusal \"" + plain(event.text) + "\""; break;
      case ChatEventKind::reasoning:
        out_ += "reasoning \"" + plain(event.text) + "\"" + named("id", event.id);
        break;
      case ChatEventKind::reasoning_signed: out_ += "signed " + plain(event.text); break;
      case ChatEventKind::reasoning_sealed:
        out_ += "sealed " + plain(event.text) + named("id", event.id);
        break;
      case ChatEventKind::tool_call:
        out_ += event.is_custom ? "custom call " : "call ";
        out_ += std::to_string(event.call) + named("id", event.id) + named("name", event.name) +
                named("signature", event.text);
        break;
      case ChatEventKind::tool_arguments:
        out_ += "arguments " + std::to_string(event.call) + " " + plain(event.text);
        break;
      case ChatEventKind::image:
        out_ += "image " + plain(event.name) + " " + plain(event.text).substr(0, 16);
        break;
      case ChatEventKind::citation: out_ += "citation " + std::string(event.json); break;
      case ChatEventKind::logprobs: out_ += "logprobs " + std::string(event.json); break;
      case ChatEventKind::finished:
        out_ += "finished " + std::string(to_string(event.reason)) + " (" + plain(event.text) +
                ")" + named("stop", event.name);
        break;
      case ChatEventKind::usage: out_ += "usage" + counts(event.usage); break;
    }
    out_ += '\n';
  }

  [[nodiscard]] const std::string& text() const noexcept { return out_; }
  [[nodiscard]] std::string take_text() noexcept { return std::exchange(out_, {}); }

 private:
  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }
  static std::string named(std::string_view name, json::Text text) {
    return text.empty() ? "" : " " + std::string(name) + "=" + plain(text);
  }
  static std::string counts(const Usage& usage) {
    std::string out;
    const auto add = [&](std::string_view name, const Usage::Count& count) {
      if (count) out += " " + std::string(name) + "=" + std::to_string(*count);
    };
    add("input", usage.input);
    add("cached", usage.cached_input);
    add("written", usage.cache_write_input);
    add("written_5m", usage.cache_write_5m_input);
    add("written_1h", usage.cache_write_1h_input);
    add("audio_input", usage.audio_input);
    add("image_input", usage.image_input);
    add("output", usage.output);
    add("reasoning", usage.reasoning_output);
    add("audio_output", usage.audio_output);
    add("image_output", usage.image_output);
    add("total", usage.total);
    return out;
  }
  std::string out_;
};

}  // namespace sluice::llm
