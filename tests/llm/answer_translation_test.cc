#include "sluice/llm/answer_translation.h"

#include <gtest/gtest.h>

#include <array>

#include "sluice/llm/chat_translation.h"

namespace sluice::llm {
namespace {

AnswerTranslation translation(bool stream, RepairWanted repair = {}) {
  const AnswerFrame frame{.request_id = "r", .provider = "p", .model = "m"};
  return AnswerTranslation(make_chat_reader(ChatDialect::anthropic, {.provider = "p"}),
                           make_chat_writer(Operation::chat_completions, stream, frame), "p",
                           repair);
}

constexpr std::string_view start =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
    R"("content":[],"model":"c","stop_reason":null,"usage":{"input_tokens":10,"output_tokens":1}}})";
constexpr std::string_view block =
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
constexpr std::string_view delta =
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{'a':1}"}})";
constexpr std::string_view block_stop = R"({"type":"content_block_stop","index":0})";
constexpr std::string_view stop =
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}})";
constexpr std::string_view end = R"({"type":"message_stop"})";

TEST(AnswerTranslation, CommitsWithTheFirstWordAndEndsWithTheLast) {
  AnswerTranslation answer = translation(true);
  json::Index index;
  EXPECT_FALSE(answer.event("", start, index).commits);
  EXPECT_FALSE(answer.event("", block, index).commits);
  EXPECT_TRUE(answer.event("", delta, index).commits);
  EXPECT_NE(answer.take_bytes().find("{'a':1}"), std::string::npos);
  EXPECT_EQ(answer.take_events(), 2u) << "the role and the text";
  EXPECT_FALSE(answer.event("", block_stop, index).ended);
  EXPECT_FALSE(answer.event("", stop, index).ended);
  EXPECT_TRUE(answer.event("", end, index).ended);
  EXPECT_TRUE(answer.take_bytes().ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(answer.usage().input, 10u);
  EXPECT_EQ(answer.usage().output, 5u);
}

TEST(AnswerTranslation, IsCutWhereTheStreamBreaksOff) {
  AnswerTranslation answer = translation(true);
  json::Index index;
  for (const std::string_view data : {start, block, delta}) {
    EXPECT_FALSE(answer.event("", data, index).error.has_value());
  }
  EXPECT_TRUE(answer.finish().error.has_value());
  EXPECT_EQ(answer.take_bytes().find("[DONE]"), std::string::npos);
}

TEST(AnswerTranslation, AnAnswerThatItsWriterCannotHoldHasFailed) {
  const AnswerFrame frame{.request_id = "r", .provider = "p", .model = "m"};
  AnswerTranslation answer(make_chat_reader(ChatDialect::anthropic, {.provider = "p"}),
                           make_chat_writer(Operation::responses, true, frame), "p");
  json::Index index;
  for (const std::string_view data : {start, block}) (void)answer.event("", data, index);
  const std::string piece =
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" +
      std::string(std::size_t{4} << 20, 'x') + R"("}})";
  std::optional<ApiError> error;
  int pieces = 0;
  for (; pieces < 20 && !error; ++pieces) {
    error = answer.event("", piece, index).error;
    (void)answer.take_bytes();
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, "upstream_malformed");
  EXPECT_NE(error->message.find("too large"), std::string::npos) << error->message;
  EXPECT_EQ(pieces, 8) << "with what stands around them";
}

TEST(AnswerTranslation, HoldsBackWhatIsToBeMendedUntilItIsWhole) {
  AnswerTranslation answer = translation(true, {.text = true});
  json::Index index;
  for (const std::string_view data : {start, block, delta, block_stop, stop}) {
    EXPECT_FALSE(answer.event("", data, index).commits);
  }
  EXPECT_TRUE(answer.event("", end, index).ended);
  const std::string bytes = answer.take_bytes();
  EXPECT_EQ(bytes.find("'a'"), std::string::npos);
  EXPECT_NE(bytes.find(R"("content":"{\"a\":1}")"), std::string::npos);
}

TEST(AnswerTranslation, SaysWhatBecameOfTheJsonOnceItIsKnown) {
  json::Index index;
  AnswerTranslation untouched = translation(true);
  AnswerTranslation mended = translation(true, {.text = true});
  for (const std::string_view data : {start, block, delta, block_stop, stop}) {
    EXPECT_FALSE(untouched.event("", data, index).error);
    EXPECT_FALSE(mended.event("", data, index).error);
    EXPECT_FALSE(mended.repair_outcome()) << "the answer goes on";
  }
  EXPECT_TRUE(untouched.event("", end, index).ended);
  EXPECT_TRUE(mended.event("", end, index).ended);
  EXPECT_FALSE(untouched.repair_outcome()) << "nobody asked";
  EXPECT_EQ(mended.repair_outcome(), RepairOutcome::repaired);
}

TEST(AnswerTranslation, TakesAWholeAnswerAtOnce) {
  AnswerTranslation answer = translation(false);
  json::Index index;
  const auto step = answer.whole(
      R"({"id":"msg_1","type":"message","role":"assistant","model":"c","content":[)"
      R"({"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":3,)"
      R"("output_tokens":4}})",
      index);
  EXPECT_FALSE(step.error.has_value());
  EXPECT_TRUE(step.ended);
  EXPECT_NE(answer.take_bytes().find("\"Hi\""), std::string::npos);
  EXPECT_EQ(answer.usage().output, 4u);
}

}  // namespace
}  // namespace sluice::llm
