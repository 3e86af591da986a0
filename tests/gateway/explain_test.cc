#include "sluice/gateway/explain.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "routed_gateway.h"
#include "sluice/json/value.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::gateway {
namespace {

using testing::config_text;
using testing::of_deployment;
using testing::of_keys;
using testing::of_provider;
using testing::snapshot_of;

// Explanations by a generation that serves nobody, whose health the test decides.
class Explain : public ::testing::Test {
 protected:
  void serve(const std::string& config) {
    auto snapshot = snapshot_of(config, labels_);
    TlsContexts tls(snapshot->models.providers().size());
    generation_ = std::make_unique<Generation>(world_.loop(), connector_, std::move(snapshot),
                                               std::move(tls));
  }
  ExplainAnswer ask(std::string_view query) {
    const auto parsed = parse_explain_query(query);
    EXPECT_TRUE(parsed.has_value()) << query;
    return explain(*parsed, *generation_, world_.loop().now(), 1);
  }
  std::string said(std::string_view query) {
    ExplainAnswer answer = ask(query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    json::Index index;
    EXPECT_TRUE(query.find("format=text") != std::string_view::npos || index.build(answer.body))
        << answer.body;
    return std::move(answer.body);
  }
  const catalog::Deployment& deployment(std::size_t which) {
    return generation_->snapshot().models.find("m")->deployments[which];
  }
  void fail(std::size_t which, int times) {
    for (int i = 0; i < times; ++i) {
      const MonotonicTime now = world_.loop().now();
      const auto ticket = generation_->health().begin(deployment(which), now);
      if (!ticket) return;
      generation_->health().end(*ticket, {.verdict = upstream::Verdict::failed}, {}, now);
    }
  }
  static void expect_in(std::string_view text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string_view::npos) << part << "\nis not in\n" << text;
  }
  // What is said of the candidate at that provider.
  static std::string_view of(std::string_view body, std::string_view provider) {
    const std::string_view candidates = body.substr(body.find("\"candidates\""));
    const auto at = candidates.find("{\"model\":\"m\",\"provider\":\"" + std::string(provider));
    EXPECT_NE(at, std::string_view::npos) << provider << " is not in " << body;
    const std::string_view rest = candidates.substr(at);
    return rest.substr(0, rest.find("\"credentials\""));
  }

  ring::sim::SimWorld world_{1, ring::sim::SimConfig::calm()};
  net::StaticResolver resolver_;
  net::Connector connector_{world_.loop(), resolver_, nullptr, net::ConnectorConfig{}};
  telemetry::MetricLabels labels_;
  std::unique_ptr<Generation> generation_;
};

TEST_F(Explain, TheFirstOfTheFileIsChosenAndTheOthersFollow) {
  serve(config_text(2));
  const std::string body = said("model=m");
  expect_in(body,
            R"({"model":"m","endpoint":"chat_completions","stream":false,"live":true,"worker":0,)"
            R"("strategy":"order","strategy_is_callers":false,"chosen":{"provider":"p0",)"
            R"("deployment":"m-up-0","region":"global"},"chosen_by":"in_order","by_chance":false,)"
            R"("soonest_in_ms":null,)");
  expect_in(of(body, "p0"), R"("place":1,"first_percent":100,"obstacle":"none")");
  expect_in(of(body, "p1"), R"("place":2,"first_percent":0,"obstacle":"none")");
  expect_in(of(body, "p0"), R"("breaker":"closed")");
}

TEST_F(Explain, WhoRestsIsLeftOutAndTheAnswerSaysForHowLong) {
  std::string config = config_text(2);
  of_provider(config, 0, "health = { failures_to_open = 2, rest_ms = 7000 }\n");
  serve(config);
  fail(0, 2);
  const std::string body = said("model=m");
  expect_in(body, R"("chosen":{"provider":"p1")");
  expect_in(of(body, "p0"),
            R"("place":null,"first_percent":0,"obstacle":"resting","free_in_ms":7000)");
  expect_in(of(body, "p0"), R"("filters":{"region":"passed","gateway":"passed","wishes":"passed",)"
                            R"("needs":"passed","health":"resting"})");
  expect_in(of(body, "p0"), R"("breaker":"open","breaker_admits_in_ms":7000)");
  expect_in(of(body, "p1"), R"("place":1)");
}

TEST_F(Explain, WhenAllRestNobodyIsChosenAndTheSoonestIsNamed) {
  std::string config = config_text(1);
  of_provider(config, 0, "health = { failures_to_open = 1, rest_ms = 3000 }\n");
  serve(config);
  fail(0, 1);
  const std::string body = said("model=m");
  expect_in(body, R"("chosen":null,"chosen_by":null,"by_chance":false,"soonest_in_ms":3000,)");
  expect_in(said("model=m&format=text"), "Nobody is free: the first is in 3.0 s");
}

TEST_F(Explain, AskingChangesNothing) {
  std::string config = config_text(2, "[routing]\nstrategy = \"score\"\n");
  serve(config);
  const std::string first = said("model=m");
  EXPECT_EQ(generation_->incumbent(*generation_->snapshot().models.find("m")), nullptr);
  EXPECT_EQ(said("model=m"), first);
}

TEST_F(Explain, AScoreIsToldTermByTerm) {
  std::string config = config_text(2, "[routing]\nstrategy = \"score\"\n");
  of_deployment(config, 0, "price = { input = 2.0, output = 2.0 }\n");
  of_deployment(config, 1, "price = { input = 1.0, output = 1.0 }\n");
  serve(config);
  const std::string body = said("model=m");
  expect_in(body, R"("chosen":{"provider":"p1")");
  expect_in(body, R"("chosen_by":"best_score")");
  expect_in(of(body, "p0"), R"("price":1,"latency":0,"penalty":0)");
  expect_in(of(body, "p1"), R"("score":{"total":0,"uptime":0,"throughput":0,"price":0,)");
  expect_in(said("model=m&format=text"), "price 1.000");
}

TEST_F(Explain, WhatIsDrawnIsToldByItsChances) {
  std::string config = config_text(2, "[routing]\nstrategy = \"weighted\"\n");
  of_deployment(config, 0, "weight = 3.0\n");
  serve(config);
  const std::string body = said("model=m");
  expect_in(body, R"("by_chance":true)");
  const auto percent = [&](std::string_view provider) {
    const std::string_view text = of(body, provider);
    const std::string_view key = "\"first_percent\":";
    return std::stod(std::string(text.substr(text.find(key) + key.size())));
  };
  EXPECT_NEAR(percent("p0"), 75, 15);
  EXPECT_NEAR(percent("p0") + percent("p1"), 100, 0.001);
}

TEST_F(Explain, WishesPinsAndKeysLeaveOutAsInARequest) {
  const policy::NewKey key = *policy::generate_key();
  std::string config = config_text(2);
  of_deployment(config, 0, "region = \"us\"\n");
  of_deployment(config, 1, "region = \"eu\"\n");
  config += "[[key]]\nname = \"k\"\nhash = \"" + key.hash +
            "\"\nregions = [\"eu\"]\nmodels = [\"m\"]\n"
            "[[key]]\nname = \"none\"\nhash = \"" +
            policy::generate_key()->hash + "\"\nmodels = [\"x\"]\n";
  serve(config);
  for (const char* query : {"model=m&region=EU", "model=m&key=k", "model=m:eu"}) {
    const std::string body = said(query);
    expect_in(body, R"("chosen":{"provider":"p1")");
    expect_in(of(body, "p0"), R"("obstacle":"region")");
    expect_in(of(body, "p0"), R"("filters":{"region":"region",)");
  }
  const std::string only = said("model=m&provider=p1");
  expect_in(of(only, "p0"), R"("obstacle":"other_provider")");
  expect_in(of(only, "p0"), R"("wishes":"other_provider")");
  expect_in(of(said("model=p1/m"), "p0"), R"("gateway":"other_provider")");
  const std::string sorted = said("model=m&sort=throughput");
  expect_in(sorted, R"("strategy":"throughput","strategy_is_callers":true)");
  EXPECT_EQ(ask("model=m&key=none").status, 403);
}

TEST_F(Explain, RefusalsSayWhatToDoAndRepeatNothing) {
  serve(config_text(1));
  const ExplainAnswer unknown = ask("model=mm0");
  EXPECT_EQ(unknown.status, 404);
  expect_in(unknown.body, R"({"error":"no model of that name is served here.)");
  EXPECT_EQ(unknown.body.find("mm0"), std::string::npos) << unknown.body;
  EXPECT_EQ(ask("model=m&key=sk-0123").status, 400);
  EXPECT_EQ(ask("model=m&key=sk-0123").body.find("sk-"), std::string::npos);
  EXPECT_EQ(ask("model=m&provider=none").status, 400);
  EXPECT_EQ(ask("model=p0/m&sort=price").status, 400);
  EXPECT_EQ(ask("model=mm0&format=text").body.find('{'), std::string::npos);
}

TEST_F(Explain, CloseNamesAreOffered) {
  serve(config_text(1) +
        "[[model]]\nname = \"gpt-5-mini\"\naliases = [\"gpt-5-mono\"]\n"
        "[[model.deployment]]\nprovider = \"p0\"\nmodel = \"x\"\n");
  const std::string body = ask("model=gpt-5-mni&format=text").body;
  expect_in(body, "\"gpt-5-mini\"");
  expect_in(body, "\"gpt-5-mono\"");
}

TEST_F(Explain, WithoutAServerNothingIsSaidOfHealth) {
  const auto snapshot = snapshot_of(config_text(2), labels_);
  const ExplainAnswer json = explain_without_health(*parse_explain_query("model=m"), *snapshot);
  EXPECT_EQ(json.status, 200);
  expect_in(json.body, R"("live":false,)");
  EXPECT_EQ(json.body.find("\"health\""), std::string::npos) << json.body;
  EXPECT_EQ(json.body.find("\"worker\""), std::string::npos) << json.body;
  const ExplainAnswer text =
      explain_without_health(*parse_explain_query("model=m&format=text"), *snapshot);
  expect_in(text.body, "Asked first: p0, as m-up-0: in_order");
  expect_in(text.body, "From the configuration alone");
  EXPECT_EQ(text.body.find("UPTIME"), std::string::npos) << text.body;
}

TEST_F(Explain, EachKeyIsToldByWhereItCameFromAndHowItStands) {
  std::string config = config_text(1);
  of_keys(config, 0, R"({ env = "KEY_a" }, { env = "KEY_b" })");
  serve(config);
  const MonotonicTime now = world_.loop().now();
  auto ticket = generation_->health().begin(deployment(0), now);
  ASSERT_TRUE(ticket);
  const auto taken =
      generation_->health().take_credential(*ticket, deployment(0), std::array{1U}, 0, now);
  ASSERT_EQ(taken, 0U);
  generation_->health().end(*ticket, {.verdict = upstream::Verdict::auth_refused},
                            {.is_key_bad = true, .others_may_have_it = true}, now);
  const std::string body = said("model=m");
  expect_in(body, R"("credentials":[{"state":"out","from":")");
  expect_in(body, R"({"state":"fit","from":")");
}

TEST_F(Explain, AListIsExplainedByItsMembers) {
  std::string config = config_text(2);
  testing::new_model_at(config, 1);
  serve(config + "[[model]]\nname = \"auto\"\nmembers = [\"m1\", \"m\"]\n");
  const std::string body = said("model=auto");
  expect_in(body, R"("chosen":{"provider":"p1")");
  expect_in(body, R"({"model":"m1","provider":"p1")");
  expect_in(body, R"({"model":"m","provider":"p0")");
}

}  // namespace
}  // namespace sluice::gateway
