#include "sluice/upstream/outlier_ejection.h"

#include <gtest/gtest.h>

#include <numeric>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }

/// Peers 0, 1, ... of one model, and what is asked of them.
struct Group {
  explicit Group(std::size_t peers, const OutlierEjectionConfig& config = {})
      : ejection(config, peers), standings(peers), peers_of_model(peers) {
    std::iota(peers_of_model.begin(), peers_of_model.end(), 0U);
  }
  void asked(std::uint32_t peer, std::uint64_t attempts, std::uint64_t failures) {
    standings[peer].attempts_ever += attempts;
    standings[peer].failures_ever += failures;
  }
  void update(std::int64_t s) { ejection.update(peers_of_model, standings, at_s(s)); }
  [[nodiscard]] std::vector<std::uint32_t> ejected() const {
    std::vector<std::uint32_t> out;
    for (const std::uint32_t peer : peers_of_model) {
      if (standings[peer].ejected) out.push_back(peer);
    }
    return out;
  }

  OutlierEjection ejection;
  std::vector<Standing> standings;
  std::vector<std::uint32_t> peers_of_model;
};

using Peers = std::vector<std::uint32_t>;

struct EjectionCase {
  std::string_view name;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> asked;  // attempts, failures
  Peers ejected;
};
const EjectionCase ejection_cases[] = {
    {"all are good", {{100, 0}, {100, 1}, {100, 2}}, {}},
    {"half of what one does fails", {{100, 0}, {100, 50}}, {1}},
    {"not quite half", {{100, 0}, {100, 49}}, {}},
    {"too few attempts to be judged", {{100, 0}, {19, 19}}, {}},
    {"enough attempts", {{100, 0}, {20, 20}}, {1}},
    {"the peer is not known, and may be good", {{0, 0}, {20, 20}}, {1}},
    {"both fail: a bad one is better than none", {{100, 80}, {100, 80}}, {}},
    {"both fail, one clearly more", {{100, 55}, {100, 99}}, {}},
    {"alone there is nobody to be worse than", {{100, 100}}, {}},
    // Mean 92.6, standard deviation 11.32: below 71.08.
    {"one of five deviates", {{100, 1}, {100, 1}, {100, 2}, {100, 3}, {100, 30}}, {4}},
    // Mean 88.6, standard deviation 10.74: below 68.19.
    {"and one does not quite", {{100, 1}, {100, 1}, {100, 10}, {100, 15}, {100, 30}}, {}},
    {"of four none can deviate so", {{100, 1}, {100, 1}, {100, 2}, {100, 30}}, {}},
    // Far out by deviation, and still good.
    {"a small difference is none", {{100, 0}, {100, 0}, {100, 0}, {100, 0}, {100, 9}}, {}},
    {"at most half, the worst first", {{99, 0}, {99, 60}, {99, 99}, {99, 70}}, {2, 3}},
    {"of equals the first", {{99, 0}, {99, 90}, {99, 90}}, {1}},
};

TEST(OutlierEjection, EjectsWhoIsClearlyWorse) {
  for (const EjectionCase& c : ejection_cases) {
    SCOPED_TRACE(c.name);
    Group group(c.asked.size());
    for (std::uint32_t peer = 0; peer < c.asked.size(); ++peer) {
      group.asked(peer, c.asked[peer].first, c.asked[peer].second);
    }
    group.update(100);
    EXPECT_EQ(group.ejected(), c.ejected);
  }
}

TEST(OutlierEjection, JudgesByWhatIsRecent) {
  Group group(2);
  group.asked(0, 1'000, 0);
  group.asked(1, 1'000, 0);
  group.update(0);
  for (std::int64_t s = 1; s <= 60; ++s) {
    group.asked(0, 10, 0);
    group.asked(1, 10, 9);
    group.update(s);
    // 1 000 good ones halve every 15 s: after 41 s the 90 % that fail are half of all.
    ASSERT_EQ(group.ejected().empty(), s < 41) << s;
    if (!group.ejected().empty()) return;
  }
  FAIL() << "it was never ejected";
}

TEST(OutlierEjection, EjectsForLongerWhenItComesAgain) {
  Group group(2);
  std::int64_t now = 0;
  for (const std::int64_t span : {30, 60, 90}) {
    group.asked(0, 100, 0);
    group.asked(1, 100, 100);
    group.update(now);
    ASSERT_EQ(group.ejected(), Peers{1});
    EXPECT_EQ(group.ejection.ejected_until(1), at_s(now + span));
    group.update(now + span - 1);
    EXPECT_EQ(group.ejected(), Peers{1});
    now += span;
    group.update(now);
    EXPECT_EQ(group.ejected(), Peers{}) << "what it did before is no longer held against it";
    EXPECT_FALSE(group.ejection.ejected_until(1));
  }
}

TEST(OutlierEjection, ForgivesOneEjectionForEachLongGoodTime) {
  Group group(2);
  group.asked(1, 100, 100);
  group.update(0);
  group.update(30);
  group.update(329);
  group.update(330);  // 300 s later: forgiven
  group.asked(1, 100, 100);
  group.update(331);
  EXPECT_EQ(group.ejection.ejected_until(1), at_s(331 + 30));
}

TEST(OutlierEjection, GivesWhoComesBackAGrowingShare) {
  Group group(2);
  group.asked(1, 100, 100);
  group.update(0);
  EXPECT_EQ(group.standings[0].share, 1);
  const std::pair<std::int64_t, double> shares[] = {{30, 0.1},  {40, 0.4}, {45, 0.55},
                                                    {59, 0.97}, {60, 1},   {600, 1}};
  for (const auto& [s, share] : shares) {
    group.update(s);
    EXPECT_DOUBLE_EQ(group.standings[1].share, share) << s;
  }
  EXPECT_EQ(slow_start_share({.slow_start_s = 0}, Duration(0)), 1);
  EXPECT_EQ(slow_start_share({}, seconds(-5)), 0.1);
}

TEST(OutlierEjection, EndsInPanicWhenWhoIsLeftFailsToo) {
  Group group(2);
  group.asked(0, 100, 0);
  group.asked(1, 100, 100);
  group.update(0);
  ASSERT_EQ(group.ejected(), Peers{1});
  group.asked(0, 200, 200);
  group.update(1);
  EXPECT_EQ(group.ejected(), Peers{}) << "both are asked";
  group.asked(0, 1'000, 0);
  group.update(2);
  EXPECT_EQ(group.ejected(), Peers{1}) << "and again only one";
}

TEST(OutlierEjection, SaysWhichRuleAConfigBreaks) {
  EXPECT_TRUE((OutlierEjectionConfig{.recent_s = 0}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.attempts_min = 0}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.failure_percent = 101}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.deviation_factor = 0}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.uptime_gap_min = -1}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.ejected_percent_max = 101}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.ejection_s = 0}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.ejection_s_max = 29}).broken_rule());
  EXPECT_TRUE((OutlierEjectionConfig{.slow_start_share = 0}).broken_rule());
}

// Whatever happens: never all, never more than allowed, every share in (0, 1], everybody comes
// back, and two cores that see the same decide the same.
TEST(OutlierEjection, KeepsItsBoundsWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::size_t peers = 1 + random.below(8);
    const OutlierEjectionConfig config{.ejected_percent_max =
                                           static_cast<std::uint32_t>(random.below(101))};
    Group one(peers, config);
    Group two(peers, config);
    const std::size_t most =
        config.ejected_percent_max == 0 || peers == 1
            ? 0
            : std::clamp<std::size_t>(peers * config.ejected_percent_max / 100, 1, peers - 1);
    std::int64_t now = 0;
    for (int round = 0; round < 300; ++round) {
      now += static_cast<std::int64_t>(random.below(4));
      for (std::uint32_t peer = 0; peer < peers; ++peer) {
        const std::uint64_t attempts = random.below(60);
        const std::uint64_t failures = random.chance(0.5) ? 0 : random.below(attempts + 1);
        one.asked(peer, attempts, failures);
        two.asked(peer, attempts, failures);
      }
      one.update(now);
      two.update(now);
      ASSERT_LE(one.ejected().size(), most);
      ASSERT_EQ(one.ejected(), two.ejected());
      for (const Standing& standing : one.standings) {
        ASSERT_GT(standing.share, 0);
        ASSERT_LE(standing.share, 1);
      }
    }
    one.update(now + 300);
    EXPECT_LE(one.ejected().size(), most);
    for (std::int64_t s = 0; s < 40; ++s) one.update(now + 600 + s);
    EXPECT_TRUE(one.ejected().empty()) << "nobody was asked since";
  }
}

}  // namespace
}  // namespace sluice::upstream
