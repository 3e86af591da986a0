#include "sluice/catalog/model_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/llm/request.h"

namespace sluice::catalog {
namespace {

// A JSON string. Names come from the operator's file and may hold anything but control characters;
// those are escaped all the same.
void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_member(std::string& out, std::string_view key, std::string_view text) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
  append_text(out, text);
}

void append_count(std::string& out, std::string_view key, std::optional<std::uint64_t> value) {
  if (value) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, *value);
}

// What is known about the price of the preferred deployment, USD per million tokens.
void append_price(std::string& out, const TokenPrice& price) {
  if (!price.input && !price.output) return;
  out += ",\"price\":{\"currency\":\"USD\",\"per_tokens\":1000000";
  const auto member = [&](std::string_view key, std::optional<double> value) {
    if (value) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, *value);
  };
  member("input", price.input);
  member("cached_input", price.cached_input);
  member("output", price.output);
  out += '}';
}

void append_capabilities(std::string& out, const Capabilities& can) {
  const std::pair<std::string_view, std::optional<bool>> all[] = {
      {"streaming", can.streaming},           {"tools", can.tools},
      {"parallel_tools", can.parallel_tools}, {"structured_output", can.structured_output},
      {"json_mode", can.json_mode},           {"vision", can.vision},
      {"reasoning", can.reasoning},
  };
  out += ",\"capabilities\":{";
  bool first = true;
  for (const auto& [name, value] : all) {
    if (!value) continue;
    fmt::format_to(std::back_inserter(out), "{}\"{}\":{}", first ? "" : ",", name, *value);
    first = false;
  }
  out += '}';
}

template <typename List, typename Name>
void append_names(std::string& out, std::string_view key, const List& list, Name name) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", key);
  std::vector<std::string_view> seen;
  for (const auto& item : list) {
    const std::string_view text = name(item);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    if (!seen.empty()) out += ',';
    append_text(out, text);
    seen.push_back(text);
  }
  out += ']';
}

std::string render_list(const std::vector<Model>& models,
                        const std::function<bool(const Model&)>& visible) {
  std::vector<const Model*> shown;
  for (const Model& model : models) {
    if (visible(model)) shown.push_back(&model);
  }
  std::sort(shown.begin(), shown.end(),
            [](const Model* a, const Model* b) { return a->name < b->name; });
  std::string out = R"({"object":"list","data":[)";
  for (const Model* model : shown) {
    if (model != shown.front()) out += ',';
    out += model->json;
  }
  out += "]}";
  return out;
}

}  // namespace

std::string render_model_json(const Model& model) {
  std::string out = R"({"id":)";
  append_text(out, model.name);
  out += R"(,"object":"model","created":)" + std::to_string(model.created);
  append_member(out, "owned_by", model.owned_by);
  append_member(out, "mode", to_string(model.mode));
  append_count(out, "context_length", model.context_tokens);
  append_count(out, "max_output_tokens", model.output_tokens_max);
  append_capabilities(out, model.capabilities);
  append_names(out, "aliases", model.aliases,
               [](const std::string& alias) -> std::string_view { return alias; });
  if (model.is_list()) {
    append_names(out, "members", model.members,
                 [](const std::string& member) -> std::string_view { return member; });
  }
  append_names(out, "providers", model.deployments,
               [](const Deployment& d) -> std::string_view { return d.provider->name; });
  append_names(out, "regions", model.deployments,
               [](const Deployment& d) -> std::string_view { return d.region; });
  if (!model.deployments.empty()) append_price(out, model.deployments.front().price.tokens);
  out += '}';
  return out;
}

const Provider& ModelTable::Builder::add_provider(Provider provider) {
  provider.index = static_cast<std::uint32_t>(providers_.size());
  providers_.push_back(std::make_unique<Provider>(std::move(provider)));
  return *providers_.back();
}

bool ModelTable::Builder::has(std::string_view name) const noexcept {
  return index_.find(name).has_value();
}

const Model* ModelTable::Builder::find(std::string_view name) const noexcept {
  const auto position = index_.find(name);
  return position ? &models_[*position] : nullptr;
}

void ModelTable::Builder::set_members(std::string_view list, std::vector<std::string> members) {
  const auto position = index_.find(list);
  SLUICE_ASSERT(position && !members.empty());
  Model& model = models_[*position];
  SLUICE_ASSERT(model.is_list());
  model.members = std::move(members);
  model.json = render_model_json(model);
}

bool ModelTable::Builder::add_model(Model model) {
  const auto position = static_cast<std::uint32_t>(models_.size());
  if (model.deployments.empty() == model.members.empty() || !index_.insert(model.name, position))
    return false;
  std::erase_if(model.aliases,
                [&](const std::string& alias) { return !index_.insert(alias, position); });
  for (Deployment& deployment : model.deployments) {
    SLUICE_ASSERT(deployment.provider != nullptr);
    SLUICE_ASSERT(deployment.provider->index < providers_.size());
    deployment.index = deployments_++;
  }
  model.json = render_model_json(model);
  models_.push_back(std::move(model));
  return true;
}

ModelTable ModelTable::Builder::seal() && {
  ModelTable table;
  table.providers_ = std::move(providers_);
  table.models_ = std::move(models_);
  table.index_ = std::move(index_);
  table.deployments_ = deployments_;
  table.models_json_ = render_list(table.models_, [](const Model&) { return true; });
  return table;
}

const Model* ModelTable::find(std::string_view name) const noexcept {
  const auto position = index_.find(name);
  return position ? &models_[*position] : nullptr;
}

Selection ModelTable::select(std::string_view name) const noexcept {
  if (const Model* const named = find(name)) return {.model = named, .provider = {}};
  const auto pin = llm::split_provider_pin(name);
  if (!pin) return {};
  const Selection pinned{.model = find(pin->model), .provider = pin->provider};
  if (pinned.model == nullptr) return {};
  const bool served =
      std::any_of(pinned.model->deployments.begin(), pinned.model->deployments.end(),
                  [&](const Deployment& each) { return pinned.includes(each); });
  return served ? pinned : Selection{};
}

const Provider* ModelTable::find_provider(std::string_view name) const noexcept {
  for (const auto& provider : providers_) {
    if (provider->name == name) return provider.get();
  }
  return nullptr;
}

std::string ModelTable::models_json(const std::function<bool(const Model&)>& visible) const {
  return render_list(models_, visible);
}

}  // namespace sluice::catalog
