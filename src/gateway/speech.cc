#include "speech.h"

#include "sluice/base/assert.h"
#include "sluice/gateway/spoken.h"
#include "sluice/llm/token_count.h"

namespace sluice::gateway {

bool is_spoken(catalog::Dialect dialect) noexcept {
  switch (dialect) {
    case catalog::Dialect::openai:
    case catalog::Dialect::azure:
    case catalog::Dialect::anthropic:
    case catalog::Dialect::gemini:
    case catalog::Dialect::bedrock: return true;
    case catalog::Dialect::vertex: return false;  // its access tokens are not fetched
  }
  __builtin_unreachable();
}

namespace {

// Whether the provider has a way to count tokens (llm/token_count.h).
bool counts_tokens(const catalog::Deployment& deployment) noexcept {
  switch (deployment.provider->dialect) {
    case catalog::Dialect::openai:
    case catalog::Dialect::azure: return deployment.provider->host.counts_input_tokens;
    case catalog::Dialect::anthropic:
    case catalog::Dialect::gemini: return true;
    case catalog::Dialect::bedrock: return deployment.traits.publisher == "anthropic";
    case catalog::Dialect::vertex: return false;
  }
  __builtin_unreachable();
}

}  // namespace

Speech speech_for(const llm::Endpoint& endpoint, const llm::Request& request,
                  const catalog::Deployment& deployment) noexcept {
  const catalog::Provider& provider = *deployment.provider;
  if (request.repair.any()) {
    SLUICE_ASSERT(llm::is_translatable(endpoint.operation));
    return is_spoken(provider.dialect) ? Speech::translated : Speech::none;
  }
  const bool openai_upstream =
      provider.dialect == catalog::Dialect::openai || provider.dialect == catalog::Dialect::azure;
  const bool anthropic_upstream = provider.dialect == catalog::Dialect::anthropic;
  switch (endpoint.dialect) {
    case llm::Dialect::openai:
      if (openai_upstream && (deployment.traits.takes_chat_completions ||
                              endpoint.operation != llm::Operation::chat_completions)) {
        return Speech::relayed;
      }
      break;
    case llm::Dialect::anthropic:
      if (anthropic_upstream) return Speech::relayed;
      break;
  }
  if (!is_spoken(provider.dialect)) return Speech::none;
  if (llm::asks_token_count(endpoint.operation)) {
    return counts_tokens(deployment) ? Speech::translated : Speech::estimated;
  }
  return llm::is_translatable(endpoint.operation) ? Speech::translated : Speech::none;
}

llm::ChatDialect chat_dialect(const catalog::Deployment& deployment,
                              llm::Operation operation) noexcept {
  SLUICE_ASSERT(is_spoken(deployment.provider->dialect));
  switch (deployment.provider->dialect) {
    case catalog::Dialect::openai:
    case catalog::Dialect::azure:
      return deployment.traits.takes_chat_completions && !llm::asks_token_count(operation)
                 ? llm::ChatDialect::openai
                 : llm::ChatDialect::responses;
    case catalog::Dialect::anthropic: return llm::ChatDialect::anthropic;
    case catalog::Dialect::gemini: return llm::ChatDialect::gemini;
    case catalog::Dialect::bedrock: return llm::ChatDialect::bedrock;
    case catalog::Dialect::vertex: break;
  }
  __builtin_unreachable();
}

}  // namespace sluice::gateway
