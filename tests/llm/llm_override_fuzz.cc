// Fuzzes the bodies of fallbacks. Byte 0 chooses the dialect.
//   1. each entry of a body that was understood gives a body, which is JSON;
//   2. its members are the request's and the entry's over them, each value byte for byte;
//   3. understood again it is refused, or names no fallbacks of its own and streams as the request
//   does.
#include <cstdint>
#include <string>
#include <string_view>

#include "override_check.h"
#include "sluice/base/assert.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/override_members.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

std::expected<Request, ApiError> understand(bool messages, std::string_view body,
                                            json::Index& index) {
  if (messages) {
    return understand_anthropic_json(*find_endpoint("POST", "/v1/messages"), body, index);
  }
  return understand_openai_json(*find_endpoint("POST", "/v1/chat/completions"), body, index);
}

void check_entry(bool messages, std::string_view body, const Request& request,
                 std::size_t position) {
  json::Index index;
  std::string out;
  SLUICE_ASSERT(override_members(body, index, position, out));
  json::Index before;
  SLUICE_ASSERT(before.build(body).has_value());
  SLUICE_ASSERT(index.build(out).has_value());
  SLUICE_ASSERT(testing::raw_members(json::root(index)) ==
                testing::expected_members(json::root(before), position));
  const auto again = understand(messages, out, index);
  if (!again) return;
  SLUICE_ASSERT(again->wishes == nullptr || again->wishes->fallbacks.empty());
  SLUICE_ASSERT(again->stream == request.stream);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const bool messages = data[0] % 2 == 1;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  json::Index index;
  const auto request = understand(messages, body, index);
  if (!request || request->wishes == nullptr) return 0;
  const auto& fallbacks = request->wishes->fallbacks;
  SLUICE_ASSERT(fallbacks.size() <= wish_entries_max);
  SLUICE_ASSERT(index.build(body).has_value());
  const auto list = json::root(index).find("fallbacks");
  if (!list || !list->is(json::Kind::array)) return 0;  // they are `models`
  for (std::size_t n = 0; n < fallbacks.size(); ++n) check_entry(messages, body, *request, n);
  return 0;
}
