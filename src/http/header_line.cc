#include "header_line.h"

#include "scan.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

std::optional<Rejection> wrong(const char* reason) noexcept {
  return Rejection{status::bad_request, reason};
}

}  // namespace

std::optional<Rejection> parse_header_line(std::string_view line, HeaderList& headers) {
  const char* const end = line.data() + line.size();
  const char* const name_end = skip_bytes(line.data(), end, token_byte);
  if (name_end == end) return wrong("a header line has no colon");
  if (*name_end != ':' || name_end == line.data()) {
    const bool blank = *name_end == ' ' || *name_end == '\t';
    if (blank && name_end == line.data()) return wrong("a folded header line");
    if (blank) return wrong("a blank before a header's colon");
    return wrong("a header's name is not a token");
  }
  const auto name_bytes = static_cast<std::size_t>(name_end - line.data());
  headers.add(line.substr(0, name_bytes), trim_blanks(line.substr(name_bytes + 1)));
  return std::nullopt;
}

}  // namespace sluice::http
