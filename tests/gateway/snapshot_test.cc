#include "sluice/gateway/snapshot.h"

#include <gtest/gtest.h>

#include "gateway_world.h"

namespace sluice::gateway {
namespace {

using testing::config_text;
using testing::snapshot_of;

TEST(Snapshot, HoldsWhatTheDataPathLooksUp) {
  telemetry::MetricLabels labels;
  const auto snapshot = snapshot_of(config_text(2), labels);
  ASSERT_NE(snapshot->models.find("m"), nullptr);
  EXPECT_EQ(snapshot->models.find("m")->deployments.size(), 2U);
  EXPECT_EQ(snapshot->provider_labels.size(), 2U);
  EXPECT_NE(snapshot->provider_labels[0], snapshot->provider_labels[1]);
  EXPECT_NE(snapshot->label_of(*snapshot->models.find("m")), telemetry::label_other);
  EXPECT_TRUE(snapshot->keys.empty());
  EXPECT_FALSE(snapshot->one_provider_takes_own_keys);
}

TEST(Snapshot, SeriesGoOnAcrossReloads) {
  telemetry::MetricLabels labels;
  const auto before = snapshot_of(config_text(1), labels);
  const auto after = snapshot_of(config_text(3), labels);
  EXPECT_EQ(before->provider_labels[0], after->provider_labels[0]);
  EXPECT_EQ(before->label_of(*before->models.find("m")), after->label_of(*after->models.find("m")));
  EXPECT_EQ(before->endpoint_labels, after->endpoint_labels);
}

TEST(Snapshot, KnowsWhetherOneProviderAloneTakesOwnKeys) {
  telemetry::MetricLabels labels;
  std::string text = config_text(2);
  const std::string keys = "keys = []\n";
  text.insert(text.find(keys), "byok = true\n");
  EXPECT_TRUE(snapshot_of(text, labels)->one_provider_takes_own_keys);
  text.insert(text.rfind(keys), "byok = true\n");
  EXPECT_FALSE(snapshot_of(text, labels)->one_provider_takes_own_keys);
}

TEST(Snapshot, AProviderInTwoRegionsIsOneTakerOfOwnKeys) {
  telemetry::MetricLabels labels;
  std::string text = config_text(1);
  text.insert(text.find("keys = []\n"), "byok = true\nregion = \"us\"\n");
  text += R"([[model.deployment]]
provider = "p0"
model = "m-eu"
region = "eu"
)";
  const auto snapshot = snapshot_of(text, labels);
  ASSERT_EQ(snapshot->models.find("m")->deployments.size(), 2U);
  EXPECT_TRUE(snapshot->one_provider_takes_own_keys);
  EXPECT_TRUE(snapshot->any_provider_takes_own_keys);
}

TEST(Snapshot, AKeyThatCannotBeUsedIsOneSentenceForTheOperator) {
  telemetry::MetricLabels labels;
  config::Loaded loaded;
  loaded.config.file = "sluice.toml";
  config::KeyConfig key;
  key.name = "team";
  key.hash = "nonsense";
  loaded.config.keys.push_back(key);
  const auto made = make_snapshot(std::move(loaded), labels);
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().starts_with("sluice.toml: [[key]] number 1: ")) << made.error();
  EXPECT_NE(made.error().find("sluice keygen"), std::string::npos);
  EXPECT_EQ(made.error().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
