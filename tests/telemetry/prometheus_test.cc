#include "sluice/telemetry/prometheus.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "exposition.h"
#include "sluice/route/candidate.h"
#include "sluice/route/rank.h"

namespace sluice::telemetry {
namespace {

TEST(ExpositionReader, ComplainsAboutEveryKindOfMistake) {
  const std::string_view head = "# HELP a_total h\n# TYPE a_total counter\n";
  const std::string_view histogram = "# HELP h h\n# TYPE h histogram\n";
  EXPECT_TRUE(ExpositionReader(std::string(head) + "a_total{x=\"y\"} 1\n").complaints().empty());
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {head, "a_total 1"},
      {head, "b_total 1\n"},
      {head, "a_total  1\n"},
      {head, "a_total x\n"},
      {head, "a_total -1\n"},
      {head, "a_total NaN\n"},
      {head, "a_total{} 1\n"},
      {head, "a_total{x=\"y} 1\n"},
      {head, "a_total{x=\"\\y\"} 1\n"},
      {head, "a_total{x=\"1\",x=\"2\"} 1\n"},
      {head, "a_total 1\na_total 1\n"},
      {head, "# TYPE a_total counter\n"},
      {head, "# HELP a_total h\n"},
      {head, "\n"},
      {"", "a 1\n"},
      {"", "# HELP a h\n# TYPE a counter\n"},
      {histogram, "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n"},
      {histogram, "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"},
      {histogram,
       "h_bucket{le=\"2\"} 0\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n"
       "h_count 1\n"},
      {histogram, "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n"},
      {histogram, "h_bucket{le=\"+Inf\"} 1\nh_count 1\n"},
  };
  for (const auto& [before, text] : wrong) {
    EXPECT_FALSE(ExpositionReader(std::string(before) + std::string(text)).complaints().empty())
        << text;
  }
}

class Scrape : public testing::Test {
 protected:
  Scrape() {
    for (int i = 0; i < 3; ++i) cores_.push_back(std::make_unique<Metrics>());
  }
  std::string render() const {
    std::vector<const Metrics*> cores;
    for (const auto& core : cores_) cores.push_back(core.get());
    std::string out;
    render_prometheus(cores, process_, labels_, {"1.2.3", "gcc \"12\"", "x86-64-v3"}, out);
    return out;
  }
  std::vector<std::unique_ptr<Metrics>> cores_;
  ProcessMetrics process_;
  MetricLabels labels_;
};

void expect_clean(const ExpositionReader& reader) {
  for (const std::string& complaint : reader.complaints()) ADD_FAILURE() << complaint;
}

TEST_F(Scrape, OfAnIdleGatewayIsWellFormed) {
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_downstream_connections_accepted_total"), 0);
  EXPECT_EQ(reader.value("sluice_workers"), 3);
  EXPECT_EQ(reader.value("sluice_build_info{version=\"1.2.3\",compiler=\"gcc \\\"12\\\"\","
                         "isa=\"x86-64-v3\"}"),
            1);
  EXPECT_EQ(reader.value("sluice_key_failures_total{reason=\"invalid\"}"), 0);
  EXPECT_TRUE(reader.families().at("sluice_requests_total").samples.empty());
}

TEST_F(Scrape, AddsUpTheCores) {
  cores_[0]->downstream_connections_accepted.add(2);
  cores_[2]->downstream_connections_accepted.add(40);
  cores_[0]->exchanges_in_flight.add(5);
  cores_[1]->exchanges_in_flight.subtract(2);
  cores_[1]->count_key_failure(KeyFailure::missing);
  cores_[1]->count_media_fetch(MediaFetch::too_large);
  cores_[2]->count_media_fetch(MediaFetch::too_large);
  cores_[2]->media_bytes_held.add(7);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_downstream_connections_accepted_total"), 42);
  EXPECT_EQ(reader.value("sluice_exchanges_in_flight"), 3);
  EXPECT_EQ(reader.value("sluice_key_failures_total{reason=\"missing\"}"), 1);
  EXPECT_EQ(reader.value("sluice_media_fetches_total{outcome=\"too_large\"}"), 2);
  EXPECT_EQ(reader.value("sluice_media_held_bytes"), 7);
}

TEST_F(Scrape, ShowsTokenFetchesByProviderAndResult) {
  const LabelIndex vertex = labels_.providers.intern("vertex");
  cores_[0]->count_token_fetch(vertex, TokenFetch::success);
  cores_[2]->count_token_fetch(vertex, TokenFetch::success);
  cores_[1]->count_token_fetch(vertex, TokenFetch::failure);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_token_fetches_total{provider=\"vertex\",result=\"success\"}"), 2);
  EXPECT_EQ(reader.value("sluice_token_fetches_total{provider=\"vertex\",result=\"failure\"}"), 1);
}

TEST_F(Scrape, ShowsCredentialRefusalsByProviderAndReason) {
  const LabelIndex acme = labels_.providers.intern("acme");
  cores_[0]->count_credential_refusal(acme, CredentialRefusal::key);
  cores_[1]->count_credential_refusal(acme, CredentialRefusal::rate);
  cores_[2]->count_credential_refusal(acme, CredentialRefusal::rate);
  const ExpositionReader reader(render());
  expect_clean(reader);
  const std::string family = "sluice_credential_refusals_total{provider=\"acme\",reason=";
  EXPECT_EQ(reader.value(family + "\"key\"}"), 1);
  EXPECT_EQ(reader.value(family + "\"rate\"}"), 2);
}

TEST_F(Scrape, ShowsProbesByProviderAndResult) {
  const LabelIndex acme = labels_.providers.intern("acme");
  cores_[0]->count_probe(acme, Probe::success);
  cores_[1]->count_probe(acme, Probe::failure);
  cores_[2]->count_probe(acme, Probe::failure);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_probes_total{provider=\"acme\",result=\"success\"}"), 1);
  EXPECT_EQ(reader.value("sluice_probes_total{provider=\"acme\",result=\"failure\"}"), 2);
}

TEST_F(Scrape, ShowsJsonRepairsByModelAndOutcome) {
  const LabelIndex model = labels_.models.intern("m");
  cores_[0]->count_json_repair(model, JsonRepair::repaired);
  cores_[1]->count_json_repair(model, JsonRepair::repaired);
  cores_[2]->count_json_repair(model, JsonRepair::failed);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_json_repairs_total{model=\"m\",outcome=\"repaired\"}"), 2);
  EXPECT_EQ(reader.value("sluice_json_repairs_total{model=\"m\",outcome=\"failed\"}"), 1);
  EXPECT_EQ(render().find("outcome=\"unneeded\""), std::string::npos);
}

TEST_F(Scrape, ShowsOddEventsByProvider) {
  const LabelIndex odd = labels_.providers.intern("odd");
  (void)labels_.providers.intern("plain");
  cores_[0]->count_odd_event(odd);
  cores_[2]->count_odd_event(odd);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_upstream_odd_events_total{provider=\"odd\"}"), 2);
  EXPECT_EQ(render().find("sluice_upstream_odd_events_total{provider=\"plain\"}"),
            std::string::npos);
}

TEST_F(Scrape, ShowsFinishedExchangesByEndpointAndCode) {
  const LabelIndex chat = labels_.endpoints.intern("chat_completions");
  for (const auto& core : cores_) {
    core->count_exchange({.endpoint = chat,
                          .model = label_other,
                          .status = 429,
                          .ended_by = EndedBy::provider,
                          .error = ErrorKind::deadline_exceeded,
                          .total = std::chrono::milliseconds(150),
                          .first_byte = std::chrono::microseconds(1),
                          .first_content = std::chrono::hours(2),
                          .request_body_bytes = 0,
                          .response_body_bytes = 500});
  }
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_requests_total{endpoint=\"chat_completions\",code=\"429\"}"), 3);
  EXPECT_EQ(
      reader.value("sluice_exchanges_cut_total{ended_by=\"provider\",error=\"deadline_exceeded\"}"),
      3);
  const auto bucket = [&](std::string_view name, std::string_view bound) {
    return reader.value(std::string(name) + "_bucket{endpoint=\"chat_completions\",le=\"" +
                        std::string(bound) + "\"}");
  };
  EXPECT_EQ(bucket("sluice_request_duration_seconds", "0.1"), 0);
  EXPECT_EQ(bucket("sluice_request_duration_seconds", "0.2"), 3);
  EXPECT_EQ(bucket("sluice_request_duration_seconds", "+Inf"), 3);
  EXPECT_EQ(bucket("sluice_time_to_first_byte_seconds", "1e-05"), 3);
  EXPECT_EQ(bucket("sluice_time_to_first_content_seconds", "1000"), 0);
  EXPECT_EQ(bucket("sluice_time_to_first_content_seconds", "+Inf"), 3);
  EXPECT_DOUBLE_EQ(
      reader.value("sluice_request_duration_seconds_sum{endpoint=\"chat_completions\"}"), 0.45);
  EXPECT_EQ(reader.value("sluice_response_body_bytes_sum"), 1'500);
  EXPECT_EQ(reader.value("sluice_model_requests_total{model=\"other\"}"), 3);
}

TEST_F(Scrape, ShowsAttemptsAndTokensByProvider) {
  const LabelIndex openai = labels_.providers.intern("openai");
  const LabelIndex model = labels_.models.intern("gpt-5");
  cores_[0]->count_attempt(openai, AttemptOutcome::failed, std::chrono::milliseconds(1));
  cores_[1]->count_attempt(openai, AttemptOutcome::success);
  cores_[1]->count_tokens(openai, model, TokenDirection::output, 77);
  cores_[0]->count_cost(openai, model, 0.5);
  cores_[1]->count_cost(openai, model, 0.000025);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_upstream_attempts_total{provider=\"openai\",outcome=\"failed\"}"),
            1);
  EXPECT_EQ(reader.value("sluice_upstream_attempts_total{provider=\"openai\",outcome=\"success\"}"),
            1);
  EXPECT_EQ(reader.value("sluice_tokens_total{provider=\"openai\",direction=\"output\"}"), 77);
  EXPECT_EQ(reader.value("sluice_model_tokens_total{model=\"gpt-5\",direction=\"output\"}"), 77);
  EXPECT_EQ(reader.value("sluice_cost_usd_total{provider=\"openai\"}"), 0.500025);
  EXPECT_EQ(reader.value("sluice_model_cost_usd_total{model=\"gpt-5\"}"), 0.500025);
  EXPECT_EQ(reader.value("sluice_upstream_first_byte_seconds_count{provider=\"openai\"}"), 1);
}

TEST_F(Scrape, CountsWorkersByTheStateOfTheirBreakers) {
  const LabelIndex label = labels_.deployments.intern(join({"m", "openai", "m-up", "eu"}));
  cores_[0]->count_deployment_attempt(label, AttemptOutcome::failed);
  cores_[1]->count_deployment_attempt(label, AttemptOutcome::failed);
  const auto publish = [&](int core, BreakerState breaker) {
    cores_[static_cast<std::size_t>(core)]->deployments[label].publish({.breaker = breaker,
                                                                        .ejected = true,
                                                                        .in_flight = 2,
                                                                        .uptime_percent = 40,
                                                                        .first_content_p95_ms = 250,
                                                                        .tokens_per_s = 0});
  };
  publish(0, BreakerState::open);
  publish(1, BreakerState::open);
  publish(2, BreakerState::closed);
  const ExpositionReader reader(render());
  expect_clean(reader);
  const std::string name = R"(model="m",provider="openai",deployment="m-up",region="eu")";
  const auto value = [&](const std::string& family, const std::string& more = "") {
    return reader.value(family + "{" + name + more + "}");
  };
  EXPECT_EQ(value("sluice_deployment_attempts_total", R"(,outcome="failed")"), 2);
  EXPECT_EQ(value("sluice_deployment_breakers", R"(,state="open")"), 2);
  EXPECT_EQ(value("sluice_deployment_breakers", R"(,state="half_open")"), 0);
  EXPECT_EQ(value("sluice_deployment_breakers", R"(,state="closed")"), 1);
  EXPECT_EQ(value("sluice_deployment_in_flight"), 6);
  EXPECT_EQ(value("sluice_deployment_ejected"), 1);
  EXPECT_EQ(value("sluice_deployment_cooling_down"), 0);
  EXPECT_EQ(value("sluice_deployment_uptime_ratio"), 0.4);
  EXPECT_EQ(value("sluice_deployment_first_content_seconds", R"(,quantile="0.95")"), 0.25);
  const std::string text = render();
  EXPECT_EQ(text.find(R"(quantile="0.5")"), std::string::npos) << "not known";
  EXPECT_EQ(text.find("sluice_deployment_tokens_per_second{"), std::string::npos) << "not known";
}

TEST_F(Scrape, SaysNothingOfDeploymentsThatWereNeverAskedAndNoStateOfThoseThatLeft) {
  const LabelIndex never = labels_.deployments.intern(join({"a", "p", "a", "eu"}));
  const LabelIndex left = labels_.deployments.intern(join({"b", "p", "b", "eu"}));
  cores_[0]->deployments[never].publish({});
  cores_[0]->deployments[left].publish({});
  cores_[0]->count_deployment_attempt(left, AttemptOutcome::success);
  cores_[0]->deployments[left].withdraw();
  const std::string text = render();
  EXPECT_EQ(text.find(R"(model="a")"), std::string::npos);
  EXPECT_NE(text.find(R"(sluice_deployment_attempts_total{model="b")"), std::string::npos);
  EXPECT_EQ(text.find(R"(sluice_deployment_breakers{model="b")"), std::string::npos);
}

TEST_F(Scrape, ShowsWhatPlansChoseAndLeftOut) {
  cores_[0]->count_route_choice(llm::RouteSort::score, route::Reason::incumbent);
  cores_[2]->count_route_choice(llm::RouteSort::score, route::Reason::incumbent);
  cores_[1]->count_route_obstacle(route::Obstacle::ejected);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_routing_choices_total{strategy=\"score\",reason=\"incumbent\"}"),
            2);
  EXPECT_EQ(reader.value("sluice_routing_obstacles_total{obstacle=\"ejected\"}"), 1);
}

TEST_F(Scrape, EscapesNames) {
  const LabelIndex odd = labels_.providers.intern("a\"b\\c\nd{},=");
  cores_[0]->count_attempt(odd, AttemptOutcome::success);
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_upstream_attempts_total{provider=\"a\\\"b\\\\c\\nd{},=\","
                         "outcome=\"success\"}"),
            1);
}

TEST_F(Scrape, SeriesGoOnCountingAfterTheirNameLeftTheConfiguration) {
  const LabelIndex before = labels_.providers.intern("openai");
  cores_[0]->count_attempt(before, AttemptOutcome::success);
  static_cast<void>(labels_.providers.intern("anthropic"));  // the next snapshot has another one
  cores_[0]->count_attempt(labels_.providers.intern("openai"), AttemptOutcome::success);
  EXPECT_EQ(ExpositionReader(render()).value(
                "sluice_upstream_attempts_total{provider=\"openai\",outcome=\"success\"}"),
            2);
}

TEST_F(Scrape, ShowsTheProcess) {
  process_.config_reloads_failed.add();
  process_.is_ready.set(1);
  process_.config_loaded_at_s.set(1'767'323'045);
  const ExpositionReader reader(render());
  EXPECT_EQ(reader.value("sluice_config_reloads_total{result=\"failure\"}"), 1);
  EXPECT_EQ(reader.value("sluice_config_reloads_total{result=\"success\"}"), 0);
  EXPECT_EQ(reader.value("sluice_ready"), 1);
  EXPECT_EQ(reader.value("sluice_config_loaded_timestamp_seconds"), 1'767'323'045);
}

TEST_F(Scrape, WithEveryLabelInUseIsWellFormedAndBounded) {
  for (int i = 0; i < 600; ++i) {
    const LabelIndex deployment =
        labels_.deployments.intern(join({std::to_string(i), "p", "d", "r"}));
    cores_[0]->count_deployment_attempt(deployment, AttemptOutcome::success);
  }
  for (int i = 0; i < 300; ++i) {
    const std::string name = "name-" + std::to_string(i);
    const LabelIndex provider = labels_.providers.intern(name);
    const LabelIndex model = labels_.models.intern(name);
    cores_[0]->count_attempt(provider, AttemptOutcome::success, Duration(1));
    cores_[0]->count_tokens(provider, model, TokenDirection::input, 1);
    Metrics::Exchange exchange;
    exchange.endpoint = labels_.endpoints.intern(name);
    exchange.model = model;
    exchange.total = Duration(1);
    cores_[0]->count_exchange(exchange);
  }
  const ExpositionReader reader(render());
  expect_clean(reader);
  EXPECT_EQ(reader.value("sluice_upstream_attempts_total{provider=\"other\",outcome=\"success\"}"),
            300 - (64 - 1));
  EXPECT_EQ(reader.value("sluice_deployment_attempts_total{model=\"other\",provider=\"other\","
                         "deployment=\"other\",region=\"other\",outcome=\"success\"}"),
            600 - (512 - 1));
}

// Under the thread sanitizer this is also the proof that a scrape is no data race.
TEST_F(Scrape, BesideWritersIsWellFormed) {
  constexpr int exchanges = 2'000;
  std::vector<std::thread> writers;
  for (const auto& core : cores_) {
    writers.emplace_back([metrics = core.get()] {
      for (int i = 0; i < exchanges; ++i) {
        Metrics::Exchange exchange;
        exchange.status = 200;
        exchange.total = Duration(i * 1'000);
        metrics->count_exchange(exchange);
        metrics->count_attempt(1, AttemptOutcome::success);
      }
    });
  }
  static_cast<void>(labels_.providers.intern("openai"));
  for (int i = 0; i < 20; ++i) expect_clean(ExpositionReader(render()));
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(
      ExpositionReader(render()).value("sluice_requests_total{endpoint=\"other\",code=\"200\"}"),
      3 * exchanges);
}

}  // namespace
}  // namespace sluice::telemetry
