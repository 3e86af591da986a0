// Fuzzes the JSON index against two references.
//   1. it accepts exactly what the plain reader accepts;
//   2. it accepts exactly what simdjson's DOM accepts, but for what index.h documents: lone
//      surrogate escapes, numbers that fit no machine type, and the DOM's own byte order mark rule;
//   3. every value's span lies inside its parent, and is itself a document of the same kind.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plain_reader.h"
#include "sluice/base/assert.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"

namespace {

using namespace sluice::json;

constexpr std::uint32_t depth_max = 32;

void check_spans(Value value, Span parent) {
  const Span span = value.span();
  SLUICE_ASSERT(span.size_bytes > 0);
  SLUICE_ASSERT(span.offset >= parent.offset && span.end() <= parent.end());
  SLUICE_ASSERT(PlainReader(value.raw(), depth_max).is_json());
  if (value.is(Kind::string)) {
    const std::string text = *value.string();
    const bool replaced = text.find("\xEF\xBF\xBD") != std::string::npos;
    SLUICE_ASSERT(value.string_equals(text) || replaced);
  }
  for (const Member member : value.members()) {
    check_spans(member.key, span);
    check_spans(member.value, span);
    SLUICE_ASSERT(value.find_unique(*member.key.string()).value.has_value());
  }
  for (const Value element : value.elements()) check_spans(element, span);
}

bool may_differ(simdjson::error_code status, std::string_view text) {
  if (status == simdjson::STRING_ERROR) return text.find("\\u") != std::string_view::npos;
  // Newer versions have a second code for numbers, which this one does not name.
  const bool structural = status == simdjson::TAPE_ERROR || status == simdjson::UTF8_ERROR ||
                          status == simdjson::UNCLOSED_STRING || status == simdjson::EMPTY ||
                          status == simdjson::T_ATOM_ERROR || status == simdjson::F_ATOM_ERROR ||
                          status == simdjson::N_ATOM_ERROR || status == simdjson::UNESCAPED_CHARS ||
                          status == simdjson::DEPTH_ERROR;
  return !structural;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes > 4096) return 0;  // property 3 is quadratic
  const std::string_view text(reinterpret_cast<const char*>(data), size_bytes);
  Index index({.depth_max = depth_max});
  const auto built = index.build(text);
  SLUICE_ASSERT(built.has_value() == PlainReader(text, depth_max).is_json());
  if (!built) SLUICE_ASSERT(built.error().offset <= size_bytes);
  if (!built && built.error().defect == Defect::too_deep) return 0;

  simdjson::dom::parser parser;
  const auto status = parser.parse(text.data(), text.size(), true).error();
  if (built) SLUICE_ASSERT(status == simdjson::SUCCESS || may_differ(status, text));
  if (!built) SLUICE_ASSERT(status != simdjson::SUCCESS || text.starts_with("\xEF\xBB\xBF"));

  if (built) check_spans(root(index), {0, size_bytes});
  return 0;
}
