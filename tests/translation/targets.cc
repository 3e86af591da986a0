#include "targets.h"

#include "sluice/base/assert.h"
#include "sluice/catalog/catalog.h"

namespace sluice::llm::testing {

const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    const auto catalog = catalog::Catalog::parse(catalog::builtin_catalog_json());
    SLUICE_ASSERT(catalog.has_value());
    std::vector<Target> made = {
        {.dialect = ChatDialect::openai, .model = "gpt-4o"},
        {.dialect = ChatDialect::openai, .model = "gpt-5-mini"},
        {.dialect = ChatDialect::openai, .model = "deepseek-reasoner"},
        {.dialect = ChatDialect::openai, .model = "deepseek-v4-pro", .host = "deepseek"},
        {.dialect = ChatDialect::openai, .model = "kimi-k2.6", .host = "moonshot"},
        {.dialect = ChatDialect::openai, .model = "qwen3-32b", .host = "groq"},
        {.dialect = ChatDialect::openai, .model = "claude-opus-4-8", .host = "openrouter"},
        {.dialect = ChatDialect::responses, .model = "gpt-4.1"},
        {.dialect = ChatDialect::responses, .model = "gpt-5-codex"},
        {.dialect = ChatDialect::anthropic, .model = "claude-3-5-haiku-20241022"},
        {.dialect = ChatDialect::anthropic, .model = "claude-sonnet-4-5-20250929"},
        {.dialect = ChatDialect::anthropic, .model = "claude-opus-4-6"},
        {.dialect = ChatDialect::anthropic, .model = "claude-opus-4-8"},
        {.dialect = ChatDialect::anthropic, .model = "claude-opus-5-5"},
        {.dialect = ChatDialect::gemini, .model = "gemini-2.0-flash"},
        {.dialect = ChatDialect::gemini, .model = "gemini-2.5-flash"},
        {.dialect = ChatDialect::gemini, .model = "gemini-2.5-pro"},
        {.dialect = ChatDialect::gemini, .model = "gemini-3-pro-preview"},
        {.dialect = ChatDialect::bedrock, .model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
        {.dialect = ChatDialect::bedrock, .model = "global.anthropic.claude-opus-4-6-v1"},
        {.dialect = ChatDialect::bedrock, .model = "amazon.nova-pro-v1:0"},
        {.dialect = ChatDialect::bedrock, .model = "openai.gpt-oss-120b-1:0"},
    };
    for (Target& target : made) {
      if (const auto traits = catalog->traits_of(target.model)) target.traits = *traits;
      if (target.host.empty()) continue;
      HostTraits host;
      catalog->find_provider(target.host)->quirks.apply_to(host);
      narrow(target.traits, host);
    }
    return made;
  }();
  return all;
}

}  // namespace sluice::llm::testing
