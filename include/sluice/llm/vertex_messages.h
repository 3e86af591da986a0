// A caller's Messages body on its way to Claude on Vertex AI: the path names the model there, and
// the body the version. One edit in place, so that no comma moves:
//
//   {"max_tokens":9,"model":"opus","messages":[..]}
//   {"max_tokens":9,"anthropic_version":"vertex-2023-10-16","messages":[..]}
#pragma once
#include <string_view>

#include "sluice/base/slice.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// `request` was understood from these very bytes. Requests to count tokens go on naming their
/// model, by its name upstream.
[[nodiscard]] SliceChain vertex_messages_body(const Request& request, const Slice& body,
                                              std::string_view upstream_model);

}  // namespace sluice::llm
