// Questions: what does it cost to find the model a client names, and to choose the deployments that
// may serve it? The second is the whole routing decision of today: what Exchange::plan() asks of
// the table and of the caller (src/gateway/exchange.cc), there being no scores yet. Corpus: the
// built-in catalogue, all its providers usable: some 300 models, up to 20 deployments.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/catalog/model_table.h"
#include "sluice/policy/caller.h"

namespace sluice::catalog {
namespace {

ModelTable whole_catalogue() {
  const auto catalogue = Catalog::parse(builtin_catalog_json());
  if (!catalogue) return {};
  ModelTable::Builder builder;
  std::vector<const Provider*> providers;
  for (const CatalogProvider& known : catalogue->providers()) {
    Provider provider;
    provider.name = known.id;
    provider.region = known.default_region;
    providers.push_back(&builder.add_provider(std::move(provider)));
  }
  for (const CatalogModel& known : catalogue->models()) {
    Model model;
    model.name = known.id;
    model.aliases = known.aliases;
    for (const CatalogDeployment& each : known.deployments) {
      Deployment deployment;
      deployment.provider = providers[each.provider];
      deployment.upstream_model = each.upstream_model;
      deployment.region = deployment.provider->region;
      model.deployments.push_back(std::move(deployment));
    }
    builder.add_model(std::move(model));
  }
  return std::move(builder).seal();
}

struct Question {
  std::string name;
  const Model* model;  // null: not served
};

using Spell = std::optional<std::string> (*)(const Model&);

// A name for each model that has such a one, in an order no branch predictor could learn.
std::vector<Question> questions(const ModelTable& table, Spell spell) {
  std::vector<Question> asked;
  for (const Model& model : table.models()) {
    if (auto name = spell(model)) asked.push_back({std::move(*name), &model});
  }
  Random random(1);
  for (std::size_t i = asked.size(); i > 1; --i) std::swap(asked[i - 1], asked[random.below(i)]);
  return asked;
}

std::optional<std::string> own_name(const Model& model) { return model.name; }
std::optional<std::string> upper_case(const Model& model) {
  std::string name = model.name;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}
std::optional<std::string> alias(const Model& model) {
  if (model.aliases.empty()) return std::nullopt;
  return model.aliases.back();
}
std::optional<std::string> at_a_provider(const Model& model) {
  return model.deployments.back().provider->name + "/" + model.name;
}

void select(benchmark::State& state, const std::vector<Question>& asked, const ModelTable& table) {
  if (asked.empty()) {
    state.SkipWithError("there is nothing to ask for");
    return;
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const Question& question = asked[next];
    const Selection found = table.select(question.name);
    if (found.model != question.model) {
      state.SkipWithError("not the model asked for: the time is void");
      break;
    }
    if (++next == asked.size()) next = 0;
  }
}

void BM_SelectModel(benchmark::State& state, Spell spell) {
  const ModelTable table = whole_catalogue();
  select(state, questions(table, spell), table);
}
BENCHMARK_CAPTURE(BM_SelectModel, by_name, own_name);
BENCHMARK_CAPTURE(BM_SelectModel, in_capitals, upper_case);
BENCHMARK_CAPTURE(BM_SelectModel, by_alias, alias);
BENCHMARK_CAPTURE(BM_SelectModel, at_a_provider, at_a_provider);

void BM_SelectUnknownModel(benchmark::State& state) {
  const ModelTable table = whole_catalogue();
  std::vector<Question> asked = questions(table, own_name);
  for (Question& question : asked) question = {question.name + "-preview/x", nullptr};
  select(state, asked, table);
}
BENCHMARK(BM_SelectUnknownModel);

// From a name to the deployments in order, for one caller.
void plan(benchmark::State& state, const policy::Caller& caller) {
  const ModelTable table = whole_catalogue();
  const std::vector<Question> asked = questions(table, own_name);
  std::vector<const Deployment*> planned;
  std::int64_t deployments = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    planned.clear();
    const Selection selected = table.select(asked[next].name);
    if (selected.model == nullptr || !caller.may_use(selected.model->name)) {
      state.SkipWithError("refused: the time is void");
      break;
    }
    for (const Deployment& deployment : selected.model->deployments) {
      if (selected.includes(deployment) && caller.may_reach(deployment.region)) {
        planned.push_back(&deployment);
      }
    }
    benchmark::DoNotOptimize(planned.data());
    deployments += std::ssize(planned);
    if (++next == asked.size()) next = 0;
  }
  if (deployments == 0) state.SkipWithError("nothing was planned: the time is void");
  state.counters["deployments"] =
      benchmark::Counter(static_cast<double>(deployments), benchmark::Counter::kAvgIterations);
}

void BM_PlanForAnybody(benchmark::State& state) { plan(state, policy::Caller::anonymous()); }
BENCHMARK(BM_PlanForAnybody);

// A key with patterns for its models, the last of which fits, and a pin to regions.
void BM_PlanForAPinnedKey(benchmark::State& state) {
  plan(state,
       policy::Caller("team-a", {"no-such-model", "none-*-of-these", "*"}, {"eu", "global"}));
}
BENCHMARK(BM_PlanForAPinnedKey);

}  // namespace
}  // namespace sluice::catalog
