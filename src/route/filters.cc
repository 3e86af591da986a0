#include "sluice/route/filters.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sluice/http/text.h"

namespace sluice::route {
namespace {

bool names_one(const std::vector<std::string>& words, const catalog::Deployment& deployment) {
  return std::ranges::any_of(
      words, [&](const std::string& word) { return names_provider(word, deployment); });
}

// A cap on what nobody knows the price of is a cap all the same.
bool is_above(std::optional<double> price, std::optional<double> cap) noexcept {
  return cap && (!price || *price > *cap);
}

// What is not sold by the piece costs nothing by the piece.
bool unit_is_above(std::optional<double> price, std::optional<double> cap) noexcept {
  return cap && price && *price > *cap;
}

bool is_too_dear(const catalog::Price& price, const llm::PriceCaps& caps) noexcept {
  return is_above(price.tokens.input, caps.prompt) ||
         is_above(price.tokens.output, caps.completion) ||
         unit_is_above(price.units.per_request, caps.request) ||
         unit_is_above(price.units.per_image, caps.image);
}

// What nobody vouches for is not kept to: that an answer may be distilled no host says anywhere.
bool keeps_to(const catalog::DataPolicy& policy, const llm::ProviderWishes& wishes) noexcept {
  if (wishes.distillable_only) return false;
  if (wishes.zero_retention && policy.retains != false) return false;
  return !wishes.deny_collection || policy.trains == false;
}

bool lacks(std::optional<bool> capability, bool needed) noexcept {
  return needed && capability == false;
}

// Each bound against the percentile of its name; 0 is not known.
bool is_too_slow(const upstream::Standing& standing, const llm::PercentileBounds& least) noexcept {
  const auto below = [](double measured, std::optional<double> bound) {
    return bound && measured > 0 && measured < *bound;
  };
  return below(standing.tokens_per_s_p50, least.p50) ||
         below(standing.tokens_per_s_p75, least.p75) ||
         below(standing.tokens_per_s_p90, least.p90) || below(standing.tokens_per_s_p99, least.p99);
}

bool is_too_late(const upstream::Standing& standing, const llm::PercentileBounds& most_s) noexcept {
  const auto above = [](double measured_ms, std::optional<double> bound_s) {
    return bound_s && measured_ms > *bound_s * 1'000;
  };
  return above(standing.first_content_p50_ms, most_s.p50) ||
         above(standing.first_content_p75_ms, most_s.p75) ||
         above(standing.first_content_p90_ms, most_s.p90) ||
         above(standing.first_content_p99_ms, most_s.p99);
}

}  // namespace

bool names_provider(std::string_view word, const catalog::Deployment& deployment) noexcept {
  const std::string_view name = deployment.provider->name;
  if (http::equal_ignoring_case(word, name)) return true;
  if (word.size() <= name.size() || word[name.size()] != '/') return false;
  return http::equal_ignoring_case(word.substr(0, name.size()), name) &&
         http::equal_ignoring_case(word.substr(name.size() + 1), deployment.region);
}

Obstacle against_wishes(const catalog::Deployment& deployment,
                        const llm::ProviderWishes& wishes) noexcept {
  if (!wishes.only.empty() && !names_one(wishes.only, deployment)) return Obstacle::other_provider;
  if (names_one(wishes.ignore, deployment)) return Obstacle::ignored_provider;
  if (!wishes.allow_fallbacks && !wishes.order.empty() && !names_one(wishes.order, deployment)) {
    return Obstacle::not_in_order;
  }
  if (!keeps_to(deployment.data_policy, wishes)) return Obstacle::data_policy;
  if (!wishes.quantizations.empty() && !wishes.quantizations.contains(deployment.quantization)) {
    return Obstacle::quantization;
  }
  if (wishes.price_max.any() && is_too_dear(deployment.price, wishes.price_max)) {
    return Obstacle::price;
  }
  return Obstacle::none;
}

Obstacle against_needs(const catalog::Model& model, const llm::RequestNeeds& needs) noexcept {
  const catalog::Capabilities& can = model.capabilities;
  if (lacks(can.tools, needs.tools) || lacks(can.vision, needs.images) ||
      lacks(can.structured_output, needs.json_schema)) {
    return Obstacle::capability;
  }
  if (model.context_tokens && needs.input_tokens_min > *model.context_tokens) {
    return Obstacle::context_length;
  }
  return Obstacle::none;
}

bool is_preferred(const upstream::Standing& standing, const llm::ProviderWishes& wishes) noexcept {
  return !is_too_slow(standing, wishes.throughput_min) &&
         !is_too_late(standing, wishes.latency_s_max);
}

}  // namespace sluice::route
