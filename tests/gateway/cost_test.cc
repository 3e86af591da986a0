#include "cost.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway {
namespace {

using catalog::TokenPrice;
using llm::Usage;
using Prices = std::vector<std::pair<std::optional<double> TokenPrice::*, double>>;
using Counts = std::vector<std::pair<Usage::Count Usage::*, std::uint64_t>>;

catalog::Price price_of(const Prices& prices) {
  catalog::Price price;
  for (const auto& [member, usd_per_million] : prices) price.tokens.*member = usd_per_million;
  return price;
}

Usage usage_of(const Counts& counts) {
  Usage usage;
  for (const auto& [member, tokens] : counts) usage.*member = tokens;
  return usage;
}

const Prices all_prices = {{&TokenPrice::input, 2.0},        {&TokenPrice::cached_input, 0.5},
                           {&TokenPrice::output, 8.0},       {&TokenPrice::cache_write, 2.5},
                           {&TokenPrice::reasoning, 10.0},   {&TokenPrice::audio_input, 40.0},
                           {&TokenPrice::audio_output, 80.0}};
const Prices two_prices = {{&TokenPrice::input, 2.0}, {&TokenPrice::output, 8.0}};

struct CostCase {
  std::string_view name;
  Prices prices;
  Counts counts;
  std::optional<double> millionths;  // of a dollar
};
const CostCase cost_cases[] = {
    {"input and output", two_prices, {{&Usage::input, 100}, {&Usage::output, 10}}, 280},
    {"nothing counted", two_prices, {}, {}},
    {"no input counted", two_prices, {{&Usage::output, 10}}, {}},
    {"no output counted", two_prices, {{&Usage::input, 10}}, {}},
    {"an input and a total are an embedding's",
     two_prices,
     {{&Usage::input, 10}, {&Usage::total, 10}},
     20},
    {"a total below its input", two_prices, {{&Usage::input, 10}, {&Usage::total, 9}}, {}},
    {"no price", {}, {{&Usage::input, 100}, {&Usage::output, 10}}, {}},
    {"no price of the output",
     {{&TokenPrice::input, 2.0}},
     {{&Usage::input, 100}, {&Usage::output, 10}},
     {}},
    {"no price of what was not used",
     {{&TokenPrice::input, 2.0}},
     {{&Usage::input, 100}, {&Usage::output, 0}},
     200},
    {"known to be free",
     {{&TokenPrice::input, 0.0}, {&TokenPrice::output, 0.0}},
     {{&Usage::input, 100}, {&Usage::output, 10}},
     0},
    {"cached input",
     all_prices,
     {{&Usage::input, 100}, {&Usage::cached_input, 60}, {&Usage::output, 0}},
     110},
    {"all of it cached",
     {{&TokenPrice::cached_input, 0.5}},
     {{&Usage::input, 9}, {&Usage::cached_input, 9}, {&Usage::output, 0}},
     4.5},
    {"cached input without a price of its own",
     two_prices,
     {{&Usage::input, 100}, {&Usage::cached_input, 60}, {&Usage::output, 0}},
     200},
    {"more cached than read",
     all_prices,
     {{&Usage::input, 100}, {&Usage::cached_input, 101}, {&Usage::output, 0}},
     {}},
    {"parts that are more than the whole",
     all_prices,
     {{&Usage::input, 100},
      {&Usage::cached_input, 60},
      {&Usage::cache_write_input, 60},
      {&Usage::output, 0}},
     {}},
    {"cache write",
     all_prices,
     {{&Usage::input, 100},
      {&Usage::cached_input, 60},
      {&Usage::cache_write_input, 20},
      {&Usage::output, 0}},
     120},
    {"cache writes for five minutes and for an hour",
     {{&TokenPrice::input, 2.0},
      {&TokenPrice::cache_write_5m, 2.5},
      {&TokenPrice::cache_write_1h, 4.0}},
     {{&Usage::input, 100},
      {&Usage::cache_write_input, 60},
      {&Usage::cache_write_5m_input, 20},
      {&Usage::cache_write_1h_input, 40},
      {&Usage::output, 0}},
     290},
    {"cache writes for an hour at the one price there is",
     all_prices,
     {{&Usage::input, 10},
      {&Usage::cache_write_input, 10},
      {&Usage::cache_write_1h_input, 10},
      {&Usage::output, 0}},
     25},
    {"cache writes for nobody says how long",
     {{&TokenPrice::input, 2.0}, {&TokenPrice::cache_write_5m, 2.5}},
     {{&Usage::input, 100}, {&Usage::cache_write_input, 20}, {&Usage::output, 0}},
     210},
    {"more written for an hour than at all",
     all_prices,
     {{&Usage::input, 100},
      {&Usage::cache_write_input, 20},
      {&Usage::cache_write_1h_input, 21},
      {&Usage::output, 0}},
     {}},
    {"written for an hour, and no total",
     all_prices,
     {{&Usage::input, 100}, {&Usage::cache_write_1h_input, 5}, {&Usage::output, 0}},
     {}},
    {"reasoning",
     all_prices,
     {{&Usage::input, 0}, {&Usage::output, 10}, {&Usage::reasoning_output, 4}},
     88},
    {"reasoning at the output's price",
     two_prices,
     {{&Usage::input, 0}, {&Usage::output, 10}, {&Usage::reasoning_output, 4}},
     80},
    {"audio",
     all_prices,
     {{&Usage::input, 10},
      {&Usage::audio_input, 5},
      {&Usage::output, 3},
      {&Usage::audio_output, 1}},
     306},
    {"audio without a price",
     two_prices,
     {{&Usage::input, 10}, {&Usage::audio_input, 5}, {&Usage::output, 0}},
     {}},
    {"no audio in it",
     two_prices,
     {{&Usage::input, 10}, {&Usage::audio_input, 0}, {&Usage::output, 0}},
     20},
    {"images read cost what text does",
     two_prices,
     {{&Usage::input, 10}, {&Usage::image_input, 5}, {&Usage::output, 0}},
     20},
    {"images made never do",
     two_prices,
     {{&Usage::input, 0}, {&Usage::output, 10}, {&Usage::image_output, 5}},
     {}},
};

TEST(Cost, IsTheSumOfWhatIsKnownAndNothingElse) {
  for (const CostCase& c : cost_cases) {
    SCOPED_TRACE(c.name);
    const std::optional<double> cost = cost_usd(price_of(c.prices), usage_of(c.counts));
    ASSERT_EQ(cost.has_value(), c.millionths.has_value());
    EXPECT_DOUBLE_EQ(cost.value_or(0), c.millionths.value_or(0) / 1e6);
  }
}

Usage one_output_after(std::uint64_t input) {
  return usage_of({{&Usage::input, input}, {&Usage::output, 1}});
}

TEST(Cost, LongInputHasItsTiersPrice) {
  catalog::Price price = price_of(two_prices);
  catalog::PriceTier& tier = price.tiers.emplace_back();
  tier.above_input_tokens = 1'000;
  tier.price.input = 4.0;
  EXPECT_DOUBLE_EQ(*cost_usd(price, one_output_after(1'000)), 2'008 / 1e6);
  EXPECT_DOUBLE_EQ(*cost_usd(price, one_output_after(1'001)), 4'012 / 1e6);
}

TEST(Cost, HoldsThePriceOfARequest) {
  catalog::Price price = price_of(two_prices);
  price.units.per_request = 0.005;
  EXPECT_DOUBLE_EQ(*cost_usd(price, one_output_after(0)), 0.005008);
}

}  // namespace
}  // namespace sluice::gateway
