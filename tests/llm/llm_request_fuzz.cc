// Fuzzes request understanding and the body made for upstream. Byte 0 chooses the path.
//   1. a body that is not JSON is refused, with a 4xx of the client's;
//   2. what goes upstream is JSON and names the upstream model;
//   3. understood again, it needs no further edit: the edits do all they are for;
//   4. for a host with ways of its own it is JSON too, without what that host refuses; made again
//   of
//      what was sent, nothing changes any more;
//   5. members that are neither gateway-only nor read are all still there.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/openai_request.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

constexpr std::array<std::string_view, 6> paths = {"/v1/chat/completions", "/v1/completions",
                                                   "/v1/responses",        "/v1/embeddings",
                                                   "/v1/moderations",      "/v1/audio/speech"};

std::size_t count_members(json::Value top, bool gateway_only) {
  std::size_t count = 0;
  for (const json::Member member : top.members()) {
    bool found = false;
    for (const std::string_view name : openai_gateway_only_fields()) {
      found = found || member.key.string_equals(name);
    }
    if (found == gateway_only) ++count;
  }
  return count;
}

// Everything that can differ does.
void check_host_edits(const Endpoint& endpoint, const Request& request, std::string_view body,
                      json::Index& index) {
  static const HostTraits host{.takes_stream_options = false,
                               .takes_developer_role = false,
                               .takes_json_schema = false,
                               .spells_required_any = true,
                               .output_tokens_name = "max_tokens",
                               .seed_name = "random_seed",
                               .call_id_letters = 9,
                               .reasoning_name = "reasoning",
                               .thinking_switch = ThinkingSwitch::enable_thinking,
                               .refused = {"store", "logit_bias"}};
  static const ModelTraits model{.thinking = ThinkingControl::toggle,
                                 .thinking_switch = ThinkingSwitch::enable_thinking};
  const auto edits = openai_host_edits(request, body, host, model, index);
  if (!edits) return;
  const std::string sent =
      openai_upstream_body(request, Slice::copy_of(body), request.model, &*edits).to_string();
  SLUICE_ASSERT(index.build(sent).has_value());
  for (const std::string_view gone :
       {"store", "logit_bias", "stream_options", "seed", "max_completion_tokens"}) {
    SLUICE_ASSERT(!json::root(index).find(gone));
  }
  const auto again = understand_openai_json(endpoint, sent, index);
  SLUICE_ASSERT(again.has_value());
  const auto edits_again = openai_host_edits(*again, sent, host, model, index);
  SLUICE_ASSERT(!edits_again || (edits_again->edits.empty() && edits_again->dropped.empty()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const Endpoint endpoint = *find_endpoint("POST", paths[data[0] % paths.size()]);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  json::Index index;
  const bool is_json = index.build(body).has_value();
  const auto request = understand_openai_json(endpoint, body, index);
  if (!request) {
    SLUICE_ASSERT(request.error().status >= 400 && request.error().status < 500);
    SLUICE_ASSERT(
        index.build(render_error_body(request.error(), Dialect::openai, "r")).has_value());
    return 0;
  }
  SLUICE_ASSERT(is_json);
  check_host_edits(endpoint, *request, body, index);

  constexpr std::string_view model = "up\"stream";
  const std::string sent = openai_upstream_body(*request, Slice::copy_of(body), model).to_string();
  SLUICE_ASSERT(index.build(sent).has_value());
  SLUICE_ASSERT(json::root(index).find("model")->string_equals(model));
  SLUICE_ASSERT(count_members(json::root(index), true) == 0);
  const std::size_t members_sent = count_members(json::root(index), false);

  const auto again = understand_openai_json(endpoint, sent, index);
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again->edits.empty());
  SLUICE_ASSERT(again->stream == request->stream && again->user == request->user);

  SLUICE_ASSERT(index.build(body).has_value());
  SLUICE_ASSERT(members_sent >= count_members(json::root(index), false));
  return 0;
}
