#include "sluice/policy/key_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace sluice::policy {
namespace {

struct Made {
  std::vector<NewKey> keys;
  std::vector<KeyConfig> configs;
};

Made make(std::size_t count) {
  Made made;
  for (std::size_t i = 0; i < count; ++i) {
    auto key = generate_key();
    EXPECT_TRUE(key);
    KeyConfig config;
    config.name = "key-" + std::to_string(i);
    config.hash = key->hash;
    made.configs.push_back(std::move(config));
    made.keys.push_back(std::move(*key));
  }
  return made;
}

TEST(KeyRing, FindsTheCallerBehindEachKey) {
  for (const std::size_t count : {1UZ, 2UZ, 3UZ, 100UZ, 1'000UZ}) {
    const Made made = make(count);
    const auto ring = KeyRing::build(made.configs);
    ASSERT_TRUE(ring);
    ASSERT_EQ(ring->callers().size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const Caller* caller = ring->authenticate(made.keys[i].key.reveal());
      ASSERT_NE(caller, nullptr);
      EXPECT_EQ(caller, &ring->callers()[i]);
      EXPECT_EQ(caller->name(), made.configs[i].name);
    }
  }
}

TEST(KeyRing, KnowsNobodyElse) {
  const Made ours = make(50);
  const Made strangers = make(200);
  const auto ring = KeyRing::build(ours.configs);
  ASSERT_TRUE(ring);
  for (const NewKey& key : strangers.keys) EXPECT_EQ(ring->authenticate(key.key.reveal()), nullptr);
  EXPECT_EQ(ring->authenticate(""), nullptr);
  EXPECT_EQ(ring->authenticate("sk-proj-something"), nullptr);
  EXPECT_EQ(ring->authenticate(ours.configs[0].hash), nullptr) << "a hash opens nothing";
  EXPECT_EQ(ring->authenticate(std::string(1 << 20, 'a')), nullptr);
}

TEST(KeyRing, RightIdWithAnotherSecretIsNobody) {
  // Two keys with one id and right checksums: only the secrets, and so the codes, differ.
  std::array<unsigned char, key_entropy_bytes> entropy{};
  const NewKey right = make_key(entropy);
  entropy[20] = 1;
  const NewKey wrong = make_key(entropy);
  ASSERT_EQ(parse_key_id(right.key.reveal()), parse_key_id(wrong.key.reveal()));
  KeyConfig config;
  config.name = "a";
  config.hash = right.hash;
  const auto ring = KeyRing::build({&config, 1});
  ASSERT_TRUE(ring);
  EXPECT_NE(ring->authenticate(right.key.reveal()), nullptr);
  EXPECT_EQ(ring->authenticate(wrong.key.reveal()), nullptr);
}

TEST(KeyRing, WithoutKeysAuthenticatesNobody) {
  const KeyRing ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.authenticate(make(1).keys[0].key.reveal()), nullptr);
  EXPECT_TRUE(ring.anonymous().is_anonymous());
}

TEST(KeyRing, SurvivesBeingMoved) {
  const Made made = make(3);
  auto ring = KeyRing::build(made.configs);
  ASSERT_TRUE(ring);
  const KeyRing moved = std::move(*ring);
  ASSERT_NE(moved.authenticate(made.keys[2].key.reveal()), nullptr);
  EXPECT_EQ(moved.authenticate(made.keys[2].key.reveal())->name(), "key-2");
}

TEST(KeyRing, CarriesTheKeysModelsAndRegions) {
  Made made = make(1);
  made.configs[0].models = {"gpt-*"};
  made.configs[0].regions = {"eu"};
  const auto ring = KeyRing::build(made.configs);
  ASSERT_TRUE(ring);
  const Caller* caller = ring->authenticate(made.keys[0].key.reveal());
  ASSERT_NE(caller, nullptr);
  EXPECT_TRUE(caller->may_use("gpt-5"));
  EXPECT_FALSE(caller->may_use("claude"));
  EXPECT_FALSE(caller->may_reach("us"));
}

struct ProblemCase {
  std::string_view name;
  std::size_t key_index;
  std::string_view field;
  void (*spoil)(std::vector<KeyConfig>&);
};
const ProblemCase problem_cases[] = {
    {"a name twice", 2, "name", [](auto& keys) { keys[2].name = keys[0].name; }},
    {"no name", 1, "name", [](auto& keys) { keys[1].name.clear(); }},
    {"an endless name", 1, "name", [](auto& keys) { keys[1].name.assign(129, 'n'); }},
    {"the name of nobody", 1, "name", [](auto& keys) { keys[1].name = "anonymous"; }},
    {"an id twice", 2, "hash", [](auto& keys) { keys[2].hash = keys[1].hash; }},
    {"no hash", 0, "hash", [](auto& keys) { keys[0].hash.clear(); }},
    {"a cut hash", 0, "hash", [](auto& keys) { keys[0].hash.pop_back(); }},
    {"no models", 0, "models", [](auto& keys) { keys[0].models.clear(); }},
    {"an empty pattern", 0, "models", [](auto& keys) { keys[0].models.emplace_back(); }},
    {"an endless pattern", 0, "models", [](auto& keys) { keys[0].models.emplace_back(257, '*'); }},
    {"a region without name", 1, "regions", [](auto& keys) { keys[1].regions.emplace_back(); }},
};

TEST(KeyRing, SaysWhichKeyAndWhichFieldIsWrong) {
  for (const ProblemCase& c : problem_cases) {
    SCOPED_TRACE(c.name);
    Made made = make(3);
    c.spoil(made.configs);
    const auto ring = KeyRing::build(made.configs);
    ASSERT_FALSE(ring);
    EXPECT_EQ(ring.error().key_index, c.key_index);
    EXPECT_EQ(ring.error().field, c.field);
    EXPECT_STRNE(ring.error().error.what, "");
  }
}

}  // namespace
}  // namespace sluice::policy
