#include "header_line.h"

namespace sluice::http {
namespace {

const char* why_no_name(std::string_view line, std::size_t name_bytes) noexcept {
  if (name_bytes == line.size()) return "a header line has no colon";
  const bool blank = is_blank(line[name_bytes]);
  if (blank && name_bytes == 0) return "a folded header line";
  if (blank) return "a blank before a header's colon";
  return "a header's name is not a token";
}

// A tab is legal around any value, but around these some servers read another value: "chunked\t"
// is a known way to hide a coding from one of two. `padded`: the value with what is around it.
bool hides_framing(std::string_view name, std::string_view padded) noexcept {
  const FieldName known = field_name(name);
  if (known != FieldName::transfer_encoding && known != FieldName::content_length) return false;
  const std::size_t value_bytes = trim_blanks(padded).size();
  const bool unusual =
      padded.size() > value_bytes + 1 || padded.starts_with('\t') || padded.ends_with('\t');
  return unusual && padded.find('\t') != padded.npos;
}

}  // namespace

const char* parse_odd_header_line(std::string_view line, HeaderList& headers) {
  const char* const end = line.data() + line.size();
  const char* const name_end = skip_token(line.data(), end);
  const auto name_bytes = static_cast<std::size_t>(name_end - line.data());
  if (name_end == end || *name_end != ':' || name_bytes == 0) return why_no_name(line, name_bytes);
  const std::string_view name = line.substr(0, name_bytes);
  const std::string_view padded = line.substr(name_bytes + 1);
  if (hides_framing(name, padded)) return "a tab around a framing header's value";
  headers.add(name, trim_blanks(padded));
  return nullptr;
}

}  // namespace sluice::http
