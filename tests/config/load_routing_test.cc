// What the file says of routing, as load() puts it together with the catalogue.
#include <gtest/gtest.h>

#include "fake_environment.h"
#include "sluice/config/load.h"

namespace sluice::config {
namespace {

using route::Strategy;

constexpr std::string_view provider =
    "[[provider]]\nname = \"openai\"\nkeys = [{ env = \"A\" }]\nall_models = true\n";

Loaded loaded_with(std::string_view text) {
  FakeEnvironment fake;
  fake.variables = {{"A", "k"}, {"B", "l"}};
  Loaded loaded = load_text(std::string(provider).append(text), fake);
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  return loaded;
}

std::string errors_with(std::string_view text) {
  FakeEnvironment fake;
  fake.variables = {{"A", "k"}};
  return load_text(std::string(provider).append(text), fake).complaints.render(Severity::error);
}

const route::RoutingPolicy& policy_of(const Loaded& loaded, std::string_view model) {
  const catalog::Model* found = loaded.models.find(model);
  EXPECT_NE(found, nullptr) << model;
  return loaded.config.routing_of(found == nullptr ? std::nullopt : found->file_position);
}

TEST(LoadRouting, WhoWritesDeploymentsHasPutThemIntoAnOrder) {
  const Loaded loaded = loaded_with(R"(
[[model]]
name = "written"
[[model.deployment]]
provider = "openai"
model = "gpt-5-mini"
[[model]]
name = "gpt-5-nano"
[[model]]
name = "auto"
members = ["gpt-5-mini", "written"]
)");
  EXPECT_EQ(policy_of(loaded, "written").strategy, Strategy::order);
  EXPECT_EQ(policy_of(loaded, "auto").strategy, Strategy::order);
  EXPECT_EQ(policy_of(loaded, "gpt-5-nano").strategy, Strategy::score);
  EXPECT_EQ(policy_of(loaded, "gpt-5-mini").strategy, Strategy::score) << "not in the file";
  EXPECT_EQ(policy_of(loaded, "gpt-5-mini"), default_routing());
}

TEST(LoadRouting, AModelsOwnPolicyIsOverTheFiles) {
  const Loaded loaded = loaded_with(R"(
[routing]
strategy = "price"
fallback_depth_max = 3
stream_rescue = true
[routing.score]
weights = "price"
exploration = 0
hysteresis = 0.2
[routing.retry]
retries = 2
backoff_ms = 100
fallbacks = 4
budget = 0.5
budget_per_s_min = 9
queue_ms_max = 50
[routing.hedge]
enabled = true
delay_ms = 900
delay_ms_min = 50
budget = 0.1
[routing.affinity]
enabled = false
entries_max = 10
idle_s_max = 60
[[model]]
name = "written"
routing = { retry = { retries = 0 }, score = { weights = { latency = 3 } } }
[[model.deployment]]
provider = "openai"
model = "gpt-5-mini"
[[model]]
name = "gpt-5-nano"
routing = { strategy = "latency", score = { weights = "balanced" } }
)");
  route::RoutingPolicy all;
  all.strategy = Strategy::price;
  all.fallback_depth_max = 3;
  all.stream_rescue = true;
  all.score = {.weights = route::price_first_weights, .exploration = 0, .hysteresis = 0.2};
  all.retry = {.retries = 2,
               .backoff_ms = 100,
               .fallbacks = 4,
               .budget = 0.5,
               .budget_per_s_min = 9,
               .queue_ms_max = 50};
  all.hedge = {.enabled = true, .delay_ms = 900, .delay_ms_min = 50, .budget = 0.1};
  all.affinity = {.enabled = false, .entries_max = 10, .idle_s_max = 60};
  EXPECT_EQ(loaded.config.routing, all);
  EXPECT_EQ(policy_of(loaded, "gpt-5-mini"), all);
  route::RoutingPolicy written = all;
  written.retry.retries = 0;
  written.score.weights.latency = 3;
  EXPECT_EQ(policy_of(loaded, "written"), written);
  route::RoutingPolicy nano = all;
  nano.strategy = Strategy::latency;
  nano.score.weights = route::balanced_weights;
  EXPECT_EQ(policy_of(loaded, "gpt-5-nano"), nano);
}

TEST(LoadRouting, AListStandsForModelsOfTheFileAndOfTheCatalogue) {
  const Loaded loaded = loaded_with(R"(
[[model]]
name = "auto"
aliases = ["best"]
members = ["gpt-5-mini", "mine"]
[[model]]
name = "mine"
[[model.deployment]]
provider = "openai"
model = "gpt-5"
)");
  const catalog::Model* list = loaded.models.find("best");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->name, "auto");
  EXPECT_TRUE(list->is_list());
  EXPECT_TRUE(list->deployments.empty());
  EXPECT_EQ(list->members, (std::vector<std::string>{"gpt-5-mini", "mine"}));
  EXPECT_NE(list->json.find(R"("members":["gpt-5-mini","mine"])"), std::string::npos);
  EXPECT_FALSE(loaded.models.find("mine")->is_list());
}

TEST(LoadRouting, AMemberThatIsNotServedIsAnError) {
  EXPECT_EQ(errors_with("[[model]]\nname = \"auto\"\nmembers = [\"gpt-5-mini\", \"no-such\"]\n"),
            "/c/s.toml:5:1: model[0].members: \"no-such\" is not served here: add a [[model]] of "
            "that name, or a [[provider]] of it\n");
  EXPECT_EQ(errors_with("[[model]]\nname = \"auto\"\nmembers = [\"auto\"]\n"),
            "/c/s.toml:5:1: model[0].members: \"auto\" is a list itself; name the models it stands "
            "for\n");
}

TEST(LoadRouting, HealthIsTheProvidersOverTheFiles) {
  const Loaded loaded = loaded_with(R"(
[[provider]]
name = "other"
dialect = "openai"
base_url = "https://other.example"
keys = [{ env = "A" }]
health = { rest_ms = 5 }
[[model]]
name = "m"
[[model.deployment]]
provider = "other"
[health]
window_s = 20
failures_to_open = 2
ejected_percent_max = 0
slow_start_s = 7
)");
  catalog::HealthPolicy health{.window_s = 20,
                               .failures_to_open = 2,
                               .rest_ms = 10'000,
                               .ejected_percent_max = 0,
                               .slow_start_s = 7};
  EXPECT_EQ(loaded.models.find_provider("openai")->health, health);
  health.rest_ms = 5;
  EXPECT_EQ(loaded.models.find_provider("other")->health, health);
}

TEST(LoadRouting, KeysHaveSharesOfAProvidersTraffic) {
  const Loaded loaded = loaded_with(R"(
[[provider]]
name = "other"
dialect = "openai"
base_url = "https://other.example"
keys = [{ env = "A" }, { env = "B", weight = 2.5, concurrency_max = 8 }]
[[model]]
name = "m"
[[model.deployment]]
provider = "other"
)");
  const auto& credentials = loaded.models.find_provider("other")->credentials;
  ASSERT_EQ(credentials.size(), 2U);
  EXPECT_EQ(credentials[0].weight, 1.0);
  EXPECT_EQ(credentials[1].weight, 2.5);
  EXPECT_EQ(credentials[0].concurrency_max, 0U) << "no limit";
  EXPECT_EQ(credentials[1].concurrency_max, 8U);
}

// Whatever dialect its providers speak.
Loaded load_any(std::string_view text) {
  FakeEnvironment fake;
  fake.variables = {{"A", "k"}};
  fake.files["/c/s.toml"] = {std::string(provider).append(text), 0600};
  return load({.path = "/c/s.toml", .servable = [](catalog::Dialect) { return true; }, .parse = {}},
              builtin_catalogue(), fake.environment());
}

TEST(LoadRouting, AProbeAsksForWhatCostsNothing) {
  const Loaded loaded = load_any(R"(
health = { probe_interval_s = 30 }
[[provider]]
name = "anthropic"
keys = [{ env = "A" }]
health = { probe_interval_s = 60 }
[[provider]]
name = "azure"
dialect = "azure"
base_url = "https://a.openai.azure.com"
api_version = "2024-10-21"
keys = [{ env = "A" }]
health = { probe_interval_s = 60 }
[[provider]]
name = "own"
dialect = "openai"
base_url = "https://own.example/api"
keys = []
probe_path = "/health?deep=0"
health = { probe_interval_s = 5 }
[[provider]]
name = "silent"
dialect = "openai"
base_url = "https://silent.example"
keys = []
[[model]]
name = "m"
[[model.deployment]]
provider = "azure"
[[model.deployment]]
provider = "own"
[[model.deployment]]
provider = "silent"
[[model.deployment]]
provider = "anthropic"
)");
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  const auto target = [&](std::string_view name) {
    const catalog::Provider* found = loaded.models.find_provider(name);
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? std::string() : found->probe_target;
  };
  EXPECT_EQ(target("openai"), "/v1/models");
  EXPECT_EQ(target("anthropic"), "/v1/models");
  EXPECT_EQ(target("azure"), "/openai/models?api-version=2024-10-21");
  EXPECT_EQ(target("own"), "/api/health?deep=0");
  EXPECT_EQ(target("silent"), "");
}

std::string probe_errors(std::string_view text) {
  return load_any(text).complaints.render(Severity::error);
}

TEST(LoadRouting, AProbeThatCannotBeFreeIsNotMade) {
  const std::string bedrock = probe_errors(R"(
[[provider]]
name = "bedrock"
keys = [{ env = "A" }]
health = { probe_interval_s = 30 }
)");
  EXPECT_NE(bedrock.find("bedrock has nothing at this address that costs nothing"),
            std::string::npos)
      << bedrock;
  const std::string vertex =
      "[[provider]]\nname = \"v\"\ndialect = \"vertex\"\nproject = \"p\"\n"
      "keys = [{ metadata = \"default\" }]\n"
      "health = { probe_interval_s = 30 }\n";
  EXPECT_NE(probe_errors(vertex).find("or probe_path = "), std::string::npos)
      << probe_errors(vertex);
  EXPECT_EQ(probe_errors(vertex + "probe_path = \"/models\"\n"), "");
  const std::string_view odd[] = {"probe_path = \"models\"\nhealth = { probe_interval_s = 9 }\n",
                                  "probe_path = \"/a b\"\nhealth = { probe_interval_s = 9 }\n",
                                  "probe_path = \"/models\"\n"};
  for (const std::string_view each : odd) {
    EXPECT_NE(probe_errors(each).find("provider[0].probe_path"), std::string::npos) << each;
  }
}

TEST(LoadRouting, WhatAHostDoesIsSaidByTheDeploymentTheProviderOrTheCatalogue) {
  const Loaded loaded = loaded_with(R"(
[[provider]]
name = "groq"
keys = [{ env = "A" }]
quantization = "fp8"
data_policy = { trains = true }
[[provider]]
name = "proxy"
catalogue = "groq"
base_url = "https://proxy.example"
keys = [{ env = "A" }]
[[model]]
name = "m"
[[model.deployment]]
provider = "groq"
[[model.deployment]]
provider = "groq"
quantization = "bf16"
data_policy = { trains = false, zdr = false }
[[model.deployment]]
provider = "proxy"
)");
  // The catalogue knows of Groq that it keeps nothing.
  const auto& deployments = loaded.models.find("m")->deployments;
  ASSERT_EQ(deployments.size(), 3U);
  EXPECT_EQ(deployments[0].quantization, llm::Quantization::fp8);
  EXPECT_EQ(deployments[0].data_policy, (catalog::DataPolicy{.trains = true, .retains = false}));
  EXPECT_EQ(deployments[1].quantization, llm::Quantization::bf16);
  EXPECT_EQ(deployments[1].data_policy, (catalog::DataPolicy{.trains = false, .retains = true}));
  // Who stands behind another address is not known.
  EXPECT_EQ(deployments[2].quantization, llm::Quantization::unknown);
  EXPECT_EQ(deployments[2].data_policy, catalog::DataPolicy{});
  const auto& of_catalogue = loaded.models.find("gpt-5-mini")->deployments;
  EXPECT_EQ(of_catalogue[0].data_policy, (catalog::DataPolicy{.trains = false, .retains = true}));
}

TEST(LoadRouting, AListenerPinsWhereItsCallersDataMayGo) {
  const Loaded loaded = loaded_with(R"(
[[listener]]
address = "127.0.0.1:8080"
regions = ["eu", "us"]
hosts = { "EU.example.com" = ["eu"], "us.example.com" = ["us"] }
)");
  const ListenerConfig& listener = loaded.config.listeners.front();
  EXPECT_EQ(listener.regions, (std::vector<std::string>{"eu", "us"}));
  ASSERT_EQ(listener.hosts.size(), 2U);
  const bool eu_first = listener.hosts[0].host == "eu.example.com";
  EXPECT_EQ(listener.hosts[eu_first ? 0 : 1].regions, (std::vector<std::string>{"eu"}));
  EXPECT_EQ(listener.hosts[eu_first ? 1 : 0].host, "us.example.com");
}

}  // namespace
}  // namespace sluice::config
