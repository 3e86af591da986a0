// What models and hosts take, as load() puts it together: the catalogue, then the file.
#include <gtest/gtest.h>

#include "fake_environment.h"
#include "sluice/config/load.h"

namespace sluice::config {
namespace {

using catalog::Deployment;
using llm::ThinkingControl;

Loaded load_all_dialects(std::string text, FakeEnvironment& fake) {
  fake.files["/c/s.toml"] = {std::move(text), 0600};
  return load({.path = "/c/s.toml", .servable = [](catalog::Dialect) { return true; }, .parse = {}},
              builtin_catalogue(), fake.environment());
}

const Deployment& deployment_of(const Loaded& loaded, std::string_view model,
                                std::size_t position = 0) {
  static const Deployment none;
  const catalog::Model* found = loaded.models.find(model);
  EXPECT_NE(found, nullptr) << model << "\n" << loaded.complaints.render(Severity::note);
  return found != nullptr && position < found->deployments.size() ? found->deployments[position]
                                                                  : none;
}

TEST(LoadTraits, AModelOfTheCatalogueIsWrittenToAsTheCatalogueSays) {
  FakeEnvironment fake;
  fake.variables = {{"ANTHROPIC_API_KEY", "k"}, {"DEEPSEEK_API_KEY", "k"}};
  const Loaded loaded = load_all_dialects(
      "[[provider]]\nname = \"anthropic\"\n[[provider]]\nname = \"deepseek\"\n", fake);
  ASSERT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  const Deployment& opus = deployment_of(loaded, "claude-opus-4-8");
  EXPECT_EQ(opus.traits.thinking, ThinkingControl::adaptive);
  EXPECT_FALSE(opus.traits.takes_sampling);
  EXPECT_EQ(opus.traits.output_tokens_max, 128'000U);
  EXPECT_TRUE(opus.traits.takes_media_in_results) << "its dialect carries images in results";
  const Deployment& deepseek = deployment_of(loaded, "deepseek-v4-pro");
  EXPECT_FALSE(deepseek.traits.takes_output_schema) << "the host knows json_object alone";
  EXPECT_FALSE(deepseek.traits.takes_media_in_results);
  EXPECT_FALSE(deepseek.provider->host.takes_developer_role);
  EXPECT_EQ(deepseek.provider->host.reasoning_name, "reasoning_content");
  EXPECT_EQ(deepseek.traits.thinking_switch, llm::ThinkingSwitch::thinking);
  EXPECT_TRUE(deepseek.traits.wants_thoughts);
  EXPECT_EQ(deepseek.traits.prefill, llm::Prefill::none) << "at its other URL alone";
  EXPECT_FALSE(deepseek.traits.takes_custom_tools);
}

TEST(LoadTraits, WhatIsCalledUpstreamSaysHowItIsWrittenTo) {
  FakeEnvironment fake;
  const Loaded loaded = load_all_dialects(R"([[provider]]
name = "aws"
dialect = "bedrock"
base_url = "http://127.0.0.1:1"
keys = []
[[provider]]
name = "cloud"
dialect = "vertex"
base_url = "http://127.0.0.1:1"
keys = []
[[model]]
name = "gpt-5"
[[model.deployment]]
provider = "aws"
model = "us.anthropic.claude-opus-5-5-v9:0"
price = { input = 1, output = 1 }
[[model.deployment]]
provider = "cloud"
model = "claude-3-5-haiku@20241022"
price = { input = 1, output = 1 }
[[model.deployment]]
provider = "cloud"
model = "gemini-2.5-pro"
price = { input = 1, output = 1 }
[[model.deployment]]
provider = "aws"
model = "prod-1"
price = { input = 1, output = 1 }
)",
                                          fake);
  ASSERT_EQ(loaded.complaints.render(Severity::warning), "");
  const llm::ModelTraits& unknown = deployment_of(loaded, "gpt-5", 0).traits;
  EXPECT_FALSE(unknown.takes_forced_tool) << "a version the catalogue does not know";
  EXPECT_EQ(unknown.publisher, "anthropic");
  const llm::ModelTraits& haiku = deployment_of(loaded, "gpt-5", 1).traits;
  EXPECT_EQ(haiku.publisher, "anthropic");
  EXPECT_TRUE(haiku.takes_prefill);
  EXPECT_FALSE(haiku.takes_output_schema);
  EXPECT_EQ(deployment_of(loaded, "gpt-5", 2).traits.publisher, "google");
  EXPECT_EQ(deployment_of(loaded, "gpt-5", 2).traits.thinking, ThinkingControl::budget);
  const llm::ModelTraits& named = deployment_of(loaded, "gpt-5", 3).traits;
  EXPECT_EQ(named.thinking, ThinkingControl::effort) << "the name tells nothing, so the model's";
  EXPECT_EQ(named.output_tokens_max, 128'000U);
}

TEST(LoadTraits, ThePublisherAtVertexIsTheCataloguesEntrys) {
  FakeEnvironment fake;
  const Loaded loaded = load_all_dialects(R"([[provider]]
name = "vertex"
base_url = "http://127.0.0.1:1"
keys = []
region = "global"
[[model]]
name = "gpt-oss-120b"
)",
                                          fake);
  ASSERT_EQ(loaded.complaints.render(Severity::warning), "");
  EXPECT_EQ(deployment_of(loaded, "gpt-oss-120b").traits.publisher, "openai");
}

TEST(LoadTraits, TheFileHasTheLastWord) {
  FakeEnvironment fake;
  fake.variables["MISTRAL_API_KEY"] = "k";
  const Loaded loaded = load_text(R"([[provider]]
name = "mistral"
quirks = { takes_stream_options = true, takes_media_in_results = false, refused = ["user"] }
[[provider]]
name = "own"
dialect = "openai"
base_url = "http://127.0.0.1:1/v1"
keys = []
[[model]]
name = "mistral-large-2512"
[[model.deployment]]
provider = "mistral"
traits = { takes_media_in_results = true, thinking = "effort", output_tokens_max = 99 }
[[model]]
name = "house"
[[model.deployment]]
provider = "own"
price = { input = 0, output = 0 }
traits = { takes_prefill = false, publisher = "us" }
)",
                                  fake);
  ASSERT_EQ(loaded.complaints.render(Severity::warning), "");
  const Deployment& mistral = deployment_of(loaded, "mistral-large-2512");
  const llm::HostTraits& host = mistral.provider->host;
  EXPECT_TRUE(host.takes_stream_options);
  EXPECT_EQ(host.refused, std::vector<std::string>{"user"});
  EXPECT_EQ(host.seed_name, "random_seed") << "what the file does not say is the catalogue's";
  EXPECT_TRUE(mistral.traits.takes_media_in_results) << "whatever the host says";
  EXPECT_EQ(mistral.traits.thinking, ThinkingControl::effort);
  EXPECT_EQ(mistral.traits.output_tokens_max, 99U);
  const Deployment& house = deployment_of(loaded, "house");
  EXPECT_TRUE(house.provider->host.is_plain()) << "a host that nobody knows is taken as plain";
  EXPECT_FALSE(house.traits.takes_prefill);
  EXPECT_EQ(house.traits.publisher, "us");
}

TEST(LoadTraits, QuirksOfAnotherDialectAreNotObeyedAndSoNotAccepted) {
  FakeEnvironment fake;
  fake.variables["ANTHROPIC_API_KEY"] = "k";
  const Loaded loaded = load_all_dialects(
      "[[provider]]\nname = \"anthropic\"\nquirks = { takes_stream_options = false }\n", fake);
  EXPECT_EQ(loaded.complaints.render(),
            "/c/s.toml:3:1: provider[0].quirks: are of hosts that speak openai or azure, and this "
            "one speaks anthropic; what a model takes is said with traits = { ... } in its "
            "[[model.deployment]]\n");
}

}  // namespace
}  // namespace sluice::config
