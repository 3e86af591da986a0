#include "sluice/catalog/trait_rules.h"

#include <algorithm>

namespace sluice::catalog {
namespace {

// "us", "us-gov", "anthropic": what stands in front of the dots of Bedrock's ids. A version has a
// digit ("gpt-5.2"), and is part of the name.
bool is_prefix(std::string_view part) noexcept {
  return !part.empty() && std::all_of(part.begin(), part.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace

bool TraitRule::applies_to(std::string_view plain_id) const noexcept {
  return std::any_of(models.begin(), models.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == plain_id;
    return plain_id.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

std::string plain_model_id(std::string_view id) {
  id = id.substr(id.rfind('/') + 1);  // npos + 1 is 0
  std::string plain(id);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
  }
  std::size_t begin = 0;
  for (std::size_t dot = plain.find('.'); dot != std::string::npos && dot + 1 < plain.size();
       dot = plain.find('.', begin)) {
    if (!is_prefix(std::string_view(plain).substr(begin, dot - begin))) break;
    begin = dot + 1;
  }
  return plain.substr(begin);
}

bool apply_rules(std::span<const TraitRule> rules, std::string_view plain_id,
                 llm::ModelTraits& traits) {
  bool any = false;
  for (const TraitRule& rule : rules) {
    if (!rule.applies_to(plain_id)) continue;
    rule.traits.apply_to(traits);
    any = true;
  }
  return any;
}

}  // namespace sluice::catalog
