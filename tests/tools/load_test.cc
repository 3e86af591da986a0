// The load generator's pure parts: the histogram, and the judgement of answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "load/answer_check.h"
#include "load/latency.h"
#include "load/likeness.h"
#include "load/results.h"
#include "load/scenario.h"
#include "load/stream_check.h"
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
  histogram.record(std::chrono::seconds(9), 0);
  EXPECT_EQ(histogram.max(), std::chrono::microseconds(1'000));
  histogram.record(std::chrono::microseconds(1), 2'000);
  EXPECT_EQ(histogram.count(), 3'000U);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5).count()), 1e3, 10);
  histogram.record(Duration(-5));
  EXPECT_EQ(histogram.quantile(0), Duration{});
}

TEST(Scenario, MakesThePromptAsLongAsAskedAndItsNonceCount) {
  const Scenario scenario(ScenarioConfig{.prompt_bytes = 1000});
  const Prepared one = scenario.prepare(1);
  const Prepared two = scenario.prepare(2);
  EXPECT_EQ(one.body.size(), two.body.size());
  EXPECT_NE(one.seed, two.seed);
  EXPECT_EQ(scenario.prepare(1).body.view(), one.body.view());
  const std::size_t begin = one.body.view().find("content\":\"") + 10;
  EXPECT_EQ(one.body.view().find('"', begin) - begin, 1000U);
  EXPECT_EQ(one.body.view().substr(begin, 16), "0000000000000001");
  EXPECT_EQ(scenario.prepare(0xfedcba9876543210U).body.view().substr(begin, 16),
            "fedcba9876543210");
}

TEST(Scenario, PutsAnImageBehindTheTextThatTheAnswerFollowsFrom) {
  const Scenario plain(ScenarioConfig{});
  const Scenario scenario(ScenarioConfig{.image_bytes = 3'000});
  const Prepared prepared = scenario.prepare(7);
  EXPECT_EQ(prepared.seed, plain.prepare(7).seed);
  EXPECT_EQ(prepared.body.size() - plain.prepare(7).body.size(),
            4'000 + std::string_view(R"([{"type":"text","text":)").size() +
                std::string_view(
                    R"(},{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}])")
                    .size());
  json::Index index;
  ASSERT_TRUE(index.build(prepared.body.view()).has_value());
}

// What a stream looks like to the check, event by event.
std::vector<std::string> right_stream(std::uint64_t seed, std::uint64_t tokens,
                                      const std::string& id = "a-1_Z") {
  const std::string head = R"({"id":")" + id + R"(","choices":[)";
  std::vector<std::string> events = {head + R"({"delta":{"role":"assistant","content":""}}]})"};
  simulator::Words words(seed);
  for (std::uint64_t i = 0; i < tokens; ++i) {
    events.push_back(head + R"({"delta":{"content":")" + std::string(i == 0 ? "" : " ") +
                     std::string(words.next()) + (i + 1 == tokens ? "." : "") + R"("}}]})");
  }
  events.push_back(head + R"({"delta":{},"finish_reason":"stop"}]})");
  events.push_back(head + R"(],"usage":{"completion_tokens":)" + std::to_string(tokens) + "}}");
  events.emplace_back("[DONE]");
  return events;
}

// As the generator does it: what is due is taken as bytes, all else as an event's data.
bool accepts(const std::vector<std::string>& events, StreamMemory& memory, bool as_bytes) {
  StreamCheck check(9, 0, true, memory);
  for (const std::string& event : events) {
    const std::string bytes = "data: " + event + "\n\n";
    if (as_bytes && check.take_due(bytes) == bytes.size()) continue;
    if (check.event(event) != nullptr) return false;
  }
  return check.finish() == nullptr;
}

// The verdict, which must not depend on what other streams the check's memory has seen, nor on who
// found the events.
bool accepts(const std::vector<std::string>& events) {
  StreamMemory fresh;
  const bool verdict = accepts(events, fresh, false);
  for (const bool as_bytes : {false, true}) {
    StreamMemory taught;
    EXPECT_TRUE(accepts(right_stream(9, 8, "other"), taught, as_bytes));
    EXPECT_EQ(accepts(events, taught, as_bytes), verdict);
    EXPECT_EQ(accepts(events, taught, as_bytes), verdict) << "seen before";
    EXPECT_TRUE(accepts(right_stream(9, 8, "third"), taught, as_bytes));
  }
  return verdict;
}

TEST(StreamCheck, AcceptsTheRightStreamAlone) {
  const std::vector<std::string> right = right_stream(9, 8);
  EXPECT_TRUE(accepts(right));
  EXPECT_FALSE(accepts(right_stream(10, 8)));
  for (std::size_t i = 0; i < right.size(); ++i) {
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
  for (const std::size_t i : {1UL, 2UL, 5UL, 8UL, 9UL}) {
    for (const auto& [from, to] :
         {std::pair{"\"choices\"", "\"error\""}, std::pair{"}]}", "}]"}, std::pair{"a-1_Z", "a\"Z"},
          std::pair{"\"content\":\"", "\"content\":\"\\"}, std::pair{"a-1_Z", "a\tZ"},
          std::pair{"stop", "length"}}) {
      std::vector<std::string> wrong = right;
      const std::size_t at = wrong[i].find(from);
      if (at == std::string::npos) continue;
      wrong[i].replace(at, std::string_view(from).size(), to);
      EXPECT_FALSE(accepts(wrong)) << wrong[i];
    }
  }
  std::vector<std::string> miscounted = right;
  miscounted[10].replace(miscounted[10].find(":8}"), 3, ":7}");
  EXPECT_FALSE(accepts(miscounted));
}

TEST(StreamCheck, WantsTheUsageThatWasAskedForAndNoOther) {
  std::vector<std::string> events = right_stream(9, 8);
  const auto verdict = [&](bool usage_due) -> std::string {
    StreamMemory memory;
    StreamCheck check(9, 0, usage_due, memory);
    for (const std::string& event : events) {
      if (const char* const wrong = check.event(event)) return wrong;
    }
    const char* const missing = check.finish();
    return missing == nullptr ? "" : missing;
  };
  EXPECT_EQ(verdict(true), "");
  EXPECT_EQ(verdict(false), "a usage came that nobody asked for");
  events.erase(events.end() - 2);
  EXPECT_EQ(verdict(true), "the stream lacks the usage that was asked for");
  EXPECT_EQ(verdict(false), "");
}

TEST(StreamCheck, TakesAsDueOnlyWholeEventsThatAreDue) {
  const std::vector<std::string> right = right_stream(9, 8);
  StreamMemory memory;
  StreamCheck check(9, 0, true, memory);
  const auto framed = [&](std::size_t i) { return "data: " + right[i] + "\n\n"; };
  EXPECT_EQ(check.take_due(framed(1)), 0U) << "nothing is known yet";
  EXPECT_EQ(check.event(right[0]), nullptr);
  EXPECT_EQ(check.event(right[1]), nullptr);
  const std::string second = framed(2);
  for (std::size_t size = 0; size < second.size(); ++size)
    EXPECT_EQ(check.take_due(std::string_view(second).substr(0, size)), 0U) << size;
  EXPECT_EQ(check.take_due(framed(3)), 0U);
  EXPECT_EQ(check.take_due(second + second), second.size()) << "twice";
  EXPECT_EQ(check.take_due(second), 0U) << "again";
  EXPECT_EQ(check.tokens(), 2U);
  EXPECT_EQ(check.take_due(framed(3) + framed(4) + framed(6)), framed(3).size() + framed(4).size());
  EXPECT_EQ(check.take_due(framed(5) + framed(6).substr(0, 20)), framed(5).size());
  for (std::size_t i = 6; i <= 8; ++i) EXPECT_EQ(check.take_due(framed(i)), framed(i).size());
  EXPECT_EQ(check.tokens(), 8U);
  for (std::size_t i = 9; i < right.size(); ++i) EXPECT_EQ(check.event(right[i]), nullptr);
  EXPECT_EQ(check.finish(), nullptr);
}

std::string answer_to(std::uint64_t seed, const std::string& id, const std::string& rest) {
  return R"({"id":")" + id + R"(","choices":[{"message":{"content":")" +
         simulator::text_of(seed, 5, true) + R"("},"finish_reason":"stop"}],"usage":)" + rest;
}

TEST(AnswerCheck, RefusesAnotherRequestsAnswer) {
  const ScenarioConfig config;
  AnswerCheck check(config);
  const std::string usage = R"({"completion_tokens":5}})";
  for (int round = 0; round < 3; ++round) {  // what was learnt from the first must change nothing
    EXPECT_EQ(check.wrong(answer_to(4, "one", usage), 4), nullptr);
    EXPECT_EQ(check.wrong(answer_to(6, "another", usage), 6), nullptr);
    EXPECT_NE(check.wrong(answer_to(5, "one", usage), 4), nullptr);
    EXPECT_NE(check.wrong(answer_to(4, "o\tne", usage), 4), nullptr);
    EXPECT_NE(check.wrong(answer_to(4, "o\"ne", usage), 4), nullptr);
    EXPECT_NE(check.wrong(answer_to(4, "one", R"({"completion_tokens":4}})"), 4), nullptr);
    EXPECT_NE(check.wrong(answer_to(4, "one", R"({"completion_tokens":5})"), 4), nullptr);
    EXPECT_NE(check.wrong(answer_to(4, "one", R"({"completion_tokens":5}}})"), 4), nullptr);
    EXPECT_NE(check.wrong("{", 4), nullptr);
    EXPECT_NE(check.wrong("{}", 4), nullptr);
  }
}

TEST(Likeness, IsOfAllBytesButTheIdsAndTheContents) {
  Likeness like;
  EXPECT_FALSE(like.content_of("").has_value()) << "nothing learnt";
  const std::string text = R"({"id":"a1","content":"x","z":0})";
  like.learn(text, std::string_view(text).substr(7, 2), std::string_view(text).substr(22, 1));
  EXPECT_EQ(like.content_of(text), "x");
  EXPECT_EQ(like.content_of(R"({"id":"other-Id_","content":"other text","z":0})"), "other text");
  EXPECT_EQ(like.content_of(R"({"id":"","content":"","z":0})"), "");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 7 || i == 8 || i == 22) continue;
    std::string other = text;
    other[i] = '~';
    EXPECT_FALSE(like.content_of(other).has_value()) << other;
    EXPECT_FALSE(like.content_of(std::string_view(text).substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(like.content_of(R"({"id":"a 1","content":"x","z":0})").has_value());
  const std::string odd = R"({"id":"a 1","content":"x"})";
  like.learn(odd, std::string_view(odd).substr(7, 3), std::string_view(odd).substr(23, 1));
  EXPECT_FALSE(like.content_of(odd).has_value()) << "an id of other bytes is not learnt";
}

TEST(Results, AreOneJsonObject) {
  Results results;
  results.count_error("a \"kind\"");
  json::Index index;
  EXPECT_TRUE(index.build(to_json(results, "chat", "http://x")).has_value());
}

TEST(Results, DrawTheTailAsFarOutAsThereAreValues) {
  Results results;
  for (int i = 1; i <= 1'000; ++i) results.latency.record(std::chrono::microseconds(i));
  json::Index index;
  const std::string text = to_json(results, "chat", "http://x");
  ASSERT_TRUE(index.build(text).has_value());
  std::vector<std::pair<double, double>> curve;
  for (const json::Value point : json::root(index).find("latency_us")->find("curve")->elements()) {
    std::vector<double> numbers;
    for (const json::Value number : point.elements()) numbers.push_back(*number.number());
    ASSERT_EQ(numbers.size(), 2U);
    curve.emplace_back(numbers[0], numbers[1]);
  }
  ASSERT_EQ(curve.size(), 31U);  // ten per nine, and 0.999 is the last that something exceeds
  EXPECT_NEAR(curve.back().first, 0.999, 1e-9);
  for (const auto& [quantile, microseconds] : curve) {
    EXPECT_NEAR(microseconds, std::max(1.0, quantile * 1'000), 0.01 * microseconds + 1);
  }
}

}  // namespace
}  // namespace sluice::load
