#include "sluice/catalog/price.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

TokenPrice of(double input, double output) {
  TokenPrice price;
  price.input = input;
  price.output = output;
  return price;
}

TEST(Price, WhatIsNotKnownIsNeverZero) {
  const TokenPrice nothing;
  EXPECT_FALSE(nothing.known());
  EXPECT_EQ(nothing.input, std::nullopt);
  EXPECT_FALSE(nothing.times(2).known());
}

TEST(Price, FreeIsKnown) { EXPECT_TRUE(of(0, 0).known()); }

TEST(Price, AFactorReachesEveryKnownMember) {
  TokenPrice price = of(2, 10);
  price.image_output = 40;
  const TokenPrice dearer = price.times(1.5);
  EXPECT_EQ(dearer.input, 3);
  EXPECT_EQ(dearer.output, 15);
  EXPECT_EQ(dearer.image_output, 60);
  EXPECT_EQ(dearer.cached_input, std::nullopt);
}

TEST(Price, TheHighestMatchingTierPricesTheWholeRequest) {
  Price price;
  price.tokens = of(1, 5);
  price.tokens.cached_input = 0.1;
  price.tiers = {{200'000, of(2, 8)}, {400'000, of(4, 9)}};
  EXPECT_EQ(price.at(200'000), price.tokens) << "above, not at";
  EXPECT_EQ(price.at(200'001).input, 2);
  EXPECT_EQ(price.at(400'001).output, 9);
  EXPECT_EQ(price.at(400'001).cached_input, 0.1) << "a missing member keeps the base value";
}

TEST(Price, ARegionsFactorReachesTiersAndServiceTiers) {
  Price price;
  price.tokens = of(1, 5);
  price.tiers = {{10, of(2, 8)}};
  price.service_tiers = {{"batch", {}, of(0.5, 2.5)}, {"flex", 0.5, {}}};
  const Price dearer = price.times(2);
  EXPECT_EQ(dearer.tokens, of(2, 10));
  EXPECT_EQ(dearer.tiers[0].price, of(4, 16));
  EXPECT_EQ(dearer.service_tiers[0].price, of(1, 5));
  EXPECT_EQ(dearer.service_tiers[1].multiplier, 0.5) << "it multiplies what is multiplied already";
}

}  // namespace
}  // namespace sluice::catalog
