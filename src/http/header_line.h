// One field line: field-name ":" OWS field-value OWS (RFC 9112 section 5).
#pragma once
#include <optional>
#include <string_view>

#include "sluice/http/head.h"
#include "sluice/http/status.h"

namespace sluice::http {

/// `line`: without its CR LF, not empty, free of control bytes but HTAB.
[[nodiscard]] std::optional<Rejection> parse_header_line(std::string_view line,
                                                         HeaderList& headers);

}  // namespace sluice::http
