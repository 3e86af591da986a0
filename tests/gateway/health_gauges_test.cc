#include "sluice/gateway/health_gauges.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace sluice::gateway {
namespace {

using telemetry::BreakerState;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{std::chrono::seconds(s)}; }

struct Served {
  Snapshot snapshot;
  std::unique_ptr<Health> health;
};

// Models of these names, each with one deployment at provider "p".
Served serve(std::initializer_list<std::string> names, telemetry::MetricLabels& labels) {
  catalog::ModelTable::Builder builder;
  catalog::Provider provider;
  provider.name = "p";
  provider.health.failures_to_open = 1;
  const catalog::Provider& added = builder.add_provider(std::move(provider));
  Served served;
  for (const std::string& name : names) {
    catalog::Model model;
    model.name = name;
    model.deployments.resize(1);
    model.deployments[0].provider = &added;
    EXPECT_TRUE(builder.add_model(std::move(model)));
    served.snapshot.deployment_labels.push_back(labels.deployments.intern(
        telemetry::join({.model = name, .provider = "p", .deployment = "", .region = ""})));
  }
  served.snapshot.models = std::move(builder).seal();
  served.health = std::make_unique<Health>(served.snapshot.models, catalog::HealthPolicy{},
                                           route::RoutingPolicy{}, HealthAccess{});
  return served;
}

TEST(HealthGauges, TellTheStateOfABreakerAndWhatIsUnderWay) {
  telemetry::MetricLabels labels;
  const auto metrics = std::make_unique<telemetry::Metrics>();
  Served served = serve({"a", "b"}, labels);
  const auto& models = served.snapshot.models.models();
  const catalog::Deployment& failing = models[0].deployments[0];
  const catalog::Deployment& busy = models[1].deployments[0];
  const auto ticket = served.health->begin(failing, at_s(1));
  const auto under_way = served.health->begin(busy, at_s(1));
  ASSERT_TRUE(ticket && under_way);
  served.health->end(*ticket, {.verdict = upstream::Verdict::failed}, {}, at_s(1));
  served.health->refresh(at_s(2));
  publish_health(served.snapshot, *served.health, at_s(2), *metrics);
  const auto& first = metrics->deployments[served.snapshot.deployment_labels[0]];
  const auto& second = metrics->deployments[served.snapshot.deployment_labels[1]];
  EXPECT_EQ(first.breaker.value(), static_cast<std::int64_t>(BreakerState::open));
  EXPECT_EQ(first.uptime_millionths.value(), 0);
  EXPECT_EQ(first.in_flight.value(), 0);
  EXPECT_EQ(second.breaker.value(), static_cast<std::int64_t>(BreakerState::closed));
  EXPECT_EQ(second.in_flight.value(), 1);
  served.health->end(*under_way, {.verdict = upstream::Verdict::rate_limited},
                     {.wait = std::chrono::seconds(30)}, at_s(3));
  publish_health(served.snapshot, *served.health, at_s(3), *metrics);
  EXPECT_EQ(second.is_cooling_down.value(), 1);
  EXPECT_EQ(second.in_flight.value(), 0);
  publish_health(served.snapshot, *served.health, at_s(34), *metrics);
  EXPECT_EQ(second.is_cooling_down.value(), 0);
}

TEST(HealthGauges, WithdrawWhatAnotherSnapshotHasNot) {
  telemetry::MetricLabels labels;
  const auto metrics = std::make_unique<telemetry::Metrics>();
  const Served before = serve({"a", "b"}, labels);
  publish_health(before.snapshot, *before.health, at_s(1), *metrics);
  const Served after = serve({"b", "c"}, labels);
  publish_health(after.snapshot, *after.health, at_s(2), *metrics);
  const auto served = [&](std::string_view model) {
    const auto label = labels.deployments.find(
        telemetry::join({.model = model, .provider = "p", .deployment = "", .region = ""}));
    return metrics->deployments[label].is_served.value();
  };
  EXPECT_EQ(served("a"), 0);
  EXPECT_EQ(served("b"), 1);
  EXPECT_EQ(served("c"), 1);
}

TEST(HealthGauges, PastTheBoundNothingIsPublished) {
  telemetry::MetricLabels labels;
  const auto metrics = std::make_unique<telemetry::Metrics>();
  Served served = serve({"a"}, labels);
  served.snapshot.deployment_labels[0] = telemetry::label_other;
  publish_health(served.snapshot, *served.health, at_s(1), *metrics);
  EXPECT_EQ(metrics->deployments[telemetry::label_other].is_served.value(), 0);
}

}  // namespace
}  // namespace sluice::gateway
