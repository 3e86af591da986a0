// Chat events drawn from seeds, written as answers for callers and read back by the readers of the
// same dialects: the words, thoughts, calls, reasons and counts are the same, streamed or whole,
// and however a stream is cut into reads.
//
// Known losses: what a dialect has no place for is not drawn for it. Anthropic has one choice, no
// images, and refusals are its words ("refusal" is the reason then); the Responses API has one
// choice too, and its thoughts are proved by what OpenAI sealed alone. In which order thoughts,
// words and calls came is not compared, for a message of OpenAI's chats has a member for each.
//
// SLUICE_DRAWN_SEEDS says how many seeds, SLUICE_DRAWN_SEED repeats one.
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "seeds.h"
#include "sense.h"
#include "sluice/http/sse.h"
#include "sluice/llm/chat_translation.h"

namespace sluice::llm::testing {
namespace {

struct Way {
  std::string_view name;
  Operation operation;
  ChatDialect dialect;
  ReasoningOrigin origin;
  bool has_choices, has_refusals, has_images, has_signatures;
};

constexpr Way ways[] = {
    {"openai", Operation::chat_completions, ChatDialect::openai, ReasoningOrigin::anthropic, true,
     true, true, true},
    {"responses", Operation::responses, ChatDialect::responses, ReasoningOrigin::openai, false,
     true, true, false},
    {"anthropic", Operation::messages, ChatDialect::anthropic, ReasoningOrigin::anthropic, false,
     false, false, true},
};

// What an answer comes to.
class Sum : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    Choice& choice = choices_[event.choice];
    EXPECT_TRUE(choice.end.empty() || event.kind == ChatEventKind::usage) << "behind the end";
    switch (event.kind) {
      case ChatEventKind::started:
        EXPECT_FALSE(started_) << "started twice";
        started_ = true;
        break;
      case ChatEventKind::text: choice.text += plain(event.text); break;
      case ChatEventKind::refusal: choice.refusal += plain(event.text); break;
      case ChatEventKind::reasoning: choice.thoughts += plain(event.text); break;
      case ChatEventKind::reasoning_signed: choice.proofs += plain(event.text) + " "; break;
      case ChatEventKind::reasoning_sealed: choice.seals += plain(event.text) + " "; break;
      case ChatEventKind::tool_call:
        choice.calls += "\n" + plain(event.id) + " " + plain(event.name) + " ";
        break;
      case ChatEventKind::tool_arguments: choice.calls += plain(event.text); break;
      case ChatEventKind::image: choice.images += plain(event.text) + " "; break;
      case ChatEventKind::logprobs:
      case ChatEventKind::citation: break;
      case ChatEventKind::finished: choice.end = to_string(event.reason); break;
      case ChatEventKind::usage: usage_.update(event.usage); break;  // each newer
    }
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [number, choice] : choices_) {
      out += "choice " + std::to_string(number) + "\n  text " + choice.text + "\n  refusal " +
             choice.refusal + "\n  thoughts " + choice.thoughts + "\n  proofs " + choice.proofs +
             "\n  seals " + choice.seals + "\n  images " + choice.images + "\n  calls" +
             choice.calls + "\n  end " + choice.end + "\n";
    }
    out += "usage";
    for (const Usage::Count& count :
         {usage_.input, usage_.cached_input, usage_.output, usage_.reasoning_output}) {
      out += " " + (count ? std::to_string(*count) : std::string("-"));
    }
    return out;
  }

 private:
  struct Choice {
    std::string text, refusal, thoughts, proofs, seals, images, calls, end;
  };
  std::map<std::uint32_t, Choice> choices_;
  Usage usage_;
  bool started_ = false;
};

// An answer, told to whoever listens, as often as wanted.
class DrawnAnswer {
 public:
  DrawnAnswer(std::uint64_t seed, const Way& way) : random_(seed), texts_(random_), way_(way) {
    add({.kind = ChatEventKind::started, .id = keep("id-1"), .model = keep("m-1")});
    const std::uint64_t choices = way.has_choices && random_.chance(0.3) ? 2 : 1;
    for (std::uint32_t choice = 0; choice < choices; ++choice) draw_choice(choice);
    draw_usage();
  }

  void tell(ChatSink& sink) const {
    for (const ChatEvent& event : events_) sink.take(event);
  }

 private:
  json::Text keep(std::string text) { return {.bytes = owned_.emplace_back(std::move(text))}; }
  void add(ChatEvent event) { events_.push_back(event); }

  // Cut anywhere but inside a character.
  void add_pieces(ChatEvent event, const std::string& text) {
    const bool escaped = random_.chance(0.5);
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + 1 + random_.below(12);
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      event.text = keep(text.substr(at, end - at));
      if (escaped) {
        std::string spelled;
        json::append_escaped(spelled, event.text);
        event.text = keep(spelled);
        event.text.escaped = true;
      }
      add(event);
      at = end;
    }
  }

  void draw_choice(std::uint32_t choice) {
    const bool refuses = random_.chance(0.1);
    std::uint32_t calls = 0;
    for (std::uint64_t blocks = 1 + random_.below(4); blocks > 0; --blocks) {
      const std::uint64_t kind = random_.below(10);
      if (kind < 3) {
        draw_thought(choice);
      } else if (kind < 5 && !refuses) {
        draw_call(choice, calls++);
      } else if (kind == 5 && way_.has_images) {
        add({.kind = ChatEventKind::image,
             .choice = choice,
             .text = keep("aW1n" + std::to_string(1000 + random_.below(9000))),
             .name = keep("image/png")});
      } else {
        add_pieces({.kind = ChatEventKind::text, .choice = choice}, texts_.draw('a'));
      }
    }
    if (refuses && way_.has_refusals) {
      add_pieces({.kind = ChatEventKind::refusal, .choice = choice}, texts_.draw('a'));
    } else {
      // So that something is said: an answer of thoughts alone is a matter of its own.
      add_pieces({.kind = ChatEventKind::text, .choice = choice}, texts_.draw('a'));
    }
    FinishReason reason = calls > 0 ? FinishReason::tool_calls : FinishReason::stop;
    if (random_.chance(0.15)) reason = FinishReason::length;
    if (calls == 0 && random_.chance(0.1)) reason = FinishReason::content_filter;
    add({.kind = ChatEventKind::finished, .choice = choice, .text = keep("w"), .reason = reason});
  }

  void draw_thought(std::uint32_t choice) {
    ChatEvent event{.kind = ChatEventKind::reasoning, .choice = choice, .origin = way_.origin};
    const std::string number = std::to_string(owned_.size());
    if (way_.origin == ReasoningOrigin::openai) event.id = keep("rs_" + number);
    const bool sealed = random_.chance(0.3);
    if (!sealed) add_pieces(event, texts_.draw('t'));
    if (sealed) {
      event.kind = ChatEventKind::reasoning_sealed;
      event.text = keep("c2VhbA/+" + number);
      add(event);
    } else if (way_.has_signatures) {
      event.kind = ChatEventKind::reasoning_signed;
      event.text = keep("c2ln/+" + number);
      add(event);
    }
  }

  void draw_call(std::uint32_t choice, std::uint32_t number) {
    constexpr std::string_view arguments[] = {"{}", R"({"a":1})",
                                              R"({"s":"x \"y\"\n","é":[1,2.50,null]})",
                                              R"({"o":{"p":{"q":"日本"}}})"};
    add({.kind = ChatEventKind::tool_call,
         .choice = choice,
         .call = number,
         .id = keep("call_" + std::to_string(owned_.size())),
         .name = keep("tool_" + std::to_string(random_.below(3)))});
    add_pieces({.kind = ChatEventKind::tool_arguments, .choice = choice, .call = number},
               std::string(arguments[random_.below(std::size(arguments))]));
  }

  void draw_usage() {
    Usage usage{.input = 10 + random_.below(1000), .output = 10 + random_.below(1000)};
    usage.cached_input = random_.below(10);
    usage.reasoning_output = random_.below(10);
    usage.total = *usage.input + *usage.output;
    add({.kind = ChatEventKind::usage, .usage = usage});
  }

  Random random_;
  TextDrawer texts_;
  const Way& way_;
  std::deque<std::string> owned_;
  std::vector<ChatEvent> events_;
};

const AnswerFrame frame{.request_id = "req_1", .provider = "p", .model = "m", .created = 1};

std::string written(const DrawnAnswer& answer, const Way& way, bool stream) {
  const auto writer = make_chat_writer(way.operation, stream, frame);
  answer.tell(*writer);
  writer->end();
  return writer->take_bytes();
}

std::string read_whole(const std::string& body, const Way& way, json::Index& index) {
  Sum sum;
  const auto error = make_chat_reader(way.dialect, {.provider = "p"})->read_whole(body, index, sum);
  EXPECT_FALSE(error.has_value()) << error->message << "\n" << body;
  return sum.text();
}

std::string read_stream(const std::string& body, const Way& way, Random& random,
                        json::Index& index) {
  Sum sum;
  const auto reader = make_chat_reader(way.dialect, {.provider = "p"});
  http::SseParser parser{http::SseLimits{}};
  http::SseEvent event;
  bool ended = false;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = std::min<std::size_t>(1 + random.below(400), body.size() - at);
    parser.feed(Slice::copy_of(std::string_view(body).substr(at, size)));
    at += size;
    while (parser.next(event) == http::SseStatus::event) {
      if (event.kind != http::SseKind::event) continue;
      EXPECT_FALSE(ended) << "an event behind the last one";
      const ReadResult result = reader->read_event(event.name, event.data, index, sum);
      EXPECT_FALSE(result.error.has_value()) << result.error->message << "\n" << event.data;
      EXPECT_FALSE(result.odd) << event.data;
      ended = result.ended;
    }
  }
  EXPECT_TRUE(ended) << body;
  return sum.text();
}

TEST(AnswerRoundTrip, KeepsWhatWasAnsweredStreamedAndWhole) {
  json::Index index;
  for_each_drawn(1'000, [&](std::uint64_t seed) {
    Random cuts(~seed);
    for (const Way& way : ways) {
      SCOPED_TRACE(way.name);
      const DrawnAnswer answer(seed, way);
      Sum said;
      answer.tell(said);
      const std::string whole = written(answer, way, false);
      EXPECT_EQ(read_whole(whole, way, index), said.text()) << whole;
      const std::string stream = written(answer, way, true);
      EXPECT_EQ(read_stream(stream, way, cuts, index), said.text()) << stream;
    }
  });
}

}  // namespace
}  // namespace sluice::llm::testing
