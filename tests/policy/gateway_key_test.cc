#include "sluice/policy/gateway_key.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice::policy {
namespace {

// Made outside this program (Python's hmac and a bitwise CRC-32C) from the bytes 1 to 56.
constexpr std::string_view known_key =
    "sk-sluice-cJmDgrvc-28tXK1Or6W6dxxtkBjpgyO1OMqFi6605981s6EEnt4y0QG9hE";
constexpr std::string_view known_hash =
    "hmac-sha256:cJmDgrvc:292a2b2c2d2e2f303132333435363738:"
    "057eaf4115131f844eb7d4c6fb9f535b96c92d311006b7890508510fec8f0f99";

NewKey known() {
  std::array<unsigned char, key_entropy_bytes> entropy;
  for (std::size_t i = 0; i < entropy.size(); ++i) entropy[i] = static_cast<unsigned char>(i + 1);
  return make_key(entropy);
}

TEST(GatewayKey, IsWhatItsFormatSays) {
  EXPECT_EQ(known().key.reveal(), known_key);
  EXPECT_EQ(known().hash, known_hash);
  EXPECT_EQ(known_key.size(), gateway_key_bytes);
}

TEST(GatewayKey, HashHoldsNothingOfTheSecret) {
  const NewKey made = known();
  const std::string_view secret = made.key.reveal().substr(19);
  for (std::size_t at = 0; at + 6 <= secret.size(); ++at) {
    EXPECT_EQ(made.hash.find(secret.substr(at, 6)), std::string::npos);
  }
}

TEST(GatewayKey, TwoKeysHaveNothingInCommonButTheirForm) {
  const Result<NewKey> first = generate_key();
  const Result<NewKey> second = generate_key();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->key.equals(second->key.reveal()));
  EXPECT_NE(first->hash, second->hash);
  EXPECT_NE(parse_key_id(first->key.reveal()), parse_key_id(second->key.reveal()));
}

TEST(GatewayKey, MatchesItsOwnHashAndNoOther) {
  const Result<NewKey> first = generate_key();
  const Result<NewKey> second = generate_key();
  ASSERT_TRUE(first && second);
  const auto verifier = KeyVerifier::parse(first->hash);
  ASSERT_TRUE(verifier);
  EXPECT_TRUE(verifier->matches(first->key.reveal()));
  EXPECT_FALSE(verifier->matches(second->key.reveal()));
  EXPECT_EQ(parse_key_id(first->key.reveal()), verifier->id());
  EXPECT_FALSE(KeyVerifier::decoy().matches(first->key.reveal()));
}

TEST(GatewayKey, IdReadsAsItsEightCharacters) {
  EXPECT_EQ(parse_key_id(known_key)->text(), "cJmDgrvc");
}

TEST(GatewayKey, EveryMistypedCharacterIsNoticedWithoutHashing) {
  for (std::size_t at = 0; at < known_key.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string typed(known_key);
      if (typed[at] == static_cast<char>(byte)) continue;
      typed[at] = static_cast<char>(byte);
      EXPECT_FALSE(parse_key_id(typed)) << at << ", " << byte;
    }
  }
}

TEST(GatewayKey, TwoSwappedCharactersAreNoticed) {
  for (std::size_t at = 0; at + 1 < known_key.size(); ++at) {
    std::string typed(known_key);
    std::swap(typed[at], typed[at + 1]);
    if (typed == known_key) continue;
    EXPECT_FALSE(parse_key_id(typed)) << at;
  }
}

TEST(GatewayKey, CutOrLengthenedIsNoKey) {
  for (std::size_t size = 0; size < known_key.size(); ++size) {
    EXPECT_FALSE(parse_key_id(known_key.substr(0, size)));
  }
  EXPECT_FALSE(parse_key_id(std::string(known_key) + "0"));
}

TEST(GatewayKey, WhatHoldsOneLooksLikeOne) {
  EXPECT_TRUE(looks_like_gateway_key(known_key));
  EXPECT_TRUE(looks_like_gateway_key("'sk-sluice-x'"));
  EXPECT_TRUE(looks_like_gateway_key("SK-Sluice-"));
  EXPECT_FALSE(looks_like_gateway_key("sk-proj-abc"));
  EXPECT_FALSE(looks_like_gateway_key("sk-sluice"));
  EXPECT_FALSE(looks_like_gateway_key(""));
}

struct HashCase {
  std::string_view name;
  std::string hash;
  ErrorKind kind;
  std::string_view complaint;
};

std::string changed(std::size_t at, char c) {
  std::string hash(known_hash);
  hash[at] = c;
  return hash;
}

TEST(GatewayKey, BrokenHashIsRefusedByTheNameOfThePart) {
  const std::string whole(known_hash);
  const HashCase cases[] = {
      {"empty", "", ErrorKind::unsupported, "hmac-sha256"},
      {"another scheme", "sha1" + whole.substr(11), ErrorKind::unsupported, "hmac-sha256"},
      {"the key itself", std::string(known_key), ErrorKind::unsupported, "keygen"},
      {"nothing behind the scheme", "hmac-sha256", ErrorKind::invalid, "id"},
      {"id with a sign", changed(12, '-'), ErrorKind::invalid, "id"},
      {"id too short", "hmac-sha256:abc:00:00", ErrorKind::invalid, "id"},
      {"salt in upper case", changed(22, 'A'), ErrorKind::invalid, "salt"},
      {"salt cut", "hmac-sha256:cJmDgrvc:29", ErrorKind::invalid, "salt"},
      {"code with a letter", changed(whole.size() - 1, 'g'), ErrorKind::invalid, "code"},
      {"code cut", whole.substr(0, whole.size() - 1), ErrorKind::invalid, "code"},
      {"something behind", whole + ":", ErrorKind::invalid, "code"},
      {"a blank behind", whole + " ", ErrorKind::invalid, "code"},
  };
  for (const HashCase& c : cases) {
    SCOPED_TRACE(c.name);
    const auto verifier = KeyVerifier::parse(c.hash);
    ASSERT_FALSE(verifier);
    EXPECT_EQ(verifier.error().kind, c.kind);
    EXPECT_NE(std::string_view(verifier.error().what).find(c.complaint), std::string_view::npos)
        << verifier.error().what;
  }
}

TEST(GatewayKey, StanzaHoldsTheHashAndNotTheKey) {
  const NewKey made = known();
  const std::string stanza = key_stanza("team-a", made);
  EXPECT_TRUE(stanza.starts_with("[[key]]\nname = \"team-a\"\nhash = \"" + made.hash + "\"\n"));
  EXPECT_EQ(stanza.find(made.key.reveal()), std::string::npos);
}

TEST(GatewayKey, NoNameBreaksOutOfTheStanza) {
  const std::string stanza = key_stanza("a\"\n[server]\\\x7f", known());
  EXPECT_TRUE(stanza.starts_with("[[key]]\nname = \"a\\\"\\u000a[server]\\\\\\u007f\"\nhash"))
      << stanza;
}

}  // namespace
}  // namespace sluice::policy
