// One field line: field-name ":" OWS field-value OWS (RFC 9112 section 5).
#pragma once
#include <string_view>

#include "sluice/http/head.h"

namespace sluice::http {

/// `line`: without its CR LF, not empty, free of control bytes but HTAB. Adds it to `headers`; or
/// says why the message is a bad request.
[[nodiscard]] const char* parse_header_line(std::string_view line, HeaderList& headers);

}  // namespace sluice::http
