// Every recorded answer of Gemini, whole and streamed, compared with what putting its events
// together in the plainest way gives.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "recorded.h"
#include "sluice/llm/gemini_reader.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// What one choice came to, however it was cut into events.
struct Sum {
  std::string text, thoughts, signatures, images, end;
  std::vector<std::string> calls;  // name(path=value ...) signature

  friend bool operator==(const Sum&, const Sum&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Sum& sum) {
    out << "text " << sum.text << "\nthoughts " << sum.thoughts << "\nsigned " << sum.signatures
        << "\nimages " << sum.images << "\nend " << sum.end;
    for (const std::string& call : sum.calls) out << "\ncall " << call;
    return out;
  }
};

struct Told {
  std::map<std::uint32_t, Sum> choices;
  std::string id, model, usage;
  int logprobs = 0;  // events
  bool failed = false;
  bool complete = false;
};

using Leaves = std::map<std::string, std::string>;  // "$.a[0]" -> the value's bytes

void add_leaves(Value value, const std::string& path, Leaves& out) {
  std::size_t index = 0;
  for (const json::Member member : value.members()) {
    add_leaves(member.value, path + "." + member.key.string().value(), out);
  }
  for (const Value element : value.elements()) {
    add_leaves(element, path + "[" + std::to_string(index++) + "]", out);
  }
  const bool bracket = value.is(Kind::object) || value.is(Kind::array);
  if (!bracket || value.is_empty()) {
    if (path != "$") out[path] = value.is(Kind::string) ? value.string().value() : value.raw();
  }
}

std::string shown(const std::string& name, const Leaves& leaves, const std::string& signature) {
  std::string out = name + "(";
  for (const auto& [path, value] : leaves) out += path + "=" + value + " ";
  return out + ") " + signature;
}

std::string count(std::string_view name, const Usage::Count& count) {
  return count ? " " + std::string(name) + "=" + std::to_string(*count) : "";
}

// --- what the reader tells ---

class Listener : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    EXPECT_EQ(told.id.empty() && started_ == 0, event.kind == ChatEventKind::started);
    Sum& sum = told.choices[event.choice];
    switch (event.kind) {
      case ChatEventKind::started:
        ++started_;
        told.id = plain(event.id);
        told.model = plain(event.model);
        break;
      case ChatEventKind::text: sum.text += plain(event.text); break;
      case ChatEventKind::reasoning: sum.thoughts += plain(event.text); break;
      case ChatEventKind::reasoning_signed: sum.signatures += plain(event.text) + " "; break;
      case ChatEventKind::tool_call:
        EXPECT_FALSE(event.id.empty());
        EXPECT_TRUE(ids_.try_emplace(plain(event.id)).second) << "an id twice";
        name_ = plain(event.name);
        signature_ = plain(event.text);
        break;
      case ChatEventKind::tool_arguments: {
        json::Index index;
        const std::string text = plain(event.text);
        ASSERT_TRUE(index.build(text)) << text;
        Leaves leaves;
        add_leaves(json::root(index), "$", leaves);
        sum.calls.push_back(shown(name_, leaves, signature_));
        break;
      }
      case ChatEventKind::image: sum.images += plain(event.name) + plain(event.text) + " "; break;
      case ChatEventKind::finished:
        EXPECT_TRUE(sum.end.empty()) << "finished twice";
        sum.end = plain(event.text) + " " + std::string(to_string(event.reason));
        break;
      case ChatEventKind::usage:
        told.usage = count("input", event.usage.input) + count("cached", event.usage.cached_input) +
                     count("output", event.usage.output) +
                     count("reasoning", event.usage.reasoning_output) +
                     count("total", event.usage.total);
        break;
      case ChatEventKind::logprobs: ++told.logprobs; break;
      case ChatEventKind::citation: break;
      case ChatEventKind::refusal:
      case ChatEventKind::reasoning_sealed: ADD_FAILURE() << to_string(event.kind);
    }
  }
  Told told;

 private:
  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }
  int started_ = 0;
  std::map<std::string, int> ids_;
  std::string name_, signature_;
};

// --- what is to be told ---

class Expectation {
 public:
  explicit Expectation(bool whole) : whole_(whole) {}

  // A whole answer or an event.
  void add(Value top) {
    if (top.find("error")) told_.failed = true;
    if (told_.failed) return;
    if (!top.find("candidates") && !top.find("promptFeedback") && !top.find("usageMetadata"))
      return;
    if (!any_) {
      told_.id = text(top, "responseId");
      told_.model = text(top, "modelVersion");
      told_.choices[0];
      any_ = true;
    }
    if (const auto candidates = top.find("candidates")) {
      for (const Value candidate : candidates->elements()) add_candidate(candidate);
    }
    if (const auto feedback = top.find("promptFeedback")) {
      if (!text(*feedback, "blockReason").empty()) blocked_ = text(*feedback, "blockReason");
    }
    if (const auto usage = top.find("usageMetadata")) add_usage(*usage);
  }

  Told end() {
    bool complete = any_ && (!words_.empty() || !blocked_.empty());
    for (const auto& [choice, word] : words_) {
      const bool said =
          whole_ && (!told_.choices[choice].text.empty() || !told_.choices[choice].calls.empty());
      complete = complete && (!word.empty() || !blocked_.empty() || said);
    }
    told_.complete = complete && !told_.failed;
    if (!told_.complete) return told_;
    for (auto& [choice, sum] : told_.choices) {
      end_call(choice);
      const std::string& word = words_[choice];
      sum.end = word + " " + reason(word.empty() ? "STOP" : word, sum);
      if (word.empty() && !blocked_.empty()) sum.end = blocked_ + " content_filter";
    }
    return told_;
  }

 private:
  static std::string text(Value value, std::string_view name) {
    const auto member = value.find(name);
    return member ? member->string().value_or("") : "";
  }
  static std::uint64_t number(Value value, std::string_view name) {
    const auto member = value.find(name);
    return member ? static_cast<std::uint64_t>(member->integer().value_or(0)) : 0;
  }
  static std::string reason(const std::string& word, const Sum& sum) {
    if (word == "STOP") return sum.calls.empty() ? "stop" : "tool_calls";
    if (word == "MAX_TOKENS") return "length";
    const bool filter = word == "SAFETY" || word == "RECITATION" || word == "PROHIBITED_CONTENT" ||
                        word == "MODEL_ARMOR" || word == "IMAGE_SAFETY";
    return filter ? "content_filter" : "stop";
  }

  void add_candidate(Value candidate) {
    const auto choice = static_cast<std::uint32_t>(number(candidate, "index"));
    words_[choice];
    told_.choices[choice];
    const auto content = candidate.find("content");
    const auto parts = content ? content->find("parts") : std::nullopt;
    if (parts) {
      for (const Value part : parts->elements()) add_part(choice, part);
    }
    const std::string word = text(candidate, "finishReason");
    if (!word.empty()) words_[choice] = word;
  }

  void add_part(std::uint32_t choice, Value part) {
    Sum& sum = told_.choices[choice];
    const std::string signature = text(part, "thoughtSignature");
    if (const auto call = part.find("functionCall")) {
      add_call(choice, *call, signature);
      return;
    }
    const std::string said = text(part, "text");
    const auto media = part.find("inlineData");
    if (!said.empty() || !signature.empty() || media) end_call(choice);
    if (!signature.empty()) sum.signatures += signature + " ";
    const auto thought = part.find("thought");
    (thought && thought->boolean().value_or(false) ? sum.thoughts : sum.text) += said;
    if (media) sum.images += text(*media, "mimeType") + text(*media, "data") + " ";
  }

  void add_call(std::uint32_t choice, Value call, const std::string& signature) {
    const std::string name = text(call, "name");
    if (!name.empty()) {
      end_call(choice);
      open_ = {.name = name, .signature = signature, .leaves = {}};
      if (const auto args = call.find("args")) add_leaves(*args, "$", open_.leaves);
    }
    if (const auto pieces = call.find("partialArgs")) {
      for (const Value piece : pieces->elements()) {
        std::string& leaf = open_.leaves[text(piece, "jsonPath")];
        leaf += text(piece, "stringValue");
        if (const auto value = piece.find("numberValue")) leaf += value->raw();
        if (const auto value = piece.find("boolValue")) leaf += value->raw();
      }
    }
    const auto goes_on = call.find("willContinue");
    if (!goes_on) end_call(choice);
  }

  void end_call(std::uint32_t choice) {
    if (open_.name.empty()) return;
    told_.choices[choice].calls.push_back(shown(open_.name, open_.leaves, open_.signature));
    open_ = {};
  }

  void add_usage(Value usage) {
    const auto sum = [&](std::string_view name, std::string_view a, std::string_view b) {
      if (!usage.find(a) && !usage.find(b)) return std::string();
      return " " + std::string(name) + "=" +
             std::to_string(number(usage, a) + (b.empty() ? 0 : number(usage, b)));
    };
    const std::string counts = sum("input", "promptTokenCount", "toolUsePromptTokenCount") +
                               sum("cached", "cachedContentTokenCount", "") +
                               sum("output", "candidatesTokenCount", "thoughtsTokenCount") +
                               sum("reasoning", "thoughtsTokenCount", "") +
                               sum("total", "totalTokenCount", "");
    if (!counts.empty()) told_.usage = counts;
  }

  struct Open {
    std::string name, signature;
    Leaves leaves;
  };
  const bool whole_;  // then it need not say why it finished
  Told told_;
  bool any_ = false;
  std::string blocked_;
  std::map<std::uint32_t, std::string> words_;
  Open open_;
};

// --- the recordings ---

bool is_answer(const RecordedExchange& exchange) {
  if (exchange.status != 200 || exchange.name.contains("/embeddings/")) return false;
  return exchange.url.empty() || exchange.url.find(":generateContent") != std::string::npos ||
         exchange.url.find(":streamGenerateContent") != std::string::npos;
}

std::vector<RecordedExchange> gemini_answers() {
  std::vector<RecordedExchange> answers;
  for (RecordedExchange& exchange : recorded_exchanges({"gemini", "vertex", "cross"})) {
    if (is_answer(exchange)) answers.push_back(std::move(exchange));
  }
  return answers;
}

// The data of each event. One source lost the empty lines between events; streams that were not
// asked for with alt=sse are one list of the same documents.
std::vector<std::string> event_data(const RecordedExchange& exchange) {
  std::vector<std::string> all;
  json::Index index;
  if (is_event_stream(exchange.body)) {
    for (const RecordedEvent& event : split_events(exchange.body)) {
      if (index.build(event.data)) {
        all.push_back(event.data);
        continue;
      }
      for (std::size_t at = 0; at < event.data.size();) {
        const std::size_t end = std::min(event.data.find('\n', at), event.data.size());
        all.push_back(event.data.substr(at, end - at));
        at = end + 1;
      }
    }
  } else if (index.build(exchange.body) && json::root(index).is(Kind::array)) {
    for (const Value element : json::root(index).elements()) all.emplace_back(element.raw());
  }
  return all;
}

void expect_equal(const Told& told, const Told& wanted) {
  EXPECT_EQ(told.id, wanted.id);
  EXPECT_EQ(told.model, wanted.model);
  EXPECT_EQ(told.choices, wanted.choices);
  EXPECT_EQ(told.usage, wanted.usage);
}

TEST(GeminiRecorded, StreamsAreToldAsTheirEventsSay) {
  int read = 0;
  int complete = 0;
  for (const RecordedExchange& exchange : gemini_answers()) {
    SCOPED_TRACE(exchange.name);
    const std::vector<std::string> events = event_data(exchange);
    if (events.empty()) continue;
    ++read;
    GeminiReader reader({.provider = "google"});
    json::Index index;
    Listener listener;
    Expectation expectation(false);
    bool failed = false;
    for (const std::string& event : events) {
      ASSERT_TRUE(index.build(event));
      expectation.add(json::root(index));
      if (!failed) failed = reader.read_event("", event, index, listener).error.has_value();
    }
    const StreamEnd end = reader.finish(listener);
    const Told wanted = expectation.end();
    EXPECT_EQ(end, wanted.failed     ? StreamEnd::failed
                   : wanted.complete ? StreamEnd::complete
                                     : StreamEnd::truncated);
    expect_equal(listener.told, wanted);
    complete += wanted.complete ? 1 : 0;
  }
  EXPECT_EQ(read, 113);
  EXPECT_EQ(complete, 109);
}

TEST(GeminiRecorded, WholeAnswersAreToldAsTheySay) {
  int read = 0;
  int refused = 0;
  int with_logprobs = 0;
  for (const RecordedExchange& exchange : gemini_answers()) {
    SCOPED_TRACE(exchange.name);
    if (!event_data(exchange).empty()) continue;
    ++read;
    GeminiReader reader({.provider = "google"});
    json::Index index;
    Listener listener;
    const auto error = reader.read_whole(exchange.body, index, listener);
    ASSERT_TRUE(index.build(exchange.body));
    Expectation expectation(true);
    expectation.add(json::root(index));
    const Told wanted = expectation.end();
    EXPECT_EQ(!error, wanted.complete);
    if (error) {
      ++refused;
    } else {
      expect_equal(listener.told, wanted);
      with_logprobs += listener.told.logprobs;
    }
  }
  EXPECT_EQ(with_logprobs, 1);
  EXPECT_EQ(read, 179);
  EXPECT_EQ(refused, 19);
}

}  // namespace
}  // namespace sluice::llm
