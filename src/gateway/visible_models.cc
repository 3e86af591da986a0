#include "visible_models.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway {
namespace {

// No member is a list.
bool leads_there(std::string_view member_name, const ModelViewer& viewer) {
  const catalog::Model* const member = viewer.models.find(member_name);
  return member != nullptr && viewer.caller.may_use(member->name) &&
         std::ranges::any_of(member->deployments, [&](const catalog::Deployment& deployment) {
           return viewer.pin.admits(deployment.region);
         });
}

}  // namespace

std::string visible_model_json(const catalog::Model& model, const ModelViewer& viewer) {
  if (!viewer.pin.is_pinned()) return model.json;
  catalog::Model reachable = model;
  std::erase_if(reachable.deployments, [&](const catalog::Deployment& deployment) {
    return !viewer.pin.admits(deployment.region);
  });
  std::erase_if(reachable.members,
                [&](const std::string& member) { return !leads_there(member, viewer); });
  const bool is_empty = reachable.deployments.empty() && reachable.members.empty();
  return is_empty ? std::string{} : catalog::render_model_json(reachable);
}

std::string visible_models_json(const ModelViewer& viewer) {
  const auto may_use = [&](const catalog::Model& model) {
    return viewer.caller.may_use(model.name);
  };
  if (!viewer.pin.is_pinned()) return viewer.models.models_json(may_use);
  std::vector<std::pair<std::string_view, std::string>> shown;
  for (const catalog::Model& model : viewer.models.models()) {
    if (!may_use(model)) continue;
    std::string json = visible_model_json(model, viewer);
    if (!json.empty()) shown.emplace_back(model.name, std::move(json));
  }
  std::ranges::sort(shown);
  std::string out = R"({"object":"list","data":[)";
  for (const auto& [name, json] : shown) {
    if (!out.ends_with('[')) out += ',';
    out += json;
  }
  return out + "]}";
}

}  // namespace sluice::gateway
