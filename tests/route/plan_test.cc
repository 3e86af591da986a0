#include "sluice/route/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::route {
namespace {

using std::chrono::seconds;
using Order = std::vector<std::uint32_t>;
using Obstacles = std::vector<Obstacle>;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }

Order order_of(const Plan& plan) {
  Order order;
  for (const Step& step : plan.steps) order.push_back(step.passage.deployment().index);
  return order;
}

Obstacles obstacles_of(const Plan& plan) {
  Obstacles obstacles;
  for (const Considered& each : plan.considered) obstacles.push_back(each.obstacle);
  return obstacles;
}

// Four deployments of four models at "p0" to "p3", in "eu" and "us" by turns, all of them well; and
// a request with wishes and needs, none of which says anything yet.
class PlanTest : public testing::Test {
 protected:
  static constexpr std::size_t count = 4;

  PlanTest() {
    policy_.score.exploration = 0;
    for (std::size_t i = 0; i < count; ++i) {
      providers_[i].name = "p" + std::to_string(i);
      deployments_[i].index = static_cast<std::uint32_t>(i);
      deployments_[i].provider = &providers_[i];
      deployments_[i].region = i % 2 == 0 ? "eu" : "us";
      candidates_[i] = {.model = &models_[i],
                        .deployment = &deployments_[i],
                        .passage = RegionPin().passage(deployments_[i]),
                        .standing = &standings_[i]};
    }
  }

  [[nodiscard]] Plan planned(std::uint64_t seed = 1) const {
    Random random(seed);
    return plan(question_, random);
  }
  void price(std::size_t i, double usd_per_million) {
    deployments_[i].price.tokens.input = deployments_[i].price.tokens.output = usd_per_million;
  }
  void stand_in_the_way(const std::array<Obstacle, count>& obstacles) {
    for (std::size_t i = 0; i < count; ++i) candidates_[i].obstacle = obstacles[i];
  }
  llm::ProviderWishes& provider() { return wishes_.provider; }

  std::array<catalog::Provider, count> providers_;
  std::array<catalog::Model, count> models_;
  std::array<catalog::Deployment, count> deployments_;
  std::array<upstream::Standing, count> standings_;
  std::array<Candidate, count> candidates_;
  RoutingPolicy policy_;
  llm::RouteWishes wishes_;
  llm::RequestNeeds needs_;
  Question question_{
      .candidates = candidates_, .policy = policy_, .wishes = &wishes_, .needs = &needs_};
};

TEST_F(PlanTest, NobodyThereIsNoPlan) {
  question_.candidates = {};
  const Plan plan = planned();
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_TRUE(plan.considered.empty());
  EXPECT_FALSE(plan.soonest);
}

TEST_F(PlanTest, FiltersAndThenRanks) {
  question_.strategy = Strategy::price;
  question_.strategy_is_callers = true;
  for (const auto& [i, usd] : {std::pair{0, 3.0}, {1, 1.0}, {2, 2.0}, {3, 0.5}}) {
    price(static_cast<std::size_t>(i), usd);
  }
  provider().ignore = {"p3"};
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{1, 2, 0}));
  EXPECT_EQ(plan.reason, Reason::cheapest);
  EXPECT_EQ(plan.strategy, Strategy::price);
  for (const Step& step : plan.steps) {
    EXPECT_EQ(step.model, &models_[step.passage.deployment().index]);
  }
}

TEST_F(PlanTest, SaysOfEverybodyWhatIsInTheWay) {
  candidates_[0].passage.reset();
  candidates_[0].obstacle = Obstacle::key;
  candidates_[1].obstacle = Obstacle::key;
  candidates_[2].obstacle = Obstacle::resting;
  price(2, 9);
  price(3, 1);
  provider().ignore = {"p1"};
  provider().price_max.prompt = 5;
  const Plan plan = planned();
  EXPECT_EQ(obstacles_of(plan),
            (Obstacles{Obstacle::region, Obstacle::key, Obstacle::price, Obstacle::none}))
      << "what can never be helped comes first";
  EXPECT_EQ(order_of(plan), Order{3});
  EXPECT_EQ(plan.reason, Reason::only_one);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(plan.considered[i].deployment, &deployments_[i]);
  }
}

TEST_F(PlanTest, ARequestMayWishAndNeedNothing) {
  question_.wishes = nullptr;
  question_.needs = nullptr;
  for (Candidate& candidate : candidates_) candidate.model = nullptr;
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1, 2, 3}));
  EXPECT_EQ(plan.reason, Reason::in_order);
  EXPECT_EQ(plan.steps.front().model, nullptr);
}

// Whether each model has tools, where tools are needed.
constexpr std::optional<bool> yes = true, no = false, who_knows;
constexpr Obstacle fine = Obstacle::none, lacks_it = Obstacle::capability;

struct DoubtCase {
  std::string_view name;
  std::array<std::optional<bool>, 4> tools;
  bool require_parameters;
  Order order;
  Obstacles obstacles;
};
const DoubtCase doubt_cases[] = {
    {"all are able", {yes, yes, yes, yes}, false, {0, 1, 2, 3}, {fine, fine, fine, fine}},
    {"all are doubtful, so all are asked",
     {no, no, no, no},
     false,
     {0, 1, 2, 3},
     {fine, fine, fine, fine}},
    {"one is able", {no, yes, no, no}, false, {1}, {lacks_it, fine, lacks_it, lacks_it}},
    {"who is not known to lack it is able",
     {no, no, who_knows, no},
     false,
     {2},
     {lacks_it, lacks_it, fine, lacks_it}},
    {"all are doubtful, and all is to be honoured",
     {no, no, no, no},
     true,
     {},
     {lacks_it, lacks_it, lacks_it, lacks_it}},
    {"one is able, and all is to be honoured",
     {no, no, no, yes},
     true,
     {3},
     {lacks_it, lacks_it, lacks_it, fine}},
};

TEST_F(PlanTest, ADoubtStandsWhereSomebodyIsBeyondDoubt) {
  needs_.tools = true;
  for (const DoubtCase& c : doubt_cases) {
    SCOPED_TRACE(c.name);
    for (std::size_t i = 0; i < count; ++i) models_[i].capabilities.tools = c.tools[i];
    provider().require_parameters = c.require_parameters;
    const Plan plan = planned();
    EXPECT_EQ(order_of(plan), c.order);
    EXPECT_EQ(obstacles_of(plan), c.obstacles);
    EXPECT_FALSE(plan.soonest) << "no waiting helps";
  }
}

TEST_F(PlanTest, DoubtsOfDifferentKindsAreDoubtsAlike) {
  needs_.tools = true;
  needs_.input_tokens_min = 1'000;
  for (catalog::Model& model : models_) model.context_tokens = 999;
  models_[0].capabilities.tools = false;
  EXPECT_EQ(order_of(planned()), (Order{0, 1, 2, 3}));
  models_[3].context_tokens = 1'000;
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), Order{3});
  EXPECT_EQ(obstacles_of(plan), (Obstacles{Obstacle::capability, Obstacle::context_length,
                                           Obstacle::context_length, Obstacle::none}));
}

// To be able and not to be there is no help.
TEST_F(PlanTest, WhoDoesNotServeRemovesNobodysDoubt) {
  needs_.tools = true;
  for (catalog::Model& model : models_) model.capabilities.tools = false;
  models_[1].capabilities.tools = true;
  provider().ignore = {"p1"};
  EXPECT_EQ(order_of(planned()), (Order{0, 2, 3}));
  provider().ignore.clear();
  for (const Obstacle obstacle : {Obstacle::key, Obstacle::resting, Obstacle::ejected}) {
    candidates_[1].obstacle = obstacle;
    EXPECT_EQ(order_of(planned()), (Order{0, 2, 3})) << to_string(obstacle);
  }
  candidates_[1].obstacle = Obstacle::none;
  candidates_[1].passage.reset();
  EXPECT_EQ(order_of(planned()), (Order{0, 2, 3}));
}

TEST_F(PlanTest, WhereNothingIsNeededNothingIsDoubted) {
  for (catalog::Model& model : models_) model.capabilities.tools = false;
  models_[1].capabilities.tools = true;
  EXPECT_EQ(order_of(planned()), (Order{0, 1, 2, 3}));
  needs_.tools = true;
  question_.needs = nullptr;
  EXPECT_EQ(order_of(planned()), (Order{0, 1, 2, 3})) << "nobody looked";
}

TEST_F(PlanTest, TheEjectedArePardonedWhenNobodyElseServes) {
  stand_in_the_way({Obstacle::ejected, Obstacle::ejected, Obstacle::resting, Obstacle::key});
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1}));
  EXPECT_EQ(obstacles_of(plan),
            (Obstacles{Obstacle::none, Obstacle::none, Obstacle::resting, Obstacle::key}));
  EXPECT_FALSE(plan.soonest);
  candidates_[3].obstacle = Obstacle::none;
  const Plan another = planned();
  EXPECT_EQ(order_of(another), Order{3});
  EXPECT_EQ(another.considered[0].obstacle, Obstacle::ejected);
}

TEST_F(PlanTest, NoPardonTakesDataOutOfThePinOrToWhomTheCallerExcludes) {
  stand_in_the_way({Obstacle::ejected, Obstacle::ejected, Obstacle::key, Obstacle::key});
  candidates_[0].passage.reset();
  provider().ignore = {"p1"};
  const Plan plan = planned();
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_EQ(obstacles_of(plan), (Obstacles{Obstacle::region, Obstacle::ignored_provider,
                                           Obstacle::key, Obstacle::key}));
  EXPECT_FALSE(plan.soonest);
}

TEST_F(PlanTest, WhoRestsIsNotPardonedButSaysWhenToComeAgain) {
  stand_in_the_way(
      {Obstacle::resting, Obstacle::cooling_down, Obstacle::no_credential, Obstacle::resting});
  candidates_[0].free_at = at_s(30);
  candidates_[1].free_at = at_s(20);
  candidates_[2].free_at = at_s(1);
  candidates_[3].free_at = at_s(10);
  const Plan plan = planned();
  EXPECT_TRUE(plan.steps.empty());
  EXPECT_EQ(plan.soonest, at_s(10));
  EXPECT_EQ(obstacles_of(plan), (Obstacles{Obstacle::resting, Obstacle::cooling_down,
                                           Obstacle::no_credential, Obstacle::resting}));
  provider().ignore = {"p3"};
  EXPECT_EQ(planned().soonest, at_s(20)) << "one that will not serve then is not waited for";
  candidates_[1].passage.reset();
  EXPECT_EQ(planned().soonest, at_s(30));
  candidates_[2].obstacle = Obstacle::none;
  EXPECT_FALSE(planned().soonest) << "somebody serves now";
}

TEST_F(PlanTest, TheCallersOrderSortsAndTheOthersFollow) {
  provider().order = {"P2", "p0"};
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{2, 0, 1, 3}));
  EXPECT_EQ(plan.reason, Reason::callers_order);
  provider().order = {"p1/eu", "p3/us", "nobody"};
  EXPECT_EQ(order_of(planned()), (Order{3, 0, 1, 2}));
}

TEST_F(PlanTest, TheCallersOrderGoesBeforeEveryOtherRule) {
  question_.strategy = Strategy::price;
  question_.strategy_is_callers = true;
  for (std::size_t i = 0; i < count; ++i) price(i, static_cast<double>(9 - i));
  question_.session = &deployments_[1];
  provider().latency_s_max.p50 = 0.5;
  standings_[0].first_content_p50_ms = 900;
  provider().order = {"p0", "p1"};
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1, 3, 2}));
  EXPECT_EQ(plan.reason, Reason::callers_order);
  EXPECT_FALSE(plan.session_moved);
}

TEST_F(PlanTest, WithoutFallbacksTheCallersOrderIsAllThereIs) {
  provider().order = {"p2", "p0"};
  provider().allow_fallbacks = false;
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{2, 0})) << "those who are named are the choice, not fallbacks";
  EXPECT_EQ(obstacles_of(plan), (Obstacles{Obstacle::none, Obstacle::not_in_order, Obstacle::none,
                                           Obstacle::not_in_order}));
}

TEST_F(PlanTest, WithoutFallbacksAndOrderTheFirstIsTheOnlyStep) {
  question_.strategy = Strategy::price;
  question_.strategy_is_callers = true;
  for (std::size_t i = 0; i < count; ++i) price(i, i == 2 ? 1 : 2);
  provider().allow_fallbacks = false;
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), Order{2});
  EXPECT_EQ(obstacles_of(plan),
            (Obstacles{Obstacle::none, Obstacle::none, Obstacle::none, Obstacle::none}));
}

TEST_F(PlanTest, AConversationGoesOnWhereItWas) {
  question_.session = &deployments_[2];
  Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{2, 0, 1, 3})) << "the others keep their order";
  EXPECT_EQ(plan.reason, Reason::same_session);
  EXPECT_FALSE(plan.session_moved);
  standings_[2].uptime = 85;
  plan = planned();
  EXPECT_EQ(order_of(plan).front(), 2U);
  standings_[2].uptime = 84.9;
  plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1, 2, 3}));
  EXPECT_EQ(plan.reason, Reason::in_order);
  EXPECT_TRUE(plan.session_moved);
}

TEST_F(PlanTest, AConversationMovesWhenWhoHadItDoesNotServe) {
  question_.session = &deployments_[2];
  for (const Obstacle obstacle : {Obstacle::resting, Obstacle::ejected, Obstacle::no_credential}) {
    candidates_[2].obstacle = obstacle;
    const Plan plan = planned();
    EXPECT_EQ(order_of(plan), (Order{0, 1, 3})) << to_string(obstacle);
    EXPECT_TRUE(plan.session_moved) << to_string(obstacle);
  }
  const catalog::Deployment elsewhere;
  question_.session = &elsewhere;
  EXPECT_TRUE(planned().session_moved) << "another model's";
  question_.session = nullptr;
  EXPECT_FALSE(planned().session_moved) << "a new conversation";
}

TEST_F(PlanTest, AConversationStaysInThePin) {
  question_.session = &deployments_[2];
  candidates_[2].passage.reset();
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1, 3}));
  EXPECT_TRUE(plan.session_moved);
}

TEST_F(PlanTest, TheSlowComeLastAndAreNotLeftOut) {
  standings_[0].first_content_p50_ms = 600;
  standings_[2].first_content_p50_ms = 400;
  standings_[3].first_content_p50_ms = 501;
  const auto disfavoured = [](const Plan& plan) {
    std::vector<bool> each;
    for (const Considered& one : plan.considered) each.push_back(one.disfavoured);
    return each;
  };
  using Each = std::vector<bool>;
  EXPECT_EQ(disfavoured(planned()), (Each{false, false, false, false})) << "nobody asked for it";
  provider().latency_s_max.p50 = 0.5;
  Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{1, 2, 0, 3}));
  EXPECT_EQ(disfavoured(plan), (Each{true, false, false, true}));
  provider().throughput_min.p90 = 30;
  standings_[2].tokens_per_s_p90 = 29;
  plan = planned();
  EXPECT_EQ(order_of(plan), (Order{1, 0, 2, 3}));
  EXPECT_EQ(disfavoured(plan), (Each{true, false, true, true}));
  standings_[1].tokens_per_s_p90 = 1;
  plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1, 2, 3})) << "all are too slow, and one must serve";
}

TEST_F(PlanTest, TheIncumbentStaysUntilARivalLeadsByEnough) {
  question_.candidates = question_.candidates.first(2);
  question_.strategy = Strategy::score;
  question_.incumbent = &deployments_[1];
  price(0, 1);
  price(1, 1.2);  // a lead of 0.2 * 0.2 = 0.04, and 0.05 is what it takes
  Plan plan = planned();
  EXPECT_EQ(order_of(plan), (Order{1, 0}));
  EXPECT_EQ(plan.reason, Reason::incumbent);
  EXPECT_GT(plan.considered[1].terms.total, plan.considered[0].terms.total)
      << "as candidates stand";
  price(1, 1.3);
  plan = planned();
  EXPECT_EQ(order_of(plan), (Order{0, 1}));
  EXPECT_EQ(plan.reason, Reason::best_score);
}

// The index of a deployment, and not its place among the candidates, is what the incumbent is known
// by.
TEST_F(PlanTest, TheIncumbentIsKnownWhereverItStands) {
  std::ranges::reverse(candidates_);
  question_.strategy = Strategy::score;
  question_.incumbent = &deployments_[1];
  const Plan plan = planned();
  EXPECT_EQ(order_of(plan).front(), 1U);
  EXPECT_EQ(plan.reason, Reason::incumbent);
}

TEST_F(PlanTest, WhoAsksForThePriceGetsNoChance) {
  question_.strategy = Strategy::price;
  for (std::size_t i = 0; i < count; ++i) price(i, static_cast<double>(4 - i));
  std::set<std::uint32_t> first;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    question_.strategy_is_callers = true;
    const Plan asked = planned(seed);
    ASSERT_EQ(order_of(asked), (Order{3, 2, 1, 0})) << seed;
    ASSERT_EQ(asked.reason, Reason::cheapest);
    question_.strategy_is_callers = false;
    const Plan drawn = planned(seed);
    ASSERT_EQ(drawn.reason, Reason::price_draw);
    first.insert(order_of(drawn).front());
  }
  EXPECT_EQ(first.size(), count) << "where the operator asks for it, it is a draw";
}

// What follows is generated. Regions are bits, so that the pin is known without asking it.
constexpr std::size_t region_count = 5;
const std::array<std::string, region_count> regions = {"eu", "us", "uk", "ap", "global"};
constexpr unsigned all_regions = (1U << region_count) - 1;

class GeneratedPlans : public testing::Test {
 protected:
  static constexpr std::size_t deployment_count = 64;
  static constexpr std::size_t candidates_max = 8;
  using Deployments = std::bitset<deployment_count>;

  GeneratedPlans() {
    for (std::size_t i = 0; i < providers_.size(); ++i) providers_[i].name = name_of(i);
    for (catalog::Model& model : models_) generate(model);
    for (std::size_t i = 0; i < deployment_count; ++i) {
      deployments_[i].index = static_cast<std::uint32_t>(i);
      generate(deployments_[i], region_of_[i]);
      generate(standings_[i]);
    }
    for (llm::RouteWishes& wishes : wishes_) generate(wishes.provider);
    for (llm::RequestNeeds& needs : needs_) generate(needs);
    for (unsigned mask = 1; mask <= all_regions; ++mask) {
      for (std::size_t region = 0; region < region_count; ++region) {
        if ((mask >> region & 1U) != 0) lists_[mask].push_back(regions[region]);
      }
    }
    policy_.score.exploration = 0.2;
  }

  // A pin as it comes about, and which regions it leaves.
  void pin_anew() {
    pin_ = RegionPin();
    left_ = all_regions;
    for (std::uint64_t i = random_.below(4); i > 0; --i) {
      if (random_.chance(0.3)) {
        const std::size_t region = random_.below(region_count);
        pin_.narrow(std::string_view(regions[region]));
        left_ &= 1U << region;
      } else {
        const std::size_t mask = random_.below(all_regions) + 1;
        pin_.narrow(lists_[mask]);
        left_ &= static_cast<unsigned>(mask);
      }
    }
  }

  // Different deployments, whatever is in their way.
  void choose_candidates() {
    count_ = 1 + random_.below(candidates_max);
    const std::size_t first = random_.below(deployment_count);
    const std::size_t stride = 2 * random_.below(deployment_count / 2) + 1;
    const bool names_a_model = random_.chance(0.9);
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t at = (first + i * stride) % deployment_count;
      candidates_[i] = {.model = names_a_model ? &models_[at % models_.size()] : nullptr,
                        .deployment = &deployments_[at],
                        .passage = pin_.passage(deployments_[at]),
                        .standing = &standings_[at],
                        .obstacle = any_obstacle(),
                        .free_at = at_s(static_cast<std::int64_t>(random_.below(60)))};
    }
  }

  Question question() {
    Question asked{.candidates = std::span(candidates_).first(count_), .policy = policy_};
    asked.strategy = static_cast<Strategy>(random_.below(6));
    asked.strategy_is_callers = random_.chance(0.5);
    if (random_.chance(0.8)) asked.wishes = &wishes_[random_.below(wishes_.size())];
    if (random_.chance(0.8)) asked.needs = &needs_[random_.below(needs_.size())];
    if (random_.chance(0.5)) asked.incumbent = candidates_[random_.below(count_)].deployment;
    if (random_.chance(0.5)) asked.session = candidates_[random_.below(count_)].deployment;
    asked.is_stream = random_.chance(0.5);
    return asked;
  }

  // The first promise that a plan breaks, or nothing.
  [[nodiscard]] std::string_view broken_promise(const Question& asked, const Plan& plan) const {
    Deployments in_the_plan;
    for (const Step& step : plan.steps) {
      const std::uint32_t index = step.passage.deployment().index;
      if ((left_ >> region_of_[index] & 1U) == 0) return "a step leads out of the pin";
      if (in_the_plan[index]) return "a step comes twice";
      in_the_plan.set(index);
    }
    if (plan.considered.size() != asked.candidates.size()) return "somebody was not considered";
    Deployments serves;
    Deployments ejected;
    for (std::size_t i = 0; i < asked.candidates.size(); ++i) {
      const Candidate& candidate = asked.candidates[i];
      const Considered& considered = plan.considered[i];
      const std::uint32_t index = candidate.deployment->index;
      if (considered.deployment != candidate.deployment) return "considered is in another order";
      const bool is_outside = (left_ >> region_of_[index] & 1U) == 0;
      if (is_outside != (considered.obstacle == Obstacle::region)) return "the pin is misjudged";
      if (considered.obstacle != Obstacle::none) continue;
      serves.set(index);
      if (candidate.obstacle == Obstacle::ejected) {
        ejected.set(index);
      } else if (candidate.obstacle != Obstacle::none) {
        return "what was in the way is forgotten";
      }
    }
    if ((in_the_plan & ~serves).any()) return "a step has an obstacle";
    if (ejected.any() && ejected != serves) return "who is ejected was pardoned without need";
    const bool only_the_first = asked.wishes != nullptr &&
                                !asked.wishes->provider.allow_fallbacks &&
                                asked.wishes->provider.order.empty();
    const std::size_t wanted = only_the_first && serves.any() ? 1 : serves.count();
    if (plan.steps.size() != wanted) return "somebody is missing, or one too many is there";
    if (plan.soonest && serves.any()) return "somebody serves, and yet it is told to wait";
    return {};
  }

  Random random_{20'260'301};
  std::array<catalog::Provider, 8> providers_;
  std::array<catalog::Model, 16> models_;
  std::array<catalog::Deployment, deployment_count> deployments_;
  std::array<std::size_t, deployment_count> region_of_{};
  std::array<upstream::Standing, deployment_count> standings_;
  std::array<llm::RouteWishes, 128> wishes_;
  std::array<llm::RequestNeeds, 8> needs_;
  std::array<std::vector<std::string>, all_regions + 1> lists_;  // by the bits of their regions
  RoutingPolicy policy_;
  RegionPin pin_;
  unsigned left_ = all_regions;  // by the pin
  std::array<Candidate, candidates_max> candidates_;
  std::size_t count_ = 0;

 private:
  static std::string name_of(std::size_t provider) { return "p" + std::to_string(provider); }

  std::optional<bool> maybe() {
    return random_.chance(0.5) ? std::optional(random_.chance(0.5)) : std::nullopt;
  }

  // The gateway's own; what the rules find they find themselves.
  Obstacle any_obstacle() {
    constexpr std::array own = {Obstacle::operation,      Obstacle::key,
                                Obstacle::other_provider, Obstacle::no_credential,
                                Obstacle::resting,        Obstacle::cooling_down,
                                Obstacle::ejected,        Obstacle::ejected};
    return random_.chance(0.6) ? Obstacle::none : own[random_.below(own.size())];
  }

  std::vector<std::string> some_names(double probability) {
    std::vector<std::string> names;
    if (!random_.chance(probability)) return names;
    for (std::uint64_t i = random_.between(1, 5); i > 0; --i) {
      std::string name = name_of(random_.below(providers_.size() + 1));
      if (random_.chance(0.3)) name += "/" + regions[random_.below(region_count)];
      names.push_back(std::move(name));
    }
    return names;
  }

  void generate(catalog::Model& model) {
    model.capabilities.tools = maybe();
    model.capabilities.vision = maybe();
    model.capabilities.structured_output = maybe();
    if (random_.chance(0.5)) model.context_tokens = random_.between(1'000, 9'000);
  }

  void generate(catalog::Deployment& deployment, std::size_t& region) {
    region = random_.below(region_count);
    deployment.region = regions[region];
    deployment.provider = &providers_[random_.below(providers_.size())];
    deployment.weight = random_.unit() + 1e-6;
    if (random_.chance(0.8)) deployment.price.tokens.input = random_.unit() * 10;
    if (random_.chance(0.8)) deployment.price.tokens.output = random_.unit() * 10;
    deployment.quantization =
        static_cast<llm::Quantization>(random_.below(llm::quantization_count));
    deployment.data_policy = {.trains = maybe(), .retains = maybe()};
  }

  void generate(upstream::Standing& standing) {
    standing.uptime = random_.chance(0.5) ? 100 : random_.unit() * 100;
    standing.share = random_.chance(0.2) ? random_.unit() + 1e-6 : 1;
    standing.tokens_per_s = standing.tokens_per_s_p50 = random_.unit() * 100;
    standing.first_content_ms = standing.first_content_p50_ms = random_.unit() * 1'000;
  }

  void generate(llm::ProviderWishes& wishes) {
    wishes.order = some_names(0.3);
    wishes.only = some_names(0.2);
    wishes.ignore = some_names(0.2);
    wishes.allow_fallbacks = random_.chance(0.7);
    wishes.require_parameters = random_.chance(0.2);
    wishes.deny_collection = random_.chance(0.1);
    wishes.zero_retention = random_.chance(0.1);
    if (random_.chance(0.1)) {
      wishes.quantizations = {llm::Quantization::fp8, llm::Quantization::bf16};
    }
    if (random_.chance(0.2)) wishes.price_max.prompt = random_.unit() * 10;
    if (random_.chance(0.3)) wishes.throughput_min.p50 = random_.unit() * 100;
    if (random_.chance(0.3)) wishes.latency_s_max.p50 = random_.unit();
  }

  void generate(llm::RequestNeeds& needs) {
    needs.tools = random_.chance(0.4);
    needs.images = random_.chance(0.3);
    needs.json_schema = random_.chance(0.2);
    needs.input_tokens_min = random_.below(9'000);
  }
};

// Whatever is wished, ranked, pardoned or gone on with.
TEST_F(GeneratedPlans, NeverBreakAPinAndNeverLoseOrDoubleAnybody) {
  constexpr int plans = 1'000'000;
  std::size_t steps = 0;
  for (int round = 0; round < plans; ++round) {
    pin_anew();
    choose_candidates();
    const Question asked = question();
    const Plan made = plan(asked, random_);
    ASSERT_EQ(broken_promise(asked, made), "") << "round " << round;
    steps += made.steps.size();
  }
  EXPECT_GT(steps, std::size_t{plans} / 2) << "a plan of nothing promises nothing";
}

}  // namespace
}  // namespace sluice::route
