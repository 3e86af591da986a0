#include "sluice/config/report.h"

#include <gtest/gtest.h>

#include "fake_environment.h"

namespace sluice::config {
namespace {

TEST(Report, SaysWhatWouldHappen) {
  FakeEnvironment fake;
  fake.variables["A_KEY"] = "sk-canary-1";
  fake.files["/c/c.pem"] = {"-----BEGIN CERTIFICATE-----\n", 0644};
  fake.files["/c/k.pem"] = {"-----BEGIN PRIVATE KEY-----\ncanary", 0600};
  const Loaded loaded = load_text(R"([[listener]]
address = "0.0.0.0:443"
tls = { certificate = "c.pem", key = "k.pem" }
proxy_protocol = true
[[provider]]
name = "openai"
keys = [{ env = "A_KEY" }]
byok = true
[[provider]]
name = "anthropic"
keys = [{ env = "A_KEY" }]
[[model]]
name = "gpt-5-mini"
[[key]]
name = "team-a"
hash = "hash-canary"
)",
                                  fake);
  EXPECT_EQ(render_report(loaded),
            "file        /c/s.toml\n"
            "listens on  0.0.0.0:443, TLS with 1 certificate, PROXY protocol, gateway keys\n"
            "admin       127.0.0.1:9090\n"
            "provider    openai: openai at https://api.openai.com/v1, region global, 1 model, env "
            "A_KEY, callers' own\n"
            "models      1, 1 deployment\n"
            "keys        1: team-a\n"
            "/c/s.toml: note: provider anthropic speaks the dialect anthropic, which this release "
            "does not: its models are left out\n");
}

TEST(Report, OfABrokenFileIsTheListOfComplaints) {
  FakeEnvironment fake;
  const Loaded loaded = load_text("[server]\nworker = 1\n[log]\nlevel = 1\n", fake);
  EXPECT_EQ(render_report(loaded),
            "/c/s.toml:2:1: server.worker: unknown key; did you mean \"workers\"?\n"
            "/c/s.toml:4:1: log.level: must be a text in quotes, not a whole number\n"
            "/c/s.toml cannot be used as it is\n");
}

TEST(Report, OfTheEnvironmentNamesVariablesAndNoValues) {
  FakeEnvironment fake;
  fake.variables = {{"OPENAI_API_KEY", "sk-canary-1"}, {"XAI_API_KEY", "xai-canary-2"}};
  const Loaded loaded = load({.path = {}, .servable = speaks_openai, .parse = {}},
                             builtin_catalogue(), fake.environment());
  const std::string text = render_report(loaded);
  EXPECT_NE(text.find("env OPENAI_API_KEY"), std::string::npos) << text;
  EXPECT_NE(text.find("env XAI_API_KEY"), std::string::npos);
  EXPECT_NE(text.find("anonymous callers"), std::string::npos);
  EXPECT_EQ(text.find("canary"), std::string::npos);
}

}  // namespace
}  // namespace sluice::config
