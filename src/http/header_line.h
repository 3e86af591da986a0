// One field line: field-name ":" OWS field-value OWS (RFC 9112 section 5).
#pragma once
#include <cstddef>
#include <string_view>

#include "scan.h"
#include "sluice/http/head.h"
#include "sluice/http/text.h"

namespace sluice::http {

/// Any line but the usual one below.
[[nodiscard]] const char* parse_odd_header_line(std::string_view line, HeaderList& headers);

/// `line`: without its CR LF, not empty, free of control bytes but HTAB. Adds it to `headers`; or
/// says why the message is a bad request.
[[nodiscard]] inline const char* parse_header_line(std::string_view line, HeaderList& headers) {
  const char* const begin = line.data();
  const char* const end = begin + line.size();
  const char* const colon = skip_token(begin, end);
  // "Name: value", with one blank.
  if (colon != begin && end - colon > 2 && colon[0] == ':' && colon[1] == ' ' &&
      !is_blank(colon[2]) && !is_blank(end[-1])) {
    headers.add({begin, static_cast<std::size_t>(colon - begin)},
                {colon + 2, static_cast<std::size_t>(end - colon - 2)});
    return nullptr;
  }
  return parse_odd_header_line(line, headers);
}

}  // namespace sluice::http
