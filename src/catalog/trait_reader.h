// Reads what the catalogue says of models' and hosts' traits. Internal to this room.
#pragma once
#include <simdjson.h>

#include <string>

#include "sluice/catalog/trait_rules.h"
#include "sluice/llm/trait_overrides.h"

namespace sluice::catalog {

/// Reads one object of traits by name. A name that is not known or a value of another type is a
/// fault: a catalogue made for another release says what this one would not obey. `fault` keeps the
/// first one, in words that follow the name of the entry.
[[nodiscard]] llm::ModelTraitOverrides read_model_traits(simdjson::dom::element object,
                                                         std::string& fault);
[[nodiscard]] llm::HostTraitOverrides read_quirks(simdjson::dom::element object,
                                                  std::string& fault);

/// One of trait_rules.
[[nodiscard]] TraitRule read_trait_rule(simdjson::dom::element entry, std::string& fault);

}  // namespace sluice::catalog
