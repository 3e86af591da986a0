// Fuzzes what is made of requests in the Anthropic dialect.
//   1. a body that is not JSON is refused, with a 4xx of the client's that can be rendered;
//   2. what goes to Anthropic is JSON, names the upstream model, holds no gateway-only member, and
//      understood again needs no edit;
//   3. parts of messages and results lie within the request, and in order;
//   4. what is written of it for OpenAI's dialect is JSON.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_chat_call.h"
#include "sluice/llm/openai_request.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

void check_error(const ApiError& error) {
  SLUICE_ASSERT(error.status >= 400 && error.status < 500);
  json::Index index;
  SLUICE_ASSERT(index.build(render_error_body(error, Dialect::anthropic, "r")).has_value());
}

void check_understood(std::string_view body, json::Index& index) {
  const Endpoint endpoint = *find_endpoint("POST", "/v1/messages");
  const auto request = understand_anthropic_json(endpoint, body, index);
  if (!request) {
    check_error(request.error());
    return;
  }
  constexpr std::string_view model = "up\"stream";
  const std::string sent = openai_upstream_body(*request, Slice::copy_of(body), model).to_string();
  SLUICE_ASSERT(index.build(sent).has_value());
  const json::Value top = json::root(index);
  SLUICE_ASSERT(top.find("model")->string_equals(model));
  for (const std::string_view name : anthropic_gateway_only_fields()) {
    SLUICE_ASSERT(!top.find(name));
  }
  const auto again = understand_anthropic_json(endpoint, sent, index);
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again->edits.empty());
}

void check_parts(const ChatRequest& request) {
  std::size_t next = 0;
  for (const Message& message : request.messages) {
    SLUICE_ASSERT(message.first_part == next);
    next += message.part_count;
    SLUICE_ASSERT(next <= request.parts.size());
    for (const Part& part : request.parts_of(message)) {
      const auto* result = std::get_if<ToolResult>(&part.body);
      if (result == nullptr) continue;
      SLUICE_ASSERT(std::size_t{result->first_child} + result->child_count <=
                    request.result_parts.size());
    }
  }
  SLUICE_ASSERT(next == request.parts.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view body(reinterpret_cast<const char*>(data), size_bytes);
  json::Index index;
  check_understood(body, index);
  if (!index.build(body) || !json::root(index).is(json::Kind::object)) return 0;
  const auto request = read_anthropic_chat(json::root(index));
  if (!request) {
    check_error(request.error());
    return 0;
  }
  check_parts(*request);
  const ModelTraits traits;
  const auto call =
      write_openai_chat_call(*request, {.upstream_model = "up", .traits = traits}, index);
  if (!call) {
    check_error(call.error());
    return 0;
  }
  SLUICE_ASSERT(json::Index({.bytes_max = std::size_t{256} << 20}).build(call->body).has_value());
  return 0;
}
