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
    case catalog::Dialect::vertex:
    case catalog::Dialect::bedrock: return true;
  }
  __builtin_unreachable();
}

namespace {

// Whether a deployment takes the caller's own body for this operation.
bool takes_as_it_came(const llm::Endpoint& endpoint, const catalog::Deployment& deployment) {
  const bool is_chat = endpoint.operation == llm::Operation::chat_completions;
  const bool is_anthropic = endpoint.dialect == llm::Dialect::anthropic;
  switch (deployment.provider->dialect) {
    case catalog::Dialect::openai:
    case catalog::Dialect::azure:
      if (endpoint.operation == llm::Operation::responses_input_tokens) {
        return deployment.provider->host.counts_input_tokens;
      }
      return !is_anthropic && (!is_chat || deployment.traits.takes_chat_completions);
    case catalog::Dialect::anthropic: return is_anthropic;
    case catalog::Dialect::vertex:
      switch (vertex_api(deployment)) {
        case llm::VertexApi::generate_content: return false;
        case llm::VertexApi::raw_messages: return is_anthropic;
        case llm::VertexApi::raw_chat:
        case llm::VertexApi::openapi_chat: return is_chat;
      }
      break;
    case catalog::Dialect::gemini:
    case catalog::Dialect::bedrock: return false;
  }
  __builtin_unreachable();
}

// Whether the provider has a way to count tokens (llm/token_count.h).
bool has_token_count(const catalog::Deployment& deployment) noexcept {
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

// Whether embeddings can be asked for in its own way (llm/embeddings_call.h).
bool has_own_embeddings(const catalog::Deployment& deployment) noexcept {
  switch (deployment.provider->dialect) {
    case catalog::Dialect::gemini: return true;
    case catalog::Dialect::vertex:
      return vertex_api(deployment) == llm::VertexApi::generate_content;
    case catalog::Dialect::openai:
    case catalog::Dialect::azure:
    case catalog::Dialect::anthropic:
    case catalog::Dialect::bedrock: return false;
  }
  __builtin_unreachable();
}

}  // namespace

llm::VertexApi vertex_api(const catalog::Deployment& deployment) noexcept {
  SLUICE_ASSERT(deployment.provider->dialect == catalog::Dialect::vertex);
  return llm::vertex_api(deployment.traits.publisher, deployment.upstream_model);
}

bool takes_messages(const catalog::Deployment& deployment) noexcept {
  switch (deployment.provider->dialect) {
    case catalog::Dialect::anthropic: return true;
    case catalog::Dialect::vertex: return vertex_api(deployment) == llm::VertexApi::raw_messages;
    case catalog::Dialect::openai:
    case catalog::Dialect::azure:
    case catalog::Dialect::gemini:
    case catalog::Dialect::bedrock: return false;
  }
  __builtin_unreachable();
}

Speech speech_for(const llm::Endpoint& endpoint, const llm::Request& request,
                  const catalog::Deployment& deployment) noexcept {
  const catalog::Provider& provider = *deployment.provider;
  if (request.repair.any()) {
    SLUICE_ASSERT(llm::is_translatable(endpoint.operation));
    return is_spoken(provider.dialect) ? Speech::translated : Speech::none;
  }
  const bool keeps_its_words = !request.continuable || !is_spoken(provider.dialect);
  if (keeps_its_words && takes_as_it_came(endpoint, deployment)) return Speech::relayed;
  if (!is_spoken(provider.dialect)) return Speech::none;
  if (llm::asks_token_count(endpoint.operation)) {
    return has_token_count(deployment) ? Speech::translated : Speech::estimated;
  }
  if (endpoint.operation == llm::Operation::embeddings) {
    return has_own_embeddings(deployment) ? Speech::translated : Speech::none;
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
    case catalog::Dialect::vertex:
      switch (vertex_api(deployment)) {
        case llm::VertexApi::generate_content: return llm::ChatDialect::gemini;
        case llm::VertexApi::raw_messages: return llm::ChatDialect::anthropic;
        case llm::VertexApi::raw_chat:
        case llm::VertexApi::openapi_chat: return llm::ChatDialect::openai;
      }
      break;
  }
  __builtin_unreachable();
}

llm::ChatTarget chat_target(const catalog::Deployment& deployment) noexcept {
  return {.upstream_model = deployment.upstream_model,
          .traits = deployment.traits,
          .on_vertex = deployment.provider->dialect == catalog::Dialect::vertex};
}

}  // namespace sluice::gateway
