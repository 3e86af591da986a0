// What tokens cost at one deployment, in US dollars per 1,000,000 tokens.
//
// A member without a value means "not known": it is never 0, and a sum with it is not known either.
// A price that is known to be free is 0.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::catalog {

struct TokenPrice {
  std::optional<double> input;
  std::optional<double> cached_input;  // read from the provider's prompt cache; unknown: `input`
  std::optional<double> output;
  std::optional<double> cache_write;  // default time to live; unknown: `input`
  std::optional<double> cache_write_5m;
  std::optional<double> cache_write_1h;
  std::optional<double> reasoning;  // only where it differs from `output`
  std::optional<double> audio_input;
  std::optional<double> audio_output;
  std::optional<double> image_input;
  std::optional<double> image_output;

  /// Whether anything is known at all.
  [[nodiscard]] bool known() const noexcept;
  /// Every known member times `factor`.
  [[nodiscard]] TokenPrice times(double factor) const noexcept;
  /// Members of `other` where it knows them, ours elsewhere.
  [[nodiscard]] TokenPrice overlaid_with(const TokenPrice& other) const noexcept;

  friend bool operator==(const TokenPrice&, const TokenPrice&) = default;
};

/// The price of the whole request once its input (cache reads and writes included) is longer.
/// A member that is not known keeps the base value; the highest row that matches wins.
struct PriceTier {
  std::uint64_t above_input_tokens = 0;
  TokenPrice price;
  friend bool operator==(const PriceTier&, const PriceTier&) = default;
};

/// A service tier (`batch`, `flex`, `priority`, `fast`): its own prices, or a factor on the others.
struct ServiceTierPrice {
  std::string name;
  std::optional<double> multiplier;
  TokenPrice price;
  friend bool operator==(const ServiceTierPrice&, const ServiceTierPrice&) = default;
};

/// US dollars per unit, for what is not sold by the token.
struct UnitPrice {
  std::optional<double> per_image;
  std::optional<double> per_video_second;
  std::optional<double> per_audio_input_second;
  std::optional<double> per_character;
  std::optional<double> per_query;
  std::optional<double> per_page;
  std::optional<double> per_request;
  std::optional<double> per_second;
  friend bool operator==(const UnitPrice&, const UnitPrice&) = default;
};

/// Everything known about what one deployment costs.
struct Price {
  TokenPrice tokens;
  std::vector<PriceTier> tiers;  // ascending by above_input_tokens
  std::vector<ServiceTierPrice> service_tiers;
  UnitPrice units;

  /// The token price of a request with that much input, by the rule of PriceTier.
  [[nodiscard]] TokenPrice at(std::uint64_t input_tokens) const noexcept;
  /// All token prices times `factor`: a region's premium. Unit prices are left as they are.
  [[nodiscard]] Price times(double factor) const;
  friend bool operator==(const Price&, const Price&) = default;
};

}  // namespace sluice::catalog
