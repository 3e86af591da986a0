// Where Azure OpenAI's classic API has an operation of OpenAI's: most stand below the deployment,
// whose model is then the one meant, whatever the body names; and every one is dated.
//
//   /chat/completions    /deployments/{deployment}/chat/completions?api-version=2024-10-21
//   /responses/resp_1    /responses/resp_1?api-version=2025-04-01-preview
#pragma once
#include <string>
#include <string_view>

namespace sluice::llm {

/// What follows ".../openai" in the URL. `target` is OpenAI's own, with its query if it has one.
[[nodiscard]] std::string azure_target(std::string_view target, std::string_view deployment,
                                       std::string_view api_version);

/// Whether a text dates an API: "2024-10-21", "2025-04-01-preview".
[[nodiscard]] bool is_azure_api_version(std::string_view text) noexcept;

}  // namespace sluice::llm
