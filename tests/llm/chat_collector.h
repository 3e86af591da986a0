// Puts chat events together again into what was answered, and asserts the order they promise
// (chat_event.h): one call open at a time, each choice finished once, usage last.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sluice/llm/chat_event.h"

namespace sluice::llm {

struct CollectedCall {
  std::string id, name, arguments;
  friend bool operator==(const CollectedCall&, const CollectedCall&) = default;
};

inline void PrintTo(const CollectedCall& call, std::ostream* out) {
  *out << call.id << " " << call.name << " " << call.arguments;
}

struct CollectedChoice {
  std::string text, refusal, reasoning;
  std::vector<CollectedCall> calls;
  std::string finish;
  std::size_t images = 0;
};

struct Collected {
  std::string id, model;
  std::map<std::uint32_t, CollectedChoice> choices;
  Usage usage;
};

// Texts are put together as they were spelled, for a surrogate pair may lie across two pieces.
class SpelledText {
 public:
  void add(json::Text text) { json::append_escaped(spelled_, text); }
  [[nodiscard]] std::string plain() const {
    std::string out;
    json::append_plain(out, {.bytes = spelled_, .escaped = true});
    return out;
  }

 private:
  std::string spelled_;
};

class ChatCollector : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    EXPECT_FALSE(collected_.usage.known()) << "usage is last";
    EXPECT_EQ(event.kind == ChatEventKind::started, !started_) << "started comes once, first";
    started_ = true;
    if (event.kind == ChatEventKind::started) {
      collected_.id = plain(event.id);
      collected_.model = plain(event.model);
      return;
    }
    if (event.kind == ChatEventKind::usage) {
      collected_.usage = event.usage;
      return;
    }
    Spoken& spoken = spoken_[event.choice];
    EXPECT_TRUE(spoken.finish.empty()) << "nothing follows the end of a choice";
    if (event.kind == ChatEventKind::tool_arguments) {
      EXPECT_EQ(spoken.open, static_cast<int>(event.call));
      if (spoken.open >= 0) spoken.calls.back().arguments.add(event.text);
      return;
    }
    spoken.open = -1;
    take_other(event, spoken);
  }

  [[nodiscard]] Collected collected() const {
    Collected out = collected_;
    for (const auto& [number, spoken] : spoken_) {
      CollectedChoice& choice = out.choices[number];
      choice.text = spoken.text.plain();
      choice.refusal = spoken.refusal.plain();
      choice.reasoning = spoken.reasoning.plain();
      choice.finish = spoken.finish;
      choice.images = spoken.images;
      for (const Call& call : spoken.calls) {
        choice.calls.push_back(
            {.id = call.id, .name = call.name, .arguments = call.arguments.plain()});
      }
    }
    return out;
  }

 private:
  struct Call {
    std::string id, name;
    SpelledText arguments;
  };
  struct Spoken {
    SpelledText text, refusal, reasoning;
    std::vector<Call> calls;
    std::string finish;
    std::size_t images = 0;
    int open = -1;  // the call that arguments may come for
  };

  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }

  static void take_other(const ChatEvent& event, Spoken& spoken) {
    if (event.kind == ChatEventKind::text) spoken.text.add(event.text);
    if (event.kind == ChatEventKind::refusal) spoken.refusal.add(event.text);
    if (event.kind == ChatEventKind::reasoning) spoken.reasoning.add(event.text);
    if (event.kind == ChatEventKind::image) ++spoken.images;
    if (event.kind == ChatEventKind::finished) spoken.finish = to_string(event.reason);
    if (event.kind == ChatEventKind::tool_call) {
      EXPECT_EQ(event.call, spoken.calls.size()) << "calls are counted from 0";
      spoken.open = static_cast<int>(event.call);
      spoken.calls.push_back({.id = plain(event.id), .name = plain(event.name), .arguments = {}});
    }
  }

  Collected collected_;
  std::map<std::uint32_t, Spoken> spoken_;
  bool started_ = false;
};

}  // namespace sluice::llm
