#include "sluice/gateway/health.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::gateway {
namespace {

using route::Candidate;
using route::Obstacle;
using std::chrono::milliseconds;
using std::chrono::seconds;
using upstream::CircuitBreaker;
using upstream::Verdict;

constexpr MonotonicTime at_ms(std::int64_t ms) { return MonotonicTime{milliseconds(ms)}; }

constexpr catalog::HealthPolicy policy{.failures_to_open = 3, .rest_ms = 1'000};

// Models "m0", "m1", ..., each with so many deployments at a provider of its own.
catalog::ModelTable table_of(std::initializer_list<std::size_t> models,
                             const catalog::HealthPolicy& health = policy,
                             std::size_t credentials = 0) {
  catalog::ModelTable::Builder builder;
  int count = 0;
  for (const std::size_t deployments : models) {
    const std::string number = std::to_string(count++);
    catalog::Provider provider;
    provider.name = "p" + number;
    provider.health = health;
    for (std::size_t i = 0; i < credentials; ++i) {
      provider.credentials.push_back(
          {.label = "env K", .key = Secret("k"), .header_value = Secret("Bearer k")});
    }
    const catalog::Provider& added = builder.add_provider(std::move(provider));
    catalog::Model model;
    model.name = "m" + number;
    model.deployments.resize(deployments);
    for (std::size_t i = 0; i < deployments; ++i) {
      model.deployments[i].provider = &added;
      model.deployments[i].upstream_model = "up" + std::to_string(i);
    }
    EXPECT_TRUE(builder.add_model(std::move(model)));
  }
  return std::move(builder).seal();
}

// Two models: one with three deployments, one with a single one. And what a core knows of them.
class HealthTest : public ::testing::Test {
 protected:
  static Candidate described(const Health& health, const catalog::Deployment& deployment,
                             std::int64_t ms) {
    Candidate candidate;
    health.describe(deployment, at_ms(ms), candidate);
    return candidate;
  }
  [[nodiscard]] Candidate described(std::int64_t ms) const {
    return described(health_, first_, ms);
  }

  static void ask(Health& health, const catalog::Deployment& deployment, Verdict verdict,
                  std::int64_t ms, std::optional<Duration> wait = std::nullopt) {
    const auto ticket = health.begin(deployment, at_ms(ms));
    ASSERT_TRUE(ticket);
    health.end(*ticket, {.verdict = verdict}, {.wait = wait}, at_ms(ms));
  }
  void ask(Verdict verdict, std::int64_t ms, std::optional<Duration> wait = std::nullopt) {
    ask(health_, first_, verdict, ms, wait);
  }
  // Three that began together: one is told to wait, and two fail.
  static void wait_and_fail(Health& health, const catalog::Deployment& deployment, Duration wait) {
    std::vector<Health::Ticket> tickets;
    for (int i = 0; i < 3; ++i) tickets.push_back(*health.begin(deployment, at_ms(0)));
    health.end(tickets[0], {.verdict = Verdict::overloaded}, {.wait = wait}, at_ms(0));
    health.end(tickets[1], {.verdict = Verdict::failed}, {}, at_ms(0));
    health.end(tickets[2], {.verdict = Verdict::failed}, {}, at_ms(0));
  }
  void open_at(std::int64_t ms) {
    for (std::uint32_t i = 0; i < policy.failures_to_open; ++i) ask(Verdict::failed, ms);
  }

  const catalog::ModelTable models_ = table_of({3, 1});
  const std::vector<catalog::Deployment>& peers_ = models_.models()[0].deployments;
  const catalog::Deployment& first_ = peers_[0];
  const catalog::Deployment& alone_ = models_.models()[1].deployments[0];
  const route::RoutingPolicy routing_;
  Health health_{models_, policy, routing_, {}};
};

TEST_F(HealthTest, ADeploymentThatWasNeverAskedIsWell) {
  const Candidate candidate = described(0);
  EXPECT_EQ(candidate.obstacle, Obstacle::none);
  ASSERT_EQ(candidate.standing, &health_.standing(first_));
  EXPECT_EQ(candidate.standing->uptime, 100);
  EXPECT_EQ(candidate.standing->share, 1);
  EXPECT_EQ(candidate.first_content_ewma_ms, 0);
  EXPECT_EQ(candidate.in_flight, 0U);
}

TEST_F(HealthTest, ABreakerOpensWithTheFailureThatOpensIt) {
  ask(Verdict::failed, 10);
  ask(Verdict::failed, 20);
  EXPECT_EQ(described(20).obstacle, Obstacle::none);
  ask(Verdict::failed, 30);
  const Candidate candidate = described(30);
  EXPECT_EQ(candidate.obstacle, Obstacle::resting);
  EXPECT_EQ(candidate.free_at, at_ms(1'030));
  EXPECT_FALSE(health_.begin(first_, at_ms(30)));
  EXPECT_EQ(health_.breaker(first_).state(), CircuitBreaker::State::open);
  EXPECT_EQ(described(health_, peers_[1], 30).obstacle, Obstacle::none) << "its peers do not rest";
}

TEST_F(HealthTest, EachProviderHasItsOwnPatience) {
  const auto models = table_of({1}, {.failures_to_open = 1, .rest_ms = 5});
  Health health(models, policy, routing_, {});
  const catalog::Deployment& deployment = models.models()[0].deployments[0];
  ask(health, deployment, Verdict::unreachable, 0);
  EXPECT_EQ(described(health, deployment, 4).obstacle, Obstacle::resting);
  EXPECT_EQ(described(health, deployment, 4).free_at, at_ms(5));
  EXPECT_EQ(described(health, deployment, 5).obstacle, Obstacle::none);
}

TEST_F(HealthTest, OfWhoHasRestedOneProbeIsAsked) {
  open_at(0);
  EXPECT_EQ(described(1'000).obstacle, Obstacle::none) << "it has rested";
  const auto probe = health_.begin(first_, at_ms(1'000));
  ASSERT_TRUE(probe);
  EXPECT_FALSE(health_.begin(first_, at_ms(1'000))) << "one is enough";
  const Candidate candidate = described(1'100);
  EXPECT_EQ(candidate.obstacle, Obstacle::resting);
  EXPECT_EQ(candidate.free_at, at_ms(2'100)) << "when the probe ends nobody knows";
  health_.end(*probe, {.verdict = Verdict::success}, {}, at_ms(1'200));
  EXPECT_EQ(described(1'200).obstacle, Obstacle::none);
  ask(Verdict::success, 1'200);
  ask(Verdict::success, 1'200);
}

TEST_F(HealthTest, AProbeThatFailsMeansALongerRest) {
  open_at(0);
  ask(Verdict::failed, 1'000);
  EXPECT_EQ(described(1'000).free_at, at_ms(3'000));
}

TEST_F(HealthTest, AProbeOfWhomTheClientLeftMakesRoomForAnother) {
  open_at(0);
  ask(Verdict::abandoned, 1'000);
  EXPECT_EQ(described(1'001).obstacle, Obstacle::none);
  EXPECT_TRUE(health_.begin(first_, at_ms(1'001)));
}

TEST_F(HealthTest, CoolsDownForAsLongAsTheProviderSays) {
  ask(Verdict::rate_limited, 0, seconds(7));
  const Candidate candidate = described(6'999);
  EXPECT_EQ(candidate.obstacle, Obstacle::cooling_down);
  EXPECT_EQ(candidate.free_at, at_ms(7'000));
  EXPECT_EQ(described(7'000).obstacle, Obstacle::none);
  EXPECT_EQ(health_.breaker(first_).state(), CircuitBreaker::State::closed);
}

TEST_F(HealthTest, WhoCoolsDownIsNotAskedByAPlanOfBefore) {
  ask(Verdict::rate_limited, 0, seconds(7));
  EXPECT_FALSE(health_.begin(first_, at_ms(6'999)));
  ask(Verdict::success, 7'000);
}

TEST_F(HealthTest, CoolsDownWhereTheProviderDoesNotSayHowLong) {
  ask(Verdict::rate_limited, 0);
  EXPECT_EQ(described(0).obstacle, Obstacle::cooling_down);
  EXPECT_GT(described(0).free_at, at_ms(0));
}

TEST_F(HealthTest, AWaitOnAGoodAnswerIsNone) {
  ask(Verdict::success, 0, seconds(7));
  EXPECT_EQ(described(1).obstacle, Obstacle::none);
}

TEST_F(HealthTest, OfTwoThatPassTheLaterIsTold) {
  wait_and_fail(health_, first_, milliseconds(500));
  EXPECT_EQ(described(0).obstacle, Obstacle::resting);
  EXPECT_EQ(described(0).free_at, at_ms(1'000));

  Health other(models_, policy, routing_, {});
  wait_and_fail(other, first_, seconds(5));
  EXPECT_EQ(described(other, first_, 0).obstacle, Obstacle::cooling_down);
  EXPECT_EQ(described(other, first_, 0).free_at, at_ms(5'000));
}

TEST_F(HealthTest, WhatTheGatewayKnowsToBeInTheWayStays) {
  open_at(0);
  Candidate candidate{.obstacle = Obstacle::key};
  health_.describe(first_, at_ms(0), candidate);
  EXPECT_EQ(candidate.obstacle, Obstacle::key);
  EXPECT_EQ(candidate.free_at, MonotonicTime{});
  EXPECT_EQ(candidate.standing, &health_.standing(first_)) << "it is described all the same";
}

TEST_F(HealthTest, CountsWhatIsUnderWay) {
  const auto one = health_.begin(first_, at_ms(0));
  const auto two = health_.begin(first_, at_ms(0));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(described(0).in_flight, 2U);
  EXPECT_EQ(described(health_, peers_[1], 0).in_flight, 0U);
  health_.refresh(at_ms(0));
  EXPECT_EQ(health_.standing(first_).in_flight, 2U);
  health_.end(*one, {.verdict = Verdict::success}, {}, at_ms(1));
  health_.end(*two, {.verdict = Verdict::abandoned}, {}, at_ms(1));
  EXPECT_EQ(described(1).in_flight, 0U);
}

TEST_F(HealthTest, LearnsHowSoonContentComes) {
  const auto ticket = health_.begin(first_, at_ms(0));
  ASSERT_TRUE(ticket);
  health_.commit(*ticket, milliseconds(200), at_ms(200));
  EXPECT_NEAR(health_.first_content_ms(first_, at_ms(200)), 200, 1) << "at once";
  health_.end(*ticket, {.verdict = Verdict::success, .first_content = milliseconds(200)}, {},
              at_ms(300));
  EXPECT_EQ(health_.standing(first_).first_content_ms, 0);
  health_.refresh(at_ms(1'000));
  EXPECT_NEAR(health_.standing(first_).first_content_ms, 200, 1) << "and for all a second later";
  ask(Verdict::success, 1'000);
  health_.refresh(at_ms(1'000));
  EXPECT_NEAR(health_.standing(first_).first_content_ms, 200, 1) << "no content says nothing of it";
}

// A stream may take minutes from there: nobody is to wait for its end.
TEST_F(HealthTest, AProbeHasShownWhatItIsToShowWithItsFirstContent) {
  open_at(0);
  const auto probe = health_.begin(first_, at_ms(1'000));
  ASSERT_TRUE(probe);
  EXPECT_EQ(described(1'100).obstacle, Obstacle::resting);
  health_.commit(*probe, milliseconds(150), at_ms(1'150));
  EXPECT_EQ(described(1'150).obstacle, Obstacle::none);
  health_.end(*probe, {.verdict = Verdict::reset}, {}, at_ms(90'000));
  EXPECT_EQ(described(90'000).obstacle, Obstacle::none) << "one failure is one";
}

// What was admitted before it rested has old news.
TEST_F(HealthTest, ATicketOfAnEarlierEraChangesNothing) {
  const auto good = health_.begin(first_, at_ms(0));
  const auto bad = health_.begin(first_, at_ms(0));
  const auto late = health_.begin(first_, at_ms(0));
  ASSERT_TRUE(good && bad && late);
  open_at(0);
  health_.end(*good, {.verdict = Verdict::success}, {}, at_ms(500));
  EXPECT_EQ(described(500).obstacle, Obstacle::resting) << "an old success ends no rest";
  const auto probe = health_.begin(first_, at_ms(1'000));
  ASSERT_TRUE(probe);
  EXPECT_NE(probe->era, good->era);
  health_.end(*bad, {.verdict = Verdict::failed}, {}, at_ms(1'100));
  EXPECT_EQ(health_.breaker(first_).state(), CircuitBreaker::State::half_open);
  EXPECT_FALSE(health_.begin(first_, at_ms(1'100))) << "the probe is still under way";
  health_.end(*probe, {.verdict = Verdict::success}, {}, at_ms(1'200));
  health_.end(*late, {.verdict = Verdict::failed}, {}, at_ms(1'300));
  EXPECT_EQ(health_.breaker(first_).state(), CircuitBreaker::State::closed);
  EXPECT_EQ(described(1'300).in_flight, 0U) << "but it was under way, and is no more";
  health_.refresh(at_ms(1'300));
  EXPECT_EQ(health_.standing(first_).attempts, policy.failures_to_open + 4) << "and is counted";
}

// By name: the numbers of the next snapshot are others.
TEST_F(HealthTest, AReloadForgetsNeitherWhoRestsNorWhoCoolsDown) {
  open_at(0);
  ask(health_, peers_[1], Verdict::rate_limited, 0, seconds(7));
  ask(health_, alone_, Verdict::rate_limited, 0, seconds(9));
  health_.refresh(at_ms(10));
  const auto models = table_of({1, 3});
  Health after(models, policy, routing_, {});
  after.take_over(health_);
  after.refresh(at_ms(10));
  const catalog::Deployment& same = models.models()[0].deployments[0];
  const auto& others = models.models()[1].deployments;
  EXPECT_EQ(described(after, same, 10).obstacle, Obstacle::resting);
  EXPECT_EQ(described(after, same, 10).free_at, at_ms(1'000));
  EXPECT_EQ(described(after, others[0], 10).obstacle, Obstacle::none) << "a key may be new";
  EXPECT_EQ(described(after, others[1], 10).obstacle, Obstacle::none) << "it is new";
  EXPECT_EQ(after.standing(same).attempts, 0U) << "what was summed up begins anew";
  EXPECT_EQ(described(after, same, 10).in_flight, 0U);
}

TEST_F(HealthTest, AProbeEndsWhereItBeganAndHoldsUpNobodyAfterAReload) {
  open_at(0);
  const auto probe = health_.begin(first_, at_ms(1'000));
  ASSERT_TRUE(probe);
  Health after(models_, policy, routing_, {});
  after.take_over(health_);
  EXPECT_EQ(described(after, first_, 1'000).obstacle, Obstacle::none);
  health_.end(*probe, {.verdict = Verdict::failed}, {}, at_ms(1'100));
  ask(after, first_, Verdict::success, 1'100);
  EXPECT_EQ(described(after, first_, 1'100).obstacle, Obstacle::none);
}

// A model with two deployments at a provider with two credentials.
class HealthOfCredentials : public HealthTest {
 protected:
  // One attempt with that credential.
  void ask_with(std::uint32_t credential, Verdict verdict, std::int64_t ms,
                const Health::Says& says) {
    auto ticket = health_.begin(first_, at_ms(ms));
    ASSERT_TRUE(ticket);
    const std::array others = {1 - credential};
    ASSERT_EQ(health_.take_credential(*ticket, first_, others, 0, at_ms(ms)), credential);
    health_.end(*ticket, {.verdict = verdict}, says, at_ms(ms));
  }
  [[nodiscard]] Candidate described(std::int64_t ms, Payer payer = Payer::gateway) const {
    Candidate candidate;
    health_.describe(first_, at_ms(ms), candidate, payer);
    return candidate;
  }

  const catalog::ModelTable models_ = table_of({2}, policy, 2);
  const catalog::Deployment& first_ = models_.models()[0].deployments[0];
  const catalog::Deployment& second_ = models_.models()[0].deployments[1];
  Health health_{models_, policy, routing_, {}};
};

TEST_F(HealthOfCredentials, ADeploymentCoolsDownWithTheLastOfThem) {
  ask_with(0, Verdict::rate_limited, 0, {.wait = seconds(9), .others_may_have_it = true});
  EXPECT_EQ(described(0).obstacle, Obstacle::none);
  ask_with(1, Verdict::quota, 0, {.wait = seconds(7)});
  EXPECT_EQ(described(0).obstacle, Obstacle::cooling_down);
  EXPECT_EQ(described(0).free_at, at_ms(7'000)) << "when the first of them is there again";
  EXPECT_EQ(described(7'000).obstacle, Obstacle::none);
  EXPECT_EQ(HealthTest::described(health_, second_, 0).obstacle, Obstacle::none);
  health_.refresh(at_ms(1'000));
  EXPECT_EQ(health_.standing(first_).attempts, 1U) << "it failed once, not twice";
  EXPECT_EQ(health_.standing(first_).cooling_until, at_ms(7'000)) << "and the others are told";
}

TEST_F(HealthOfCredentials, WhenAllAreBadThereIsNoneUntilAReload) {
  ask_with(0, Verdict::auth_refused, 0, {.is_key_bad = true, .others_may_have_it = true});
  EXPECT_EQ(described(0).obstacle, Obstacle::none);
  EXPECT_TRUE(health_.has_credential(first_, {}, at_ms(0)));
  ask_with(1, Verdict::auth_refused, 0, {.is_key_bad = true});
  EXPECT_EQ(described(1'000'000).obstacle, Obstacle::no_credential);
  EXPECT_EQ(HealthTest::described(health_, second_, 0).obstacle, Obstacle::no_credential);
  EXPECT_EQ(health_.credential_usable_at(first_, at_ms(0)), std::nullopt);
  EXPECT_EQ(described(0, Payer::caller).obstacle, Obstacle::none) << "whose key is their own";
  const auto refused = health_.take_refused();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[1].provider, first_.provider);
  EXPECT_EQ(refused[1].credential, 1U);
  Health after(models_, policy, routing_, {});
  after.take_over(health_);
  EXPECT_EQ(HealthTest::described(after, first_, 0).obstacle, Obstacle::none);
}

TEST_F(HealthOfCredentials, AnOverloadedHostIsEverybodysToWaitFor) {
  ask_with(0, Verdict::overloaded, 0, {.wait = seconds(3)});
  EXPECT_EQ(described(0).obstacle, Obstacle::cooling_down);
  EXPECT_EQ(described(0, Payer::caller).obstacle, Obstacle::cooling_down);
  EXPECT_TRUE(health_.has_credential(first_, {}, at_ms(0)));
}

TEST_F(HealthOfCredentials, AFailureOfTheHostIsTheDeployments) {
  for (std::uint32_t i = 0; i < policy.failures_to_open; ++i) {
    ask_with(i % 2, Verdict::failed, 0, {});
  }
  EXPECT_EQ(described(0).obstacle, Obstacle::resting);
  EXPECT_EQ(described(1'000).obstacle, Obstacle::none);
}

// The same, of two cores.
class TwoCores : public HealthTest {
 protected:
  // Of two cores each sums up half of the deployments: after a second refresh both know all.
  void refresh(std::int64_t ms) {
    for (int i = 0; i < 2; ++i) {
      here_.refresh(at_ms(ms));
      there_.refresh(at_ms(ms));
    }
  }
  // As many attempts at a deployment, of which so many fail: never three in a row.
  static void ask_often(Health& health, const catalog::Deployment& deployment, int good, int bad,
                        std::int64_t ms) {
    while (good > 0 || bad > 0) {
      for (int i = 0; i < 2 && bad > 0; ++i, --bad) ask(health, deployment, Verdict::failed, ms);
      for (int i = 0; i < 2 && good > 0; ++i, --good) ask(health, deployment, Verdict::success, ms);
    }
  }

  std::shared_ptr<upstream::HealthBoard> board_ = make_health_board(2, models_);
  Health here_{models_, policy, routing_, {.board = board_, .core = 0}};
  Health there_{models_, policy, routing_, {.board = board_, .core = 1}};
};

TEST_F(TwoCores, WhatAnotherCoreCountedIsKnownAfterARefresh) {
  ask(here_, first_, Verdict::success, 0);
  ask(there_, first_, Verdict::failed, 0);
  ask(there_, first_, Verdict::success, 0);
  ask(there_, first_, Verdict::success, 0);
  EXPECT_EQ(here_.standing(first_).attempts, 0U);
  refresh(1'000);
  for (const Health* health : {&here_, &there_}) {
    EXPECT_EQ(health->standing(first_).attempts, 4U);
    EXPECT_EQ(health->standing(first_).uptime, 75);
    EXPECT_EQ(health->standing(peers_[1]).attempts, 0U);
    EXPECT_EQ(described(*health, first_, 1'000).standing->uptime, 75);
  }
}

TEST_F(TwoCores, ABreakerIsItsCoresOwn) {
  for (std::uint32_t i = 0; i < policy.failures_to_open; ++i) {
    ask(there_, first_, Verdict::failed, 0);
  }
  refresh(0);
  EXPECT_EQ(described(there_, first_, 0).obstacle, Obstacle::resting);
  EXPECT_EQ(described(here_, first_, 0).obstacle, Obstacle::none);
}

TEST_F(TwoCores, WhatAnotherCoreWasToldToWaitIsWaitedAfterARefresh) {
  ask(there_, first_, Verdict::rate_limited, 0, seconds(20));
  EXPECT_EQ(described(here_, first_, 0).obstacle, Obstacle::none);
  refresh(1'000);
  const Candidate candidate = described(here_, first_, 1'000);
  EXPECT_EQ(candidate.obstacle, Obstacle::cooling_down);
  EXPECT_EQ(candidate.free_at, at_ms(20'000));
  EXPECT_EQ(described(here_, first_, 20'000).obstacle, Obstacle::none);
}

TEST_F(TwoCores, WhoIsClearlyWorseThanItsPeersIsEjectedByAll) {
  for (Health* health : {&here_, &there_}) {
    ask_often(*health, first_, 10, 10, 0);
    ask_often(*health, peers_[1], 20, 0, 0);
    ask_often(*health, peers_[2], 19, 1, 0);
    ask_often(*health, alone_, 10, 10, 0);
  }
  EXPECT_EQ(described(here_, first_, 0).obstacle, Obstacle::none) << "nobody has compared yet";
  refresh(1'000);
  for (const Health* health : {&here_, &there_}) {
    const Candidate candidate = described(*health, first_, 1'000);
    EXPECT_EQ(candidate.obstacle, Obstacle::ejected);
    EXPECT_EQ(candidate.free_at, at_ms(31'000));
    EXPECT_EQ(described(*health, peers_[1], 1'000).obstacle, Obstacle::none);
    EXPECT_EQ(described(*health, peers_[2], 1'000).obstacle, Obstacle::none);
    EXPECT_EQ(described(*health, alone_, 1'000).obstacle, Obstacle::none) << "it has no peers";
  }
  EXPECT_TRUE(here_.begin(first_, at_ms(1'000))) << "a plan leaves it out; nothing else forbids it";
  refresh(31'000);
  EXPECT_EQ(described(there_, first_, 31'000).obstacle, Obstacle::none);
  EXPECT_LT(described(there_, first_, 31'000).standing->share, 1) << "it begins slowly";
}

TEST_F(TwoCores, NobodyIsEjectedWhereTheOperatorWillNotHaveIt) {
  Health health(models_, {.ejected_percent_max = 0}, routing_, {.board = board_, .core = 0});
  ask_often(there_, first_, 20, 20, 0);
  ask_often(there_, peers_[1], 40, 0, 0);
  health.refresh(at_ms(1'000));
  EXPECT_EQ(health.standing(first_).uptime, 50);
  EXPECT_EQ(described(health, first_, 1'000).obstacle, Obstacle::none);
  there_.refresh(at_ms(1'000));
  EXPECT_EQ(described(there_, first_, 1'000).obstacle, Obstacle::ejected);
}

TEST_F(HealthTest, RetriesAreADeploymentsAndHedgesACores) {
  route::RoutingPolicy routing;
  routing.retry.budget_per_s_min = 1;
  routing.hedge.budget = 0;
  Health health(models_, policy, routing, {});
  EXPECT_NE(&health.retries(first_), &health.retries(peers_[1]));
  EXPECT_TRUE(health.retries(first_).try_spend(at_ms(1'000)));
  EXPECT_FALSE(health.retries(first_).try_spend(at_ms(1'000)));
  EXPECT_TRUE(health.retries(peers_[1]).try_spend(at_ms(1'000)));
  EXPECT_FALSE(health.hedges().try_spend(at_ms(1'000)));
}

}  // namespace
}  // namespace sluice::gateway
