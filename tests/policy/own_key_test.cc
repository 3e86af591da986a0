#include "sluice/policy/own_key.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

class Admitting : public testing::Test {
 protected:
  Admitting() : key_(*generate_key()) {
    KeyConfig config;
    config.name = "team-a";
    config.hash = key_.hash;
    ring_ = *KeyRing::build({&config, 1});
  }
  NewKey key_;
  KeyRing ring_;
};

TEST_F(Admitting, NothingPresentedIsAnonymousWhereThatIsAllowed) {
  const Admission open = admit(ring_, "", true);
  EXPECT_EQ(open.caller, &ring_.anonymous());
  EXPECT_EQ(open.refusal, Refusal::none);
  const Admission closed = admit(ring_, "", false);
  EXPECT_EQ(closed.caller, nullptr);
  EXPECT_EQ(closed.refusal, Refusal::missing_key);
}

TEST_F(Admitting, RightKeyIsItsCallerEverywhereAndIsNoOwnKey) {
  for (const bool anonymous_allowed : {false, true}) {
    const Admission admission = admit(ring_, key_.key.reveal(), anonymous_allowed);
    ASSERT_NE(admission.caller, nullptr);
    EXPECT_EQ(admission.caller->name(), "team-a");
    EXPECT_TRUE(admission.own_key.empty());
  }
}

TEST_F(Admitting, WrongGatewayKeyIsRefusedEvenWhereNobodyNeedsOne) {
  const std::string stranger(generate_key()->key.reveal());
  const std::string cut(key_.key.reveal().substr(0, 30));
  const std::string quoted = "'" + cut + "'";
  for (const std::string& presented : {stranger, cut, quoted}) {
    for (const bool anonymous_allowed : {false, true}) {
      const Admission admission = admit(ring_, presented, anonymous_allowed);
      EXPECT_EQ(admission.caller, nullptr);
      EXPECT_EQ(admission.refusal, Refusal::invalid_key);
      EXPECT_TRUE(admission.own_key.empty()) << "it must never reach a provider";
    }
  }
}

TEST_F(Admitting, AnotherKeyIsAnOwnKeyOnlyWhereAnonymousIsAllowed) {
  const Admission open = admit(ring_, "sk-proj-1", true);
  EXPECT_EQ(open.caller, &ring_.anonymous());
  EXPECT_EQ(open.own_key, "sk-proj-1");
  const Admission closed = admit(ring_, "sk-proj-1", false);
  EXPECT_EQ(closed.caller, nullptr);
  EXPECT_EQ(closed.refusal, Refusal::invalid_key);
  EXPECT_TRUE(closed.own_key.empty());
}

TEST(Refusal, HasAName) {
  EXPECT_EQ(to_string(Refusal::none), "none");
  EXPECT_EQ(to_string(Refusal::missing_key), "missing_key");
  EXPECT_EQ(to_string(Refusal::invalid_key), "invalid_key");
}

constexpr OwnKeyProvider openai{.name = "openai", .takes_own_keys = true};
constexpr OwnKeyProvider anthropic{.name = "anthropic", .takes_own_keys = true};
constexpr OwnKeyProvider closed{.name = "closed", .takes_own_keys = false};

TEST(OwnKeys, NamedKeyGoesToItsProviderAndNoOther) {
  OwnKeys keys;
  ASSERT_TRUE(keys.add_named("openai=sk-1"));
  for (const bool only_taker : {false, true}) {
    EXPECT_TRUE(keys.credential_for(openai, only_taker).is_callers);
    EXPECT_EQ(keys.credential_for(openai, only_taker).key, "sk-1");
    EXPECT_FALSE(keys.credential_for(anthropic, only_taker).is_callers);
    EXPECT_TRUE(keys.credential_for(anthropic, only_taker).key.empty());
  }
}

TEST(OwnKeys, SeveralKeysGoEachToItsOwn) {
  OwnKeys keys;
  ASSERT_TRUE(keys.add_named("openai = sk-1"));
  ASSERT_TRUE(keys.add_named(" anthropic=sk-ant=2 "));
  EXPECT_EQ(keys.credential_for(openai, false).key, "sk-1");
  EXPECT_EQ(keys.credential_for(anthropic, false).key, "sk-ant=2");
  EXPECT_FALSE(keys.empty());
}

TEST(OwnKeys, ProviderThatTakesNoneGetsTheGatewaysOwn) {
  OwnKeys keys;
  ASSERT_TRUE(keys.add_named("closed=sk-1"));
  keys.set_presented("sk-2");
  EXPECT_FALSE(keys.credential_for(closed, true).is_callers);
  EXPECT_TRUE(keys.credential_for(closed, true).key.empty());
}

TEST(OwnKeys, PresentedKeyIsUsedOnlyWhereThereIsNoDoubtWhoseItIs) {
  OwnKeys keys;
  EXPECT_TRUE(keys.empty());
  EXPECT_FALSE(keys.credential_for(openai, true).is_callers);
  keys.set_presented("sk-2");
  EXPECT_FALSE(keys.empty());
  EXPECT_EQ(keys.credential_for(openai, true).key, "sk-2");
  EXPECT_FALSE(keys.credential_for(openai, false).is_callers);
}

TEST(OwnKeys, NamedKeyComesBeforeThePresentedOne) {
  OwnKeys keys;
  keys.set_presented("sk-2");
  ASSERT_TRUE(keys.add_named("openai=sk-1"));
  EXPECT_EQ(keys.credential_for(openai, true).key, "sk-1");
}

TEST(OwnKeys, KeyForAProviderThatWillNotTakeItIsToldAtOnce) {
  const OwnKeyProvider providers[] = {openai, closed};
  OwnKeys good;
  EXPECT_TRUE(good.check(providers));
  ASSERT_TRUE(good.add_named("openai=sk-1"));
  EXPECT_TRUE(good.check(providers));
  OwnKeys refused;
  ASSERT_TRUE(refused.add_named("closed=sk-1"));
  EXPECT_EQ(refused.check(providers).error().kind, ErrorKind::invalid);
  OwnKeys unknown;
  ASSERT_TRUE(unknown.add_named("OpenAI=sk-1"));
  EXPECT_EQ(unknown.check(providers).error().kind, ErrorKind::not_found);
}

TEST(OwnKeys, MalformedHeaderIsRefused) {
  const std::string values[] = {"",
                                "sk-1",
                                "=sk-1",
                                "openai=",
                                "openai= ",
                                "openai=a b",
                                "openai=a\x01b",
                                "openai=\xc3\xa4",
                                "openai=sk-sluice-abc"};
  for (const std::string& value : values) {
    OwnKeys keys;
    const Result<void> added = keys.add_named(value);
    ASSERT_FALSE(added) << value;
    EXPECT_EQ(added.error().kind, ErrorKind::malformed);
    EXPECT_EQ(added.error().fault, Fault::client);
    EXPECT_TRUE(keys.empty());
  }
}

TEST(OwnKeys, CountAndLengthAreBounded) {
  OwnKeys keys;
  const std::string longest = "p=" + std::string(4096, 'k');
  EXPECT_TRUE(keys.add_named(longest));
  const std::string too_long = "q=" + std::string(4097, 'k');
  EXPECT_EQ(keys.add_named(too_long).error().kind, ErrorKind::too_large);
  EXPECT_EQ(keys.add_named("p=2").error().kind, ErrorKind::malformed) << "p has a key already";
  const std::string_view more[] = {"1=k", "2=k", "3=k", "4=k", "5=k", "6=k", "7=k"};
  for (const std::string_view value : more) EXPECT_TRUE(keys.add_named(value));
  EXPECT_EQ(keys.add_named("8=k").error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace sluice::policy
