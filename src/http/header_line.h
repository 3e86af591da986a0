// One field line: field-name ":" OWS field-value OWS (RFC 9112 section 5).
#pragma once
#include <cstddef>
#include <string_view>

#include "sluice/http/head.h"

namespace sluice::http {

/// `line`: without its CR LF, not empty, free of control bytes but HTAB. Adds it to `headers`; or
/// says why the message is a bad request.
[[nodiscard]] const char* parse_header_line(std::string_view line, HeaderList& headers);

/// Adds the whole lines at `offset` of `bytes` that are as nearly all are, "Name: value" CR LF, at
/// most `count_max`; returns the offset of the first that is not, which may be incomplete, odd, the
/// empty one, or bad: parse_header_line() knows.
[[nodiscard]] std::size_t parse_usual_lines(std::string_view bytes, std::size_t offset,
                                            std::size_t count_max, HeaderList& headers);

}  // namespace sluice::http
