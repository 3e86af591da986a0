// Question: what does it cost to plan a request over ten deployments of one model, by each
// strategy? Corpus: ten deployments with prices, weights and standings of their own; all may serve.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "sluice/route/plan.h"

namespace sluice::route {
namespace {

constexpr std::size_t count = 10;

struct Scene {
  Scene() {
    for (std::uint32_t i = 0; i < count; ++i) {
      provider.name = "p";
      deployments[i].index = i;
      deployments[i].provider = &provider;
      deployments[i].region = i % 2 == 0 ? "eu" : "us";
      deployments[i].weight = 1 + i;
      deployments[i].price.tokens.input = 0.5 + i;
      deployments[i].price.tokens.output = 2.0 + i;
      standings[i].uptime = 100 - 0.3 * i;
      standings[i].tokens_per_s = 40 + 3.0 * i;
      standings[i].first_content_ms = 300 + 20.0 * i;
      candidates.push_back({.model = nullptr,
                            .deployment = &deployments[i],
                            .passage = pin.passage(deployments[i]),
                            .standing = &standings[i],
                            .first_content_ewma_ms = 250 + 30.0 * i,
                            .in_flight = i});
    }
  }
  catalog::Provider provider;
  std::array<catalog::Deployment, count> deployments;
  std::array<upstream::Standing, count> standings;
  RegionPin pin;
  std::vector<Candidate> candidates;
};

void BM_PlanOverTenDeployments(benchmark::State& state) {
  const Scene scene;
  const RoutingPolicy policy;
  const Question question{.candidates = scene.candidates,
                          .policy = policy,
                          .strategy = static_cast<Strategy>(state.range(0)),
                          .is_stream = true};
  Random random(1);
  for (auto _ : state) {
    const Plan made = plan(question, random);
    benchmark::DoNotOptimize(made);
    if (made.steps.size() != count) state.SkipWithError("somebody is missing: the time is void");
  }
  state.SetLabel(std::string(to_string(question.strategy)));
}
BENCHMARK(BM_PlanOverTenDeployments)->DenseRange(0, 5);

}  // namespace
}  // namespace sluice::route
