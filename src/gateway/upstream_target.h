// Where a request goes below its provider's base URL, and what the body is there.
#pragma once
#include <string>

#include "sluice/base/slice.h"
#include "sluice/catalog/deployment.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/openai_host_edits.h"
#include "sluice/llm/request.h"

namespace sluice::gateway {

/// Appends it. `written`: the target of a request that was written anew; empty where the caller's
/// own is relayed.
void append_upstream_target(const catalog::Deployment& deployment, const llm::Endpoint& endpoint,
                            const llm::Request& request, std::string_view written,
                            std::string& out);

/// The caller's own body as this deployment takes it. `host`: edits for its host, or null.
[[nodiscard]] SliceChain relayed_body(const catalog::Deployment& deployment,
                                      const llm::Request& request, const Slice& body,
                                      const llm::HostEdits* host);

}  // namespace sluice::gateway
