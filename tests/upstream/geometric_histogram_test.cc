#include "sluice/upstream/geometric_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using Small = GeometricBuckets<4, 7>;  // 16, 20, 24, 28, 32, 40, ... 112; 14 buckets

TEST(GeometricHistogram, CutsEachOctaveIntoFour) {
  static_assert(Small::bucket_count == 14);
  const std::uint64_t lowest[] = {0, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128};
  for (std::size_t bucket = 0; bucket < Small::bucket_count; ++bucket) {
    SCOPED_TRACE(bucket);
    EXPECT_EQ(Small::lower_bound(bucket), lowest[bucket]);
    EXPECT_EQ(Small::bucket_of(lowest[bucket]), bucket);
    if (bucket > 0) {
      EXPECT_EQ(Small::bucket_of(lowest[bucket] - 1), bucket - 1);
    }
  }
  EXPECT_EQ(Small::bucket_of(~std::uint64_t{0}), Small::bucket_count - 1);
  EXPECT_EQ(Small::lower_bound(Small::bucket_count), 128U) << "more is not told";
}

TEST(GeometricHistogram, TellsAQuantileOnlyWhenAValueLiesBeyondIt) {
  EXPECT_EQ(values_for_quantile(0.5), 5U);
  EXPECT_EQ(values_for_quantile(0.75), 5U);
  EXPECT_EQ(values_for_quantile(0.9), 10U);
  EXPECT_EQ(values_for_quantile(0.95), 20U);
  EXPECT_EQ(values_for_quantile(0.99), 100U);
  EXPECT_EQ(values_for_quantile(0.1), 10U);
  EXPECT_EQ(values_for_quantile(0.01), 100U);

  std::array<std::uint32_t, Small::bucket_count> counts{};
  const std::array wanted{0.5, 0.9};
  counts[1] = 4;
  EXPECT_EQ((quantiles_of<Small>(std::span(std::as_const(counts)), wanted)), (std::array{0., 0.}));
  counts[1] = 9;
  EXPECT_EQ((quantiles_of<Small>(std::span(std::as_const(counts)), wanted)), (std::array{18., 0.}));
  counts[1] = 10;  // of 16 to 20, the fifth and the ninth of ten
  EXPECT_EQ((quantiles_of<Small>(std::span(std::as_const(counts)), wanted)),
            (std::array{18., 19.6}));
}

TEST(GeometricHistogram, TellsTheEndsOfWhatItKnows) {
  std::array<std::uint32_t, Small::bucket_count> counts{};
  counts.back() = 100;
  EXPECT_EQ((quantiles_of<Small>(std::span(std::as_const(counts)), std::array{0.5, 0.99})),
            (std::array{128., 128.}));
  counts.back() = 0;
  counts.front() = 100;
  EXPECT_EQ((quantiles_of<Small>(std::span(std::as_const(counts)), std::array{0.5, 0.75})),
            (std::array{8., 12.}));
}

TEST(GeometricHistogram, IsWithinAQuarterOfTheTrueQuantile) {
  using Wide = GeometricBuckets<10, 27>;
  const std::array wanted{0.5, 0.75, 0.9, 0.95, 0.99};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::uint64_t> values(100 + random.below(2'000));
    std::array<std::uint32_t, Wide::bucket_count> counts{};
    for (std::uint64_t& value : values) {
      value = random.between(1'024, 4'095) << random.below(15);
      ++counts[Wide::bucket_of(value)];
    }
    std::sort(values.begin(), values.end());
    const auto told = quantiles_of<Wide>(std::span(std::as_const(counts)), wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double rank = std::ceil(wanted[i] * static_cast<double>(values.size()));
      const auto truth = static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
      EXPECT_GE(told[i], truth / 1.25);
      EXPECT_LE(told[i], truth * 1.25);
    }
  }
}

}  // namespace
}  // namespace sluice::upstream
