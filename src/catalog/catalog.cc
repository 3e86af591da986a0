#include "sluice/catalog/catalog.h"

#include <algorithm>

namespace sluice::catalog {

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::chat: return "chat";
    case Mode::embedding: return "embedding";
    case Mode::image: return "image";
    case Mode::video: return "video";
    case Mode::rerank: return "rerank";
    case Mode::transcription: return "transcription";
    case Mode::speech: return "speech";
    case Mode::moderation: return "moderation";
  }
  return "unknown";
}

const CatalogRegion* CatalogProvider::region(std::string_view wanted) const noexcept {
  const auto found =
      std::find_if(regions.begin(), regions.end(), [&](const auto& r) { return r.id == wanted; });
  return found == regions.end() ? nullptr : &*found;
}

bool CatalogDeployment::serves(std::string_view region) const noexcept {
  return std::find(regions.begin(), regions.end(), region) != regions.end();
}

Price CatalogDeployment::price_in(std::string_view region) const {
  for (const auto& [id, factor] : region_multipliers) {
    if (id == region) return price.times(factor);
  }
  return price;
}

const CatalogModel* Catalog::find_model(std::string_view name) const noexcept {
  const auto position = model_index_.find(name);
  return position ? &models_[*position] : nullptr;
}

const CatalogProvider* Catalog::find_provider(std::string_view id) const noexcept {
  const auto position = provider_index_.find(id);
  return position ? &providers_[*position] : nullptr;
}

llm::ModelTraits Catalog::traits_of(const CatalogModel& model) const {
  llm::ModelTraits traits;
  apply_rules(trait_rules_, plain_model_id(model.id), traits);
  traits.output_tokens_max = model.output_tokens_max;
  if (model.capabilities.structured_output == false) traits.takes_output_schema = false;
  if (model.capabilities.reasoning == false) {
    traits.thinking = llm::ThinkingControl::none;
  } else if (traits.thinking == llm::ThinkingControl::none && !model.reasoning_efforts.empty()) {
    traits.thinking = llm::ThinkingControl::effort;
  }
  if (traits.thinking == llm::ThinkingControl::effort && !model.reasoning_efforts.empty()) {
    traits.thinking_can_be_off = model.reasoning_efforts.front() == "none";
  }
  return traits;
}

std::optional<llm::ModelTraits> Catalog::traits_of(std::string_view name) const {
  const std::string plain = plain_model_id(name);
  const CatalogModel* model = find_model(name);
  if (model == nullptr) model = find_model(plain);
  if (model != nullptr) return traits_of(*model);
  llm::ModelTraits traits;
  if (!apply_rules(trait_rules_, plain, traits)) return std::nullopt;
  return traits;
}

}  // namespace sluice::catalog
