#include "sluice/llm/answer_shapes.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/json/index.h"

namespace sluice::llm {
namespace {

constexpr AnswerShapes::Key chat_event = {Operation::chat_completions, AnswerShapes::Form::event};
constexpr AnswerShapes::Key chat_whole = {Operation::chat_completions, AnswerShapes::Form::whole};

const AnswerShapes::Shape* learn(AnswerShapes& shapes, std::string_view data,
                                 const ShapeFacts& facts = {}, AnswerShapes::Key key = chat_event,
                                 std::string_view event_name = {}) {
  json::Index index;
  EXPECT_TRUE(index.build(data).has_value()) << data;
  const json::Value top = json::root(index);
  return shapes.learn(key, event_name, data, top, top.find("usage"), facts);
}

std::string chunk(std::string_view id, std::string_view content) {
  return R"({"id":")" + std::string(id) + R"(","choices":[{"delta":{"content":")" +
         std::string(content) + R"("}}]})";
}

TEST(AnswerShapes, FindsWhatDiffersInIdsAndTextsAlone) {
  AnswerShapes shapes;
  EXPECT_FALSE(shapes.find(chat_event, "", chunk("a", "x")).has_value());
  ASSERT_NE(learn(shapes, chunk("a", "x"), {.kind = StreamEventKind::content, .choices_open = 1}),
            nullptr);
  const auto match = shapes.find(chat_event, "", chunk("b", "some more"));
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->shape->facts.kind, StreamEventKind::content);
  EXPECT_EQ(match->shape->facts.choices_open, 1U);
  EXPECT_FALSE(match->usage.known());
  EXPECT_FALSE(shapes.find(chat_event, "", chunk("b", "")).has_value());
  EXPECT_FALSE(shapes.find(chat_event, "", chunk("b", "x") + "}").has_value());
}

TEST(AnswerShapes, FindsNothingOfAnotherKindOrName) {
  AnswerShapes shapes;
  learn(shapes, chunk("a", "x"), {}, chat_event, "delta");
  EXPECT_TRUE(shapes.find(chat_event, "delta", chunk("a", "x")).has_value());
  EXPECT_FALSE(shapes.find(chat_event, "", chunk("a", "x")).has_value());
  EXPECT_FALSE(shapes.find(chat_event, "done", chunk("a", "x")).has_value());
  EXPECT_FALSE(shapes.find(chat_whole, "delta", chunk("a", "x")).has_value());
  EXPECT_FALSE(
      shapes.find({Operation::responses, AnswerShapes::Form::event}, "delta", chunk("a", "x"))
          .has_value());
}

TEST(AnswerShapes, ReadsTheTokensOfEachMatch) {
  const auto answer = [](std::string_view input, std::string_view cached) {
    return R"({"id":"a","usage":{"prompt_tokens":)" + std::string(input) +
           R"(,"completion_tokens":2.0,"prompt_tokens_details":{"cached_tokens":)" +
           std::string(cached) + "}}}";
  };
  AnswerShapes shapes;
  Usage usage;
  usage.input = 7;
  usage.output = 2;  // spelled as no plain integer: it stands outside the holes, so it stays
  usage.cached_input = 3;
  learn(shapes, answer("7", "3"), {.usage = usage}, chat_whole);
  const auto match = shapes.find(chat_whole, "", answer("123456789012", "0"));
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->usage.input, 123'456'789'012U);
  EXPECT_EQ(match->usage.cached_input, 0U);
  EXPECT_EQ(match->usage.output, 2U);
  // No count that a reader of usages would believe.
  EXPECT_FALSE(shapes.find(chat_whole, "", answer("9999999999999", "0")).has_value());
  EXPECT_FALSE(shapes.find(chat_whole, "", answer("-1", "0")).has_value());
}

TEST(AnswerShapes, TheOldestMakesWay) {
  AnswerShapes shapes;
  const auto numbered = [](std::size_t number) {
    return R"({"id":"a","member)" + std::to_string(number) + R"(":0})";
  };
  for (std::size_t i = 0; i <= AnswerShapes::shapes_max; ++i) {
    ASSERT_NE(learn(shapes, numbered(i)), nullptr);
  }
  EXPECT_FALSE(shapes.find(chat_event, "", numbered(0)).has_value());
  for (std::size_t i = AnswerShapes::shapes_max; i >= 1; --i) {
    EXPECT_TRUE(shapes.find(chat_event, "", numbered(i)).has_value()) << i;
  }
}

TEST(AnswerShapes, GivesUpOnAnswersThatHaveNoShapeAndLooksAgain) {
  AnswerShapes shapes;
  std::size_t learned = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::string data = R"({"id":"a","time":)" + std::to_string(i) + ".5}";
    EXPECT_FALSE(shapes.find(chat_event, "", data).has_value());
    if (learn(shapes, data) != nullptr) ++learned;
  }
  EXPECT_LT(learned, 64U);
  EXPECT_GT(learned, 2 * AnswerShapes::shapes_max);
  // A match makes it hopeful again.
  EXPECT_TRUE(shapes.find(chat_event, "", R"({"id":"b","time":959.5})").has_value());
  EXPECT_NE(learn(shapes, R"({"id":"a"})"), nullptr);
}

TEST(AnswerShapes, LearnsNothingWithoutHoles) {
  AnswerShapes shapes;
  EXPECT_EQ(learn(shapes, R"({"object":"list"})"), nullptr);
}

}  // namespace
}  // namespace sluice::llm
