#include "sluice/upstream/rate_headroom.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::upstream {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-08-19 14:34:10 UTC.
constexpr WallTime now{seconds(1'787'150'050)};

struct HeadroomCase {
  std::string_view name;
  std::vector<http::Header> headers;
  RateHeadroom headroom;
};

http::HeaderList list_of(const std::vector<http::Header>& headers) {
  http::HeaderList list;
  for (const http::Header& header : headers) list.add(header.name, header.value);
  return list;
}

RateHeadroom headroom_of(const std::vector<http::Header>& headers) {
  return read_rate_headroom(list_of(headers), now);
}

// Rows named after a provider are as recorded from it.
const HeadroomCase headroom_cases[] = {
    {"nothing is said", {{"content-type", "application/json"}}, {}},
    {"OpenAI",
     {{"x-ratelimit-limit-requests", "5000"},
      {"x-ratelimit-limit-tokens", "800000"},
      {"x-ratelimit-remaining-requests", "4999"},
      {"x-ratelimit-remaining-tokens", "799222"},
      {"x-ratelimit-remaining-input-images", "0"},
      {"x-ratelimit-reset-input-images", "1h0m0s"},
      {"x-ratelimit-reset-requests", "12ms"},
      {"x-ratelimit-reset-tokens", "58ms"}},
     {4'999, 799'222, std::nullopt}},
    {"OpenAI, some years ago",
     {{"x-ratelimit-remaining-tokens", "89980"},
      {"x-ratelimit-remaining-tokens-usage-based", "89970"},
      {"x-ratelimit-reset-tokens", "17ms"},
      {"x-ratelimit-reset-tokens-usage-based", "12ms"}},
     {std::nullopt, 89'970, std::nullopt}},
    {"Anthropic",
     {{"anthropic-ratelimit-input-tokens-limit", "30000"},
      {"anthropic-ratelimit-input-tokens-remaining", "28000"},
      {"anthropic-ratelimit-input-tokens-reset", "2026-08-19T14:34:14Z"},
      {"anthropic-ratelimit-output-tokens-remaining", "8000"},
      {"anthropic-ratelimit-output-tokens-reset", "2026-08-19T14:34:13Z"},
      {"anthropic-ratelimit-requests-remaining", "49"},
      {"anthropic-ratelimit-requests-reset", "2026-08-19T14:34:09Z"},
      {"anthropic-ratelimit-tokens-remaining", "36000"},
      {"anthropic-ratelimit-tokens-reset", "2026-08-19T14:34:13Z"}},
     {49, 8'000, std::nullopt}},
    {"one of Anthropic's limits is used up: its reset counts",
     {{"anthropic-ratelimit-requests-remaining", "49"},
      {"anthropic-ratelimit-requests-reset", "2026-08-19T14:35:10Z"},
      {"anthropic-ratelimit-input-tokens-remaining", "0"},
      {"anthropic-ratelimit-input-tokens-reset", "2026-08-19T14:34:29Z"}},
     {49, 0, seconds(19)}},
    {"Mistral",
     {{"x-ratelimit-limit-req-minute", "100"},
      {"x-ratelimit-remaining-req-minute", "99"},
      {"x-ratelimit-remaining-tokens-minute", "99288"},
      {"x-ratelimit-tokens-query-cost", "263"}},
     {99, 99'288, std::nullopt}},
    {"Azure",
     {{"x-ratelimit-remaining-requests", "119"},
      {"x-ratelimit-remaining-tokens", "119986"},
      {"x-ratelimit-renewalperiod-requests", "60"},
      {"x-ratelimit-renewalperiod-tokens", "60"},
      {"x-ratelimit-reset-requests", "500"},
      {"x-ratelimit-reset-tokens", "0"}},
     {119, 119'986, std::nullopt}},
    {"Azure with few left, where 500 is above the period of 60 s",
     {{"x-ratelimit-remaining-requests", "9"},
      {"x-ratelimit-renewalperiod-requests", "60"},
      {"x-ratelimit-reset-requests", "500"}},
     {9, std::nullopt, milliseconds(500)}},
    {"few are left of one limit, and of the other nothing: its reset counts",
     {{"x-ratelimit-remaining-requests", "1"},
      {"x-ratelimit-remaining-tokens", "0"},
      {"x-ratelimit-reset-requests", "6m0s"},
      {"x-ratelimit-reset-tokens", "58ms"}},
     {1, 0, milliseconds(58)}},
    {"Hugging Face", {{"ratelimit", R"("api";r=999;t=295)"}}, {999, std::nullopt, std::nullopt}},
    {"Hugging Face with nothing left",
     {{"ratelimit", R"("api";r=0;t=295, "other";r=5;t=1)"}},
     {0, std::nullopt, seconds(295)}},
    {"OpenRouter",
     {{"X-RateLimit-Limit", "20"},
      {"X-RateLimit-Remaining", "0"},
      {"X-RateLimit-Reset", "1787150110000"}},
     {0, std::nullopt, minutes(1)}},
    {"used up, and nobody says until when",
     {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}},
     {0, std::nullopt, std::nullopt}},
};

TEST(RateHeadroom, ReadsWhatProvidersSay) {
  for (const HeadroomCase& c : headroom_cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(headroom_of(c.headers), c.headroom);
  }
}

TEST(RateHeadroom, ReadsNamesInAnyLetterCase) {
  for (const HeadroomCase& c : headroom_cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> names;
    for (const http::Header& header : c.headers) {
      names.emplace_back(header.name);
      for (char& letter : names.back()) letter = static_cast<char>(std::toupper(letter));
    }
    http::HeaderList list;
    for (std::size_t i = 0; i < names.size(); ++i) list.add(names[i], c.headers[i].value);
    EXPECT_EQ(read_rate_headroom(list, now), c.headroom);
  }
}

TEST(RateHeadroom, ReadsEverySpellingOfAReset) {
  struct ResetCase {
    std::string_view text;
    std::optional<Duration> reset;
  };
  const ResetCase reset_cases[] = {
      {"0s", Duration(0)},
      {"1ms", milliseconds(1)},
      {"6m0s", minutes(6)},
      {"1m2.389s", milliseconds(62'389)},
      {"7.66s", milliseconds(7'660)},
      {"23h59m59s", hours(24) - seconds(1)},
      {"3d", hours(24)},
      {"250us", std::chrono::microseconds(250)},
      {"17", seconds(17)},
      {"0.5", milliseconds(500)},
      {"86401", hours(24)},
      {"1787150080", seconds(30)},
      {"1787150080000", seconds(30)},
      {"1787150000", Duration(0)},
      {"2026-08-19T14:34:12Z", seconds(2)},
      {"2026-08-19T14:34:12.75Z", seconds(2)},
      {"2026-08-19t16:34:12+02:00", seconds(2)},
      {"2026-08-19T14:34:09Z", Duration(0)},
      {"2199-01-01T00:00:00Z", hours(24)},
      {"99999999999999999999999999999999999999", hours(24)},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"1e3", std::nullopt},
      {"nan", std::nullopt},
      {"inf", std::nullopt},
      {"s", std::nullopt},
      {"5 s", std::nullopt},
      {"1.2.3s", std::nullopt},
      {"1m2", std::nullopt},
      {"5w", std::nullopt},
      {"soon", std::nullopt},
      {"2026-13-19T14:34:12Z", std::nullopt},
      {"2026-02-30T14:34:12Z", std::nullopt},
      {"2026-08-19T14:34:12", std::nullopt},
      {"2026-08-19T14:34:12+0200", std::nullopt},
      {"2026-08-19 14:34:12Z", std::nullopt},
      {"2026-08-19T14:34:12.00000000000000000000000Z", std::nullopt},
  };
  for (const auto& [text, reset] : reset_cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(headroom_of({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", text}}).reset,
              reset);
  }
}

TEST(RateHeadroom, PassesOverWhatCannotBe) {
  const http::Header odd[] = {
      {"x-ratelimit-remaining-requests", "-1"},
      {"x-ratelimit-remaining-requests", "1.5"},
      {"x-ratelimit-remaining-requests", "unlimited"},
      {"x-ratelimit-remaining-requests", ""},
      {"x-ratelimit-remaining-requests", "99999999999999999999"},
      {"x-ratelimit-remainingrequests", "1"},
      {"x-ratelimit-", "1"},
      {"x-ratelimit-remaining-bananas", "1"},
      {"x-ratelimit--remaining", "1e"},
      {"anthropic-ratelimit-remaining-", "?"},
      {"ratelimit", ";;;r;t=;=,"},
      {"ratelimited-remaining", "5"},
  };
  for (const http::Header& header : odd) {
    SCOPED_TRACE(testing::Message() << header.name << ": " << header.value);
    EXPECT_EQ(headroom_of({header}), RateHeadroom{});
  }
}

TEST(RateHeadroom, LooksAtAFewLimitsAndNoMore) {
  http::HeaderList list;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("x-ratelimit-remaining-banana" + std::to_string(i));
  for (const std::string& name : names) list.add(name, "0");
  list.add("x-ratelimit-remaining-requests", "7");
  EXPECT_EQ(read_rate_headroom(list, now), RateHeadroom{});
}

TEST(RateHeadroom, TellsHowLongToWait) {
  struct WaitCase {
    std::string_view name;
    std::vector<http::Header> headers;
    std::optional<Duration> wait;
  };
  const WaitCase wait_cases[] = {
      {"nothing", {}, std::nullopt},
      {"seconds", {{"retry-after", "17"}}, seconds(17)},
      {"a date", {{"retry-after", "Wed, 19 Aug 2026 14:34:20 GMT"}}, seconds(10)},
      {"the finer one wins",
       {{"retry-after", "2"}, {"retry-after-ms", "1389"}},
       milliseconds(1'389)},
      {"Azure says 0 and means 1", {{"retry-after", "1"}, {"retry-after-ms", "0"}}, seconds(1)},
      {"Azure's own", {{"retry-after", "1"}, {"x-ms-retry-after-ms", "750"}}, milliseconds(750)},
      {"what is used up",
       {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "1m2.389s"}},
       milliseconds(62'389)},
      {"nothing is used up",
       {{"x-ratelimit-remaining-tokens", "12"}, {"x-ratelimit-reset-tokens", "1m2.389s"}},
       std::nullopt},
      {"both: what is asked for",
       {{"retry-after", "3"}, {"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "60"}},
       seconds(3)},
  };
  for (const WaitCase& c : wait_cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(read_wait(list_of(c.headers), now), c.wait);
  }
}

}  // namespace
}  // namespace sluice::upstream
