// Splits a request target into authority, path and query (RFC 9112 section 3.2).
#pragma once
#include <optional>
#include <string_view>

#include "sluice/http/head.h"
#include "sluice/http/status.h"

namespace sluice::http {

/// host [ ":" port ] as RFC 3986 3.2 spells it, without user info and without ','; may be empty. A
/// port has at most five digits.
[[nodiscard]] bool is_authority(std::string_view text) noexcept;

/// Fills authority, path and query from `target` (free of blanks, controls and '#') and `method`.
/// The authority stays empty for every form but the absolute one.
[[nodiscard]] std::optional<Rejection> split_target(RequestHead& head) noexcept;

}  // namespace sluice::http
