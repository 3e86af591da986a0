// Every recorded chat exchange of OpenAI's dialect: what the reader tells of it is what a plain
// reassembly of the JSON says; and what the writers of the Anthropic dialect make of that, read
// back by the rules of its grammar alone, is the same again.
#include <gtest/gtest.h>

#include "chat_collector.h"
#include "messages_grammar.h"
#include "recorded.h"
#include "sluice/llm/anthropic_writer.h"
#include "sluice/llm/openai_chat_reader.h"
#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

std::string text_of(std::optional<Value> value) {
  return value ? value->string().value_or("") : "";
}

// The plain reassembly. Texts are joined as they were spelled.
struct PlainCall {
  std::string id, name;
  SpelledText arguments;
  std::int64_t index = -1;
};
struct PlainChoice {
  SpelledText text, refusal, details, reasoning_content, reasoning, parts;
  bool has_details = false, has_content = false, has_parts = false;
  std::vector<PlainCall> calls;
  std::string finish;
};
struct PlainAnswer {
  std::map<std::uint32_t, PlainChoice> choices;
  Usage usage;
  bool failed = false;
};

void join_call(Value value, PlainChoice& choice) {
  const Value function = value.find("function").value_or(value);
  const std::string id = text_of(value.find("id"));
  const std::string name = text_of(function.find("name"));
  const auto index_value = value.find("index");
  const std::int64_t index = index_value ? index_value->integer().value_or(-1) : -1;
  PlainCall* call = nullptr;
  for (PlainCall& known : choice.calls) {
    if (id.empty() ? known.index == index : known.id == id) call = &known;
  }
  if (call == nullptr) {
    choice.calls.push_back({.id = id, .name = name, .arguments = {}, .index = index});
    call = &choice.calls.back();
  }
  const auto arguments = function.find("arguments");
  if (!arguments || arguments->is_null()) return;
  call->arguments.add(arguments->is(Kind::string) ? json::raw_text(*arguments)
                                                  : json::Text{.bytes = arguments->raw()});
}

void join_message(Value message, PlainChoice& choice) {
  const auto add = [&](std::string_view name, SpelledText& to) {
    const auto value = message.find(name);
    if (!value || !value->is(Kind::string)) return false;
    to.add(json::raw_text(*value));
    return value->span().size_bytes > 2;
  };
  (void)add("content", choice.text);
  (void)add("refusal", choice.refusal);
  choice.has_content = add("reasoning_content", choice.reasoning_content) || choice.has_content;
  (void)add("reasoning", choice.reasoning);
  if (const auto details = message.find("reasoning_details")) {
    for (const Value detail : details->elements()) {
      for (const std::string_view name : {"text", "summary"}) {
        if (const auto text = detail.find(name); text && text->is(Kind::string)) {
          choice.details.add(json::raw_text(*text));
          choice.has_details = choice.has_details || text->span().size_bytes > 2;
        }
      }
    }
  }
  if (const auto content = message.find("content")) {
    for (const Value part : content->elements()) {
      if (const auto text = part.find("text")) choice.text.add(json::raw_text(*text));
      if (const auto thinking = part.find("thinking")) {
        for (const Value thought : thinking->elements()) {
          choice.has_parts = true;
          choice.parts.add(json::raw_text(*thought.find("text")));
        }
      }
    }
  }
  if (const auto calls = message.find("tool_calls")) {
    for (const Value call : calls->elements()) join_call(call, choice);
  }
}

void join(Value top, PlainAnswer& answer) {
  const auto error = top.find("error");
  const bool failed = error && !error->is_null();
  answer.failed = answer.failed || failed;
  answer.usage.update(find_openai_usage(top));
  const auto choices = top.find("choices");
  if (!choices) return;
  for (const Value value : choices->elements()) {
    const auto index = value.find("index");
    PlainChoice& choice =
        answer.choices[static_cast<std::uint32_t>(index ? index->integer().value_or(0) : 0)];
    const auto message = value.find("delta") ? value.find("delta") : value.find("message");
    if (message) join_message(*message, choice);
    const std::string finish = text_of(value.find("finish_reason"));
    if (!finish.empty()) choice.finish = finish;
    answer.failed = answer.failed || finish == "error";
  }
}

std::string reasoning_of(const PlainChoice& choice) {
  if (choice.has_parts) return choice.parts.plain();
  if (choice.has_details) return choice.details.plain();
  return choice.has_content ? choice.reasoning_content.plain() : choice.reasoning.plain();
}

std::string finish_of(const PlainChoice& choice) {
  if (choice.finish == "length" || choice.finish == "content_filter") return choice.finish;
  return choice.calls.empty() ? "stop" : "tool_calls";
}

void expect_same(const Collected& read, const PlainAnswer& plain) {
  ASSERT_EQ(read.choices.size(), plain.choices.size());
  EXPECT_EQ(read.usage, plain.usage);
  for (const auto& [number, expected] : plain.choices) {
    const CollectedChoice& choice = read.choices.at(number);
    EXPECT_EQ(choice.text, expected.text.plain());
    EXPECT_EQ(choice.refusal, expected.refusal.plain());
    EXPECT_EQ(choice.reasoning, reasoning_of(expected));
    EXPECT_EQ(choice.finish, finish_of(expected));
    std::vector<CollectedCall> calls;
    for (const PlainCall& call : expected.calls) {
      calls.push_back({.id = call.id, .name = call.name, .arguments = call.arguments.plain()});
    }
    EXPECT_EQ(choice.calls, calls);
  }
}

const AnswerFrame frame{.request_id = "req_1", .provider = "acme", .model = "m", .cost = {}};

// Of several choices the dialect has the first alone.
void expect_same_message(const ReadMessage& message, const Collected& read) {
  const auto found = read.choices.find(0);
  ASSERT_NE(found, read.choices.end());
  const CollectedChoice& choice = found->second;
  EXPECT_EQ(message.text, choice.text + choice.refusal);
  EXPECT_EQ(message.thinking, choice.reasoning);
  ASSERT_EQ(message.calls.size(), choice.calls.size());
  for (std::size_t i = 0; i < choice.calls.size(); ++i) {
    EXPECT_EQ(message.calls[i].name, choice.calls[i].name);
    if (!choice.calls[i].id.empty()) {
      EXPECT_EQ(message.calls[i].id, choice.calls[i].id);
    }
    EXPECT_EQ(message.calls[i].arguments, choice.calls[i].arguments);
  }
  // Grok at Azure counts more tokens as cached than it read in all.
  EXPECT_EQ(message.input_tokens + message.cached_tokens + message.written_tokens,
            std::max(read.usage.input.value_or(0), read.usage.cached_input.value_or(0)));
  EXPECT_EQ(message.output_tokens, read.usage.output.value_or(0));
}

bool is_chat(const RecordedExchange& exchange) {
  return exchange.status == 200 && recorded_operation(exchange) == Operation::chat_completions;
}

TEST(OpenaiChatGolden, ReadsEveryRecordedAnswerAsItStands) {
  json::Index index;
  std::size_t answers = 0;
  std::size_t failures = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai/chat", "openai-compat", "azure/chat", "cross"})) {
    if (!is_chat(exchange) || is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    ASSERT_TRUE(index.build(exchange.body).has_value());
    PlainAnswer plain;
    join(json::root(index), plain);
    ChatCollector collector;
    OpenaiChatReader reader({.provider = "acme"});
    const auto error = reader.read_whole(exchange.body, index, collector);
    EXPECT_EQ(error.has_value(), plain.failed);
    if (error || plain.failed) {
      ++failures;
      continue;
    }
    ++answers;
    const Collected read = collector.collected();
    expect_same(read, plain);

    AnthropicWholeWriter writer(frame);
    OpenaiChatReader again({.provider = "acme"});
    EXPECT_FALSE(again.read_whole(exchange.body, index, writer).has_value());
    writer.end();
    MessageReader message;
    message.read_whole(writer.take_bytes(), index);
    // Arguments are a value there: spelled as they were, unless the model wrote no object.
    expect_same_message(message.message(), read);
  }
  EXPECT_GE(answers, 200U);
  EXPECT_GE(failures, 1U);
}

TEST(OpenaiChatGolden, ReadsEveryRecordedStreamAsItStands) {
  json::Index index;
  std::size_t streams = 0;
  std::size_t failures = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai/chat", "openai-compat", "azure/chat", "cross"})) {
    if (!is_chat(exchange) || !is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    PlainAnswer plain;
    ChatCollector collector;
    OpenaiChatReader reader({.provider = "acme"});
    AnthropicStreamWriter writer(frame);
    OpenaiChatReader again({.provider = "acme"});
    bool failed = false;
    bool ended = false;
    for (const RecordedEvent& event : split_events(exchange.body)) {
      if (event.name == "error") plain.failed = true;
      if (index.build(event.data)) join(json::root(index), plain);
      if (failed || ended) continue;
      const ReadResult result = reader.read_event(event.name, event.data, index, collector);
      (void)again.read_event(event.name, event.data, index, writer);
      EXPECT_FALSE(result.odd) << event.data;
      failed = result.error.has_value();
      ended = result.ended;
    }
    EXPECT_EQ(failed, plain.failed);
    if (failed || plain.failed) {
      EXPECT_EQ(reader.finish(collector), StreamEnd::failed);
      ++failures;
      continue;
    }
    EXPECT_EQ(reader.finish(collector), ended ? StreamEnd::complete : StreamEnd::finished);
    (void)again.finish(writer);
    ++streams;
    const Collected read = collector.collected();
    expect_same(read, plain);

    writer.end();
    MessageReader message;
    message.read_stream(split_events(writer.take_bytes()), index);
    expect_same_message(message.message(), read);
  }
  EXPECT_GE(streams, 100U);
  EXPECT_GE(failures, 1U);
}

}  // namespace
}  // namespace sluice::llm
