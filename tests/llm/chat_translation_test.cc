#include "sluice/llm/chat_translation.h"

#include <gtest/gtest.h>

#include "event_trace.h"

namespace sluice::llm {
namespace {

constexpr ChatDialect dialects[] = {ChatDialect::openai, ChatDialect::responses,
                                    ChatDialect::anthropic, ChatDialect::gemini,
                                    ChatDialect::bedrock};

struct Asked {
  Operation operation;
  std::string_view body;
};
constexpr Asked asked[] = {
    {Operation::chat_completions,
     R"({"model":"m","messages":[{"role":"user","content":"Hello \"you\""}],"stream":true})"},
    {Operation::messages,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hello \"you\""}]})"},
    {Operation::responses, R"({"model":"m","input":"Hello \"you\""})"},
};

TEST(ChatTranslation, LeadsFromEveryCallerToEveryProvider) {
  json::Index index;
  for (const Asked& each : asked) {
    ASSERT_TRUE(is_translatable(each.operation));
    const auto request = read_chat(each.operation, each.body, index);
    ASSERT_TRUE(request.has_value()) << request.error().message;
    for (const ChatDialect dialect : dialects) {
      const ModelTraits traits;
      const auto call =
          write_chat_call(dialect, *request, {.upstream_model = "up", .traits = traits}, index);
      ASSERT_TRUE(call.has_value()) << call.error().message;
      EXPECT_TRUE(index.build(call->body).has_value()) << call->body;
      EXPECT_NE(call->body.find(R"(Hello \"you\")"), std::string::npos) << call->body;
      EXPECT_TRUE(call->target.starts_with('/')) << call->target;
    }
  }
}

TEST(ChatTranslation, RefusesABodyThatIsNoJson) {
  json::Index index;
  EXPECT_FALSE(read_chat(Operation::chat_completions, "{", index).has_value());
}

TEST(ChatTranslation, ReadsWhatIsNoAnswerAsAnError) {
  json::Index index;
  for (const ChatDialect dialect : dialects) {
    EventTrace trace;
    const auto reader = make_chat_reader(dialect, {.provider = "p"});
    EXPECT_TRUE(reader->read_whole("[]", index, trace).has_value());
    EXPECT_EQ(trace.text(), "");
  }
}

TEST(ChatTranslation, WritesStreamsAndWholeAnswersForEveryCaller) {
  json::Index index;
  const AnswerFrame frame{.request_id = "r", .provider = "p", .model = "m"};
  for (const Asked& each : asked) {
    for (const bool stream : {false, true}) {
      const auto writer = make_chat_writer(each.operation, stream, frame);
      writer->take({.kind = ChatEventKind::started});
      writer->take({.kind = ChatEventKind::text, .text = {.bytes = "Hi"}});
      writer->take({.kind = ChatEventKind::finished});
      writer->end();
      const std::string bytes = writer->take_bytes();
      EXPECT_NE(bytes.find("\"Hi\""), std::string::npos) << bytes;
      EXPECT_EQ(index.build(bytes).has_value(), !stream) << bytes;
      EXPECT_EQ(writer->events() > 0, stream);
    }
  }
}

TEST(ChatTranslation, KnowsHowStreamsAreFramed) {
  EXPECT_EQ(media_type(stream_framing(ChatDialect::gemini)), "text/event-stream");
  EXPECT_EQ(media_type(stream_framing(ChatDialect::bedrock)), "application/vnd.amazon.eventstream");
}

}  // namespace
}  // namespace sluice::llm
