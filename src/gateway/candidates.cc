#include "candidates.h"

#include <algorithm>

#include "speech.h"

namespace sluice::gateway {

using route::Obstacle;

std::expected<NamedModel, llm::ApiError> resolve_model(const catalog::ModelTable& models,
                                                       std::string_view name,
                                                       const llm::RouteWishes* wishes) {
  NamedModel found;
  catalog::Selection selected = models.select(name);
  if (selected.model == nullptr) {
    if (const auto named = llm::split_route_suffix(name)) {
      selected = models.select(named->model);
      if (selected.model != nullptr) {
        if (auto clash = llm::contradicts_suffix(wishes, *named)) {
          return std::unexpected(std::move(*clash));
        }
        found.sort = named->sort;
      }
    }
  }
  if (selected.model == nullptr) {
    if (const auto named = llm::split_region_suffix(name)) {
      selected = models.select(named->model);
      if (selected.model != nullptr) {
        if (auto clash = llm::contradicts_region(wishes, named->region)) {
          return std::unexpected(std::move(*clash));
        }
        found.region = named->region;
      }
    }
  }
  if (selected.model == nullptr && !name.empty()) {
    return std::unexpected(llm::errors::model_unknown(name));
  }
  if (!selected.provider.empty()) {
    if (auto clash = llm::contradicts_pin(wishes, selected.provider)) {
      return std::unexpected(std::move(*clash));
    }
  }
  found.model = selected.model;
  found.provider = selected.provider;
  return found;
}

policy::ProviderCredential credential_for(const Snapshot& snapshot, const policy::OwnKeys& own_keys,
                                          const catalog::Provider& provider) noexcept {
  return own_keys.credential_for(snapshot.own_key_providers[provider.index],
                                 snapshot.one_provider_takes_own_keys);
}

Payer payer_for(const Asking& asking, const catalog::Provider& provider) noexcept {
  const bool is_callers = credential_for(asking.snapshot, asking.own_keys, provider).is_callers;
  return is_callers ? Payer::caller : Payer::gateway;
}

Obstacle standing_obstacle(const Asking& asking, const catalog::Deployment& deployment) noexcept {
  const catalog::Provider& provider = *deployment.provider;
  if (!asking.provider.empty() && provider.name != asking.provider) {
    return Obstacle::other_provider;
  }
  const Speech speech = speech_for(asking.endpoint, asking.request, deployment);
  if (speech == Speech::none || speech == Speech::estimated) return Obstacle::operation;
  if (!provider.usable_without_byok() && payer_for(asking, provider) != Payer::caller) {
    return Obstacle::key;
  }
  return Obstacle::none;
}

route::Candidate candidate_of(const Asking& asking, const catalog::Model* model,
                              const catalog::Deployment& deployment) {
  route::Candidate candidate{.model = model,
                             .deployment = &deployment,
                             .passage = asking.pin.passage(deployment),
                             .standing = nullptr,
                             .obstacle = standing_obstacle(asking, deployment)};
  asking.health.describe(deployment, asking.now, candidate,
                         payer_for(asking, *deployment.provider));
  return candidate;
}

void add_candidates(const Asking& asking, const catalog::Model& model,
                    CachedVector<route::Candidate>& candidates) {
  for (const std::string& name : model.members) {
    const catalog::Model* const member = asking.snapshot.models.find(name);
    if (member != nullptr && asking.caller.may_use(member->name)) {
      add_candidates(asking, *member, candidates);
    }
  }
  candidates.reserve(candidates.size() + model.deployments.size());
  for (const catalog::Deployment& deployment : model.deployments) {
    candidates.push_back(candidate_of(asking, &model, deployment));
  }
}

// The first provider will do. Of a response by its id only who made it knows, and we keep no record
// of that: each provider is asked in turn.
CachedVector<route::Candidate> candidates_of_anybody(const Asking& asking) {
  CachedVector<route::Candidate> candidates;
  const bool is_by_id = !asking.endpoint.id.empty();
  const auto serves = [](const route::Candidate& candidate) {
    return candidate.passage && candidate.obstacle == Obstacle::none;
  };
  const auto is_there = [&](const catalog::Provider* provider) {
    return std::ranges::any_of(candidates, [&](const route::Candidate& candidate) {
      return serves(candidate) && (!is_by_id || candidate.deployment->provider == provider);
    });
  };
  for (const catalog::Model& model : asking.snapshot.models.models()) {
    if (!asking.caller.may_use(model.name)) continue;
    for (const catalog::Deployment& deployment : model.deployments) {
      if (is_there(deployment.provider)) continue;
      candidates.push_back(candidate_of(asking, nullptr, deployment));
    }
  }
  return candidates;
}

route::Question question_for(const Asking& asking, const catalog::Model* model,
                             std::optional<llm::RouteSort> sort,
                             std::span<route::Candidate> candidates) {
  const llm::RouteWishes* const wishes = asking.request.wishes.get();
  const route::RoutingPolicy& rules = asking.snapshot.routing_of(model);
  if (!sort && wishes != nullptr) sort = wishes->sort;
  const route::Strategy strategy =
      model == nullptr ? route::Strategy::order : sort.value_or(rules.strategy);
  if (strategy == route::Strategy::latency) {
    for (route::Candidate& each : candidates) {
      each.first_content_ewma_ms = asking.health.first_content_ms(*each.deployment, asking.now);
    }
  }
  return {.candidates = candidates,
          .policy = rules,
          .strategy = strategy,
          .strategy_is_callers = sort.has_value(),
          .wishes = wishes,
          .is_stream = asking.request.stream};
}

}  // namespace sluice::gateway
