#include "sluice/gateway/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "candidates.h"
#include "explanation.h"
#include "sluice/base/assert.h"
#include "sluice/base/random.h"
#include "sluice/config/spelling.h"
#include "sluice/json/writer.h"
#include "sluice/route/filters.h"

namespace sluice::gateway {
namespace {

using route::Obstacle;

constexpr std::size_t draws_max = 200;
constexpr std::size_t candidates_drawn_max = 8'000;  // over all draws: a millisecond or two
constexpr std::size_t similar_max = 3;

// What an explanation is made of, beside the query.
struct Source {
  const Snapshot& snapshot;
  const Health& health;
  const Generation* generation = nullptr;  // null: no server was asked
  MonotonicTime now{};
  std::uint64_t seed = 1;
};

llm::Operation operation_for(catalog::Mode mode) noexcept {
  switch (mode) {
    case catalog::Mode::chat:
    case catalog::Mode::video:
    case catalog::Mode::rerank: return llm::Operation::chat_completions;
    case catalog::Mode::embedding: return llm::Operation::embeddings;
    case catalog::Mode::image: return llm::Operation::images_generations;
    case catalog::Mode::transcription: return llm::Operation::audio_transcriptions;
    case catalog::Mode::speech: return llm::Operation::audio_speech;
    case catalog::Mode::moderation: return llm::Operation::moderations;
  }
  __builtin_unreachable();
}

// A few names that may be meant, the nearest first.
std::string similar_names(const catalog::ModelTable& models, std::string_view wanted) {
  std::vector<std::string_view> names;
  for (const catalog::Model& model : models.models()) {
    names.emplace_back(model.name);
    names.insert(names.end(), model.aliases.begin(), model.aliases.end());
  }
  std::string similar;
  for (std::size_t i = 0; i < similar_max; ++i) {
    const std::string_view name = config::nearest(wanted, names);
    if (name.empty()) break;
    similar += (similar.empty() ? "" : " or ") + config::shown(name);
    std::erase(names, name);
  }
  return similar;
}

ExplainAnswer unknown_model(const ExplainQuery& query, const Snapshot& snapshot) {
  const std::string similar = similar_names(snapshot.models, query.model);
  return explain_failure(
      404,
      fmt::format("no model of that name is served here. {}\"sluice models\" lists them",
                  similar.empty() ? "" : fmt::format("Did you mean {}? ", similar)),
      query.format);
}

std::unique_ptr<const llm::RouteWishes> wishes_of(const ExplainQuery& query) {
  auto wishes = std::make_unique<llm::RouteWishes>();
  wishes->region = query.region;
  wishes->sort = query.sort;
  wishes->provider.require_parameters = query.require_parameters;
  if (!query.provider.empty()) wishes->provider.only.push_back(query.provider);
  if (*wishes == llm::RouteWishes()) return nullptr;
  return wishes;
}

Duration until(MonotonicTime moment, MonotonicTime now) noexcept {
  return moment > now ? moment - now : Duration(0);
}

ExplainedHealth health_of(const Source& source, const catalog::Deployment& deployment) {
  const upstream::CircuitBreaker& breaker = source.health.breaker(deployment);
  route::Candidate candidate;
  source.health.describe(deployment, source.now, candidate);
  std::vector<upstream::CredentialState> credentials;
  for (std::uint32_t i = 0; i < deployment.provider->credentials.size(); ++i) {
    credentials.push_back(source.health.credential_state(deployment, i, source.now));
  }
  return {.breaker = breaker.state(),
          .breaker_admits_in = until(breaker.admits_at(source.now), source.now),
          .cooling_for = until(source.health.cooling_until(deployment), source.now),
          .ejected_for = until(source.health.ejected_until(deployment), source.now),
          .ejected = source.health.standing(deployment).ejected,
          .in_flight = candidate.in_flight,
          .first_content_ewma_ms = source.health.first_content_ms(deployment, source.now),
          .standing = source.health.standing(deployment),
          .credentials = std::move(credentials)};
}

// Each filter by itself: a request meets only the first that is in the way.
ExplainedFilters filters_of(const Asking& asking, const ExplainQuery& query,
                            const route::Candidate& candidate) {
  const catalog::Deployment& deployment = *candidate.deployment;
  const llm::RouteWishes* const wishes = asking.request.wishes.get();
  route::Candidate healthy;
  asking.health.describe(deployment, asking.now, healthy);
  return {.region = candidate.passage ? Obstacle::none : Obstacle::region,
          .gateway = standing_obstacle(asking, deployment),
          .wishes = wishes == nullptr ? Obstacle::none
                                      : route::against_wishes(deployment, wishes->provider),
          .needs = query.needs && candidate.model != nullptr
                       ? route::against_needs(*candidate.model, *query.needs)
                       : Obstacle::none,
          .health = healthy.obstacle};
}

// One explaining: the plan as a request would have it, then what is to be said of it.
class Explaining {
 public:
  Explaining(const ExplainQuery& query, const Source& source, const policy::Caller& caller)
      : query_(query), source_(source), caller_(caller) {}

  ExplainAnswer run() {
    request_.model = query_.model;
    request_.stream = query_.stream;
    request_.wishes = wishes_of(query_);
    const auto named = resolve_model(source_.snapshot.models, query_.model, request_.wishes.get());
    if (!named && named.error().status == 404) return unknown_model(query_, source_.snapshot);
    if (!named) return explain_failure(400, named.error().message, query_.format);
    if (!caller_.may_use(named->model->name)) {
      return explain_failure(403, "that key may not use this model", query_.format);
    }
    pin_.narrow(caller_.regions());
    pin_.narrow(std::string_view(query_.region));
    pin_.narrow(named->region);
    explain(*named);
    const bool as_text = query_.format == ExplainFormat::text;
    return {.status = 200, .body = as_text ? explanation_text(made_) : explanation_json(made_)};
  }

 private:
  void explain(const NamedModel& named) {
    const llm::Operation operation = query_.operation.value_or(operation_for(named.model->mode));
    const auto endpoint = llm::find_endpoint("POST", explained_path(operation));
    SLUICE_ASSERT(endpoint.has_value());
    request_.operation = operation;
    const Asking asking{.snapshot = source_.snapshot,
                        .health = source_.health,
                        .caller = caller_,
                        .own_keys = own_keys_,
                        .endpoint = *endpoint,
                        .request = request_,
                        .pin = pin_,
                        .provider = named.provider,
                        .now = source_.now};
    CachedVector<route::Candidate> all;
    add_candidates(asking, *named.model, all);
    route::Question question = question_for(asking, named.model, named.sort, all);
    if (query_.needs) question.needs = &*query_.needs;
    if (source_.generation != nullptr && all.size() > 1) {
      question.incumbent = source_.generation->incumbent(*named.model);
    }
    made_ = {.query = &query_,
             .model = named.model,
             .endpoint = llm::to_string(operation),
             .is_live = source_.generation != nullptr};
    for (const route::Candidate& candidate : all) {
      made_.candidates.push_back({.model = candidate.model,
                                  .deployment = candidate.deployment,
                                  .filters = filters_of(asking, query_, candidate),
                                  .health = health_of(source_, *candidate.deployment)});
    }
    Random random(source_.seed);
    take(question, route::plan(question, random));
    draw(question, random);
  }

  void take(const route::Question& question, const route::Plan& plan) {
    made_.strategy = plan.strategy;
    made_.strategy_is_callers = question.strategy_is_callers;
    if (!plan.steps.empty()) made_.chosen_by = plan.reason;
    if (plan.soonest) made_.soonest_in = until(*plan.soonest, source_.now);
    const bool is_scored = plan.strategy == route::Strategy::score && plan.steps.size() > 1;
    for (std::size_t i = 0; i < plan.considered.size(); ++i) {
      const route::Considered& considered = plan.considered[i];
      ExplainedCandidate& candidate = made_.candidates[i];
      candidate.obstacle = considered.obstacle;
      if (route::passes_by_itself(considered.obstacle)) {
        candidate.free_in = until(question.candidates[i].free_at, source_.now);
      }
      if (is_scored && considered.obstacle == Obstacle::none) candidate.score = considered.terms;
    }
    for (std::size_t step = 0; step < plan.steps.size(); ++step) {
      of(plan.steps[step]).place = step + 1;
    }
  }

  // How often each would be the first.
  void draw(const route::Question& question, Random& random) {
    if (made_.candidates.empty() || !made_.chosen_by) return;
    const std::size_t draws =
        std::clamp<std::size_t>(candidates_drawn_max / made_.candidates.size(), 1, draws_max);
    const double each = 100.0 / static_cast<double>(draws);
    for (std::size_t i = 0; i < draws; ++i) {
      const route::Plan plan = route::plan(question, random);
      of(plan.steps.front()).first_percent += each;
    }
    for (ExplainedCandidate& candidate : made_.candidates) {
      made_.by_chance = made_.by_chance || (candidate.first_percent > 0 && candidate.place != 1);
    }
  }

  ExplainedCandidate& of(const route::Step& step) {
    const auto found = std::ranges::find(made_.candidates, &step.passage.deployment(),
                                         &ExplainedCandidate::deployment);
    SLUICE_ASSERT(found != made_.candidates.end());
    return *found;
  }

  const ExplainQuery& query_;
  const Source& source_;
  const policy::Caller& caller_;
  policy::OwnKeys own_keys_;
  llm::Request request_;
  route::RegionPin pin_;
  Explanation made_;
};

ExplainAnswer explain_by(const ExplainQuery& query, const Source& source) {
  const policy::Caller* caller = &source.snapshot.keys.anonymous();
  if (!query.key.empty()) {
    const auto callers = source.snapshot.keys.callers();
    const auto named = std::ranges::find(callers, query.key, &policy::Caller::name);
    if (named == callers.end()) {
      return explain_failure(400, "key must be the name of a [[key]] of the configuration",
                             query.format);
    }
    caller = &*named;
  }
  if (!query.provider.empty() && source.snapshot.models.find_provider(query.provider) == nullptr) {
    return explain_failure(400, "provider must be the name of a [[provider]] that is in use",
                           query.format);
  }
  return Explaining(query, source, *caller).run();
}

}  // namespace

ExplainAnswer explain_failure(int status, std::string_view why, ExplainFormat format) {
  ExplainAnswer answer{.status = status, .body = {}};
  if (format == ExplainFormat::text) {
    answer.body = why;
  } else {
    json::Writer(answer.body).begin_object().key("error").string(why).end_object();
  }
  answer.body += '\n';
  return answer;
}

ExplainAnswer explain(const ExplainQuery& query, Generation& generation, MonotonicTime now,
                      std::uint64_t seed) {
  return explain_by(query, {.snapshot = generation.snapshot(),
                            .health = generation.health(),
                            .generation = &generation,
                            .now = now,
                            .seed = seed});
}

ExplainAnswer explain_without_health(const ExplainQuery& query, const Snapshot& snapshot) {
  const Health health(snapshot.models, snapshot.config.health, snapshot.config.routing, {});
  return explain_by(query, {.snapshot = snapshot, .health = health});
}

}  // namespace sluice::gateway
