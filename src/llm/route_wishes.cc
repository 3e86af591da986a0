#include "sluice/llm/route_wishes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wish_reading.h"

namespace sluice::llm {
namespace {

constexpr std::array<std::string_view, 6> sort_names = {"order", "weighted", "score",
                                                        "price", "latency",  "throughput"};

}  // namespace

std::string_view to_string(RouteSort sort) noexcept {
  return sort_names[static_cast<std::size_t>(sort)];
}

std::optional<RouteSort> parse_route_sort(std::string_view name) noexcept {
  const auto found = std::ranges::find(sort_names, name);
  if (found == sort_names.end()) return std::nullopt;
  return static_cast<RouteSort>(found - sort_names.begin());
}

std::optional<SuffixedModel> split_route_suffix(std::string_view name) noexcept {
  for (const auto& [suffix, sort] : {std::pair{std::string_view(":nitro"), RouteSort::throughput},
                                     std::pair{std::string_view(":floor"), RouteSort::price}}) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) continue;
    return SuffixedModel{.model = name.substr(0, name.size() - suffix.size()),
                         .sort = sort,
                         .suffix = name.substr(name.size() - suffix.size())};
  }
  return std::nullopt;
}

std::optional<RegionalModel> split_region_suffix(std::string_view name) noexcept {
  const std::size_t colon = name.rfind(':');
  if (colon == name.npos || colon == 0 || colon + 1 == name.size()) return std::nullopt;
  return RegionalModel{name.substr(0, colon), name.substr(colon + 1)};
}

std::optional<ApiError> contradicts_pin(const RouteWishes* wishes, std::string_view provider) {
  if (wishes == nullptr || !wishes->sort) return std::nullopt;
  return errors::field_invalid(
      "routing", fmt::format("'routing' or 'provider.sort' and a model of the one provider {} "
                             "contradict each other. Ask for the model without \"{}/\", or leave "
                             "the rule out.",
                             provider, provider));
}

std::optional<ApiError> contradicts_suffix(const RouteWishes* wishes, const SuffixedModel& named) {
  if (wishes == nullptr || !wishes->sort || *wishes->sort == named.sort) return std::nullopt;
  return errors::field_invalid(
      "model", fmt::format("'model' with \"{}\" at its end and 'routing' or 'provider.sort' "
                           "contradict each other. Say in one of them what comes first.",
                           named.suffix));
}

std::optional<ApiError> contradicts_region(const RouteWishes* wishes, std::string_view region) {
  if (wishes == nullptr || wishes->region.empty() || equal_ignoring_case(wishes->region, region)) {
    return std::nullopt;
  }
  return errors::field_invalid(
      "model", fmt::format("'model' with \":{}\" at its end and the region \"{}\" contradict each "
                           "other. Name one region.",
                           quotable(region, 60), quotable(wishes->region, 60)));
}

}  // namespace sluice::llm
