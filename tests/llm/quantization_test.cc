#include "sluice/llm/quantization.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(Quantization, EveryOneIsKnownByItsName) {
  for (std::size_t n = 0; n < quantization_count; ++n) {
    const auto quantization = static_cast<Quantization>(n);
    EXPECT_EQ(parse_quantization(to_string(quantization)), quantization);
    EXPECT_NE(quantization_names().find(to_string(quantization)), std::string_view::npos);
  }
  EXPECT_EQ(parse_quantization("FP8"), std::nullopt);
  EXPECT_EQ(parse_quantization(""), std::nullopt);
}

TEST(Quantization, ASetHoldsWhatWasAdded) {
  Quantizations set;
  EXPECT_TRUE(set.empty());
  set.add(Quantization::unknown);
  set.add(Quantization::fp32);
  EXPECT_FALSE(set.empty());
  EXPECT_TRUE(set.contains(Quantization::unknown));
  EXPECT_TRUE(set.contains(Quantization::fp32));
  EXPECT_FALSE(set.contains(Quantization::fp8));
  EXPECT_EQ(set, (Quantizations{Quantization::fp32, Quantization::unknown}));
}

}  // namespace
}  // namespace sluice::llm
