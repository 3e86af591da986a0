#include "sluice/policy/caller.h"

#include <algorithm>
#include <utility>

#include "sluice/policy/model_pattern.h"

namespace sluice::policy {

Caller::Caller(std::string name, std::vector<std::string> models, std::vector<std::string> regions)
    : name_(std::move(name)),
      models_(std::move(models)),
      regions_(std::move(regions)),
      may_use_all_(std::ranges::find(models_, "*") != models_.end()) {}

Caller Caller::anonymous() {
  Caller nobody("anonymous", {"*"}, {});
  nobody.is_anonymous_ = true;
  return nobody;
}

bool Caller::may_use(std::string_view model) const noexcept {
  if (may_use_all_) return true;
  return std::ranges::any_of(
      models_, [model](std::string_view pattern) { return matches_pattern(pattern, model); });
}

bool Caller::may_reach(std::string_view region) const noexcept {
  return regions_.empty() || std::ranges::find(regions_, region) != regions_.end();
}

}  // namespace sluice::policy
