#include "sluice/route/filters.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sluice::route {
namespace {

using Names = std::vector<std::string>;
using llm::Quantization;

// One deployment: of the provider "vertex", in "eu".
class Filters : public testing::Test {
 protected:
  Filters() {
    provider_.name = "vertex";
    deployment_.provider = &provider_;
    deployment_.region = "eu";
  }
  [[nodiscard]] Obstacle wished() const { return against_wishes(deployment_, wishes_); }

  catalog::Provider provider_;
  catalog::Deployment deployment_;
  llm::ProviderWishes wishes_;
};

struct NameCase {
  std::string_view word;
  bool is_named;
};
const NameCase name_cases[] = {
    {"vertex", true},     {"Vertex", true},      {"VERTEX", true},    {"vertex/eu", true},
    {"Vertex/EU", true},  {"vertex/us", false},  {"vertex/e", false}, {"vertex/eu-west", false},
    {"vertex/", false},   {"vertex/eu/", false}, {"vertexx", false},  {"verte", false},
    {"vertex-eu", false}, {"vertex eu", false},  {"/eu", false},      {"eu", false},
    {"/", false},         {"", false},
};

TEST_F(Filters, AWordMeansAProviderOrItsDeploymentsInARegion) {
  for (const NameCase& c : name_cases) {
    EXPECT_EQ(names_provider(c.word, deployment_), c.is_named) << '"' << c.word << '"';
  }
}

TEST_F(Filters, AProvidersNameMayHaveASlash) {
  provider_.name = "google/vertex";
  EXPECT_TRUE(names_provider("google/vertex", deployment_));
  EXPECT_TRUE(names_provider("google/vertex/eu", deployment_));
  EXPECT_FALSE(names_provider("google", deployment_));
  EXPECT_FALSE(names_provider("vertex/eu", deployment_));
}

TEST_F(Filters, WhoDemandsNothingIsServedByAnybody) { EXPECT_EQ(wished(), Obstacle::none); }

struct ProviderCase {
  std::string_view name;
  Names only, ignore, order;
  bool allow_fallbacks;
  Obstacle obstacle;
};
const ProviderCase provider_cases[] = {
    {"only this one", {"vertex"}, {}, {}, true, Obstacle::none},
    {"only this one among others", {"openai", "vertex"}, {}, {}, true, Obstacle::none},
    {"only its region", {"vertex/eu"}, {}, {}, true, Obstacle::none},
    {"only its other region", {"vertex/us"}, {}, {}, true, Obstacle::other_provider},
    {"only another one", {"openai"}, {}, {}, true, Obstacle::other_provider},
    {"ignored", {}, {"openai", "vertex"}, {}, true, Obstacle::ignored_provider},
    {"ignored in another region", {}, {"vertex/us"}, {}, true, Obstacle::none},
    {"ignored in this region", {}, {"vertex/eu"}, {}, true, Obstacle::ignored_provider},
    {"both wanted and ignored", {"vertex"}, {"vertex"}, {}, true, Obstacle::ignored_provider},
    {"others come first, and it after them", {}, {}, {"openai"}, true, Obstacle::none},
    {"nobody comes after those named", {}, {}, {"openai"}, false, Obstacle::not_in_order},
    {"it is one of those named", {}, {}, {"openai", "vertex"}, false, Obstacle::none},
    {"its region is not", {}, {}, {"openai", "vertex/us"}, false, Obstacle::not_in_order},
    {"the first choice, whoever that is", {}, {}, {}, false, Obstacle::none},
};

TEST_F(Filters, WhoIsNamedServesAndWhoIsIgnoredDoesNot) {
  for (const ProviderCase& c : provider_cases) {
    wishes_ = {};
    wishes_.only = c.only;
    wishes_.ignore = c.ignore;
    wishes_.order = c.order;
    wishes_.allow_fallbacks = c.allow_fallbacks;
    EXPECT_EQ(wished(), c.obstacle) << c.name;
  }
}

using Usd = std::optional<double>;
constexpr Usd unknown;

struct Prices {
  Usd input, output, request, image;
};
struct PriceCase {
  std::string_view name;
  Prices price, cap;
  Obstacle obstacle;
};
const PriceCase price_cases[] = {
    {"no cap", {100, 100, 100, 100}, {}, Obstacle::none},
    {"no cap, and no price known", {}, {}, Obstacle::none},
    {"below", {1, 4, {}, {}}, {2, 5, {}, {}}, Obstacle::none},
    {"a cap is met by what costs as much", {2, 5, {}, {}}, {2, 5, {}, {}}, Obstacle::none},
    {"input too dear", {2.01, 5, {}, {}}, {2, 5, {}, {}}, Obstacle::price},
    {"output too dear", {2, 5.01, {}, {}}, {2, 5, {}, {}}, Obstacle::price},
    {"what is not capped may cost anything", {2, 500, {}, {}}, {2, {}, {}, {}}, Obstacle::none},
    {"input capped, and not known", {unknown, 1, {}, {}}, {2, {}, {}, {}}, Obstacle::price},
    {"output capped, and not known", {1, unknown, {}, {}}, {{}, 2, {}, {}}, Obstacle::price},
    {"input not known, output capped", {unknown, 1, {}, {}}, {{}, 2, {}, {}}, Obstacle::none},
    {"nothing but what is free", {0, 0, {}, {}}, {0, 0, {}, {}}, Obstacle::none},
    {"free, and not known to be", {}, {0, 0, {}, {}}, Obstacle::price},
    {"not sold by the request", {1, 1, unknown, {}}, {{}, {}, 0, {}}, Obstacle::none},
    {"a request too dear", {1, 1, 0.02, {}}, {{}, {}, 0.01, {}}, Obstacle::price},
    {"a request as dear as that", {1, 1, 0.01, {}}, {{}, {}, 0.01, {}}, Obstacle::none},
    {"not sold by the image", {1, 1, {}, unknown}, {{}, {}, {}, 0}, Obstacle::none},
    {"an image too dear", {1, 1, {}, 0.05}, {{}, {}, {}, 0.04}, Obstacle::price},
};

TEST_F(Filters, WhatIsAboveTheCapOrNotKnownToBeBelowItIsTooDear) {
  for (const PriceCase& c : price_cases) {
    deployment_.price = {};
    deployment_.price.tokens.input = c.price.input;
    deployment_.price.tokens.output = c.price.output;
    deployment_.price.units.per_request = c.price.request;
    deployment_.price.units.per_image = c.price.image;
    wishes_.price_max.prompt = c.cap.input;
    wishes_.price_max.completion = c.cap.output;
    wishes_.price_max.request = c.cap.request;
    wishes_.price_max.image = c.cap.image;
    EXPECT_EQ(wished(), c.obstacle) << c.name;
  }
}

struct PolicyCase {
  std::string_view name;
  std::optional<bool> trains, retains;
  bool deny_collection, zero_retention;
  Obstacle obstacle;
};
const PolicyCase policy_cases[] = {
    {"nothing is demanded of who does both", true, true, false, false, Obstacle::none},
    {"it does not train", false, true, true, false, Obstacle::none},
    {"it trains", true, false, true, false, Obstacle::data_policy},
    {"whether it trains is not known", {}, false, true, false, Obstacle::data_policy},
    {"it keeps nothing", true, false, false, true, Obstacle::none},
    {"it keeps", false, true, false, true, Obstacle::data_policy},
    {"whether it keeps is not known", false, {}, false, true, Obstacle::data_policy},
    {"neither", false, false, true, true, Obstacle::none},
    {"neither is known", {}, {}, true, true, Obstacle::data_policy},
};

TEST_F(Filters, ADataPolicyThatNobodyVouchesForIsNotKept) {
  for (const PolicyCase& c : policy_cases) {
    deployment_.data_policy = {.trains = c.trains, .retains = c.retains};
    wishes_.deny_collection = c.deny_collection;
    wishes_.zero_retention = c.zero_retention;
    EXPECT_EQ(wished(), c.obstacle) << c.name;
  }
}

TEST_F(Filters, NobodyIsKnownToAllowDistilling) {
  deployment_.data_policy = {.trains = false, .retains = false};
  wishes_.distillable_only = true;
  EXPECT_EQ(wished(), Obstacle::data_policy);
}

TEST_F(Filters, OnlyAQuantizationThatWasNamedWillDo) {
  deployment_.quantization = Quantization::fp8;
  wishes_.quantizations = {Quantization::fp8, Quantization::bf16};
  EXPECT_EQ(wished(), Obstacle::none);
  deployment_.quantization = Quantization::int4;
  EXPECT_EQ(wished(), Obstacle::quantization);
  deployment_.quantization = Quantization::unknown;
  EXPECT_EQ(wished(), Obstacle::quantization);
  wishes_.quantizations.add(Quantization::unknown);
  EXPECT_EQ(wished(), Obstacle::none) << "who names it takes it";
}

// The order of Obstacle: who hears of one reason hears of the one that can be helped least.
TEST_F(Filters, TheFirstReasonIsTold) {
  wishes_.only = {"openai"};
  wishes_.ignore = {"vertex"};
  wishes_.order = {"openai"};
  wishes_.allow_fallbacks = false;
  wishes_.zero_retention = true;
  wishes_.quantizations = {Quantization::fp8};
  wishes_.price_max.prompt = 1;
  EXPECT_EQ(wished(), Obstacle::other_provider);
  wishes_.only.clear();
  EXPECT_EQ(wished(), Obstacle::ignored_provider);
  wishes_.ignore.clear();
  EXPECT_EQ(wished(), Obstacle::not_in_order);
  wishes_.order.clear();
  EXPECT_EQ(wished(), Obstacle::data_policy);
  wishes_.zero_retention = false;
  EXPECT_EQ(wished(), Obstacle::quantization);
  wishes_.quantizations = {};
  EXPECT_EQ(wished(), Obstacle::price);
}

using Can = std::optional<bool>;
constexpr Can not_known;

struct CapabilityCase {
  std::string_view name;
  Can tools, vision, structured_output;
  bool needs_tools, needs_images, needs_schema;
  Obstacle obstacle;
};
const CapabilityCase capability_cases[] = {
    {"nothing is needed", false, false, false, false, false, false, Obstacle::none},
    {"tools, and it has them", true, false, false, true, false, false, Obstacle::none},
    {"tools, and it has them not", false, true, true, true, false, false, Obstacle::capability},
    {"tools, and nobody knows", not_known, false, false, true, false, false, Obstacle::none},
    {"images, and it sees", false, true, false, false, true, false, Obstacle::none},
    {"images, and it is blind", true, false, true, false, true, false, Obstacle::capability},
    {"images, and nobody knows", false, not_known, false, false, true, false, Obstacle::none},
    {"a schema, and it keeps to it", false, false, true, false, false, true, Obstacle::none},
    {"a schema, and it does not", true, true, false, false, false, true, Obstacle::capability},
    {"a schema, and nobody knows", false, false, not_known, false, false, true, Obstacle::none},
    {"all of it, and one is missing", true, true, false, true, true, true, Obstacle::capability},
};

TEST_F(Filters, WhatAModelIsKnownToLackIsAnObstacleToWhoNeedsIt) {
  for (const CapabilityCase& c : capability_cases) {
    catalog::Model model;
    model.capabilities.tools = c.tools;
    model.capabilities.vision = c.vision;
    model.capabilities.structured_output = c.structured_output;
    llm::RequestNeeds needs;
    needs.tools = c.needs_tools;
    needs.images = c.needs_images;
    needs.json_schema = c.needs_schema;
    EXPECT_EQ(against_needs(model, needs), c.obstacle) << c.name;
  }
}

// What may be shorter is not kept from a model: the least that it can be counts.
TEST_F(Filters, APromptIsTooLongWhereTheLeastOfItDoesNotFit) {
  catalog::Model model;
  llm::RequestNeeds needs;
  needs.input_tokens_min = 8'000;
  needs.input_tokens_likely = 24'000;
  needs.input_tokens_max = 96'000;
  EXPECT_EQ(against_needs(model, needs), Obstacle::none) << "its length is not known";
  model.context_tokens = 8'000;
  EXPECT_EQ(against_needs(model, needs), Obstacle::none);
  model.context_tokens = 7'999;
  EXPECT_EQ(against_needs(model, needs), Obstacle::context_length);
  model.capabilities.tools = false;
  needs.tools = true;
  EXPECT_EQ(against_needs(model, needs), Obstacle::capability);
}

// p50, p75, p90, p99; 0 stands for "not known" where it was measured, and for no bound in a bound.
struct Percentiles {
  double p50 = 0, p75 = 0, p90 = 0, p99 = 0;
};
struct SpeedCase {
  std::string_view name;
  Percentiles measured, bound;
  bool is_preferred;
};

llm::PercentileBounds bounds_of(const Percentiles& bound) {
  const auto given = [](double value) { return value > 0 ? Usd(value) : unknown; };
  llm::PercentileBounds bounds;
  bounds.p50 = given(bound.p50);
  bounds.p75 = given(bound.p75);
  bounds.p90 = given(bound.p90);
  bounds.p99 = given(bound.p99);
  return bounds;
}

const SpeedCase throughput_cases[] = {
    {"no bound", {1, 1, 1, 1}, {}, true},
    {"at the bound", {.p50 = 50}, {.p50 = 50}, true},
    {"below it", {.p50 = 49.9}, {.p50 = 50}, false},
    {"no numbers", {}, {50, 50, 50, 50}, true},
    {"each bound is for its own percentile", {80, 60, 40, 20}, {80, 60, 40, 20}, true},
    {"p75 below", {80, 59, 40, 20}, {80, 60, 40, 20}, false},
    {"p90 below", {80, 60, 39, 20}, {80, 60, 40, 20}, false},
    {"p99 below", {80, 60, 40, 19}, {80, 60, 40, 20}, false},
    {"what is not bounded may be slow", {80, 60, 1, 1}, {.p75 = 60}, true},
};

TEST_F(Filters, WhoIsSlowerThanAskedForIsNotPreferred) {
  for (const SpeedCase& c : throughput_cases) {
    upstream::Standing standing;
    standing.tokens_per_s_p50 = c.measured.p50;
    standing.tokens_per_s_p75 = c.measured.p75;
    standing.tokens_per_s_p90 = c.measured.p90;
    standing.tokens_per_s_p99 = c.measured.p99;
    wishes_.throughput_min = bounds_of(c.bound);
    EXPECT_EQ(is_preferred(standing, wishes_), c.is_preferred) << c.name;
  }
}

// Measured in milliseconds, bounded in seconds.
const SpeedCase latency_cases[] = {
    {"no bound", {9'000, 9'000, 9'000, 9'000}, {}, true},
    {"at the bound", {.p50 = 500}, {.p50 = 0.5}, true},
    {"above it", {.p50 = 501}, {.p50 = 0.5}, false},
    {"no numbers", {}, {0.5, 0.5, 0.5, 0.5}, true},
    {"each bound is for its own percentile", {500, 800, 1'500, 4'000}, {0.5, 0.8, 1.5, 4}, true},
    {"p75 above", {500, 801, 1'500, 4'000}, {0.5, 0.8, 1.5, 4}, false},
    {"p90 above", {500, 800, 1'501, 4'000}, {0.5, 0.8, 1.5, 4}, false},
    {"p99 above", {500, 800, 1'500, 4'001}, {0.5, 0.8, 1.5, 4}, false},
};

TEST_F(Filters, WhoIsLaterThanAskedForIsNotPreferred) {
  for (const SpeedCase& c : latency_cases) {
    upstream::Standing standing;
    standing.first_content_p50_ms = c.measured.p50;
    standing.first_content_p75_ms = c.measured.p75;
    standing.first_content_p90_ms = c.measured.p90;
    standing.first_content_p99_ms = c.measured.p99;
    wishes_.latency_s_max = bounds_of(c.bound);
    EXPECT_EQ(is_preferred(standing, wishes_), c.is_preferred) << c.name;
  }
}

TEST_F(Filters, BothFastAndSoonIsWhatBothBoundsAskFor) {
  upstream::Standing standing;
  standing.tokens_per_s_p50 = 100;
  standing.first_content_p50_ms = 900;
  wishes_.throughput_min.p50 = 50;
  wishes_.latency_s_max.p50 = 1;
  EXPECT_TRUE(is_preferred(standing, wishes_));
  wishes_.latency_s_max.p50 = 0.8;
  EXPECT_FALSE(is_preferred(standing, wishes_));
}

}  // namespace
}  // namespace sluice::route
