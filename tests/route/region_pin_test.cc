#include "sluice/route/region_pin.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <string>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::route {
namespace {

catalog::Deployment deployment_in(std::string region) {
  catalog::Deployment deployment;
  deployment.region = std::move(region);
  return deployment;
}

TEST(RegionPin, WithoutAPinDataMayGoAnywhere) {
  const RegionPin pin;
  EXPECT_FALSE(pin.is_pinned());
  for (const char* region : {"eu", "us", "global", ""}) {
    const catalog::Deployment deployment = deployment_in(region);
    const auto passage = pin.passage(deployment);
    ASSERT_TRUE(passage) << region;
    EXPECT_EQ(&passage->deployment(), &deployment);
  }
}

TEST(RegionPin, WhatBindsNobodyPinsNothing) {
  const std::vector<std::string> nothing;
  RegionPin pin;
  pin.narrow(nothing);
  pin.narrow(std::string_view{});
  EXPECT_FALSE(pin.is_pinned());
  EXPECT_TRUE(pin.admits("us"));
}

TEST(RegionPin, AdmitsOnlyWhatEveryListHolds) {
  const std::vector<std::string> key = {"eu", "uk"};
  const std::vector<std::string> listener = {"us", "eu"};
  RegionPin pin;
  pin.narrow(key);
  EXPECT_TRUE(pin.admits("uk"));
  EXPECT_FALSE(pin.admits("us"));
  pin.narrow(listener);
  EXPECT_TRUE(pin.admits("eu"));
  EXPECT_FALSE(pin.admits("uk"));
  pin.narrow("us");
  for (const char* region : {"eu", "us", "uk"}) EXPECT_FALSE(pin.admits(region)) << region;
}

TEST(RegionPin, APlaceThatPromisesNothingIsOutsideOfEveryOtherPin) {
  RegionPin pin;
  pin.narrow("eu");
  for (const char* region : {"global", "", "EU", "e", "eu-west", "eu "}) {
    EXPECT_FALSE(pin.passage(deployment_in(region))) << region;
  }
  RegionPin everywhere;
  everywhere.narrow("global");
  EXPECT_TRUE(everywhere.admits("global"));
  EXPECT_FALSE(everywhere.admits("eu"));
}

// Whatever is narrowed in whatever order: a passage exists exactly where every list holds the
// region.
TEST(RegionPin, IsTheIntersectionOfAllThatWasSaid) {
  const std::vector<std::string> regions = {"eu", "us", "uk", "ap", "global"};
  Random random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::vector<std::string>> lists(random.below(RegionPin::constraints_max + 1));
    for (auto& list : lists) {
      for (const std::string& region : regions) {
        if (random.chance(0.6)) list.push_back(region);
      }
    }
    RegionPin pin;
    for (const auto& list : lists) pin.narrow(list);
    for (const std::string& region : regions) {
      bool wanted = true;
      for (const auto& list : lists) {
        wanted = wanted && (list.empty() || std::ranges::find(list, region) != list.end());
      }
      const catalog::Deployment deployment = deployment_in(region);
      ASSERT_EQ(pin.passage(deployment).has_value(), wanted) << "round " << round << ' ' << region;
    }
  }
}

TEST(RegionPinDeathTest, MoreConstraintsThanThereAreIsOurMistake) {
  RegionPin pin;
  for (std::size_t i = 0; i < RegionPin::constraints_max; ++i) pin.narrow("eu");
  EXPECT_DEATH(pin.narrow("eu"), "constraints_max");
}

}  // namespace
}  // namespace sluice::route
