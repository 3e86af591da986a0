#include "sluice/upstream/health_counters.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

namespace sluice::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Row = HealthTable::Row;

std::uint64_t values_of(const Row& row, std::size_t first, std::size_t count) {
  std::uint64_t values = 0;
  for (std::size_t i = 0; i < count; ++i) values += row.counts[first + i].value();
  return values;
}

TEST(HealthCounters, CountWhatAnAttemptWas) {
  HealthCounters core(2, 1);
  core.deployments.begin_attempt(1);
  EXPECT_EQ(core.deployments.row(1).in_flight.value(), 1);
  core.deployments.end_attempt(1, {.verdict = Verdict::success,
                                   .first_byte = milliseconds(120),
                                   .first_content = milliseconds(320),
                                   .output_tokens = 100,
                                   .generating = milliseconds(2'000),
                                   .events = 51,
                                   .gaps = milliseconds(1'900),
                                   .spend_billionths = 12'345});
  const Row& row = core.deployments.row(1);
  EXPECT_EQ(row.in_flight.value(), 0);
  EXPECT_EQ(row.counts[Row::verdicts + static_cast<std::size_t>(Verdict::success)].value(), 1U);
  EXPECT_EQ(row.counts[Row::first_byte + LatencyBuckets::bucket_of(120'000)].value(), 1U);
  EXPECT_EQ(row.counts[Row::first_content + LatencyBuckets::bucket_of(320'000)].value(), 1U);
  EXPECT_EQ(row.counts[Row::token_rate + RateBuckets::bucket_of(50 * 16)].value(), 1U);
  EXPECT_EQ(row.counts[Row::events].value(), 51U);
  EXPECT_EQ(row.counts[Row::gaps].value(), 50U);
  EXPECT_EQ(row.sums[Row::first_byte_ns].value(), 120'000'000U);
  EXPECT_EQ(row.sums[Row::first_content_ns].value(), 320'000'000U);
  EXPECT_EQ(row.sums[Row::output_tokens].value(), 100U);
  EXPECT_EQ(row.sums[Row::generating_ns].value(), 2'000'000'000U);
  EXPECT_EQ(row.sums[Row::gaps_ns].value(), 1'900'000'000U);
  EXPECT_EQ(row.sums[Row::spend_billionths].value(), 12'345U);
  EXPECT_EQ(values_of(core.deployments.row(0), 0, Row::count_cells), 0U);
  EXPECT_EQ(values_of(core.credentials.row(0), 0, Row::count_cells), 0U);
}

TEST(HealthCounters, CountNothingThatWasNotReached) {
  HealthTable table(1);
  table.begin_attempt(0);
  table.end_attempt(0, {.verdict = Verdict::unreachable});
  const Row& row = table.row(0);
  EXPECT_EQ(values_of(row, 0, Row::count_cells), 1U) << "the verdict alone";
  for (const Counter& sum : row.sums) EXPECT_EQ(sum.value(), 0U);

  for (const AttemptEnd& odd :
       {AttemptEnd{.output_tokens = 5, .generating = Duration(0)},
        AttemptEnd{.generating = milliseconds(5)}, AttemptEnd{.events = 1, .gaps = milliseconds(5)},
        AttemptEnd{.events = 2, .gaps = Duration(-1)}}) {
    table.begin_attempt(0);
    table.end_attempt(0, odd);
  }
  EXPECT_EQ(values_of(row, Row::token_rate, RateBuckets::bucket_count), 0U);
  EXPECT_EQ(row.counts[Row::gaps].value(), 0U);
  for (const Counter& sum : row.sums) EXPECT_EQ(sum.value(), 0U);
}

TEST(HealthCounters, TakeTheEndsOfTime) {
  HealthTable table(1);
  table.begin_attempt(0);
  table.end_attempt(0, {.verdict = Verdict::success,
                        .first_content = Duration::max(),
                        .output_tokens = ~std::uint64_t{0},
                        .generating = Duration(1)});
  const Row& row = table.row(0);
  EXPECT_EQ(row.counts[Row::first_content + LatencyBuckets::bucket_count - 1].value(), 1U);
  EXPECT_EQ(row.counts[Row::token_rate + RateBuckets::bucket_count - 1].value(), 1U);
}

TEST(HealthCounters, KeepTheLatestMomentUntilWhichToCool) {
  HealthTable table(1);
  table.cool_until(0, MonotonicTime{milliseconds(500)});
  table.cool_until(0, MonotonicTime{milliseconds(400)});
  EXPECT_EQ(table.row(0).cooling_until_ns.value(), 500'000'000);
}

TEST(HealthCounters, TellByTheVersionThatSomethingChanged) {
  HealthTable table(40);
  EXPECT_EQ(table.version(39), 0U);
  std::uint32_t seen = 0;
  const auto changed = [&] { return std::exchange(seen, table.version(39)) != table.version(39); };
  table.begin_attempt(39);
  EXPECT_TRUE(changed());
  table.end_attempt(39, {});
  EXPECT_TRUE(changed());
  table.cool_until(39, MonotonicTime{milliseconds(500)});
  EXPECT_TRUE(changed());
  table.cool_until(39, MonotonicTime{milliseconds(400)});
  EXPECT_FALSE(changed()) << "nothing did";
  for (std::size_t other = 0; other < 39; ++other) EXPECT_EQ(table.version(other), 0U);
}

// A version of 0 would say that nothing ever happened, and the row were left out of the sum.
TEST(HealthCounters, NeverComeBackToTheFirstVersion) {
  EXPECT_EQ(HealthTable::next_version(0), 1U);
  EXPECT_EQ(HealthTable::next_version(0xffff'fffe), 0xffff'ffffU);
  EXPECT_EQ(HealthTable::next_version(0xffff'ffff), 1U);
}

TEST(HealthCounters, GiveEachSubjectItsOwnCacheLines) {
  const HealthTable table(2);
  const auto first = reinterpret_cast<std::uintptr_t>(&table.row(0));
  const auto second = reinterpret_cast<std::uintptr_t>(&table.row(1));
  EXPECT_EQ(first % 64, 0U);
  EXPECT_EQ((second - first) % 64, 0U);
}

// Under the thread sanitizer this is also the proof that the reading is no data race.
TEST(HealthCounters, ShowAReaderAllThatWasCountedBeforeTheVersionItSaw) {
  constexpr std::uint32_t attempts = 50'000;
  HealthTable table(1);
  std::thread writer([&table] {
    for (std::uint32_t i = 0; i < attempts; ++i) {
      table.begin_attempt(0);
      table.end_attempt(0, {.verdict = Verdict::success, .first_byte = microseconds(3'000)});
    }
  });
  std::uint32_t version = 0;
  while (version < 2 * attempts) {
    version = table.version(0);
    const Row& row = table.row(0);
    ASSERT_GE(row.counts[Row::verdicts].value(), version / 2);
    ASSERT_GE(row.sums[Row::first_byte_ns].value(), version / 2 * std::uint64_t{3'000'000});
  }
  writer.join();
  EXPECT_EQ(table.row(0).counts[Row::verdicts].value(), attempts);
  EXPECT_EQ(table.row(0).in_flight.value(), 0);
}

}  // namespace
}  // namespace sluice::upstream
