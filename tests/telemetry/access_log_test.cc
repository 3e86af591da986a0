#include "sluice/telemetry/access_log.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <string>
#include <vector>

namespace sluice::telemetry {
namespace {

using namespace std::chrono_literals;

AccessRecord full_record(std::span<const AttemptRecord> attempts) {
  AccessRecord record;
  record.time = WallTime{1'767'323'045'678ms};
  record.request_id = "req_1";
  record.client = "203.0.113.7:4711";
  record.key = "team-a";
  record.method = "POST";
  record.target = "/v1/chat/completions";
  record.endpoint = "chat_completions";
  record.model = "gpt-5-mini";
  record.is_stream = true;
  record.provider = "openai";
  record.deployment = "gpt-5-mini-2025-08-07";
  record.status = 200;
  record.attempts = attempts;
  record.times = {.head = 20us,
                  .body = 300us,
                  .queue = 310us,
                  .connect = not_reached,
                  .first_byte = 120'500us,
                  .first_content = 320'250'999ns,
                  .total = 900ms};
  record.client_bytes_in = 900;
  record.client_bytes_out = 4'100;
  record.provider_bytes_in = 4'000;
  record.provider_bytes_out = 910;
  record.tokens.input = 10;
  record.tokens.output = 0;
  record.cost_usd = 0.25;
  record.events = 21;
  return record;
}

std::string line_of(const AccessRecord& record) {
  std::string out;
  write_line(record, out);
  return out;
}

TEST(AccessLog, WritesOneJsonObjectPerLine) {
  const AttemptRecord attempts[] = {
      {"azure", "mini", AttemptOutcome::failed, 503, 12'100us},
      {"openai", "gpt-5-mini-2025-08-07", AttemptOutcome::success, 200, 0ns, 0.25}};
  std::string out = "before\n";
  write_line(full_record(attempts), out);
  EXPECT_EQ(
      out,
      "before\n"
      R"({"time":"2026-01-02T03:04:05.678Z","request_id":"req_1","client":"203.0.113.7:4711",)"
      R"("key":"team-a","method":"POST","path":"/v1/chat/completions",)"
      R"("endpoint":"chat_completions","model":"gpt-5-mini","stream":true,"provider":"openai",)"
      R"("deployment":"gpt-5-mini-2025-08-07","status":200,"ended_by":null,"reason":"complete",)"
      R"("attempts":[{"provider":"azure","deployment":"mini","outcome":"failed","status":503,)"
      R"("ms":12.1,"cost_usd":null},{"provider":"openai","deployment":"gpt-5-mini-2025-08-07",)"
      R"("outcome":"success","status":200,"ms":0,"cost_usd":0.25}],)"
      R"("ms":{"head":0.02,"body":0.3,"queue":0.31,"connect":-1,"first_byte":120.5,)"
      R"("first_content":320.25,"total":900},)"
      R"("bytes":{"client_in":900,"client_out":4100,"provider_in":4000,"provider_out":910},)"
      R"("tokens":{"input":10,"cached_input":null,"output":0,"reasoning":null},)"
      R"("cost_usd":0.25,"events":21})"
      "\n");
}

TEST(AccessLog, NamesTheFetchingOfMediaWhereThereWasSome) {
  AccessRecord record;
  record.times.body = 1ms;
  record.times.media = 250ms;
  const std::string line = line_of(record);
  EXPECT_NE(line.find(R"("body":1,"media":250,"queue":-1)"), std::string::npos) << line;
}

TEST(AccessLog, EmptyRecordIsValidAndSaysWhatIsUnknown) {
  const std::string line = line_of({});
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  ASSERT_EQ(parser.parse(line).get(json), simdjson::SUCCESS) << line;
  for (const char* name :
       {"request_id", "client", "key", "model", "provider", "status", "ended_by", "cost_usd"}) {
    EXPECT_TRUE(json[name].is_null()) << name;
  }
  EXPECT_EQ(json["attempts"].get_array().size(), 0U);
  EXPECT_EQ(json["ms"]["total"].get_int64().value(), -1);
  EXPECT_TRUE(json["tokens"]["input"].is_null());
}

TEST(AccessLog, SaysWhoCutAnExchangeAndWhy) {
  AccessRecord record;
  record.ended_by = EndedBy::client;
  record.reason = "connection_closed";
  EXPECT_NE(line_of(record).find(R"("ended_by":"client","reason":"connection_closed")"),
            std::string::npos);
}

struct TargetCase {
  std::string_view target, path;
};
const TargetCase target_cases[] = {
    {"/v1/models", "/v1/models"},
    {"/v1/models?key=sk-canary", "/v1/models"},
    {"/v1/models?", "/v1/models"},
    {"/v1/models#sk-canary", "/v1/models"},
    {"/v1/models#a?sk-canary", "/v1/models"},
    {"http://user:sk-canary@host/v1/models?x=sk-canary", "/v1/models"},
    {"http://user:sk-canary@host", "/"},
    {"http://user:sk-canary@host?x", "/"},
    {"user:sk-canary@host:443", "host:443"},
    {"*", "*"},
    {"//host/a", "//host/a"},
};

TEST(AccessLog, LeavesOutWhatOfATargetMayHoldASecret) {
  for (const TargetCase& c : target_cases) {
    AccessRecord record;
    record.target = c.target;
    const std::string line = line_of(record);
    EXPECT_NE(line.find("\"path\":\"" + std::string(c.path) + "\""), std::string::npos) << line;
    EXPECT_EQ(line.find("sk-canary"), std::string::npos) << line;
  }
}

TEST(AccessLog, EveryByteInEveryTextGivesValidJsonOnOneLine) {
  simdjson::dom::parser parser;
  for (int byte = 0; byte < 256; ++byte) {
    std::string text = "a";
    text += static_cast<char>(byte);
    text += "b\"\\\n";
    const AttemptRecord attempt{text, text, AttemptOutcome::reset, 0, 1ns};
    AccessRecord record = full_record({&attempt, 1});
    record.request_id = record.client = record.key = record.method = record.target =
        record.endpoint = record.model = record.provider = record.deployment = record.reason = text;
    const std::string line = line_of(record);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << byte << ": " << line;
  }
}

TEST(AccessLog, EndlessTextIsCutBetweenCharacters) {
  std::string model;
  while (model.size() < 10'000) model += "\xe2\x82\xac";  // a euro sign, three bytes
  AccessRecord record;
  record.model = model;
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  const std::string line = line_of(record);
  ASSERT_EQ(parser.parse(line).get(json), simdjson::SUCCESS);
  const std::string_view logged = json["model"].get_string().value();
  EXPECT_EQ(logged, model.substr(0, 510) + "...");
}

TEST(AccessLog, HostileTextOfAnyLengthGivesABoundedLine) {
  for (const char c : {'\x01', '\xff', '"', '\xe2'}) {
    const std::string text(100'000, c);
    AccessRecord record;
    record.request_id = record.client = record.key = record.method = record.target =
        record.endpoint = record.model = record.provider = record.deployment = text;
    EXPECT_LT(line_of(record).size(), 9 * 6 * (logged_text_bytes_max + 8) + 1'000);
  }
}

// The line's room is reckoned before it is written; here every part is as long as it can be.
TEST(AccessLog, LongestPossibleLineHasItsRoom) {
  const std::string text(logged_text_bytes_max + 1, '\x01');
  const std::vector<AttemptRecord> attempts(
      50, {text, text, AttemptOutcome::connect_failed, std::numeric_limits<int>::max(),
           Duration::max(), -std::numeric_limits<double>::max()});
  AccessRecord record = full_record(attempts);
  record.request_id = record.client = record.key = record.method = record.target = record.endpoint =
      record.model = record.provider = record.deployment = record.reason = text;
  record.ended_by = EndedBy::provider;
  record.status = std::numeric_limits<int>::max();
  const Duration longest = Duration::max();
  record.times = {longest, longest, longest, longest, longest, longest, longest};
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  record.client_bytes_in = record.client_bytes_out = most;
  record.provider_bytes_in = record.provider_bytes_out = record.events = most;
  record.tokens = {most, most, most, most};
  record.cost_usd = -std::numeric_limits<double>::denorm_min() * 12'345'678'901;
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(line_of(record)).error(), simdjson::SUCCESS);
}

struct CostText {
  double usd;
  std::string_view text;
};
const CostText cost_texts[] = {
    {0, "0"},
    {1, "1"},
    {0.1 + 0.2, "0.3"},  // not 0.30000000000000004
    {0.000045, "0.000045"},
    {7 * 0.0375 / 1e6, "0.0000002625"},
    {1.5e-9, "0.0000000015"},
    {123'456.75, "123456.75"},
    {999.999'999'999, "999.999999999"},
    {1e6, "1e+06"},
    {1e-12, "1e-12"},
    {-1.5, "-1.5"},
};

TEST(AccessLog, CostHasNoRoundingErrorAtItsEnd) {
  for (const CostText& c : cost_texts) {
    AccessRecord record;
    record.cost_usd = c.usd;
    const std::string line = line_of(record);
    EXPECT_NE(line.find("\"cost_usd\":" + std::string(c.text) + ",\"events\""), std::string::npos)
        << line;
  }
}

TEST(AccessLog, NumbersAtTheirEndsStayJson) {
  AccessRecord record;
  record.times.total = Duration::max();
  record.times.head = Duration(999);
  record.times.body = Duration(1'000);
  record.client_bytes_in = std::numeric_limits<std::uint64_t>::max();
  record.cost_usd = std::numeric_limits<double>::infinity();
  const std::string line = line_of(record);
  simdjson::dom::parser parser;
  ASSERT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
  EXPECT_NE(line.find("\"head\":0,\"body\":0.001,"), std::string::npos) << line;
  EXPECT_NE(line.find("\"cost_usd\":null"), std::string::npos) << line;
  EXPECT_NE(line.find("18446744073709551615"), std::string::npos);
}

}  // namespace
}  // namespace sluice::telemetry
