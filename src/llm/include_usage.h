// Asks a provider for the usage of a stream where the client did not. Internal to this room.
#pragma once
#include <optional>

#include "sluice/json/object_edit.h"
#include "sluice/json/splice.h"
#include "sluice/json/value.h"

namespace sluice::llm {

/// `options` is the body's member stream_options, `include_usage` its member of that name, where
/// there are any; `top` collects the changes of the body's own members.
void add_include_usage(std::optional<json::Value> options, std::optional<json::Value> include_usage,
                       json::ObjectEdit& top, json::Splice& splice);

}  // namespace sluice::llm
