#include "sluice/upstream/health_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime at_ms(std::int64_t ms) { return MonotonicTime{milliseconds(ms)}; }

AttemptEnd drawn_attempt(Random& random) {
  AttemptEnd attempt{.verdict = static_cast<Verdict>(random.below(verdict_count))};
  if (random.chance(0.8)) attempt.first_byte = microseconds(random.below(200'000'000));
  if (random.chance(0.7)) attempt.first_content = microseconds(random.below(200'000'000));
  if (random.chance(0.5)) {
    attempt.output_tokens = random.below(10'000);
    attempt.generating = microseconds(random.below(60'000'000));
    attempt.events = static_cast<std::uint32_t>(random.below(2'000));
    attempt.gaps = microseconds(random.below(60'000'000));
  }
  if (random.chance(0.5)) attempt.spend_billionths = random.next() >> (16 + random.below(48));
  return attempt;
}

/// The cells that one attempt counts, by counting it alone.
HealthTotals cells_of(const AttemptEnd& attempt) {
  HealthTable table(1);
  table.begin_attempt(0);
  table.end_attempt(0, attempt);
  HealthTotals cells;
  for (std::size_t i = 0; i < cells.counts.size(); ++i) {
    cells.counts[i] = table.row(0).counts[i].value();
  }
  for (std::size_t i = 0; i < cells.sums.size(); ++i) cells.sums[i] = table.row(0).sums[i].value();
  return cells;
}

void add(HealthTotals& to, const HealthTotals& more) {
  for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] += more.counts[i];
  for (std::size_t i = 0; i < to.sums.size(); ++i) to.sums[i] += more.sums[i];
}

std::vector<const HealthTable*> views(const std::vector<HealthTable>& tables) {
  std::vector<const HealthTable*> pointers;
  for (const HealthTable& table : tables) pointers.push_back(&table);
  return pointers;
}

std::vector<HealthTable> make_tables(std::size_t cores, std::size_t subjects) {
  std::vector<HealthTable> tables;
  for (std::size_t core = 0; core < cores; ++core) tables.emplace_back(subjects);
  return tables;
}

SubjectRange all_of(std::size_t subjects) {
  return {.first = 0, .count = static_cast<std::uint32_t>(subjects)};
}

void attempt_once(HealthTable& table, std::size_t subject, const AttemptEnd& attempt) {
  table.begin_attempt(subject);
  table.end_attempt(subject, attempt);
}

TEST(HealthWindow, SumsUpAllCoresAndForgetsWhenTheWindowHasMovedOn) {
  std::vector<HealthTable> tables = make_tables(3, 2);
  const auto all = views(tables);
  HealthWindow window(all_of(2), 10);
  attempt_once(tables[0], 1, {.verdict = Verdict::success});
  attempt_once(tables[2], 1, {.verdict = Verdict::success});
  window.refresh(all, at_ms(5'500));
  EXPECT_EQ(window.subject(1).totals.counts[0], 2U);
  EXPECT_EQ(window.subject(0).totals.counts[0], 0U);
  ASSERT_EQ(window.changed().size(), 1U);
  EXPECT_EQ(window.changed()[0], 1U);

  attempt_once(tables[1], 1, {.verdict = Verdict::success});
  window.refresh(all, at_ms(6'500));
  EXPECT_EQ(window.subject(1).totals.counts[0], 3U);
  window.refresh(all, at_ms(14'999));  // seconds 5 to 14 are ten
  EXPECT_EQ(window.subject(1).totals.counts[0], 3U);
  EXPECT_TRUE(window.changed().empty());
  window.refresh(all, at_ms(15'000));
  EXPECT_EQ(window.subject(1).totals.counts[0], 1U);
  EXPECT_EQ(window.changed().size(), 1U);
  window.refresh(all, at_ms(16'000));
  EXPECT_EQ(window.subject(1).totals.counts[0], 0U);
  EXPECT_EQ(window.bytes_kept(), 0U);
  EXPECT_EQ(window.subject(1).attempts_ever, 3U);
}

TEST(HealthWindow, SumsUpItsRangeAndNothingElse) {
  std::vector<HealthTable> tables = make_tables(2, 5);
  const auto all = views(tables);
  HealthWindow window({.first = 2, .count = 2}, 10);
  for (std::size_t subject = 0; subject < 5; ++subject) {
    for (std::size_t attempts = 0; attempts <= subject; ++attempts) {
      attempt_once(tables[attempts % 2], subject, {.verdict = Verdict::success});
    }
  }
  window.refresh(all, at_ms(0));
  EXPECT_EQ(window.subject(2).totals.counts[0], 3U);
  EXPECT_EQ(window.subject(3).totals.counts[0], 4U);
  EXPECT_EQ((std::vector(window.changed().begin(), window.changed().end())),
            (std::vector<std::uint32_t>{2, 3}));
  window.refresh(all, at_ms(10'000));
  EXPECT_EQ(window.subject(3).totals.counts[0], 0U);
  EXPECT_EQ((std::vector(window.changed().begin(), window.changed().end())),
            (std::vector<std::uint32_t>{2, 3}));
}

TEST(HealthWindow, LosesNothingWhenASecondStalls) {
  std::vector<HealthTable> tables = make_tables(1, 1);
  const auto all = views(tables);
  HealthWindow window(all_of(1), 10);
  attempt_once(tables[0], 0, {.verdict = Verdict::failed});
  window.refresh(all, at_ms(1'000));
  attempt_once(tables[0], 0, {.verdict = Verdict::failed});
  window.refresh(all, at_ms(3'600'000));  // an hour later: the first is gone, the second is not
  EXPECT_EQ(window.subject(0).totals.counts[static_cast<std::size_t>(Verdict::failed)], 1U);
  attempt_once(tables[0], 0, {.verdict = Verdict::failed});
  window.refresh(all, at_ms(10));  // back: stands still
  EXPECT_EQ(window.subject(0).totals.counts[static_cast<std::size_t>(Verdict::failed)], 2U);
  EXPECT_EQ(window.subject(0).failures_ever, 3U);
  window.refresh(all, at_ms(3'610'000));
  EXPECT_EQ(window.subject(0).totals.counts[static_cast<std::size_t>(Verdict::failed)], 0U);
}

TEST(HealthWindow, KnowsWhatIsInFlightAndUntilWhenAnyCoreCools) {
  std::vector<HealthTable> tables = make_tables(2, 1);
  const auto all = views(tables);
  HealthWindow window(all_of(1), 10);
  for (HealthTable& table : tables) table.begin_attempt(0);
  tables[1].cool_until(0, at_ms(7'000));
  tables[0].cool_until(0, at_ms(9'000));
  window.refresh(all, at_ms(1'000));
  EXPECT_EQ(window.subject(0).in_flight, 2U);
  EXPECT_EQ(window.subject(0).cooling_until, at_ms(9'000));
  EXPECT_EQ(window.bytes_kept(), 0U) << "neither belongs to a second";
  tables[1].end_attempt(0, {});
  window.refresh(all, at_ms(100'000));
  EXPECT_EQ(window.subject(0).in_flight, 1U);
}

TEST(HealthWindow, KeepsOnlyWhatHappened) {
  constexpr std::size_t subjects = 500;
  std::vector<HealthTable> tables = make_tables(1, subjects);
  const auto all = views(tables);
  HealthWindow window(all_of(subjects), 300);
  for (int second = 0; second < 300; ++second) {
    attempt_once(tables[0], 7, {.verdict = Verdict::success, .first_byte = milliseconds(100)});
    window.refresh(all, at_ms(second * 1'000));
  }
  // A subject, a count of cells, a verdict, a bucket, and a sum of four bytes: each second 11.
  EXPECT_EQ(window.bytes_kept(), 300U * 11);
}

// The same numbers wrap in a core's cells and in the window's.
TEST(HealthWindow, IsRightAcrossTheWrapOfACell) {
  std::vector<HealthTable> tables = make_tables(1, 1);
  const auto all = views(tables);
  HealthWindow window(all_of(1), 10);
  constexpr std::uint32_t many = 0xffff'fff0;
  attempt_once(tables[0], 0, {.verdict = Verdict::success, .events = many});
  window.refresh(all, at_ms(0));
  EXPECT_EQ(window.subject(0).totals.counts[HealthTotals::events], many);
  window.refresh(all, at_ms(20'000));
  attempt_once(tables[0], 0, {.verdict = Verdict::success, .events = 100});
  window.refresh(all, at_ms(20'000));
  EXPECT_EQ(window.subject(0).totals.counts[HealthTotals::events], 100U);
}

struct Recorded {
  std::int64_t second;  // of the refresh that took it in
  std::size_t subject;
  HealthTotals cells;
};

/// What the window must hold: everything of these seconds, added up one by one.
HealthTotals naive_totals(const std::vector<Recorded>& recorded, std::size_t subject,
                          std::int64_t first_s) {
  HealthTotals totals;
  for (const Recorded& r : recorded) {
    if (r.subject == subject && r.second >= first_s) add(totals, r.cells);
  }
  return totals;
}

TEST(HealthWindow, HoldsExactlyWhatWasRecordedWhateverTheSchedule) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::size_t cores = 1 + random.below(4);
    const std::size_t subjects = 1 + random.below(5);
    const auto window_s = static_cast<std::uint32_t>(1 + random.below(12));
    std::vector<HealthTable> tables = make_tables(cores, subjects);
    const auto all = views(tables);
    HealthWindow window(all_of(subjects), window_s);
    std::vector<Recorded> recorded;
    std::int64_t now_ms = 0;
    std::int64_t latest_s = 0;
    for (int round = 0; round < 80; ++round) {
      const std::size_t pending = recorded.size();
      for (std::uint64_t attempts = random.below(6); attempts > 0; --attempts) {
        const AttemptEnd attempt = drawn_attempt(random);
        const std::size_t subject = random.below(subjects);
        attempt_once(tables[random.below(cores)], subject, attempt);
        recorded.push_back({.second = 0, .subject = subject, .cells = cells_of(attempt)});
      }
      // Mostly about a second later; at times the same moment, long after, or back.
      now_ms += random.chance(0.8)   ? static_cast<std::int64_t>(random.between(900, 1'100))
                : random.chance(0.5) ? static_cast<std::int64_t>(random.below(20'000))
                                     : -static_cast<std::int64_t>(random.below(3'000));
      now_ms = std::max<std::int64_t>(now_ms, 0);
      window.refresh(all, at_ms(now_ms));
      latest_s = std::max(latest_s, now_ms / 1'000);
      for (std::size_t i = pending; i < recorded.size(); ++i) recorded[i].second = latest_s;
      for (std::size_t subject = 0; subject < subjects; ++subject) {
        const HealthTotals expected = naive_totals(recorded, subject, latest_s - window_s + 1);
        ASSERT_EQ(window.subject(subject).totals.counts, expected.counts);
        ASSERT_EQ(window.subject(subject).totals.sums, expected.sums);
      }
    }
    window.refresh(all, at_ms((latest_s + window_s) * 1'000));
    EXPECT_EQ(window.bytes_kept(), 0U);
  }
}

// Two cores count while a third sums up: under the thread sanitizer also the proof that this is no
// data race.
TEST(HealthWindow, MissesNothingThatOtherThreadsCountMeanwhile) {
  constexpr std::uint32_t attempts = 20'000;
  std::vector<HealthTable> tables = make_tables(2, 3);
  const auto all = views(tables);
  std::vector<std::thread> writers;
  std::atomic<int> finished{0};
  for (HealthTable& table : tables) {
    writers.emplace_back([&table, &finished] {
      for (std::uint32_t i = 0; i < attempts; ++i) {
        attempt_once(table, i % 3, {.verdict = Verdict::success, .first_byte = microseconds(i)});
      }
      finished.fetch_add(1);
    });
  }
  HealthWindow window(all_of(3), 3'600);
  std::int64_t now_ms = 0;
  std::uint64_t before = 0;
  while (finished.load() < 2) {
    window.refresh(all, at_ms(now_ms += 5));
    std::uint64_t seen = 0;
    for (std::size_t subject = 0; subject < 3; ++subject) {
      seen += window.subject(subject).totals.counts[0];
    }
    ASSERT_GE(seen, before);
    before = seen;
  }
  for (std::thread& writer : writers) writer.join();
  window.refresh(all, at_ms(now_ms));
  HealthTotals total;
  for (std::size_t subject = 0; subject < 3; ++subject) add(total, window.subject(subject).totals);
  EXPECT_EQ(total.counts[0], 2 * attempts);
  EXPECT_EQ(total.sums[HealthTotals::first_byte_ns],
            std::uint64_t{1'000} * attempts * (attempts - 1));
}

}  // namespace
}  // namespace sluice::upstream
