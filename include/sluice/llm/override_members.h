// The body of a fallback that overrides members of its request.
//
//   {"model":"a","messages":[..],"temperature":0,"fallbacks":[{"model":"b","temperature":null}]}
//    --> {"messages":[..],"model":"b"}
//
// A shallow merge: what the entry says replaces the member of that name, and null takes it out.
// Values are copied byte for byte. `messages` and `prompt` replace each other; a `prompt` in place
// of messages becomes one message of the user's. What says which request comes after which
// (`models`, `fallbacks`, `fallback_config`, `route`) is left out; all other wishes hold on, so
// that a pin on the request is a pin on its fallbacks, unless the entry says otherwise. The result
// is understood again like any request.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::llm {

/// Puts the merged body of entry `position` of `fallbacks` into `out`. `body` was understood, so it
/// has that entry. `index` is scratch; it holds no needed state after. False, where the body is not
/// JSON or has no such entry: then it is not the one that was understood.
[[nodiscard]] bool override_members(std::string_view body, json::Index& index, std::size_t position,
                                    std::string& out);

}  // namespace sluice::llm
