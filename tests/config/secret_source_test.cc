#include "sluice/config/secret_source.h"

#include <gtest/gtest.h>

#include "fake_environment.h"

namespace sluice::config {
namespace {

using Kind = SecretSource::Kind;

SecretSource source(Kind kind, std::string name) {
  return {.kind = kind, .name = std::move(name), .place = {3, 9}, .key = "provider[0].keys[0]"};
}

struct Fetched {
  std::optional<Secret> secret;
  Complaints complaints{"s.toml"};
};

Fetched fetched(const FakeEnvironment& fake, const SecretSource& from) {
  Fetched result;
  result.secret = fetch(from, fake.environment(), "/conf", result.complaints);
  return result;
}

TEST(SecretSource, ComesFromAVariableAFileOrACredential) {
  FakeEnvironment fake;
  fake.variables = {{"A_KEY", "one"}, {"CREDENTIALS_DIRECTORY", "/run/credentials/sluice"}};
  fake.files["/etc/k"] = {"two\n", 0600};
  fake.files["/conf/rel/k.key"] = {" three\r\n\n", 0600};
  fake.files["/run/credentials/sluice/name"] = {"four", 0400};
  EXPECT_TRUE(fetched(fake, source(Kind::env, "A_KEY")).secret->equals("one"));
  EXPECT_TRUE(fetched(fake, source(Kind::file, "/etc/k")).secret->equals("two"));
  EXPECT_TRUE(fetched(fake, source(Kind::file, "rel/k.key")).secret->equals("three"));
  EXPECT_TRUE(fetched(fake, source(Kind::credential, "name")).secret->equals("four"));
}

TEST(SecretSource, AVariableThatIsNotSetIsNamed) {
  const Fetched got = fetched({}, source(Kind::env, "OPENAI_API_KEY"));
  EXPECT_FALSE(got.secret);
  EXPECT_EQ(got.complaints.render(),
            "s.toml:3:9: provider[0].keys[0]: the environment variable OPENAI_API_KEY is not set; "
            "set it to the key\n");
}

TEST(SecretSource, AnEmptyVariableIsNoKey) {
  FakeEnvironment fake;
  fake.variables["A_KEY"] = "";
  EXPECT_NE(fetched(fake, source(Kind::env, "A_KEY")).complaints.render().find("A_KEY is empty"),
            std::string::npos);
}

TEST(SecretSource, AKeyPastedAsANameIsNotRepeated) {
  for (const Kind kind : {Kind::env, Kind::file, Kind::credential}) {
    FakeEnvironment fake;
    fake.variables["CREDENTIALS_DIRECTORY"] = "/run/c";
    for (const std::string key : {"sk-canary-0123456789", "canarycanarycanarycanary1"}) {
      const SecretSource from = source(kind, key);
      const Fetched got = fetched(fake, from);
      EXPECT_FALSE(got.secret);
      const std::string text = got.complaints.render(Severity::note);
      EXPECT_EQ(text.find(key), std::string::npos) << text;
      EXPECT_EQ(from.label().find(key), std::string::npos) << from.label();
      EXPECT_TRUE(got.complaints.failed());
    }
  }
}

TEST(SecretSource, AFileThatCannotBeReadIsNamedWithTheReason) {
  FakeEnvironment fake;
  fake.files["/etc/closed.key"] = {"x", 0};
  fake.files["/etc/huge.key"] = {std::string(secret_bytes_max + 1, 'x'), 0600};
  const std::pair<std::string, std::string_view> cases[] = {
      {"/etc/none.key", "/etc/none.key: there is no such file"},
      {"/etc/closed.key", "/etc/closed.key: Permission denied"},
      {"/etc/huge.key", "/etc/huge.key: it is larger than 16 KiB"},
  };
  for (const auto& [path, says] : cases) {
    const Fetched got = fetched(fake, source(Kind::file, path));
    EXPECT_NE(got.complaints.render().find(says), std::string::npos) << got.complaints.render();
  }
}

TEST(SecretSource, AWorldReadableFileWorksWithAWarning) {
  FakeEnvironment fake;
  fake.files["/etc/k"] = {"canary", 0644};
  const Fetched got = fetched(fake, source(Kind::file, "/etc/k"));
  EXPECT_TRUE(got.secret);
  EXPECT_FALSE(got.complaints.failed());
  EXPECT_NE(got.complaints.render(Severity::warning).find("chmod 600"), std::string::npos);
}

TEST(SecretSource, WhatCannotGoIntoAHeaderIsRefusedWithoutBeingShown) {
  for (const std::string value :
       {"", " \n", "canary two", "canary\nX-Evil: 1", "canary\x01", "canary\xc3\xa4"}) {
    FakeEnvironment fake;
    fake.files["/etc/k"] = {value, 0600};
    const Fetched got = fetched(fake, source(Kind::file, "/etc/k"));
    EXPECT_FALSE(got.secret) << value;
    EXPECT_TRUE(got.complaints.failed());
    EXPECT_EQ(got.complaints.render().find("canary"), std::string::npos);
  }
}

TEST(SecretSource, ACredentialNeedsSystemd) {
  const Fetched got = fetched({}, source(Kind::credential, "openai"));
  EXPECT_NE(got.complaints.render().find("LoadCredential="), std::string::npos);
}

TEST(SecretSource, TheLabelSaysWhereItCameFrom) {
  EXPECT_EQ(source(Kind::env, "OPENAI_API_KEY").label(), "env OPENAI_API_KEY");
  EXPECT_EQ(source(Kind::file, "/etc/sluice/openai.key").label(), "file /etc/sluice/openai.key");
  EXPECT_EQ(source(Kind::credential, "openai").label(), "credential openai");
}

}  // namespace
}  // namespace sluice::config
