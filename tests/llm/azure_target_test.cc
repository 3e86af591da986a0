#include "sluice/llm/azure_target.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(AzureTarget, StandsBelowItsDeployment) {
  for (const std::string path :
       {"/chat/completions", "/completions", "/embeddings", "/images/generations", "/images/edits",
        "/audio/speech", "/audio/transcriptions", "/audio/translations"}) {
    EXPECT_EQ(azure_target(path, "prod-1", "2024-10-21"),
              "/deployments/prod-1" + path + "?api-version=2024-10-21");
  }
}

TEST(AzureTarget, OfResponsesIsOfTheWholeResource) {
  EXPECT_EQ(azure_target("/responses", "d", "2025-04-01-preview"),
            "/responses?api-version=2025-04-01-preview");
  EXPECT_EQ(azure_target("/responses/resp_1/cancel", "d", "2025-04-01-preview"),
            "/responses/resp_1/cancel?api-version=2025-04-01-preview");
  EXPECT_EQ(azure_target("/responses/resp_1?stream=true&starting_after=3", "d", "2025-04-01"),
            "/responses/resp_1?api-version=2025-04-01&stream=true&starting_after=3");
}

TEST(AzureTarget, HoldsNoNameThatWouldLeaveItsSegment) {
  EXPECT_EQ(azure_target("/embeddings?", "a/../b?c", "2024-10-21"),
            "/deployments/a%2F..%2Fb%3Fc/embeddings?api-version=2024-10-21");
}

TEST(AzureApiVersion, IsADate) {
  for (const std::string_view good : {"2024-10-21", "2025-04-01-preview"}) {
    EXPECT_TRUE(is_azure_api_version(good)) << good;
  }
  for (const std::string_view bad :
       {"", "v1", "preview", "2024-10-2", "2024-10-21-", "2024-10-21-beta", "2024/10/21",
        "2024-10-21&x=y", " 2024-10-21"}) {
    EXPECT_FALSE(is_azure_api_version(bad)) << bad;
  }
}

}  // namespace
}  // namespace sluice::llm
