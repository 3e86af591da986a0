#include "provider_preferences.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

std::optional<ApiError> read_provider_preferences(std::optional<Value> provider, Request& request) {
  if (!provider || provider->is_null()) return std::nullopt;
  if (!provider->is(Kind::object)) {
    return errors::field_type_wrong("provider", "an object", json::to_string(provider->kind()));
  }
  const std::optional<Value> every = provider->find("require_parameters");
  if (!every || every->is_null()) return std::nullopt;
  const std::optional<bool> required = every->boolean();
  if (!required) {
    return errors::field_type_wrong("provider.require_parameters", "a boolean",
                                    json::to_string(every->kind()));
  }
  request.every_parameter = *required;
  return std::nullopt;
}

}  // namespace sluice::llm
