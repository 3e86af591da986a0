#include "sluice/catalog/price.h"

#include <array>

namespace sluice::catalog {
namespace {

using Member = std::optional<double> TokenPrice::*;

constexpr std::array<Member, 11> members = {
    &TokenPrice::input,       &TokenPrice::cached_input,   &TokenPrice::output,
    &TokenPrice::cache_write, &TokenPrice::cache_write_5m, &TokenPrice::cache_write_1h,
    &TokenPrice::reasoning,   &TokenPrice::audio_input,    &TokenPrice::audio_output,
    &TokenPrice::image_input, &TokenPrice::image_output,
};
static_assert(sizeof(TokenPrice) == members.size() * sizeof(std::optional<double>),
              "a member is missing from the list");

}  // namespace

bool TokenPrice::known() const noexcept {
  for (const Member member : members) {
    if ((this->*member).has_value()) return true;
  }
  return false;
}

TokenPrice TokenPrice::times(double factor) const noexcept {
  TokenPrice result = *this;
  for (const Member member : members) {
    if (result.*member) *(result.*member) *= factor;
  }
  return result;
}

TokenPrice TokenPrice::overlaid_with(const TokenPrice& other) const noexcept {
  TokenPrice result = *this;
  for (const Member member : members) {
    if (other.*member) result.*member = other.*member;
  }
  return result;
}

TokenPrice Price::at(std::uint64_t input_tokens) const noexcept {
  const PriceTier* highest = nullptr;
  for (const PriceTier& tier : tiers) {
    if (input_tokens > tier.above_input_tokens) highest = &tier;
  }
  return highest == nullptr ? tokens : tokens.overlaid_with(highest->price);
}

Price Price::times(double factor) const {
  Price result = *this;
  result.tokens = tokens.times(factor);
  for (PriceTier& tier : result.tiers) tier.price = tier.price.times(factor);
  for (ServiceTierPrice& tier : result.service_tiers) tier.price = tier.price.times(factor);
  return result;
}

}  // namespace sluice::catalog
