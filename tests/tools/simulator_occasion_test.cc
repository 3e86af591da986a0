// When the simulator's faults strike: for the first few, for a time, now and then.
#include "simulator/occasion.h"

#include <gtest/gtest.h>

#include <string>

#include "dialect_client.h"

namespace sluice::simulator {
namespace {

using std::chrono::milliseconds;

constexpr WallTime start{std::chrono::seconds(1'760'000'000)};

std::string struck(Occasions& occasions, const char* text, int requests, milliseconds apart) {
  std::string seen;
  for (int i = 0; i < requests; ++i)
    seen += occasions.strikes(*parse_fault(text), start + i * apart) ? 'x' : '.';
  return seen;
}

TEST(SimulatorOccasion, IsTheFirstFewAndThenNoMore) {
  Occasions occasions;
  EXPECT_EQ(struck(occasions, "first:2:status:500", 6, milliseconds(0)), "xx....");
  EXPECT_EQ(struck(occasions, "first:0:hang", 2, milliseconds(0)), "..");
  EXPECT_EQ(struck(occasions, "hang", 3, milliseconds(0)), "xxx") << "always, if none is said";
}

TEST(SimulatorOccasion, IsATimeFromTheFirstRequestOn) {
  Occasions occasions;
  EXPECT_EQ(struck(occasions, "within:1000:hang", 6, milliseconds(300)), "xxxx..");
}

TEST(SimulatorOccasion, IsThatTimeAgainAndAgain) {
  Occasions occasions;
  EXPECT_EQ(struck(occasions, "every:9000:3000:hang", 12, milliseconds(1'500)), "xx....xx....");
  EXPECT_EQ(struck(occasions, "every:1:1:hang", 3, milliseconds(7)), "xxx");
}

TEST(SimulatorOccasion, IsNotOverWhenTheClockIsSetBack) {
  Occasions occasions;
  const Fault fault = *parse_fault("within:1000:hang");
  EXPECT_TRUE(occasions.strikes(fault, start));
  EXPECT_TRUE(occasions.strikes(fault, start - std::chrono::hours(1)));
}

TEST(SimulatorOccasion, IsCountedForEachFaultHoweverItIsWritten) {
  Occasions occasions;
  EXPECT_EQ(struck(occasions, "first:1:reset-after", 2, milliseconds(0)), "x.");
  EXPECT_EQ(struck(occasions, "first:01:reset-after:1", 2, milliseconds(0)), "..");
  EXPECT_EQ(struck(occasions, "first:1:reset-after:2", 2, milliseconds(0)), "x.");
  EXPECT_FALSE(occasions.strikes(*parse_fault("status:429:2"), start, false)) << "not drawn";
  EXPECT_EQ(occasions.to_json(), R"({"first:1:reset-after":{"asked":4,"struck":1},)"
                                 R"("first:1:reset-after:2":{"asked":2,"struck":1},)"
                                 R"("status:429:2":{"asked":1,"struck":0}})");
}

TEST(SimulatorOccasion, IsCountedForNoMoreThanSoMany) {
  Occasions occasions;
  for (std::size_t i = 0; i < Occasions::faults_max + 10; ++i) {
    EXPECT_TRUE(occasions.strikes({.kind = FaultKind::stall_after, .first = i + 2}, start));
  }
  const Fault late = *parse_fault("first:1:hang");
  EXPECT_TRUE(occasions.strikes(late, start));
  EXPECT_TRUE(occasions.strikes(late, start)) << "each is the first";
  const std::string json = occasions.to_json();
  EXPECT_EQ(json.find("hang"), std::string::npos);
}

TEST(SimulatorOccasion, IsSaidInFrontOfTheFault) {
  for (const char* text : {"first:3:status:429:2", "within:60000:reset-before-head", "stall-after",
                           "every:9000:3000:status:503", "no-done", "no-done:1", "slow-head:1:2"}) {
    const auto fault = parse_fault(text);
    ASSERT_TRUE(fault.has_value()) << text;
    EXPECT_EQ(fault_text(*fault), text);
    EXPECT_EQ(*parse_fault(fault_text(*fault)), *fault);
  }
  for (const FaultRow& row : fault_table()) {
    const Fault fault{row.kind, row.first_default, row.second_default};
    EXPECT_EQ(*parse_fault(fault_text(fault)), fault) << row.name;
  }
  for (const char* wrong : {"first", "first:", "first:1", "first:1:", "first:x:hang", "first:hang",
                            "within:hang", "every:9:hang", "every:0:0:hang", "every:3:9:hang",
                            "first:1:first:1:hang", "first:1:nothing"}) {
    EXPECT_FALSE(parse_fault(wrong).has_value()) << wrong;
  }
}

TEST(SimulatorOccasion, IsForEveryDialectAndForDrawnFaults) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string chat = R"({"model":"sim-fault-first:1:status:500","max_tokens":9,)"
                           R"("messages":[{"role":"user","content":"hello"}]})";
  client.post("/v1/chat/completions", chat, "");
  EXPECT_EQ(client.status, 500);
  client.post("/v1/chat/completions", chat, "");
  EXPECT_EQ(client.status, 200);
  const std::string fields =
      "x-api-key: k\r\nanthropic-version: 2023-06-01\r\nx-sim-fault: first:1:status:502\r\n";
  const std::string message =
      R"({"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"hello"}]})";
  client.post("/v1/messages", message, fields);
  EXPECT_EQ(client.status, 502);
  client.post("/v1/messages", message, fields);
  EXPECT_EQ(client.status, 200);

  config.fault_rates.push_back(*parse_fault_rate("1:first:2:status:503"));
  std::string seen;
  for (int i = 0; i < 4; ++i) {
    client.post("/v1/chat/completions",
                R"({"model":"m","messages":[{"role":"user","content":"hello"}]})", "");
    seen += client.status == 503 ? 'x' : '.';
  }
  EXPECT_EQ(seen, "xx..");
}

TEST(SimulatorOccasion, LetsABodyBeReadWhereTheEarlyAnswerIsNotForAll) {
  const auto answers_early = [](const char* fault) {
    const std::string request =
        std::string("POST / HTTP/1.1\r\nhost: x\r\nx-sim-fault: ") + fault + "\r\n\r\n";
    http::RequestHead head;
    EXPECT_EQ(http::parse_request_head(request, head).status, http::ParseStatus::complete);
    return Provider::answers_early(head);
  };
  EXPECT_TRUE(answers_early("early-response:413"));
  EXPECT_FALSE(answers_early("first:1:early-response:413"));
}

TEST(SimulatorFault, ComesLateByChanceWithinTheBoundsAskedFor) {
  SimulatorConfig config;
  DialectClient client(config);
  Duration least = Duration::max();
  Duration most{};
  for (int i = 0; i < 200; ++i) {
    client.post("/v1/chat/completions",
                R"({"model":"sim-fault-slow-head:2000:5000","messages":[{"role":"user",)"
                R"("content":"hello"}]})",
                "");
    least = std::min(least, client.script.steps.front().at);
    most = std::max(most, client.script.steps.front().at);
  }
  EXPECT_GE(least, milliseconds(2'000));
  EXPECT_LT(least, milliseconds(2'200));
  EXPECT_LE(most, milliseconds(5'000));
  EXPECT_GT(most, milliseconds(4'800));
}

TEST(SimulatorFault, EndsInOrderBehindTheEventsAskedFor) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post("/v1/chat/completions",
              R"({"model":"sim-fault-no-done:3","stream":true,"messages":[{"role":"user",)"
              R"("content":"hello"}]})",
              "");
  EXPECT_EQ(client.events().size(), 3U);
  EXPECT_TRUE(client.complete);
}

}  // namespace
}  // namespace sluice::simulator
