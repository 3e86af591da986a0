#include "sluice/route/region_pin.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::route {

void RegionPin::add(Constraint constraint) noexcept {
  SLUICE_ASSERT(constraints_.size() < constraints_max);
  constraints_.push_back(constraint);
}

void RegionPin::narrow(std::span<const std::string> regions) noexcept {
  if (!regions.empty()) add({.any_of = regions});
}

void RegionPin::narrow(std::string_view region) noexcept {
  if (!region.empty()) add({.one = region});
}

bool RegionPin::admits(std::string_view region) const noexcept {
  return std::ranges::all_of(constraints_, [region](const Constraint& constraint) {
    if (constraint.any_of.empty()) return constraint.one == region;
    return std::ranges::find(constraint.any_of, region) != constraint.any_of.end();
  });
}

}  // namespace sluice::route
