#include "header_line.h"

#include "scan.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

[[gnu::cold, gnu::noinline]] const char* why_no_name(std::string_view line,
                                                     std::size_t name_bytes) noexcept {
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

const char* parse_header_line(std::string_view line, HeaderList& headers) {
  const char* const begin = line.data();
  const char* const end = begin + line.size();
  const char* const name_end = skip_token(begin, end);
  const auto name_bytes = static_cast<std::size_t>(name_end - begin);
  if (name_end == end || *name_end != ':' || name_end == begin) {
    return why_no_name(line, name_bytes);
  }
  const std::string_view name(begin, name_bytes);
  const char* value = name_end + 1;
  if (value != end && *value == ' ') ++value;
  const auto value_bytes = static_cast<std::size_t>(end - value);
  if (value_bytes == 0 || (!is_blank(*value) && !is_blank(end[-1]))) {
    headers.add(name, {value, value_bytes});
    return nullptr;
  }
  const std::string_view padded = line.substr(name_bytes + 1);
  if (hides_framing(name, padded)) return "a tab around a framing header's value";
  headers.add(name, trim_blanks(padded));
  return nullptr;
}

}  // namespace sluice::http
