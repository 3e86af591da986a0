#include "upstream_target.h"

#include "sluice/llm/azure_target.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/vertex_messages.h"
#include "sluice/llm/vertex_target.h"
#include "speech.h"

namespace sluice::gateway {

void append_upstream_target(const catalog::Deployment& deployment, const llm::Endpoint& endpoint,
                            const llm::Request& request, std::string_view written,
                            std::string& out) {
  const catalog::Provider& provider = *deployment.provider;
  const std::string_view target = written.empty() ? endpoint.upstream_target() : written;
  if (!provider.api_version.empty()) {
    out += llm::azure_target(target, deployment.upstream_model, provider.api_version);
  } else if (provider.dialect != catalog::Dialect::vertex || !written.empty()) {
    out += target;
  } else if (endpoint.operation == llm::Operation::messages_count_tokens) {
    out += llm::vertex_count_tokens_target;
  } else {
    out +=
        llm::vertex_target(deployment.traits.publisher, deployment.upstream_model, request.stream);
  }
}

SliceChain relayed_body(const catalog::Deployment& deployment, const llm::Request& request,
                        const Slice& body, const llm::HostEdits* host) {
  if (deployment.provider->dialect == catalog::Dialect::vertex && takes_messages(deployment)) {
    return llm::vertex_messages_body(request, body, deployment.upstream_model);
  }
  return llm::openai_upstream_body(request, body, deployment.upstream_model, host);
}

}  // namespace sluice::gateway
