// Providers whose requests carry access tokens: Vertex AI, and Azure by Microsoft Entra.
#include <gtest/gtest.h>

#include "fake_environment.h"
#include "sluice/config/load.h"
#include "upstream/signing_key.h"

namespace sluice::config {
namespace {

using catalog::Credential;
using catalog::Provider;
using catalog::TokenGrant;
using upstream::testing::service_account_file;

bool speaks_all(catalog::Dialect) { return true; }

Loaded load_file(std::string text, FakeEnvironment& fake) {
  fake.files["/c/s.toml"] = {std::move(text), 0600};
  return load({.path = "/c/s.toml", .servable = speaks_all, .parse = {}}, builtin_catalogue(),
              fake.environment());
}

Loaded load_variables(const FakeEnvironment& fake) {
  return load({.path = {}, .servable = speaks_all, .parse = {}}, builtin_catalogue(),
              fake.environment());
}

// The first provider there is; complaints fail the test.
const Provider& provider_of(const Loaded& loaded) {
  static const Provider none;
  EXPECT_EQ(loaded.complaints.render(Severity::warning), "");
  EXPECT_FALSE(loaded.models.providers().empty());
  return loaded.models.providers().empty() ? none : *loaded.models.providers().front();
}

const Credential& credential_of(const Provider& provider) {
  static const Credential none;
  EXPECT_EQ(provider.credentials.size(), 1U);
  return provider.credentials.empty() ? none : provider.credentials.front();
}

const std::string account = service_account_file("https://oauth2.googleapis.com/token");

TEST(LoadTokens, TheVariableThatGooglesProgramsReadIsEnough) {
  FakeEnvironment fake;
  fake.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/g/key.json";
  fake.files["/g/key.json"] = {account, 0600};
  const Loaded loaded = load_variables(fake);
  const Provider& provider = provider_of(loaded);
  EXPECT_EQ(provider.url.text(),
            "https://aiplatform.googleapis.com/v1/projects/a-project/locations/global");
  const Credential& credential = credential_of(provider);
  EXPECT_EQ(credential.label, "file /g/key.json");
  ASSERT_TRUE(credential.tokens.has_value());
  EXPECT_EQ(credential.tokens->grant, TokenGrant::service_account);
  EXPECT_NE(loaded.models.find("gemini-2.5-pro"), nullptr);
  const catalog::Model* claude = loaded.models.find("claude-sonnet-4-5");
  ASSERT_NE(claude, nullptr);
  EXPECT_EQ(claude->deployments.front().traits.publisher, "anthropic");
}

TEST(LoadTokens, ProjectAndLocationOfTheEnvironmentGoBeforeTheFiles) {
  FakeEnvironment fake;
  fake.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/g/key.json";
  fake.variables["GOOGLE_CLOUD_PROJECT"] = "other";
  fake.variables["GOOGLE_CLOUD_LOCATION"] = "europe-west4";
  fake.files["/g/key.json"] = {account, 0600};
  EXPECT_EQ(provider_of(load_variables(fake)).url.text(),
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/other/locations/"
            "europe-west4");
}

TEST(LoadTokens, AMultiRegionHasAnEndpointOfItsOwnKind) {
  FakeEnvironment fake;
  fake.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/g/key.json";
  fake.variables["GOOGLE_CLOUD_PROJECT"] = "other";
  fake.variables["GOOGLE_CLOUD_LOCATION"] = "eu";
  fake.files["/g/key.json"] = {account, 0600};
  EXPECT_EQ(provider_of(load_variables(fake)).url.text(),
            "https://aiplatform.eu.rep.googleapis.com/v1/projects/other/locations/eu");
}

TEST(LoadTokens, AVariableThatIsForOtherProgramsDoesNotStopTheStart) {
  FakeEnvironment fake;
  fake.variables["OPENAI_API_KEY"] = "k";
  fake.variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/g/key.json";
  for (const std::string contents : {"", R"({"type":"external_account"})", "no JSON at all"}) {
    fake.files["/g/key.json"] = {contents, 0600};
    const Loaded loaded = load_variables(fake);
    EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
    EXPECT_NE(loaded.complaints.render(Severity::note).find("provider vertex is left out"),
              std::string::npos)
        << contents << loaded.complaints.render(Severity::note);
    EXPECT_NE(loaded.models.find("gpt-5-mini"), nullptr);
  }
}

TEST(LoadTokens, VertexIsAsTheFileSays) {
  FakeEnvironment fake;
  fake.files["/c/key.json"] = {account, 0600};
  const Loaded loaded = load_file(R"([[provider]]
name = "vertex"
project = "mine"
location = "europe-west1"
keys = [{ file = "key.json" }]
[[model]]
name = "g"
[[model.deployment]]
provider = "vertex"
model = "google/gemini-2.5-pro"
[[model.deployment]]
provider = "vertex"
model = "gemini-2.5-pro"
region = "us-central1"
price = { input = 1, output = 1 }
)",
                                  fake);
  EXPECT_EQ(provider_of(loaded).url.text(),
            "https://europe-west1-aiplatform.googleapis.com/v1/projects/mine/locations/"
            "europe-west1");
  const catalog::Model* model = loaded.models.find("g");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->deployments[0].upstream_model, "gemini-2.5-pro") << "as the catalogue spells it";
  EXPECT_FALSE(model->deployments[0].traits.takes_call_ids);
  EXPECT_EQ(model->deployments[1].provider->url.text(),
            "https://us-central1-aiplatform.googleapis.com/v1/projects/mine/locations/us-central1")
      << "a region that is a location says where";
}

TEST(LoadTokens, AMachinesAccountAndApiKeysNeedNoFile) {
  FakeEnvironment fake;
  fake.variables["GCE_METADATA_HOST"] = "127.0.0.1:99";
  fake.variables["KEY"] = "AIzaX";
  fake.variables["TOKEN"] = "ya29.x";
  const Loaded loaded = load_file(R"([[provider]]
name = "vertex"
project = "p"
keys = [{ metadata = "default" }, { env = "KEY" }, { env = "TOKEN" }]
)",
                                  fake);
  const auto& credentials = provider_of(loaded).credentials;
  ASSERT_EQ(credentials.size(), 3U);
  ASSERT_TRUE(credentials[0].tokens.has_value());
  EXPECT_EQ(credentials[0].tokens->url.text(), "http://127.0.0.1:99");
  EXPECT_EQ(credentials[0].label, "metadata server, account default");
  EXPECT_EQ(credentials[1].header, "x-goog-api-key");
  EXPECT_TRUE(credentials[1].header_value.equals("AIzaX"));
  EXPECT_EQ(credentials[2].header, "Authorization");
  EXPECT_TRUE(credentials[2].header_value.equals("Bearer ya29.x"));
}

TEST(LoadTokens, ExpressModeHasNoProjectAndGooglesModelsAlone) {
  FakeEnvironment fake;
  fake.variables["KEY"] = "AIzaX";
  const Loaded loaded =
      load_file("[[provider]]\nname = \"vertex\"\nkeys = [{ env = \"KEY\" }]\n", fake);
  EXPECT_EQ(provider_of(loaded).url.text(), "https://aiplatform.googleapis.com/v1");
  EXPECT_NE(loaded.models.find("gemini-2.5-pro"), nullptr);
  EXPECT_EQ(loaded.models.find("claude-sonnet-4-5"), nullptr);
}

TEST(LoadTokens, AzureTakesAnApplicationInPlaceOfAKey) {
  FakeEnvironment fake;
  fake.variables["AZURE_RESOURCE_NAME"] = "res";
  fake.variables["SECRET"] = "s";
  const Loaded loaded = load_file(R"([[provider]]
name = "azure"
api_version = "2024-10-21"
entra = { tenant = "t-1", client_id = "app", client_secret = { env = "SECRET" } }
)",
                                  fake);
  const Provider& provider = provider_of(loaded);
  EXPECT_EQ(provider.url.text(), "https://res.openai.azure.com/openai");
  EXPECT_EQ(provider.api_version, "2024-10-21");
  const Credential& credential = credential_of(provider);
  ASSERT_TRUE(credential.tokens.has_value());
  EXPECT_EQ(credential.tokens->grant, TokenGrant::client_credentials);
  EXPECT_EQ(credential.tokens->url.text(),
            "https://login.microsoftonline.com/t-1/oauth2/v2.0/token");
  EXPECT_EQ(credential.tokens->scope, "https://cognitiveservices.azure.com/.default");
  EXPECT_TRUE(credential.tokens->secret.equals("s"));
}

TEST(LoadTokens, TheVariablesThatAzuresProgramsReadAreEnough) {
  FakeEnvironment fake;
  fake.variables["AZURE_RESOURCE_NAME"] = "res";
  fake.variables["AZURE_TENANT_ID"] = "t-1";
  fake.variables["AZURE_CLIENT_ID"] = "app";
  fake.variables["AZURE_CLIENT_SECRET"] = "s";
  fake.variables["AZURE_AUTHORITY_HOST"] = "https://login.microsoftonline.us/";
  const Loaded loaded = load_file("[[provider]]\nname = \"azure\"\n", fake);
  const Provider& provider = provider_of(loaded);
  EXPECT_EQ(provider.url.text(), "https://res.openai.azure.com/openai/v1");
  const Credential& credential = credential_of(provider);
  ASSERT_TRUE(credential.tokens.has_value());
  EXPECT_EQ(credential.tokens->url.text(),
            "https://login.microsoftonline.us/t-1/oauth2/v2.0/token");
}

TEST(LoadTokens, BaseUrlsOfAzureAreTakenHoweverTheyEnd) {
  for (const std::string base : {"https://a.example", "https://a.example/openai"}) {
    FakeEnvironment fake;
    const Loaded loaded = load_file("[[provider]]\nname = \"azure\"\nbase_url = \"" + base +
                                        "\"\napi_version = \"2024-10-21\"\nkeys = []\n",
                                    fake);
    EXPECT_EQ(provider_of(loaded).url.text(), "https://a.example/openai") << base;
  }
}

struct Wrong {
  std::string text;
  std::string_view complaint;
};

TEST(LoadTokens, WhatIsWrongIsSaidWithWhatWouldBeRight) {
  const std::string vertex = "[[provider]]\nname = \"vertex\"\n";
  const std::string machine = "keys = [{ metadata = \"default\" }]\n";
  const Wrong cases[] = {
      {vertex + machine,
       "its URL needs a project: write project = \"my-project\", or set "
       "GOOGLE_CLOUD_PROJECT"},
      {vertex + machine + "project = \"p\"\nregion = \"eu\"\n",
       "its URL in region \"eu\" needs a location: write location = \"europe-west1\""},
      {vertex + machine + "project = \"p\"\nregion = \"eu\"\nlocation = \"us-central1\"\n",
       "location \"us-central1\" is not in region \"eu\""},
      {vertex + machine + "project = \"p\"\nbase_url = \"https://x.example\"\n",
       "provider[0].project: is a part of base_url"},
      {vertex,
       "keys: is missing: write keys = [{ env = \"NAME\" }], or { file = \"key.json\" } of "
       "a service account, or { metadata = \"default\" }"},
      {vertex + "keys = [{ file = \"user.json\" }]\n", "is of a type that is not taken here"},
      {vertex + "keys = [{ file = \"weak.json\" }]\n", "holds a private_key that is no RSA key"},
      {vertex + "keys = [{ file = \"plain.json\" }]\n", "has a token_uri of http://"},
      {"[[provider]]\nname = \"openai\"\n" + machine,
       "the metadata server gives tokens for a provider that speaks vertex"},
      {"[[provider]]\nname = \"openai\"\nkeys = []\nlocation = \"x\"\n",
       "provider[0].location: is of a provider that speaks vertex, and this one speaks openai"},
      {"[[provider]]\nname = \"openai\"\nkeys = []\napi_version = \"2024-10-21\"\n",
       "provider[0].api_version: is of a provider that speaks azure"},
      {"[[provider]]\nname = \"azure\"\nkeys = []\napi_version = \"2024-10-21\"\n"
       "base_url = \"https://a.example/openai/v1\"\n",
       "provider[0].api_version: is not of the API at https://a.example/openai/v1, which has no "
       "versions: leave api_version out, or write base_url = \"https://a.example/openai\""},
      {"[[provider]]\nname = \"azure-ai\"\nkeys = []\napi_version = \"2024-10-21\"\n"
       "base_url = \"https://r.services.ai.azure.com/models\"\n",
       "write base_url = \"https://r.services.ai.azure.com/openai/v1\" and leave api_version out, "
       "or base_url = \"https://r.services.ai.azure.com/openai\" with it"},
      {"[[provider]]\nname = \"openai\"\nentra = { tenant = \"t\", client_id = \"c\", "
       "client_secret = { env = \"S\" } }\n",
       "provider[0].entra: is of a provider that speaks azure"},
  };
  for (const Wrong& c : cases) {
    FakeEnvironment fake;
    fake.variables["S"] = "s";
    fake.files["/c/user.json"] = {R"({"type":"external_account"})", 0600};
    fake.files["/c/weak.json"] = {
        R"({"type":"service_account","client_email":"a","private_key":"canary"})", 0600};
    fake.files["/c/plain.json"] = {service_account_file("http://token.example/t"), 0600};
    const std::string said = load_file(c.text, fake).complaints.render();
    EXPECT_NE(said.find(c.complaint), std::string::npos) << c.text << said;
    EXPECT_EQ(said.find("canary"), std::string::npos);
    EXPECT_EQ(said.find("PRIVATE KEY"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::config
