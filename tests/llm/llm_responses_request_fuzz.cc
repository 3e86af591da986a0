// Fuzzes the reader of Responses API requests, and the writer of them.
//   1. what is refused is refused with a 4xx of the client's that can be rendered;
//   2. what is read needs no index, and runs of parts lie within their lists;
//   3. written for a provider it is JSON that the reader takes again, with as many tools.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/responses_call.h"
#include "sluice/llm/responses_request.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

void check_shape(const ChatRequest& request) {
  std::string scratch;
  for (const Message& message : request.messages) {
    SLUICE_ASSERT(std::size_t{message.first_part} + message.part_count <= request.parts.size());
    for (const Part& part : request.parts_of(message)) {
      const auto* result = std::get_if<ToolResult>(&part.body);
      if (result == nullptr) continue;
      SLUICE_ASSERT(std::size_t{result->first_child} + result->child_count <=
                    request.result_parts.size());
      SLUICE_ASSERT(message.role == Role::user);
      (void)result->call_id.plain(scratch);
    }
  }
}

void check_written(const ChatRequest& request, json::Index& index) {
  ModelTraits traits;
  traits.thinking = ThinkingControl::effort;
  const WrittenCall call =
      write_responses_call(request, {.upstream_model = "up\"stream", .traits = traits}, index);
  if (!call) {
    SLUICE_ASSERT(call.error().status >= 400 && call.error().status < 500);
    return;
  }
  json::Index written({.depth_max = 256});
  SLUICE_ASSERT(written.build(call->body).has_value());
  const auto again = read_responses_chat(json::root(written));
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again->tools.size() == request.tools.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view body(reinterpret_cast<const char*>(data), size_bytes);
  json::Index index;
  if (!index.build(body)) return 0;
  if (!json::root(index).is(json::Kind::object)) return 0;
  const auto request = read_responses_chat(json::root(index));
  if (!request) {
    SLUICE_ASSERT(request.error().status >= 400 && request.error().status < 500);
    SLUICE_ASSERT(!request.error().param.empty());
    SLUICE_ASSERT(
        index.build(render_error_body(request.error(), Dialect::openai, "r")).has_value());
    return 0;
  }
  index.clear();
  check_shape(*request);
  check_written(*request, index);
  return 0;
}
