// The `provider` member of a request, as OpenRouter defines it and both callers' dialects take it
// here: which providers the caller would rather have.
#pragma once
#include "sluice/json/value.h"
#include "sluice/llm/route_wishes.h"
#include "wish_reading.h"

namespace sluice::llm {

/// Refused: what is no object, members of a wrong type, numbers that make no sense, and a provider
/// that is both wanted and not. Members that are not known are ignored; null counts as not given.
bool read_provider_wishes(json::Value provider, WishReading& reading, RouteWishes& wishes);

}  // namespace sluice::llm
