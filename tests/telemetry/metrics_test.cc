#include "sluice/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <set>

namespace sluice::telemetry {
namespace {

static_assert(alignof(Metrics) >= 128, "two cores must not share a line, nor a pair of lines");
static_assert(sizeof(Metrics) < 256 * 1024, "one core's metrics stay within its second cache");

TEST(StatusLabel, CommonCodesCountByThemselves) {
  for (const int status : {200, 400, 401, 429, 499, 500, 503, 529}) {
    EXPECT_EQ(StatusLabel::name(StatusLabel::index(status)), std::to_string(status));
  }
}

TEST(StatusLabel, OthersCountByClass) {
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(101)), "1xx");
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(299)), "2xx");
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(399)), "3xx");
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(418)), "4xx");
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(599)), "5xx");
  EXPECT_EQ(StatusLabel::name(StatusLabel::index(0)), "none");
  for (const int status : {-1, 1, 99, 600, 1 << 30}) {
    EXPECT_EQ(StatusLabel::name(StatusLabel::index(status)), "other");
  }
}

TEST(StatusLabel, EveryLabelHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t index = 0; index < StatusLabel::count; ++index) {
    names.insert(StatusLabel::name(index));
  }
  EXPECT_EQ(names.size(), StatusLabel::count);
}

template <typename Enum>
void expect_names(std::size_t count) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) names.insert(to_string(static_cast<Enum>(i)));
  EXPECT_EQ(names.size(), count);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(static_cast<Enum>(count)), "unknown");
}

TEST(Metrics, EveryLabelOfOursHasItsOwnName) {
  expect_names<TokenDirection>(token_direction_count);
  expect_names<KeyFailure>(key_failure_count);
  expect_names<TokenFetch>(token_fetch_count);
  expect_names<CredentialRefusal>(credential_refusal_count);
  expect_names<Probe>(probe_count);
  expect_names<JsonRepair>(json_repair_count);
  expect_names<MediaFetch>(media_fetch_count);
}

class Counting : public testing::Test {
 protected:
  std::unique_ptr<Metrics> metrics_ = std::make_unique<Metrics>();
};

TEST_F(Counting, AnExchangeIsCountedOnceEverywhereItBelongs) {
  metrics_->count_exchange({.endpoint = 3,
                            .model = 5,
                            .status = 200,
                            .ended_by = EndedBy::nobody,
                            .error = ErrorKind::cancelled,
                            .total = std::chrono::milliseconds(20),
                            .first_byte = std::chrono::milliseconds(10),
                            .first_content = Duration(-1),
                            .request_body_bytes = 1'000,
                            .response_body_bytes = 2'000});
  const Metrics::PerEndpoint& endpoint = metrics_->endpoints[3];
  EXPECT_EQ(endpoint.requests[StatusLabel::index(200)].value(), 1U);
  EXPECT_EQ(endpoint.duration.sum(), 20'000'000U);
  EXPECT_EQ(endpoint.first_byte.sum(), 10'000'000U);
  HistogramSum<DurationScale> first_content;
  first_content.add(endpoint.first_content);
  EXPECT_EQ(first_content.count, 0U) << "a phase not reached has no time";
  EXPECT_EQ(metrics_->models[5].requests.value(), 1U);
  EXPECT_EQ(metrics_->request_body_bytes.sum(), 1'000U);
  EXPECT_EQ(metrics_->response_body_bytes.sum(), 2'000U);
  for (const auto& by : metrics_->ends) {
    for (const Counter& count : by) EXPECT_EQ(count.value(), 0U) << "it ran to its end";
  }
}

TEST_F(Counting, AnExchangeCutShortCountsWhoDidItAndWhy) {
  Metrics::Exchange exchange;
  exchange.ended_by = EndedBy::client;
  exchange.error = ErrorKind::connection_reset;
  metrics_->count_exchange(exchange);
  EXPECT_EQ(metrics_
                ->ends[static_cast<std::size_t>(EndedBy::client)]
                      [static_cast<std::size_t>(ErrorKind::connection_reset)]
                .value(),
            1U);
  EXPECT_EQ(metrics_->endpoints[label_other].requests[StatusLabel::index(0)].value(), 1U);
}

TEST_F(Counting, AttemptsAndTokensGoToTheirProviderAndModel) {
  metrics_->count_attempt(7, AttemptOutcome::rate_limited, std::chrono::milliseconds(3),
                          std::chrono::milliseconds(1));
  metrics_->count_tokens(7, 9, TokenDirection::output, 123);
  EXPECT_EQ(metrics_->providers[7]
                .attempts[static_cast<std::size_t>(AttemptOutcome::rate_limited)]
                .value(),
            1U);
  EXPECT_EQ(metrics_->providers[7].first_byte.sum(), 3'000'000U);
  EXPECT_EQ(metrics_->upstream_connect.sum(), 1'000'000U);
  const auto output = static_cast<std::size_t>(TokenDirection::output);
  EXPECT_EQ(metrics_->providers[7].tokens[output].value(), 123U);
  EXPECT_EQ(metrics_->models[9].tokens[output].value(), 123U);
}

TEST_F(Counting, AttemptsAtDeploymentsPastTheBoundAreOther) {
  metrics_->count_deployment_attempt(5, AttemptOutcome::failed);
  metrics_->count_deployment_attempt(deployments_max, AttemptOutcome::failed);
  const auto failed = static_cast<std::size_t>(AttemptOutcome::failed);
  EXPECT_EQ(metrics_->deployments[5].attempts[failed].value(), 1U);
  EXPECT_EQ(metrics_->deployments[label_other].attempts[failed].value(), 1U);
}

TEST_F(Counting, CostsAreKeptInBillionthsAndNonsenseIsNotCounted) {
  metrics_->count_cost(7, 9, 0.25);
  metrics_->count_cost(7, 9, 0.0000000014);
  metrics_->count_cost(7, 9, 0);
  for (const double nonsense : {-1.0, 2e9, std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity()}) {
    metrics_->count_cost(7, 9, nonsense);
  }
  metrics_->count_cost(60'000, 60'000, 1);
  EXPECT_EQ(metrics_->providers[7].cost_billionths.value(), 250'000'001U);
  EXPECT_EQ(metrics_->models[9].cost_billionths.value(), 250'000'001U);
  EXPECT_EQ(metrics_->providers[label_other].cost_billionths.value(), 1'000'000'000U);
  EXPECT_EQ(metrics_->models[label_other].cost_billionths.value(), 1'000'000'000U);
}

TEST_F(Counting, AnIndexOutOfRangeCountsAsOther) {
  metrics_->count_attempt(60'000, AttemptOutcome::success);
  metrics_->count_tokens(64, 256, TokenDirection::input, 1);
  Metrics::Exchange exchange;
  exchange.endpoint = 24;
  exchange.model = 65'535;
  metrics_->count_exchange(exchange);
  EXPECT_EQ(metrics_->providers[label_other].attempts[0].value(), 1U);
  EXPECT_EQ(metrics_->providers[label_other].tokens[0].value(), 1U);
  EXPECT_EQ(metrics_->models[label_other].tokens[0].value(), 1U);
  EXPECT_EQ(metrics_->models[label_other].requests.value(), 1U);
  EXPECT_EQ(metrics_->endpoints[label_other].requests[StatusLabel::index(0)].value(), 1U);
}

TEST_F(Counting, KeyFailuresCountByReason) {
  metrics_->count_key_failure(KeyFailure::invalid);
  EXPECT_EQ(metrics_->key_failures[static_cast<std::size_t>(KeyFailure::invalid)].value(), 1U);
  EXPECT_EQ(metrics_->key_failures[static_cast<std::size_t>(KeyFailure::missing)].value(), 0U);
}

TEST(MetricLabels, HaveAPlaceInEveryMetricTheyIndex) {
  const MetricLabels labels;
  const auto metrics = std::make_unique<Metrics>();
  EXPECT_EQ(labels.endpoints.capacity(), metrics->endpoints.size());
  EXPECT_EQ(labels.providers.capacity(), metrics->providers.size());
  EXPECT_EQ(labels.models.capacity(), metrics->models.size());
}

}  // namespace
}  // namespace sluice::telemetry
