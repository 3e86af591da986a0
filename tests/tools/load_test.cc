// The load generator's pure parts: the histogram, and the judgement of answers.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "load/latency.h"
#include "load/results.h"
#include "load/scenario.h"
#include "simulator/text.h"
#include "sluice/base/random.h"

namespace sluice::load {
namespace {

TEST(LatencyHistogram, KnowsEveryValueWithinOnePercent) {
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random.next() >> random.below(63);
    const std::size_t bucket = LatencyHistogram::bucket_of(value);
    ASSERT_LT(bucket, LatencyHistogram::bucket_count);
    const double told = static_cast<double>(LatencyHistogram::value_of(bucket));
    ASSERT_NEAR(told, static_cast<double>(value), static_cast<double>(value) * 0.01) << value;
  }
}

TEST(LatencyHistogram, KeepsTheOrderOfValues) {
  std::size_t last = 0;
  for (std::uint64_t value = 0; value < 1'000'000; value += 7) {
    const std::size_t bucket = LatencyHistogram::bucket_of(value);
    ASSERT_GE(bucket, last);
    last = bucket;
  }
}

TEST(LatencyHistogram, TellsQuantiles) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Duration{});
  for (int i = 1; i <= 1'000; ++i) histogram.record(std::chrono::microseconds(i));
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5).count()), 500e3, 5e3);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99).count()), 990e3, 9.9e3);
  EXPECT_EQ(histogram.quantile(1.0), histogram.max());
  EXPECT_EQ(histogram.max(), std::chrono::microseconds(1'000));
  histogram.record(Duration(-5));
  EXPECT_EQ(histogram.quantile(0), Duration{});
}

TEST(Scenario, MakesThePromptAsLongAsAskedAndItsNonceCount) {
  const Scenario scenario(ScenarioConfig{.prompt_bytes = 1000});
  const Prepared one = scenario.prepare(1);
  const Prepared two = scenario.prepare(2);
  EXPECT_EQ(one.body.size(), two.body.size());
  EXPECT_NE(one.seed, two.seed);
  EXPECT_EQ(scenario.prepare(1).body, one.body);
  const std::size_t begin = one.body.find("content\":\"") + 10;
  EXPECT_EQ(one.body.find('"', begin) - begin, 1000U);
}

// What a stream looks like to the check, event by event.
std::vector<std::string> right_stream(std::uint64_t seed, std::uint64_t tokens) {
  std::vector<std::string> events = {R"({"choices":[{"delta":{"content":""}}]})"};
  simulator::Words words(seed);
  for (std::uint64_t i = 0; i < tokens; ++i) {
    events.push_back(R"({"choices":[{"delta":{"content":")" + std::string(i == 0 ? "" : " ") +
                     std::string(words.next()) + (i + 1 == tokens ? "." : "") + R"("}}]})");
  }
  events.emplace_back(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
  events.emplace_back("[DONE]");
  return events;
}

bool accepts(const std::vector<std::string>& events) {
  json::Index index;
  StreamCheck check(9, 0, index);
  for (const std::string& event : events) {
    if (check.event(event) != nullptr) return false;
  }
  return check.finish() == nullptr;
}

TEST(StreamCheck, AcceptsTheRightStreamAlone) {
  const std::vector<std::string> right = right_stream(9, 8);
  EXPECT_TRUE(accepts(right));
  EXPECT_FALSE(accepts(right_stream(10, 8)));
  for (std::size_t i = 1; i < right.size(); ++i) {
    std::vector<std::string> lost = right;
    lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(accepts(lost)) << "without event " << i;
    std::vector<std::string> doubled = right;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), right[i]);
    EXPECT_FALSE(accepts(doubled)) << "event " << i << " twice";
    if (i + 1 < right.size()) {
      std::vector<std::string> swapped = right;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_FALSE(accepts(swapped)) << "event " << i << " late";
    }
  }
}

// Events like the last one are compared, not read: what differs around the text must still be seen.
TEST(StreamCheck, SeesWhatIsWrongAroundTheText) {
  const std::vector<std::string> right = right_stream(9, 8);
  for (const std::size_t i : {2UL, 5UL, 8UL}) {
    for (const auto& [from, to] : {std::pair{"\"choices\"", "\"error\""}, std::pair{"}}]}", "}}]"},
                                   std::pair{"\"content\":\"", "\"content\":\"\\"}}) {
      std::vector<std::string> wrong = right;
      wrong[i].replace(wrong[i].find(from), std::string_view(from).size(), to);
      EXPECT_FALSE(accepts(wrong)) << wrong[i];
    }
  }
}

TEST(Scenario, RefusesAnotherRequestsAnswer) {
  const Scenario scenario(ScenarioConfig{});
  json::Index index;
  const auto answer = [](std::uint64_t seed) {
    return R"({"choices":[{"message":{"content":")" + simulator::text_of(seed, 5, true) +
           R"("},"finish_reason":"stop"}],"usage":{"completion_tokens":5}})";
  };
  EXPECT_EQ(scenario.wrong_answer(answer(4), 4, index), nullptr);
  EXPECT_NE(scenario.wrong_answer(answer(5), 4, index), nullptr);
  EXPECT_NE(scenario.wrong_answer("{", 4, index), nullptr);
  EXPECT_NE(scenario.wrong_answer("{}", 4, index), nullptr);
}

TEST(Results, AreOneJsonObject) {
  Results results;
  results.count_error("a \"kind\"");
  json::Index index;
  EXPECT_TRUE(index.build(to_json(results, "chat", "http://x")).has_value());
}

}  // namespace
}  // namespace sluice::load
