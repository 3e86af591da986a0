#include "sluice/gateway/generation.h"

#include <algorithm>
#include <utility>

#include "provider_probe.h"
#include "sluice/base/assert.h"
#include "sluice/coro/scope.h"
#include "sluice/ring/sleep.h"
#include "sluice/upstream/endpoint.h"

namespace sluice::gateway {
namespace {

http::ClientHttp1Config http_config_of(const config::Config& config) {
  http::ClientHttp1Config http;
  http.head.head_bytes_max = config.limits.response_head_bytes_max;
  http.head.header_count_max = config.limits.response_head_fields_max;
  http.chunked.extension_bytes_max = config.limits.chunk_extension_bytes_max;
  http.chunked.trailer_bytes_max = config.limits.trailer_bytes_max;
  return http;
}

}  // namespace

Generation::Generation(ring::Loop& loop, net::Connector& connector,
                       std::shared_ptr<const Snapshot> snapshot, TlsContexts tls, MediaAccess media,
                       HealthAccess health)
    : loop_(loop),
      snapshot_(std::move(snapshot)),
      tls_(std::move(tls)),
      media_(std::move(media)),
      http_(http_config_of(snapshot_->config)),
      health_(snapshot_->models, snapshot_->config.health, snapshot_->config.routing,
              std::move(health)),
      conversation_secret_(loop.random().next()),
      conversations_(snapshot_->config.routing.affinity.entries_max),
      incumbents_(snapshot_->models.models().size()),
      deployments_(snapshot_->models.deployment_count()) {
  for (const catalog::Model& model : snapshot_->models.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      deployments_[deployment.index] = &deployment;
    }
  }
  if (media_.connector == nullptr) media_.connector = &connector;
  const auto& providers = snapshot_->models.providers();
  SLUICE_ASSERT(tls_.size() == providers.size());
  for (const auto& provider : providers) {
    pools_.push_back(std::make_unique<upstream::ConnectionPool>(
        loop, connector, tls_[provider->index].get(), upstream::endpoint_of(provider->url),
        provider->pool, http_));
    auto& holders = tokens_.emplace_back();
    for (const catalog::Credential& credential : provider->credentials) {
      holders.push_back(credential.tokens ? std::make_unique<upstream::TokenHolder>(
                                                loop, connector, tls_[provider->index].get(),
                                                *credential.tokens, http_)
                                          : nullptr);
    }
  }
}

namespace {

// Lifetime: who owns `enough` joins this task.
Task<void> wait_until_usable(upstream::TokenHolder& holder, StopSource& enough) {
  (void)co_await holder.wait_until_settled(enough.token());
  if (holder.usable()) enough.request_stop();
}

}  // namespace

upstream::TokenHolder* Generation::tokens(const catalog::Provider& provider,
                                          const catalog::Credential& credential) noexcept {
  const auto position = static_cast<std::size_t>(&credential - provider.credentials.data());
  SLUICE_ASSERT(position < provider.credentials.size());
  return tokens_[provider.index][position].get();
}

// Credentials are few: each looks through all that were.
void Generation::take_over(const Generation& before) {
  health_.take_over(before.health_);
  for (const auto& ours : tokens_) {
    for (const auto& holder : ours) {
      if (holder == nullptr) continue;
      for (const auto& theirs : before.tokens_) {
        for (const auto& old : theirs) {
          if (old != nullptr && old->source().is_same_as(holder->source())) {
            holder->take_over(*old);
          }
        }
      }
    }
  }
}

llm::AnswerShapes& Generation::answer_shapes(const catalog::Deployment& deployment) {
  auto& shapes = answer_shapes_[deployment.index % answer_shapes_.size()];
  if (!shapes) shapes = std::make_unique<llm::AnswerShapes>();
  return *shapes;
}

Task<void> Generation::keep_warm(StopToken stop, telemetry::Metrics& metrics, NewsTold told) {
  Scope scope;
  scope.spawn(keep_health(stop, told));
  for (const auto& pool : pools_) scope.spawn(pool->keep_warm(stop));
  for (const auto& provider : snapshot_->models.providers()) {
    const auto there = std::ranges::find(deployments_, provider.get(),
                                         [](const auto* each) { return each->provider; });
    if (provider->probe_target.empty() || there == deployments_.end()) continue;
    // It carries nobody's data, so no pin binds it.
    const route::Passage passage = *route::RegionPin{}.passage(**there);
    scope.spawn(keep_probing(loop_, *this, passage, metrics, stop));
  }
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    for (std::size_t k = 0; k < tokens_[i].size(); ++k) {
      if (tokens_[i][k] == nullptr) continue;
      // Lifetime: this frame, which joins every holder's task.
      const auto count = [this, &metrics, &told, i, k](const upstream::TokenHolder::Fetch& fetch) {
        metrics.count_token_fetch(
            snapshot_->provider_labels[i],
            fetch.succeeded ? telemetry::TokenFetch::success : telemetry::TokenFetch::failure);
        if (!fetch.turns || !told) return;
        using Kind = CredentialNews::Kind;
        told({.kind = fetch.succeeded ? Kind::token_back : Kind::token_missing,
              .provider = snapshot_->models.providers()[i]->name,
              .credential = k,
              .problem = fetch.succeeded ? std::string_view{} : tokens_[i][k]->problem()});
      };
      scope.spawn(tokens_[i][k]->keep_fresh(stop, count));
    }
  }
  co_await scope.join();
}

const catalog::Deployment* Generation::conversation(std::uint64_t key,
                                                    const route::AffinityPolicy& rules) noexcept {
  const auto deployment =
      conversations_.find(key, loop_.now(), std::chrono::seconds(rules.idle_s_max));
  return deployment ? deployments_[*deployment] : nullptr;
}

void Generation::keep_conversation(std::uint64_t key, const catalog::Deployment& deployment) {
  conversations_.remember(key, deployment.index, loop_.now());
}

// Lifetime: keep_warm() joins this task, and has `told`.
Task<void> Generation::keep_health(StopToken stop, const NewsTold& told) {
  while (true) {
    health_.refresh(loop_.now());
    for (const Health::RefusedCredential& refused : health_.take_refused()) {
      if (!told) continue;
      told({.kind = CredentialNews::Kind::refused,
            .provider = refused.provider->name,
            .credential = refused.credential});
    }
    const Result<void> slept =
        co_await ring::sleep_until(loop_, loop_.now() + Health::refresh_interval, stop);
    if (!slept) co_return;
  }
}

Task<Result<void>> Generation::wait_for_token(const catalog::Provider& provider, StopToken stop) {
  StopSource enough(stop);
  Scope scope;
  for (const auto& holder : tokens_[provider.index]) {
    if (holder != nullptr) scope.spawn(wait_until_usable(*holder, enough));
  }
  co_await scope.join();
  if (stop.stop_requested()) {
    co_return fail(Error{.kind = ErrorKind::cancelled, .what = "waiting for a token cancelled"});
  }
  co_return Result<void>{};
}

void Generation::retire() noexcept {
  for (const auto& pool : pools_) pool->retire();
}

upstream::ConnectionPoolStats Generation::stats() const noexcept {
  upstream::ConnectionPoolStats sum;
  for (const auto& pool : pools_) {
    const upstream::ConnectionPoolStats stats = pool->stats();
    sum.open += stats.open;
    sum.idle += stats.idle;
    sum.waiting += stats.waiting;
    sum.opened += stats.opened;
    sum.reused += stats.reused;
  }
  return sum;
}

}  // namespace sluice::gateway
