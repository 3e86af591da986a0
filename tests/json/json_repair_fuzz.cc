// Fuzzes the repair of JSON. Byte 0 chooses where a valid document is cut.
//   1. what comes back is JSON, and repaired again it is the same;
//   2. what is valid comes back byte for byte;
//   3. of a valid document that is cut behind its first bracket or quote comes the beginning of the
//      same;
//   4. the result is not longer than six times the text and what its open brackets need.
#include <cstdint>
#include <string_view>

#include "prefix_in_meaning.h"
#include "sluice/base/assert.h"
#include "sluice/json/index.h"
#include "sluice/json/repair.h"

namespace {

using namespace sluice;
using namespace sluice::json;

void check_cut(const Index& whole, std::string_view document, std::size_t chosen) {
  const std::size_t first = root(whole).span().offset;
  if (root(whole).kind() == Kind::number || root(whole).kind() == Kind::boolean ||
      root(whole).is_null()) {
    return;
  }
  const std::size_t cut = first + 1 + chosen * (document.size() - first - 1) / 255;
  const auto repaired = repair(document.substr(0, cut));
  SLUICE_ASSERT(repaired.has_value());
  Index part;
  SLUICE_ASSERT(part.build(*repaired).has_value());
  SLUICE_ASSERT(sluice::json::testing::is_prefix(root(part), root(whole)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const auto repaired = repair(text);
  Index index;
  const bool is_valid = index.build(text).has_value();
  if (is_valid) {
    SLUICE_ASSERT(repaired == text);
    check_cut(index, text, data[0]);
  }
  if (!repaired) {
    SLUICE_ASSERT(repaired.error().offset <= text.size());
    SLUICE_ASSERT(*repaired.error().reason != '\0');
    return 0;
  }
  SLUICE_ASSERT(repaired->size() <= 6 * text.size() + 16);
  SLUICE_ASSERT(index.build(*repaired).has_value());
  SLUICE_ASSERT(repair(*repaired) == *repaired);
  return 0;
}
