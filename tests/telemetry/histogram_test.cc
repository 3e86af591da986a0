#include "sluice/telemetry/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

namespace sluice::telemetry {
namespace {

/// The definition: the first bound that is not below the value.
template <typename Scale>
std::size_t bucket_by_definition(std::uint64_t value) {
  const auto& bounds = Scale::Bounds::values;
  return static_cast<std::size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
}

template <typename Scale>
class HistogramOf : public testing::Test {};
using Scales = testing::Types<DurationScale, TokenScale, ByteScale>;
TYPED_TEST_SUITE(HistogramOf, Scales);

TYPED_TEST(HistogramOf, BoundsAscendFromEndToEndWithoutGaps) {
  const auto& bounds = TypeParam::Bounds::values;
  EXPECT_TRUE(std::ranges::is_sorted(bounds));
  EXPECT_EQ(std::ranges::adjacent_find(bounds), bounds.end());
  for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_LE(bounds[i], bounds[i - 1] * 2);
}

TYPED_TEST(HistogramOf, FindsTheBucketOfEveryValueAroundEveryBound) {
  const auto check = [](std::uint64_t value) {
    EXPECT_EQ(Histogram<TypeParam>::bucket_of(value), bucket_by_definition<TypeParam>(value))
        << value;
  };
  for (const std::uint64_t bound : TypeParam::Bounds::values) {
    for (const std::uint64_t value : {bound - 1, bound, bound + 1}) check(value);
  }
  for (unsigned shift = 0; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t value : {power - 1, power, power + 1}) check(value);
  }
  check(std::numeric_limits<std::uint64_t>::max());
}

TYPED_TEST(HistogramOf, ShownBoundsAreTheRoundOnesAndTheEnds) {
  const auto& bounds = TypeParam::Bounds::values;
  EXPECT_TRUE(TypeParam::Bounds::is_shown(0));
  EXPECT_TRUE(TypeParam::Bounds::is_shown(bounds.size() - 1));
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const std::string digits = std::to_string(bounds[i]);
    const bool round = digits.find_first_not_of('0', 1) == std::string::npos &&
                       std::string_view("1235").find(digits[0]) != std::string_view::npos;
    EXPECT_EQ(TypeParam::Bounds::is_shown(i), round) << digits;
  }
}

TEST(Histogram, CoversTenMicrosecondsToAThousandSeconds) {
  EXPECT_EQ(DurationScale::Bounds::values.front(), 10'000U);
  EXPECT_EQ(DurationScale::Bounds::values.back(), 1'000'000'000'000U);
  EXPECT_EQ(DurationHistogram::bucket_count, 82U);
}

TEST(Histogram, CountsValuesAndTheirSum) {
  DurationHistogram histogram;
  histogram.record(std::chrono::milliseconds(100));
  histogram.record(std::chrono::nanoseconds(100'000'001));
  histogram.record(std::chrono::hours(1));
  histogram.record(std::chrono::nanoseconds(-5));
  const std::size_t at = DurationHistogram::bucket_of(100'000'000);
  EXPECT_EQ(DurationHistogram::bounds[at], 100'000'000U);
  EXPECT_EQ(histogram.bucket(at), 1U);
  EXPECT_EQ(histogram.bucket(at + 1), 1U);
  EXPECT_EQ(histogram.bucket(DurationHistogram::bucket_count - 1), 1U);
  EXPECT_EQ(histogram.bucket(0), 1U);
  EXPECT_EQ(histogram.sum(), 100'000'000U + 100'000'001U + 3'600'000'000'000U);
}

TEST(Histogram, SumsOverCoresBucketByBucket) {
  TokenHistogram a, b;
  a.record(std::uint64_t{1});
  a.record(std::uint64_t{1'000});
  b.record(std::uint64_t{1'000});
  HistogramSum<TokenScale> sum;
  sum.add(a);
  sum.add(b);
  EXPECT_EQ(sum.count, 3U);
  EXPECT_EQ(sum.sum, 2'001U);
  EXPECT_EQ(sum.buckets[TokenHistogram::bucket_of(1)], 1U);
  EXPECT_EQ(sum.buckets[TokenHistogram::bucket_of(1'000)], 2U);
}

TEST(Histogram, ReadByAnotherThreadNeverGoesBack) {
  constexpr std::uint64_t last = 50'000;
  TokenHistogram histogram;
  std::thread writer([&histogram] {
    for (std::uint64_t value = 0; value < last; ++value) histogram.record(value);
  });
  std::uint64_t seen = 0;
  while (seen < last) {
    HistogramSum<TokenScale> sum;
    sum.add(histogram);
    ASSERT_GE(sum.count, seen);
    seen = sum.count;
  }
  writer.join();
}

}  // namespace
}  // namespace sluice::telemetry
