// Takes the thoughts of other makers' models (reasoning_tag.h) out of a conversation that goes to
// Anthropic, which refuses signatures that are not its own.
#pragma once
#include "sluice/json/splice.h"
#include "sluice/json/value.h"

namespace sluice::llm {

/// `messages` is an array. What is not of the dialect's shape is left as it is.
void take_out_foreign_blocks(json::Value messages, json::Splice& edits);

}  // namespace sluice::llm
