#include "sluice/gateway/credential_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice::gateway {
namespace {

using std::chrono::seconds;
using upstream::CredentialState;
using upstream::Verdict;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }

catalog::Provider provider_of(std::size_t credentials) {
  catalog::Provider provider;
  provider.health = {.failures_to_open = 3, .rest_ms = 1'000};
  for (std::size_t i = 0; i < credentials; ++i) {
    provider.credentials.push_back({.label = "env K" + std::to_string(i),
                                    .key = Secret("k"),
                                    .header_value = Secret("Bearer k")});
  }
  return provider;
}

// A provider with two credentials and two deployments; on the board stand three others before them.
class CredentialPoolTest : public ::testing::Test {
 protected:
  static constexpr std::size_t first = 3;

  CredentialPool::Ticket begin(std::uint32_t row, std::uint32_t credential, std::int64_t s) {
    const std::array others = {1 - credential};
    const auto ticket = pool_.begin(row, others, 0, at_s(s));
    EXPECT_TRUE(ticket);
    EXPECT_EQ(ticket->credential, credential);
    return *ticket;
  }
  void ask(std::uint32_t row, std::uint32_t credential, Verdict verdict, std::int64_t s,
           bool is_key_bad = false, std::optional<Duration> wait = {}) {
    pool_.end(begin(row, credential, s), {.verdict = verdict}, wait, is_key_bad, at_s(s));
  }
  [[nodiscard]] const upstream::HealthTable::Row& counted(std::size_t credential) const {
    return counters_.row(first + credential);
  }

  upstream::HealthTable counters_{first + 2};
  CredentialPool pool_{provider_of(2), 2, counters_, first};
};

TEST_F(CredentialPoolTest, OfAProviderWithoutKeysIsEmpty) {
  const CredentialPool none(provider_of(0), 2, counters_, 0);
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(pool_.empty());
}

TEST_F(CredentialPoolTest, CountsEachAttemptWithItsCredential) {
  const auto one = begin(0, 1, 0);
  const auto two = begin(1, 1, 0);
  EXPECT_EQ(counted(1).in_flight.value(), 2);
  EXPECT_EQ(counted(0).in_flight.value(), 0);
  pool_.end(one, {.verdict = Verdict::success}, {}, false, at_s(1));
  pool_.end(two, {.verdict = Verdict::quota}, {}, false, at_s(1));
  EXPECT_EQ(counted(1).in_flight.value(), 0);
  const auto of = [&](Verdict verdict) {
    const std::size_t cell = upstream::HealthTotals::verdicts + static_cast<std::size_t>(verdict);
    return counted(1).counts[cell].value();
  };
  EXPECT_EQ(of(Verdict::success), 1U);
  EXPECT_EQ(of(Verdict::quota), 1U);
}

TEST_F(CredentialPoolTest, CoolsAKeyWhereItWasAskedTooOften) {
  ask(0, 0, Verdict::rate_limited, 0, false, seconds(20));
  EXPECT_EQ(pool_.state(0, 0, at_s(1)), CredentialState::cooling);
  EXPECT_EQ(pool_.state(1, 0, at_s(1)), CredentialState::fit);
  EXPECT_EQ(pool_.usable_at(0, at_s(1)), at_s(1)) << "with the other one";
  ask(0, 1, Verdict::rate_limited, 1, false, seconds(5));
  EXPECT_EQ(pool_.usable_at(0, at_s(1)), at_s(6));
  EXPECT_EQ(pool_.begin(0, {}, 0, at_s(5)), std::nullopt);
  EXPECT_FALSE(pool_.has_one(0, {}, at_s(5)));
  EXPECT_TRUE(pool_.has_one(0, {}, at_s(6)));
  EXPECT_FALSE(pool_.has_one(0, std::array{1U}, at_s(6)));
}

TEST_F(CredentialPoolTest, LeavesOutABadKeyEverywhere) {
  ask(0, 0, Verdict::auth_refused, 0, true);
  for (const std::uint32_t row : {0U, 1U}) {
    EXPECT_EQ(pool_.state(row, 0, at_s(100'000)), CredentialState::out);
  }
  ask(1, 1, Verdict::auth_refused, 0, true);
  EXPECT_EQ(pool_.usable_at(0, at_s(0)), std::nullopt);
  EXPECT_EQ(pool_.begin(0, {}, 0, at_s(100'000)), std::nullopt);
}

TEST_F(CredentialPoolTest, TellsOfEachBadKeyOnce) {
  const auto late = begin(0, 0, 0);
  ask(0, 0, Verdict::auth_refused, 0, true);
  EXPECT_EQ(pool_.take_refused(), std::vector<std::uint32_t>{0});
  pool_.end(late, {.verdict = Verdict::auth_refused}, {}, true, at_s(1));
  EXPECT_TRUE(pool_.take_refused().empty());
}

TEST_F(CredentialPoolTest, HeedsWhatOtherCoresWereRefused) {
  upstream::HealthBoard board(2, 1, first + 2);
  CredentialPool other(provider_of(2), 2, board.counters(1).credentials, first);
  CredentialPool pool(provider_of(2), 2, board.counters(0).credentials, first);
  const auto ticket = other.begin(0, std::array{1U}, 0, at_s(0));
  ASSERT_TRUE(ticket);
  other.end(*ticket, {.verdict = Verdict::auth_refused}, {}, true, at_s(0));
  upstream::Scoreboard scoreboard({}, board, 0);
  upstream::Scoreboard others({}, board, 1);  // which may be who sums it up
  others.refresh(at_s(1));
  scoreboard.refresh(at_s(1));
  pool.heed(scoreboard);
  EXPECT_EQ(pool.state(0, 0, at_s(1)), CredentialState::out);
  EXPECT_EQ(pool.state(0, 1, at_s(1)), CredentialState::fit);
  EXPECT_TRUE(pool.take_refused().empty()) << "it is not this core's news";
}

TEST_F(CredentialPoolTest, LeavesAloneWhoHasNothingLeft) {
  const auto ticket = begin(0, 0, 0);
  pool_.note_headroom(ticket, {.requests_remaining = 0, .reset = seconds(60)}, at_s(0));
  EXPECT_EQ(pool_.state(0, 0, at_s(59)), CredentialState::spent);
  EXPECT_EQ(pool_.state(1, 0, at_s(59)), CredentialState::fit) << "another model's rate";
  EXPECT_EQ(pool_.state(0, 0, at_s(60)), CredentialState::fit);
  pool_.end(ticket, {.verdict = Verdict::success}, {}, false, at_s(0));
}

TEST_F(CredentialPoolTest, HasTheProvidersPatience) {
  for (int i = 0; i < 3; ++i) ask(0, 0, Verdict::failed, 0);
  EXPECT_EQ(pool_.state(0, 0, at_s(0)), CredentialState::resting);
  EXPECT_EQ(pool_.state(1, 0, at_s(0)), CredentialState::fit);
  EXPECT_EQ(pool_.state(0, 0, at_s(1)), CredentialState::fit);
}

TEST_F(CredentialPoolTest, AllowsAsManyAtOnceAsTheFileSays) {
  catalog::Provider provider = provider_of(1);
  provider.credentials[0].concurrency_max = 2;
  CredentialPool pool(provider, 2, counters_, 0);
  const auto one = pool.begin(0, {}, 0, at_s(0));
  const auto two = pool.begin(1, {}, 0, at_s(0));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(pool.begin(0, {}, 0, at_s(0)), std::nullopt);
  EXPECT_EQ(pool.state(0, 0, at_s(0)), CredentialState::full);
  EXPECT_EQ(pool.usable_at(0, at_s(0)), at_s(0)) << "as soon as one ends";
  pool.end(*two, {.verdict = Verdict::abandoned}, {}, false, at_s(0));
  const auto three = pool.begin(0, {}, 0, at_s(0));
  ASSERT_TRUE(three);
  pool.end(*one, {}, {}, false, at_s(0));
  pool.end(*three, {}, {}, false, at_s(0));
}

}  // namespace
}  // namespace sluice::gateway
