#include "sluice/config/load.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "fake_environment.h"

namespace sluice::config {
namespace {

using catalog::Deployment;
using std::chrono::milliseconds;

Loaded load_environment(const FakeEnvironment& fake) {
  return load({.path = {}, .servable = speaks_openai, .parse = {}}, builtin_catalogue(),
              fake.environment());
}

const Deployment& only(const Loaded& loaded, std::string_view model) {
  static const Deployment none;
  const catalog::Model* found = loaded.models.find(model);
  EXPECT_NE(found, nullptr) << model << "\n" << loaded.complaints.render(Severity::note);
  if (found == nullptr) return none;
  EXPECT_EQ(found->deployments.size(), 1U);
  return found->deployments.front();
}

TEST(FindFile, TheCommandLineComesBeforeTheEnvironmentBeforeTheDefault) {
  FakeEnvironment fake;
  EXPECT_EQ(find_file(std::nullopt, fake.environment()), std::nullopt);
  fake.files[default_path] = {"", 0600};
  EXPECT_EQ(find_file(std::nullopt, fake.environment()), default_path);
  fake.files[default_path].mode = 0;
  EXPECT_EQ(find_file(std::nullopt, fake.environment()), default_path)
      << "a file that is there and cannot be read is not passed over";
  fake.variables["SLUICE_CONFIG"] = "/env.toml";
  EXPECT_EQ(find_file(std::nullopt, fake.environment()), "/env.toml");
  EXPECT_EQ(find_file("/line.toml", fake.environment()), "/line.toml");
}

TEST(Load, AFileThatWasNamedAndIsNotThereIsAnError) {
  const FakeEnvironment fake;
  const Loaded loaded = load({.path = "/x.toml", .servable = speaks_openai, .parse = {}},
                             builtin_catalogue(), fake.environment());
  EXPECT_EQ(loaded.complaints.render(), "/x.toml: there is no such file\n");
}

TEST(Load, OneKeyInTheEnvironmentServesEveryModelOfItsProvider) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_environment(fake);
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  EXPECT_EQ(loaded.config.listeners.at(0).address.to_string(), "127.0.0.1:8080");
  const Deployment& deployment = only(loaded, "gpt-5-mini");
  EXPECT_EQ(deployment.provider->url.text(), "https://api.openai.com/v1");
  EXPECT_EQ(deployment.provider->region, "global");
  EXPECT_EQ(deployment.price.tokens.input, 0.25);
  ASSERT_EQ(deployment.provider->credentials.size(), 1U);
  EXPECT_TRUE(deployment.provider->credentials[0].header_value.equals("Bearer k"));
  EXPECT_EQ(deployment.provider->credentials[0].label, "env OPENAI_API_KEY");
  std::size_t expected = 0;
  for (const auto& model : builtin_catalogue().models()) {
    if (model.retired && model.creator == "openai") continue;
    for (const auto& each : model.deployments) {
      if (each.provider == 0 && each.serves("global")) {
        ++expected;
        break;
      }
    }
  }
  EXPECT_EQ(loaded.models.models().size(), expected);
  EXPECT_GT(expected, 50U);
}

TEST(Load, AnAliasOfTheCatalogueIsANameClientsMayUse) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_environment(fake);
  for (const catalog::Model& model : loaded.models.models()) {
    for (const std::string& alias : model.aliases) EXPECT_EQ(loaded.models.find(alias), &model);
  }
}

TEST(Load, ADialectThatIsNotSpokenIsLeftOutWithANote) {
  FakeEnvironment fake;
  fake.variables = {{"OPENAI_API_KEY", "k"}, {"ANTHROPIC_API_KEY", "canary"}};
  const Loaded loaded = load_environment(fake);
  EXPECT_FALSE(loaded.complaints.failed());
  const std::string notes = loaded.complaints.render(Severity::note);
  EXPECT_NE(notes.find("provider anthropic speaks the dialect anthropic"), std::string::npos);
  EXPECT_EQ(loaded.models.find_provider("anthropic"), nullptr);
  for (const auto& provider : loaded.models.providers()) {
    EXPECT_EQ(provider->dialect, catalog::Dialect::openai);
  }
}

TEST(Load, WhenItIsSpokenItIsServed) {
  FakeEnvironment fake;
  fake.variables["ANTHROPIC_API_KEY"] = "k";
  const Loaded loaded = load({.servable = [](catalog::Dialect) { return true; }},
                             builtin_catalogue(), fake.environment());
  const catalog::Provider* provider = loaded.models.find_provider("anthropic");
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(provider->auth.header, "x-api-key");
  EXPECT_TRUE(provider->credentials[0].header_value.equals("k"));
}

TEST(Load, AProviderIsSpokenToInAnotherDialectItOffersWhenItsOwnIsNotSpoken) {
  FakeEnvironment fake;
  fake.variables["GEMINI_API_KEY"] = "k";
  const Loaded loaded = load_environment(fake);
  const catalog::Provider* provider = loaded.models.find_provider("google");
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(provider->url.path_prefix, "/v1beta/openai");
  EXPECT_EQ(provider->auth.header, "Authorization");
  EXPECT_TRUE(provider->credentials[0].header_value.equals("Bearer k"));
}

TEST(Load, WithoutAnyKeyItSaysWhatToDo) {
  const Loaded loaded = load_environment({});
  EXPECT_TRUE(loaded.complaints.failed());
  EXPECT_NE(loaded.complaints.render().find("set OPENAI_API_KEY"), std::string::npos);
}

TEST(Load, BracesOfAUrlAreFilledFromTheEnvironmentAndNothingElseGetsIn) {
  FakeEnvironment fake;
  fake.variables = {{"CLOUDFLARE_API_KEY", "k"}, {"CLOUDFLARE_ACCOUNT_ID", "0a1b"}};
  const Loaded loaded = load_environment(fake);
  ASSERT_NE(loaded.models.find_provider("cloudflare"), nullptr)
      << loaded.complaints.render(Severity::note);
  EXPECT_EQ(loaded.models.find_provider("cloudflare")->url.path_prefix,
            "/client/v4/accounts/0a1b/ai/v1");
  fake.variables["CLOUDFLARE_ACCOUNT_ID"] = "x/../..";
  EXPECT_EQ(load_environment(fake).models.find_provider("cloudflare"), nullptr);
  fake.variables.erase("CLOUDFLARE_ACCOUNT_ID");
  const Loaded missing = load_environment(fake);
  EXPECT_NE(missing.complaints.render(Severity::note).find("set CLOUDFLARE_ACCOUNT_ID"),
            std::string::npos);
}

TEST(Load, AProviderOfTheCatalogueNeedsItsNameAlone) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text("[[provider]]\nname = \"openai\"\n", fake);
  EXPECT_EQ(loaded.complaints.render(Severity::note), "");
  EXPECT_EQ(only(loaded, "gpt-5-mini").provider->url.host, "api.openai.com");
}

TEST(Load, ARegionHasItsOwnUrlAndItsOwnPrices) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(R"([[provider]]
name = "openai"
[[model]]
name = "gpt-5.5"
[[model.deployment]]
provider = "openai"
[[model.deployment]]
provider = "openai"
region = "eu"
)",
                                  fake);
  ASSERT_EQ(loaded.complaints.render(Severity::note), "");
  const catalog::Model* model = loaded.models.find("gpt-5.5");
  ASSERT_EQ(model->deployments.size(), 2U);
  EXPECT_EQ(model->deployments[0].provider->url.host, "api.openai.com");
  EXPECT_EQ(model->deployments[1].provider->url.host, "eu.api.openai.com");
  EXPECT_EQ(model->deployments[1].region, "eu");
  EXPECT_NE(model->deployments[0].provider->index, model->deployments[1].provider->index);
  EXPECT_TRUE(model->deployments[1].provider->credentials.at(0).key.equals("k"));
}

TEST(Load, AModelOfTheFileTakesWhatItDoesNotSayFromTheCatalogue) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(R"([[provider]]
name = "openai"
timeouts = { idle_ms = 7000 }
[[provider]]
name = "own"
dialect = "openai"
base_url = "http://127.0.0.1:1/v1"
keys = []
[timeouts]
idle_ms = 9000
[[model]]
name = "gpt-5-mini"
aliases = ["mini"]
timeouts = { total_ms = 8000 }
[[model]]
name = "house"
[[model.deployment]]
provider = "own"
price = { input = 0 }
)",
                                  fake);
  ASSERT_EQ(loaded.complaints.render(Severity::note), "");
  EXPECT_EQ(loaded.models.models().size(), 2U) << "the file has models, so only those are served";
  const Deployment& mini = only(loaded, "MINI");
  EXPECT_EQ(mini.upstream_model, "gpt-5-mini");
  EXPECT_EQ(mini.price.tokens.output, 2.0);
  EXPECT_EQ(mini.timeouts.idle, milliseconds(7'000));
  EXPECT_EQ(mini.timeouts.total, milliseconds(8'000));
  EXPECT_GT(loaded.models.find("mini")->created, 0);
  const Deployment& house = only(loaded, "house");
  EXPECT_EQ(house.upstream_model, "house");
  EXPECT_EQ(house.price.tokens.input, 0);
  EXPECT_EQ(house.price.tokens.output, std::nullopt);
  EXPECT_TRUE(house.provider->credentials.empty());
  EXPECT_TRUE(house.provider->usable_without_byok()) << "keys = [] says it asks for none";
  EXPECT_EQ(loaded.models.find("house")->owned_by, "own");
}

constexpr std::string_view assistant = R"([[provider]]
name = "openai"
[[provider]]
name = "own"
dialect = "openai"
base_url = "http://127.0.0.1:1/v1"
keys = []
[[model]]
name = "assistant"
[[model.deployment]]
provider = "own"
model = "openai/gpt-oss-120b"
[[model.deployment]]
provider = "openai"
model = "gpt-5-mini"
[[model.deployment]]
provider = "openai"
model = "gpt-5-nano-2025-08-07"
[[model.deployment]]
provider = "openai"
model = "ft:own"
[[model]]
name = "gpt-5-mini"
[[model.deployment]]
provider = "openai"
model = "gpt-5"
)";

TEST(Load, ADeploymentHasTheListPriceOfWhatItCallsThere) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(std::string(assistant), fake);
  ASSERT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  const catalog::Model* model = loaded.models.find("assistant");
  ASSERT_NE(model, nullptr);
  ASSERT_EQ(model->deployments.size(), 4U);
  EXPECT_EQ(model->deployments[0].price.tokens.input, std::nullopt);
  EXPECT_EQ(model->deployments[1].price.tokens.input, 0.25);
  EXPECT_EQ(model->deployments[2].price.tokens.input, 0.05) << "by another name of the model";
  EXPECT_EQ(model->deployments[3].price.tokens.input, std::nullopt) << "its neighbour's is not its";
  EXPECT_EQ(only(loaded, "gpt-5-mini").price.tokens.input, 1.25)
      << "what is called costs, not what the file calls it";
}

TEST(Load, ADeploymentWithoutAPriceIsWarnedOf) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(std::string(assistant), fake);
  ASSERT_EQ(loaded.complaints.all().size(), 2U) << loaded.complaints.render(Severity::note);
  EXPECT_EQ(loaded.complaints.render(loaded.complaints.all()[0]),
            "/c/s.toml:10:1: warning: model[0].deployment[0]: the catalogue has no price of "
            "\"openai/gpt-oss-120b\" at own in region \"global\", so what it costs will not be "
            "known: write price = { input = ..., output = ... }");
  EXPECT_EQ(loaded.complaints.all()[1].key, "model[0].deployment[3]");
}

TEST(Load, TheOperatorsHeadersReplaceOurs) {
  FakeEnvironment fake;
  fake.variables["K"] = "k";
  fake.files["/c/ca.pem"] = {"-----BEGIN CERTIFICATE-----\n", 0644};
  fake.files["/c/s.toml"] = {};
  const std::string text = R"([[provider]]
name = "a"
catalogue = "anthropic"
keys = [{ env = "K" }]
headers = { Anthropic-Version = "2030-01-01", x-more = "1" }
ca_file = "ca.pem"
byok = true
)";
  fake.files["/c/s.toml"] = {text, 0600};
  const Loaded loaded =
      load({.path = "/c/s.toml", .servable = [](catalog::Dialect) { return true; }, .parse = {}},
           builtin_catalogue(), fake.environment());
  ASSERT_EQ(loaded.complaints.render(Severity::note), "");
  const catalog::Provider* provider = loaded.models.find_provider("a");
  ASSERT_NE(provider, nullptr);
  ASSERT_EQ(provider->auth.extra_headers.size(), 2U);
  EXPECT_EQ(provider->auth.extra_headers[0].second, "2030-01-01");
  EXPECT_EQ(provider->ca_file, "/c/ca.pem");
  EXPECT_TRUE(provider->byok);
}

TEST(Load, WhatWasAskedForAndCannotBeHadIsAnErrorAtItsPlace) {
  const std::string own =
      "[[provider]]\nname=\"own\"\ndialect=\"openai\"\nbase_url=\"http://127.0.0.1:1\"\nkeys=[]\n";
  const std::pair<std::string, std::string_view> cases[] = {
      {"[[provider]]\nname=\"openai\"\n",
       "/c/s.toml:1:1: provider[0].keys: is missing: write keys = [{ env = \"NAME\" }], or set "
       "OPENAI_API_KEY, or keys = [] when the provider asks for none"},
      {"[[provider]]\nname=\"openai\"\nkeys=[{ env = \"NO_SUCH_KEY\" }]\n",
       "/c/s.toml:3:7: provider[0].keys[0]: the environment variable NO_SUCH_KEY is not set"},
      {"[[provider]]\nname=\"x\"\nkeys=[]\n",
       "/c/s.toml:1:1: provider[0].dialect: is missing: the catalogue does not know this provider"},
      {"[[provider]]\nname=\"x\"\ndialect=\"openai\"\nkeys=[]\n",
       "/c/s.toml:1:1: provider[0]: base_url is missing"},
      {"[[provider]]\nname=\"x\"\ncatalogue=\"opnai\"\nkeys=[]\n",
       "/c/s.toml:1:1: provider[0].catalogue: the catalogue has no provider \"opnai\"; did you "
       "mean "
       "\"openai\"?"},
      {"[[provider]]\nname=\"openai\"\nregion=\"mars\"\nkeys=[]\n",
       "/c/s.toml:1:1: provider[0]: region \"mars\": the catalogue knows openai in global, us, eu"},
      {"[[provider]]\nname=\"openai\"\nkeys=[]\nca_file=\"/none.pem\"\n",
       "/c/s.toml:4:1: provider[0].ca_file: /none.pem: there is no such file"},
      {own,
       "/c/s.toml:1:1: provider[0]: serves nothing: the catalogue does not know its models, so "
       "name one with [[model]]"},
      {own + "[[model]]\nname=\"nobody-knows\"\n",
       "/c/s.toml:6:1: model[0]: the catalogue does not know this model: write "
       "[[model.deployment]]"},
      {own + "[[model]]\nname=\"gpt-5-mini\"\n",
       "/c/s.toml:6:1: model[0]: by the catalogue no [[provider]] of this file serves it"},
      {own + "[[model]]\nname=\"m\"\ncatalogue=\"gpt-5-mnii\"\n[[model.deployment]]\nprovider="
             "\"own\"\n",
       "/c/s.toml:6:1: model[0].catalogue: the catalogue has no model \"gpt-5-mnii\"; did you mean "
       "\"gpt-5-mini\"?"},
      {"[[provider]]\nname=\"openai\"\nkeys=[]\n[[model]]\nname=\"gpt-5.5\"\n[[model.deployment]]\n"
       "provider=\"openai\"\nregion=\"mars\"\n",
       "/c/s.toml:6:1: model[0].deployment[0]: region \"mars\""},
      {own + "[[listener]]\naddress=\"127.0.0.1:1\"\ntls={certificate=\"c.pem\",key=\"k.pem\"}\n",
       "/c/s.toml:8:5: listener[0].tls.certificate: /c/c.pem: there is no such file"},
  };
  for (const auto& [text, says] : cases) {
    FakeEnvironment fake;
    const Loaded loaded = load_text(text, fake);
    EXPECT_TRUE(loaded.complaints.failed()) << text;
    EXPECT_NE(loaded.complaints.render().find(says), std::string::npos)
        << says << "\n"
        << loaded.complaints.render();
  }
}

// What would start and answer nothing is refused, with what became of the providers.
TEST(Load, NothingToServeIsAnErrorThatSaysWhyAndWhatToDo) {
  const std::string anthropic = "[[provider]]\nname=\"anthropic\"\n";
  const std::string model =
      "[[model]]\nname=\"m\"\n[[model.deployment]]\nprovider=\"anthropic\"\nmodel=\"x\"\n";
  const std::string left_out =
      "(anthropic: speaks the dialect anthropic, which this release does not)";
  const std::pair<std::string, std::string> cases[] = {
      {"",
       "no model can be served, for there is no [[provider]]: add one, such as name = \"openai\" "
       "with its key in OPENAI_API_KEY"},
      {anthropic, "no model can be served, for every provider is left out " + left_out +
                      ": add a [[provider]] that speaks the dialect \"openai\""},
      {anthropic + model, "for every provider is left out " + left_out},
      {anthropic + "[[provider]]\nname=\"openai\"\nkeys=[]\n" + model,
       "for every [[model]] is deployed only where that is left out " + left_out +
           ": give one a [[model.deployment]] at another provider"},
      {"[[provider]]\nname=\"openai\"\nkeys=[]\nall_models=false\n",
       "no model can be served, for none is named: add a [[model]], or say all_models = true"},
  };
  for (const auto& [text, says] : cases) {
    FakeEnvironment fake;
    const Loaded loaded = load_text(text, fake);
    EXPECT_TRUE(loaded.complaints.failed()) << text;
    EXPECT_NE(loaded.complaints.render().find("/c/s.toml: no model can be served"),
              std::string::npos);
    EXPECT_NE(loaded.complaints.render().find(says), std::string::npos)
        << says << "\n"
        << loaded.complaints.render();
  }
}

TEST(Load, AnEnvironmentOfProvidersThatAreLeftOutSaysSo) {
  FakeEnvironment fake;
  fake.variables["ANTHROPIC_API_KEY"] = "sk-ant-test-1234567890";
  const Loaded loaded = load({.path = {}, .servable = speaks_openai, .parse = {}},
                             builtin_catalogue(), fake.environment());
  ASSERT_TRUE(loaded.complaints.failed());
  const std::string text = loaded.complaints.render();
  EXPECT_NE(text.find("(anthropic: speaks the dialect anthropic"), std::string::npos) << text;
  EXPECT_NE(text.find("set OPENAI_API_KEY (or another provider's)"), std::string::npos) << text;
}

TEST(Load, CertificatesAreLookedAtBeforeAnybodyListens) {
  FakeEnvironment fake;
  fake.files["/c/c.pem"] = {"-----BEGIN CERTIFICATE-----\n", 0644};
  fake.files["/c/k.pem"] = {"-----BEGIN EC PRIVATE KEY-----\n", 0644};
  fake.variables["OPENAI_API_KEY"] = "k";
  const std::string text =
      "[[provider]]\nname=\"openai\"\n[[listener]]\naddress=\"127.0.0.1:1\"\n"
      "tls={certificate=\"c.pem\",key=\"k.pem\"}\n";
  const Loaded loaded = load_text(text, fake);
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  EXPECT_NE(loaded.complaints.render(Severity::warning).find("/c/k.pem can be read by everybody"),
            std::string::npos);
  fake.files["/c/k.pem"] = {"-----BEGIN CERTIFICATE-----\n", 0600};
  EXPECT_NE(load_text(text, fake).complaints.render().find("holds no PEM private key"),
            std::string::npos);
}

TEST(Load, SmallSlipsAreWarnings) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(
      "[[provider]]\nname=\"openai\"\nbase_url=\"http://10.0.0.1/v1\"\n"
      "[[key]]\nname=\"a\"\nhash=\"h\"\nmodels=[\"gpt-5-mnii\"]\nregions=[\"mars\",\"global\"]\n"
      "[[provider]]\nname=\"own\"\ndialect=\"openai\"\nbase_url=\"http://127.0.0.1:1\"\nkeys=[]\n",
      fake);
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  const std::string text = loaded.complaints.render(Severity::warning);
  EXPECT_NE(text.find("cross the network in the clear"), std::string::npos) << text;
  EXPECT_NE(
      text.find("key[0].regions: nothing is served in \"mars\"; deployments here are in global"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("served in \"global\""), std::string::npos) << text;
  EXPECT_NE(text.find("warning: provider[1]: serves nothing"), std::string::npos) << text;
  EXPECT_NE(text.find("\"gpt-5-mnii\" is not served here; did you mean \"gpt-5-mini\"?"),
            std::string::npos)
      << text;
}

TEST(Load, TheExampleShowsEveryKeyAndIsAccepted) {
  std::ifstream file(SLUICE_EXAMPLE, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  const Loaded loaded = load_text(text, fake);
  EXPECT_EQ(loaded.complaints.render(Severity::note), "");
  const Config defaults;
  EXPECT_EQ(loaded.config.timeouts, defaults.timeouts) << "the example shows the defaults";
  EXPECT_EQ(loaded.config.pool, defaults.pool);
  EXPECT_EQ(loaded.config.limits.head_bytes_max, defaults.limits.head_bytes_max);
  // Every key is there, so a key that is asked for nowhere near its name has been forgotten.
  for (const std::string_view key : {"workers",
                                     "pin_workers",
                                     "tls",
                                     "proxy_protocol",
                                     "anonymous",
                                     "catalogue",
                                     "all_models",
                                     "byok",
                                     "ca_file",
                                     "auth",
                                     "headers",
                                     "pool",
                                     "timeouts",
                                     "aliases",
                                     "weight",
                                     "price",
                                     "regions",
                                     "write_stall_ms_max",
                                     "whole_response_bytes_max",
                                     "level"}) {
    EXPECT_NE(text.find(key), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace sluice::config
