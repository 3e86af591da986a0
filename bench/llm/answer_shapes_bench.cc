// Questions: what does it cost to recognise an event or an answer of a known shape, to look in vain
// among as many shapes as are kept, and to learn one; and what when several shapes agree up to the
// end of a long text? Corpus: one recorded stream and one recorded answer, whose text is repeated
// to be as long as asked for; bench/corpus/README.md says where they come from.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/llm/answer_shapes.h"
#include "support/corpus.h"

namespace sluice::llm {
namespace {

constexpr AnswerShapes::Key chat_event{Operation::chat_completions, AnswerShapes::Form::event};
constexpr AnswerShapes::Key chat_whole{Operation::chat_completions, AnswerShapes::Form::whole};
constexpr std::size_t corpus_events = 303;

// Learns what is not known yet; false when it is no JSON.
bool know(AnswerShapes& shapes, AnswerShapes::Key key, std::string_view data) {
  if (shapes.find(key, "", data)) return true;
  json::Index index;
  if (!index.build(data)) return false;
  const json::Value top = json::root(index);
  shapes.learn(key, "", data, top, top.find("usage"), {});
  return true;
}

// Event by event of a stream whose shapes all are known, as those of the second stream are.
void BM_RecogniseEvents(benchmark::State& state) {
  const std::vector<std::string> events = bench::load_corpus_events("openai_chat_deltas.sse");
  AnswerShapes shapes;
  for (const std::string& event : events) know(shapes, chat_event, event);
  for (auto _ : state) {
    std::size_t found = 0;
    for (const std::string& event : events) {
      if (shapes.find(chat_event, "", event)) ++found;
    }
    if (found != corpus_events) {
      state.SkipWithError("an event of known shape was not found: the time is void");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(events));
}
BENCHMARK(BM_RecogniseEvents);

// The recorded answer, with its text repeated up to a size and another reason to have finished.
class Answer {
 public:
  explicit Answer(std::size_t text_bytes) {
    constexpr std::string_view before = R"("content": ")";
    std::string recorded = bench::load_corpus("openai_chat_answer.json");
    const std::size_t begin = recorded.find(before);
    if (begin == std::string::npos) return;
    const std::size_t first = begin + before.size();
    const std::size_t end = recorded.find("\",\n", first);
    const std::string said = recorded.substr(first, end - first);
    while (end - first + more_.size() + said.size() <= text_bytes) more_ += said;
    recorded_ = recorded.insert(end, more_);
    constexpr std::string_view reason = R"("finish_reason": "stop")";
    reason_at_ = recorded_.find(reason) + reason.size() - 1;
  }
  /// Of the shape with that number.
  [[nodiscard]] std::string shaped(std::size_t number) const {
    std::string answer = recorded_;
    if (!answer.empty()) answer.insert(reason_at_, std::to_string(number));
    return answer;
  }

 private:
  std::string more_, recorded_;
  std::size_t reason_at_ = 0;
};

// Answers take turns among the shapes: each time all are tried before the one that fits, and they
// part only behind the text. With one shape this is the answer that is like the last.
void BM_RecogniseAnswer(benchmark::State& state) {
  const Answer answer(static_cast<std::size_t>(state.range(0)));
  const auto count = static_cast<std::size_t>(state.range(1));
  AnswerShapes shapes;
  std::vector<std::string> answers;
  for (std::size_t number = 0; number < count; ++number) {
    answers.push_back(answer.shaped(number));
    know(shapes, chat_whole, answers.back());
  }
  std::size_t next = 0;
  for (auto _ : state) {
    next = next == 0 ? count - 1 : next - 1;  // backwards: the last one that is looked at
    if (!shapes.find(chat_whole, "", answers[next])) {
      state.SkipWithError("an answer of known shape was not found: the time is void");
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(answers[0]));
}
BENCHMARK(BM_RecogniseAnswer)
    ->ArgNames({"text", "shapes"})
    ->ArgsProduct({{2 << 10, 16 << 10, 256 << 10}, {1, 4, 16}});

// As many shapes as are kept, all of them like the event but for its last member.
void BM_LookInVain(benchmark::State& state) {
  const std::vector<std::string> events = bench::load_corpus_events("openai_chat_deltas.sse");
  if (events.size() != corpus_events) {
    state.SkipWithError("events lost: there is nothing to time");
    return;
  }
  const std::string& event = events[1];
  AnswerShapes shapes;
  for (std::size_t number = 0; number < AnswerShapes::shapes_max; ++number) {
    std::string other = event;
    other.insert(other.size() - 1, ",\"member" + std::to_string(number) + "\":0");
    know(shapes, chat_event, other);
  }
  for (auto _ : state) {
    if (shapes.find(chat_event, "", event)) {
      state.SkipWithError("an unknown shape was found: the time is void");
      break;
    }
  }
}
BENCHMARK(BM_LookInVain);

// What an event of a new shape costs besides: its index, and its pattern.
void BM_LearnEvent(benchmark::State& state) {
  const std::vector<std::string> events = bench::load_corpus_events("openai_chat_deltas.sse");
  if (events.size() != corpus_events) {
    state.SkipWithError("events lost: there is nothing to time");
    return;
  }
  const std::string& event = events[1];
  AnswerShapes shapes;
  json::Index index;
  for (auto _ : state) {
    // Of content, else it would be given up after a while.
    const json::TextTemplate* pattern =
        index.build(event) ? shapes.learn(chat_event, "", event, json::root(index), std::nullopt,
                                          {.kind = StreamEventKind::content})
                           : nullptr;
    if (pattern == nullptr || !pattern->matches(events[2])) {
      state.SkipWithError("learned wrongly: the time is void");
      break;
    }
  }
}
BENCHMARK(BM_LearnEvent);

}  // namespace
}  // namespace sluice::llm
