// What an answer comes to: all its text, its calls, why it ended and what it counted. Gathered from
// chat events, to be compared with what a test reads from the recorded JSON in the plainest
// possible way (anthropic_recorded.h).
#pragma once
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/json/utf8.h"
#include "sluice/llm/chat_event.h"

namespace sluice::llm {

struct AnswerSummary {
  std::string id = {};
  std::string model = {};
  std::string text = {};
  std::string refusal = {};
  std::string thinking = {};
  std::string signatures = {};
  std::string sealed = {};
  std::vector<std::string> calls = {};  // id, name, arguments
  std::size_t citations = 0;
  std::string reason = {};
  std::string stop_sequence = {};
  std::string usage = {};  // input, cached, written, output, reasoning; a dash: not known

  friend bool operator==(const AnswerSummary&, const AnswerSummary&) = default;
  friend void PrintTo(const AnswerSummary& summary, std::ostream* out) {
    *out << "id " << summary.id << "\nmodel " << summary.model << "\ntext " << summary.text
         << "\nrefusal " << summary.refusal << "\nthinking " << summary.thinking << "\nsignatures "
         << summary.signatures << "\nsealed " << summary.sealed << "\ncitations "
         << summary.citations << "\nreason " << summary.reason << "\nstop sequence "
         << summary.stop_sequence << "\nusage " << summary.usage << '\n';
    for (const std::string& call : summary.calls) *out << "call " << call << '\n';
  }
};

/// JSON without white space between its tokens, told character by character.
inline std::string without_blanks(std::string_view json) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (inside && c == '\\') {
      out += json.substr(at, 2);
      ++at;
      continue;
    }
    if (c == '"') inside = !inside;
    if (inside || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) out += c;
  }
  return out;
}

/// Gathers events, and checks their order: started once and first, arguments only of the call now
/// open, finished once, nothing but usage behind it.
class SummarySink : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    EXPECT_EQ(event.kind == ChatEventKind::started, events_ == 0);
    EXPECT_TRUE(!finished_ || event.kind == ChatEventKind::usage);
    ++events_;
    switch (event.kind) {
      case ChatEventKind::started:
        summary.id = plain(event.id);
        summary.model = plain(event.model);
        break;
      case ChatEventKind::text: summary.text += plain(event.text); break;
      case ChatEventKind::refusal: summary.refusal += plain(event.text); break;
      case ChatEventKind::reasoning: summary.thinking += plain(event.text); break;
      case ChatEventKind::reasoning_signed: summary.signatures += plain(event.text) + "\n"; break;
      case ChatEventKind::reasoning_sealed: summary.sealed += plain(event.text) + "\n"; break;
      case ChatEventKind::tool_call:
        EXPECT_EQ(event.call, summary.calls.size());
        summary.calls.push_back(plain(event.id) + " " + plain(event.name) + " ");
        break;
      case ChatEventKind::tool_arguments:
        EXPECT_EQ(event.call + 1, summary.calls.size());
        if (!summary.calls.empty()) summary.calls.back() += plain(event.text);
        break;
      case ChatEventKind::image:
      case ChatEventKind::logprobs: break;
      case ChatEventKind::citation: {
        json::Index index;
        EXPECT_TRUE(index.build(event.json)) << event.json;
        ++summary.citations;
        break;
      }
      case ChatEventKind::finished:
        EXPECT_FALSE(finished_);
        finished_ = true;
        summary.reason = plain(event.text) + " " + std::string(to_string(event.reason));
        if (event.reason == FinishReason::paused) summary.reason += " paused";
        summary.stop_sequence = plain(event.name);
        break;
      case ChatEventKind::usage: summary.usage = counts(event.usage); break;
    }
  }

  [[nodiscard]] bool finished() const noexcept { return finished_; }
  AnswerSummary summary;

 private:
  static std::string plain(json::Text text) {
    std::string scratch;
    const std::string out(text.plain(scratch));
    EXPECT_TRUE(json::is_utf8(out));
    return out;
  }
  static std::string counts(const Usage& usage) {
    std::string out;
    for (const Usage::Count& count : {usage.input, usage.cached_input, usage.cache_write_input,
                                      usage.output, usage.reasoning_output}) {
      out += (count ? std::to_string(*count) : "-") + " ";
    }
    return out;
  }

  std::size_t events_ = 0;
  bool finished_ = false;
};

}  // namespace sluice::llm
