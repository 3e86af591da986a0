#include "sluice/llm/request.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(Request, ReadsAProviderPinUpToTheFirstSlash) {
  const auto pin = split_provider_pin("openai/gpt-5");
  ASSERT_TRUE(pin.has_value());
  EXPECT_EQ(pin->provider, "openai");
  EXPECT_EQ(pin->model, "gpt-5");
  EXPECT_EQ(split_provider_pin("baseten/meta-llama/Llama-4")->model, "meta-llama/Llama-4");
}

TEST(Request, SeesNoPinWhereASideIsMissing) {
  for (const std::string_view name : {"", "gpt-5", "/gpt-5", "openai/", "/"}) {
    EXPECT_FALSE(split_provider_pin(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace sluice::llm
