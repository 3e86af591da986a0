#include "sluice/llm/openai_usage.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

Usage parse(std::string_view text) {
  json::Index index;
  EXPECT_TRUE(index.build(text).has_value()) << text;
  return parse_openai_usage(json::root(index));
}

Usage find(std::string_view text) {
  json::Index index;
  EXPECT_TRUE(index.build(text).has_value()) << text;
  return find_openai_usage(json::root(index));
}

TEST(OpenaiUsage, ReadsTheChatSpelling) {
  const Usage usage = parse(
      R"({"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,
          "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2,"audio_tokens":1,"image_tokens":6},
          "completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0,
            "accepted_prediction_tokens":7,"rejected_prediction_tokens":8}})");
  EXPECT_EQ(usage.input, 9U);
  EXPECT_EQ(usage.output, 3U);
  EXPECT_EQ(usage.total, 12U);
  EXPECT_EQ(usage.cached_input, 4U);
  EXPECT_EQ(usage.cache_write_input, 2U);
  EXPECT_EQ(usage.audio_input, 1U);
  EXPECT_EQ(usage.image_input, 6U);
  EXPECT_EQ(usage.reasoning_output, 2U);
  EXPECT_EQ(usage.audio_output, 0U);
  EXPECT_EQ(usage.accepted_prediction_output, 7U);
  EXPECT_EQ(usage.rejected_prediction_output, 8U);
}

TEST(OpenaiUsage, ReadsTheResponsesSpelling) {
  const Usage usage =
      parse(R"({"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,
                "output_tokens_details":{"reasoning_tokens":1},"total_tokens":12})");
  EXPECT_EQ(usage.input, 9U);
  EXPECT_EQ(usage.cached_input, 4U);
  EXPECT_EQ(usage.output, 3U);
  EXPECT_EQ(usage.reasoning_output, 1U);
}

TEST(OpenaiUsage, LeavesUnknownWhatIsNoCount) {
  for (const std::string_view value : {"null", "-1", "1.5", "1e300", "\"3\"", "{}", "[]", "true",
                                       "99999999999999999999", "1099511627777"}) {
    const Usage usage = parse("{\"prompt_tokens\":" + std::string(value) + "}");
    EXPECT_FALSE(usage.known()) << value;
  }
  EXPECT_EQ(parse(R"({"prompt_tokens":12.0})").input, 12U);
  EXPECT_EQ(parse(R"({"prompt_tokens":1099511627776})").input, usage_tokens_max);
  EXPECT_EQ(parse(R"({"prompt_tokens":0})").input, 0U);
  EXPECT_FALSE(parse(R"({"prompt_tokens_details":null,"completion_tokens_details":7})").known());
  EXPECT_FALSE(parse("null").known());
  EXPECT_FALSE(parse("[1]").known());
}

TEST(OpenaiUsage, KnowsHostsOwnPlacesForCachedTokens) {
  EXPECT_EQ(parse(R"({"prompt_tokens":9,"prompt_cache_hit_tokens":8})").cached_input, 8U);
  EXPECT_EQ(parse(R"({"prompt_tokens":9,"cached_tokens":7})").cached_input, 7U);
  EXPECT_EQ(
      parse(R"({"cached_tokens":7,"prompt_tokens_details":{"cached_tokens":6}})").cached_input, 6U);
}

TEST(OpenaiUsage, IsFoundWhereverAnAnswerKeepsIt) {
  EXPECT_EQ(find(R"({"choices":[],"usage":{"prompt_tokens":1}})").input, 1U);
  EXPECT_EQ(find(R"({"type":"response.completed","response":{"usage":{"input_tokens":2}}})").input,
            2U);
  EXPECT_EQ(
      find(R"({"choices":[],"usage":null,"x_groq":{"id":"a","usage":{"prompt_tokens":3}}})").input,
      3U);
  EXPECT_EQ(find(R"({"choices":[{"delta":{},"usage":{"prompt_tokens":4}}]})").input, 4U);
  EXPECT_FALSE(find(R"({"choices":[{}],"response":null,"x_groq":1})").known());
  EXPECT_FALSE(find(R"("usage")").known());
}

Usage in_tail(std::string_view tail) {
  json::Index index;
  return find_openai_usage_in_tail(tail, index);
}

TEST(OpenaiUsage, IsFoundInTheTailOfAnAnswerWhereverThatBegins) {
  const std::string usage =
      R"("usage" : {"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2}})";
  for (const std::string_view behind : {"}", " } \n", R"(,"a":{"b":[{}]},"c":"}\"}"})",
                                        R"(,"usage_of":{"usage":{"input_tokens":1}}})"}) {
    const std::string answer =
        R"({"choices":[{"message":{"content":"a\"usage\":{\"input_tokens\":1}"}}],)" + usage +
        std::string(behind);
    const std::size_t at = answer.find(usage);
    for (std::size_t begin = 0; begin < answer.size(); ++begin) {
      const Usage found = in_tail(std::string_view(answer).substr(begin));
      ASSERT_EQ(found.known(), begin <= at) << answer.substr(begin);
      if (!found.known()) continue;
      EXPECT_EQ(found.input, 7U);
      EXPECT_EQ(found.output, 3U);
      EXPECT_EQ(found.cached_input, 2U);
    }
    for (std::size_t end = at; end < answer.find_last_of('}'); ++end) {
      ASSERT_FALSE(in_tail(std::string_view(answer).substr(0, end)).known());
    }
  }
}

TEST(OpenaiUsage, IsNotTakenFromAnythingElseInATail) {
  for (const std::string_view tail :
       {"", "\"usage\"", "\"usage\":", "\"usage\":null}", "\"usage\":{", "\"usage\":{\"",
        "\"usage\":{\"prompt_tokens\":1}", "\"usage\":{\"prompt_tokens\":1}}}",
        "\"usage\":{\"prompt_tokens\":1 2}}", "\\\"usage\":{\"prompt_tokens\":1}}",
        "\"usage\":{\"prompt_tokens\":1}}garbage", "\"usage\",{\"prompt_tokens\":1}}"}) {
    EXPECT_FALSE(in_tail(tail).known()) << tail;
  }
}

// The places are those whose numbers the reader takes.
TEST(OpenaiUsage, FindsThePlacesOfItsNumbers) {
  const std::string text =
      R"({"usage":{"prompt_tokens":1,"input_tokens":2,"completion_tokens":null,"total_tokens":3,
          "prompt_tokens_details":{"cached_tokens":null,"audio_tokens":4},"cached_tokens":5,
          "other":6}})";
  json::Index index;
  ASSERT_TRUE(index.build(text).has_value());
  const json::Value object = *json::root(index).find("usage");
  Usage from_places;
  for (const UsagePlace& place : find_openai_usage_places(object)) {
    EXPECT_FALSE((from_places.*place.count).has_value()) << "one place for each count";
    from_places.*place.count = static_cast<std::uint64_t>(text[place.offset] - '0');
  }
  EXPECT_EQ(from_places, parse_openai_usage(object));
  EXPECT_EQ(from_places.input, 2U);
  EXPECT_EQ(from_places.cached_input, 5U);
}

}  // namespace
}  // namespace sluice::llm
