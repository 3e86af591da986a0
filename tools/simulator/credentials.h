// Whether a caller may ask: each host's own fields for its key, and its own words when they are
// missing or wrong.
#pragma once
#include <optional>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/route.h"
#include "sluice/base/secret.h"
#include "sluice/http/head.h"

namespace sluice::simulator {

/// The refusal, or nothing. Unlike OpenAI's, these hosts always want a key, of whatever text where
/// `key` is empty. Of an AWS signature only the shape is looked at.
[[nodiscard]] std::optional<Answer> refuse_caller(const Route& route, const http::RequestHead& head,
                                                  const Secret& key, std::string_view request_id);

}  // namespace sluice::simulator
