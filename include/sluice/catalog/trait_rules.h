// Trait rules: what the catalogue says of models by how their names begin, so that a model it has
// never heard of is written to as its family wants it.
//
//   "us.anthropic.claude-opus-5-5-v1:0" --plain_model_id()--> "claude-opus-5-5-v1:0"
//   rules, in order:  claude-*  then  claude-opus-5-5*      a later one says more, or otherwise
//
// The first rule of a family is about its newest models; older ones are the exceptions below it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/llm/trait_overrides.h"

namespace sluice::catalog {

struct TraitRule {
  std::vector<std::string> models;  // lower case: whole names, or beginnings that end in *
  llm::ModelTraitOverrides traits;

  [[nodiscard]] bool applies_to(std::string_view plain_id) const noexcept;
};

/// A model's own name out of what a provider calls it: lower case, without a publisher's or a
/// router's path ("anthropic/", "models/", an ARN), Bedrock's region and publisher
/// ("us.anthropic.").
[[nodiscard]] std::string plain_model_id(std::string_view id);

/// Changes the traits by every rule that applies, in order; whether one did.
bool apply_rules(std::span<const TraitRule> rules, std::string_view plain_id,
                 llm::ModelTraits& traits);

}  // namespace sluice::catalog
