#include "header_line.h"

#include "field_slots.h"
#include "scan.h"
#include "sluice/http/text.h"

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

const char* parse_header_line(std::string_view line, HeaderList& headers) {
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

std::size_t parse_usual_lines(std::string_view bytes, std::size_t offset, std::size_t count_max,
                              HeaderList& headers) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* line = begin + offset;
  for (; count_max > 0; --count_max) {
    const char* const colon = skip_token(begin, line, end);
    if (colon == line || end - colon < 5 || colon[0] != ':' || colon[1] != ' ') break;
    const char* const value = colon + 2;
    const char* const cr = find_control(begin, value, end);
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n') break;
    if (cr == value || is_blank(value[0]) || is_blank(cr[-1])) break;
    const std::string_view name(line, static_cast<std::size_t>(colon - line));
    headers.add(name, {value, static_cast<std::size_t>(cr - value)}, look_up_field_name(name));
    line = cr + 2;
  }
  return static_cast<std::size_t>(line - begin);
}

}  // namespace sluice::http
