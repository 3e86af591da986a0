#include "sluice/server/load_configuration.h"

#include <gtest/gtest.h>

#include "sluice/net/address.h"
#include "sluice/policy/gateway_key.h"
#include "support.h"

namespace sluice::server {
namespace {

using testing::catalogue;
using testing::environment;
using testing::loaded;

TEST(LoadConfiguration, OptionsWinOverTheFile) {
  Overrides overrides;
  overrides.listen = net::parse_listen_address("127.0.0.1:81").value();
  overrides.workers = 3;
  const config::Loaded result = loaded(
      std::string(testing::local_provider) +
          "[[listener]]\naddress = \"127.0.0.1:82\"\n[[listener]]\naddress = \"127.0.0.1:83\"\n",
      overrides);
  ASSERT_EQ(result.config.listeners.size(), 1U);
  EXPECT_EQ(result.config.listeners[0].address.to_string(), "127.0.0.1:81");
  EXPECT_EQ(result.config.server.workers, 3U);
}

TEST(LoadConfiguration, ListenForOtherMachinesNeedsAKeyAsAListenerOfTheFileDoes) {
  Overrides overrides;
  overrides.path = "test.toml";
  const auto complaints_at = [&](const char* address, const std::string& text) {
    overrides.listen = net::parse_listen_address(address).value();
    return load_configuration(overrides, catalogue(), environment({}, text)).complaints;
  };
  const std::string open = testing::local_provider;
  for (const char* address : {"0.0.0.0:81", "[::]:81", "192.0.2.1:81"}) {
    const config::Complaints complaints = complaints_at(address, open);
    EXPECT_TRUE(complaints.failed()) << address;
    EXPECT_NE(complaints.render().find("--listen: other machines reach"), std::string::npos)
        << complaints.render();
  }
  for (const char* address : {"127.0.0.1:81", "[::1]:81", "unix:/tmp/s.sock"}) {
    EXPECT_FALSE(complaints_at(address, open).failed()) << address;
  }
  const Result<policy::NewKey> key = policy::generate_key();
  ASSERT_TRUE(key.has_value());
  EXPECT_FALSE(complaints_at("0.0.0.0:81", open + policy::key_stanza("a", *key)).failed());
}

TEST(LoadConfiguration, TheSimulatedProviderComesBesideWhatIsThere) {
  Overrides overrides;
  overrides.simulated_port = 4711;
  const config::Loaded result = load_configuration(
      overrides, catalogue(), environment({{"OPENAI_API_KEY", "sk-test-1234567890"}}));
  ASSERT_FALSE(result.complaints.failed()) << result.complaints.render();
  const catalog::Model* const model = result.models.find(simulated_name);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->deployments[0].provider->url.text(), "http://127.0.0.1:4711/v1");
  EXPECT_NE(result.models.find("gpt-5-mini"), nullptr) << "all_models was turned off";
}

TEST(LoadConfiguration, WithNothingToServeItSaysWhatToDo) {
  const config::Loaded result = load_configuration({}, catalogue(), environment({}));
  ASSERT_TRUE(result.complaints.failed());
  const std::string text = result.complaints.render();
  EXPECT_NE(text.find("OPENAI_API_KEY"), std::string::npos) << text;
}

TEST(LoadConfiguration, ABrokenKeyHashIsAComplaintAtItsPlace) {
  Overrides overrides;
  overrides.path = "test.toml";
  const std::string text =
      std::string(testing::local_provider) + "[[key]]\nname = \"a\"\nhash = \"nonsense\"\n";
  const config::Loaded result = load_configuration(overrides, catalogue(), environment({}, text));
  ASSERT_TRUE(result.complaints.failed());
  EXPECT_NE(result.complaints.render().find("test.toml:13"), std::string::npos)
      << result.complaints.render();
}

TEST(LoadConfiguration, AFileThatIsNotThereIsNamed) {
  Overrides overrides;
  overrides.path = "other.toml";
  const config::Loaded result = load_configuration(overrides, catalogue(), environment({}));
  ASSERT_TRUE(result.complaints.failed());
  EXPECT_NE(result.complaints.render().find("other.toml: there is no such file"), std::string::npos)
      << result.complaints.render();
}

}  // namespace
}  // namespace sluice::server
