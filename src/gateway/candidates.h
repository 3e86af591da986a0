// Who may serve a request: what its model's name means, which deployments that leads to, and what
// the gateway itself knows to be in the way of each. route::plan() then says who is asked.
//
//   name --resolve_model()--> model --add_candidates()--> candidates --question_for()--> plan
//
// The same for a request and for who asks how one would go (explain.h). Reads, and changes nothing.
#pragma once
#include <expected>
#include <optional>
#include <string_view>

#include "sluice/base/cached_object.h"
#include "sluice/gateway/health.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/request.h"
#include "sluice/policy/own_key.h"
#include "sluice/route/plan.h"

namespace sluice::gateway {

/// What a name means: a model; a provider's own deployments of it; a rule or a region by its
/// suffix. Lifetime: the name's and the table's.
struct NamedModel {
  const catalog::Model* model = nullptr;    // null: the name was empty
  std::string_view provider = {};           // pinned; empty: any
  std::optional<llm::RouteSort> sort = {};  // by its suffix
  std::string_view region = {};             // the same
};
/// The error: there is no such model, or `wishes` (which may be null) contradict the name.
[[nodiscard]] std::expected<NamedModel, llm::ApiError> resolve_model(
    const catalog::ModelTable& models, std::string_view name, const llm::RouteWishes* wishes);

/// One asking for one model. Lifetime: the call's.
struct Asking {
  const Snapshot& snapshot;
  const Health& health;
  const policy::Caller& caller;
  const policy::OwnKeys& own_keys;
  const llm::Endpoint& endpoint;
  const llm::Request& request;
  const route::RegionPin& pin;     // of all that binds it
  std::string_view provider = {};  // pinned by the model's name; empty: any
  MonotonicTime now{};
};

/// Whose credential would be sent.
[[nodiscard]] policy::ProviderCredential credential_for(const Snapshot& snapshot,
                                                        const policy::OwnKeys& own_keys,
                                                        const catalog::Provider& provider) noexcept;

[[nodiscard]] Payer payer_for(const Asking& asking, const catalog::Provider& provider) noexcept;

/// What no waiting helps with, of what the gateway knows without a look at health or wishes.
[[nodiscard]] route::Obstacle standing_obstacle(const Asking& asking,
                                                const catalog::Deployment& deployment) noexcept;

/// `model`: null where the request names none.
[[nodiscard]] route::Candidate candidate_of(const Asking& asking, const catalog::Model* model,
                                            const catalog::Deployment& deployment);
/// Of a list: those of its members that are the caller's to use.
void add_candidates(const Asking& asking, const catalog::Model& model,
                    CachedVector<route::Candidate>& candidates);
/// Of a request that names no model.
[[nodiscard]] CachedVector<route::Candidate> candidates_of_anybody(const Asking& asking);

/// By which rules they are put in order, with what those need to know of the candidates; needs,
/// incumbent and session are the asker's to add. `model`: null where the request names none;
/// `sort`: by the name's suffix. Lifetime: of all that is given, the question's.
[[nodiscard]] route::Question question_for(const Asking& asking, const catalog::Model* model,
                                           std::optional<llm::RouteSort> sort,
                                           std::span<route::Candidate> candidates);

}  // namespace sluice::gateway
