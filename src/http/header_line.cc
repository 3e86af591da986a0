#include "header_line.h"

#include "scan.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

std::optional<Rejection> wrong(const char* reason) noexcept {
  return Rejection{status::bad_request, reason};
}

bool speaks_of_framing(std::string_view name) noexcept {
  return equal_ignoring_case(name, "transfer-encoding") ||
         equal_ignoring_case(name, "content-length");
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
  const std::string_view name = line.substr(0, name_bytes);
  const std::string_view padded = line.substr(name_bytes + 1);
  const std::string_view value = trim_blanks(padded);
  // A tab is legal around any value, but around these some servers read another value: "chunked\t"
  // is a known way to hide a coding from one of two.
  if (padded.size() > value.size() + 1 || padded.starts_with('\t') || padded.ends_with('\t')) {
    if (speaks_of_framing(name) && padded.find('\t') != padded.npos) {
      return wrong("a tab around a framing header's value");
    }
  }
  headers.add(name, value);
  return std::nullopt;
}

}  // namespace sluice::http
