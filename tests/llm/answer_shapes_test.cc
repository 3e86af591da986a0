#include "sluice/llm/answer_shapes.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/json/index.h"

namespace sluice::llm {
namespace {

constexpr AnswerShapes::Key chat_event = {Operation::chat_completions, AnswerShapes::Form::event};
constexpr AnswerShapes::Key chat_whole = {Operation::chat_completions, AnswerShapes::Form::whole};

const json::TextTemplate* learn(AnswerShapes& shapes, std::string_view data,
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

std::string numbered(std::size_t number) {
  return R"({"id":"a","member)" + std::to_string(number) + R"(":0})";
}

bool finds(AnswerShapes& shapes, std::string_view data) {
  return shapes.find(chat_event, "", data).has_value();
}

TEST(AnswerShapes, WhatWasNeverFoundAgainMakesWayFirstTheOldestOfThem) {
  AnswerShapes shapes;
  constexpr std::size_t max = AnswerShapes::shapes_max;
  for (std::size_t i = 0; i < max; ++i) ASSERT_NE(learn(shapes, numbered(i)), nullptr);
  EXPECT_TRUE(finds(shapes, numbered(0)));
  EXPECT_TRUE(finds(shapes, numbered(2)));
  learn(shapes, numbered(max));
  learn(shapes, numbered(max + 1));
  EXPECT_FALSE(finds(shapes, numbered(1)));
  EXPECT_FALSE(finds(shapes, numbered(3)));
  for (const std::size_t kept : {0UL, 2UL, 4UL, max - 1, max, max + 1}) {
    EXPECT_TRUE(finds(shapes, numbered(kept))) << kept;
  }
}

TEST(AnswerShapes, OfThoseFoundAgainTheOneNotSeenForLongestMakesWay) {
  AnswerShapes shapes;
  constexpr std::size_t max = AnswerShapes::shapes_max;
  for (std::size_t i = 0; i < max; ++i) learn(shapes, numbered(i));
  for (std::size_t i = max; i > 0; --i) EXPECT_TRUE(finds(shapes, numbered(i - 1)));
  learn(shapes, numbered(max));
  EXPECT_FALSE(finds(shapes, numbered(max - 1)));
  EXPECT_TRUE(finds(shapes, numbered(0)));
}

// Strings that end at one place for several shapes are looked at once; each shape decides for
// itself what it makes of them.
TEST(AnswerShapes, TellsShapesApartBehindALongText) {
  const auto answer = [](std::string_view text, std::string_view reason) {
    return R"({"id":"a","content":")" + std::string(text) + R"(","finish_reason":")" +
           std::string(reason) + R"("})";
  };
  const std::string long_text(300, 'x');
  AnswerShapes shapes;
  for (const char* reason : {"stop", "length", "tool_calls"}) {
    learn(shapes, answer(long_text, reason), {.carries_content = *reason == 'l'}, chat_whole);
  }
  for (const char* reason : {"length", "stop", "tool_calls", "length"}) {
    const auto match = shapes.find(chat_whole, "", answer(long_text + "y", reason));
    ASSERT_TRUE(match.has_value()) << reason;
    EXPECT_EQ(match->shape->facts.carries_content, *reason == 'l');
  }
  EXPECT_FALSE(shapes.find(chat_whole, "", answer(long_text, "other")).has_value());
  EXPECT_FALSE(shapes.find(chat_whole, "", answer(long_text + "\n", "stop")).has_value());
  EXPECT_FALSE(shapes.find(chat_whole, "", answer("", "stop")).has_value());
}

TEST(AnswerShapes, GivesUpOnAnswersThatHaveNoShapeAndLooksAgain) {
  AnswerShapes shapes;
  ASSERT_NE(learn(shapes, numbered(0)), nullptr);
  EXPECT_TRUE(finds(shapes, numbered(0)));
  std::size_t learned = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::string data = R"({"id":"a","time":)" + std::to_string(i) + ".5}";
    EXPECT_FALSE(finds(shapes, data));
    if (learn(shapes, data) != nullptr) ++learned;
  }
  EXPECT_LT(learned, 64U);
  EXPECT_GT(learned, 2 * AnswerShapes::shapes_max);
  EXPECT_TRUE(finds(shapes, numbered(0))) << "what is found again was pushed out";
  // One of them is found after all: it makes hopeful again.
  EXPECT_TRUE(finds(shapes, R"({"id":"b","time":959.5})"));
  EXPECT_NE(learn(shapes, R"({"id":"a"})"), nullptr);
}

TEST(AnswerShapes, ContentHasAPatternEvenWhenItIsGivenUp) {
  AnswerShapes shapes;
  for (std::size_t i = 0; i <= 2 * AnswerShapes::shapes_max; ++i) learn(shapes, numbered(i));
  EXPECT_EQ(learn(shapes, chunk("a", "x")), nullptr);
  const json::TextTemplate* pattern =
      learn(shapes, chunk("a", "x"), {.kind = StreamEventKind::content});
  ASSERT_NE(pattern, nullptr);
  EXPECT_TRUE(pattern->matches(chunk("a", "y")));
  EXPECT_FALSE(finds(shapes, chunk("a", "y")));
}

TEST(AnswerShapes, LearnsNothingWithoutHolesAndNoGiants) {
  AnswerShapes shapes;
  EXPECT_EQ(learn(shapes, R"({"object":"list"})"), nullptr);
  const std::string name(AnswerShapes::event_name_bytes_max + 1, 'n');
  EXPECT_EQ(learn(shapes, chunk("a", "x"), {}, chat_event, name), nullptr);
  EXPECT_EQ(learn(shapes, R"({"id":"a","other":")" + std::string(10'000, 'x') + R"("})"), nullptr);
}

}  // namespace
}  // namespace sluice::llm
