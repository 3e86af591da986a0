// What changes in a chat body on its way to a host of the OpenAI dialect that is not like OpenAI's
// own API (host_traits.h): splices again, made once per request and host, and none for plain hosts.
//
//   {"model":"m","max_completion_tokens":9,"seed":7,"tool_choice":"required","messages":[...]}
//                 max_tokens                random_seed          any
//
// Whoever has edits for a host gives them to openai_upstream_body() in place of the request's own:
// they hold those as well.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/json/splice.h"
#include "sluice/llm/host_traits.h"
#include "sluice/llm/model_traits.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

struct HostEdits {
  json::Splice edits = {};
  /// Members the caller wrote and the host does not get, in the body's order.
  std::vector<std::string> dropped = {};
};

/// `host` and `model` are the deployment's, the model narrowed by its host. `request` was
/// understood from these very bytes, and `index` is scratch. Nothing where the request's own edits
/// will do: for a plain host, for any other operation than chat, and where the body holds nothing
/// that the host's ways are about. Costs a second look at the body: an index and a walk over the
/// messages.
[[nodiscard]] std::optional<HostEdits> openai_host_edits(const Request& request,
                                                         std::string_view body,
                                                         const HostTraits& host,
                                                         const ModelTraits& model,
                                                         json::Index& index);

/// The id of a tool call for a host that wants exactly so many letters and digits: the same for the
/// same id, so that call and result still fit together in this turn and all later ones; ids that
/// are right already stay. `letters` is from call_id_letters_min to call_id_letters_max.
[[nodiscard]] std::string host_call_id(std::string_view id, std::uint32_t letters);

}  // namespace sluice::llm
