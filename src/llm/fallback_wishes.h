// `models`, `fallbacks` and `fallback_config`: what else to ask when a model fails.
#pragma once
#include "sluice/json/value.h"
#include "sluice/llm/request.h"
#include "sluice/llm/route_wishes.h"
#include "wish_reading.h"

namespace sluice::llm {

/// An array of models' names, each once; `request.model` may stand among them, and is no fallback
/// of its own.
bool read_fallback_models(json::Value models, const Request& request, WishReading& reading,
                          RouteWishes& wishes);

/// An array of names and of objects, each of which overrides members of the request. Refused in an
/// object: the members that say what comes after it, and another `stream` than the request's, for
/// the client waits for one form of answer.
bool read_fallbacks(json::Value fallbacks, const Request& request, WishReading& reading,
                    RouteWishes& wishes);

/// {"retry":false,"depth":2,"latency_threshold_ms":5000}. Members that are not known are ignored.
bool read_fallback_config(json::Value config, WishReading& reading, RouteWishes& wishes);

/// Whether a member says what comes after a request, and so does not go into a fallback's body.
[[nodiscard]] bool names_what_follows(std::string_view member) noexcept;

}  // namespace sluice::llm
