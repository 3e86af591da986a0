// A generation: one core's own part of a snapshot, the connection pools to its providers, their
// access tokens and what it knows of their answers.
//
// Made when the core takes a snapshot, kept alive by the exchanges that started with it, retired
// (idle connections closed) when the next one comes. Lives on one core.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/catalog/deployment.h"
#include "sluice/gateway/health.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/llm/answer_shapes.h"
#include "sluice/net/connector.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/loop.h"
#include "sluice/route/affinity.h"
#include "sluice/route/region_pin.h"
#include "sluice/telemetry/metrics.h"
#include "sluice/upstream/connection_pool.h"
#include "sluice/upstream/token_holder.h"

namespace sluice::gateway {

/// The TLS client contexts of one core for one snapshot, by provider index; null for plain http.
/// Providers with a CA file of their own have a context of their own.
using TlsContexts = std::vector<std::shared_ptr<const net::TlsClientContext>>;

/// How chats' files are fetched: names that callers choose push no provider's out of a resolver,
/// and their sessions none out of a context.
struct MediaAccess {
  net::Connector* connector = nullptr;  // null: the providers'
  std::shared_ptr<const net::TlsClientContext> tls = nullptr;
};

/// What has become of a credential, for the operator.
struct CredentialNews {
  enum class Kind : std::uint8_t {
    token_missing,  // its access tokens have begun to fail: `problem` says why, without a secret
    token_back,     // they come again
    refused,        // its provider says that it is none: it is not used by this generation any more
  } kind = Kind::token_missing;
  std::string_view provider;   // configured name
  std::size_t credential = 0;  // its position among the provider's
  std::string_view problem = {};
};

class Generation {
 public:
  /// Lifetime: `loop` and the connectors outlive the generation.
  Generation(ring::Loop& loop, net::Connector& connector, std::shared_ptr<const Snapshot> snapshot,
             TlsContexts tls, MediaAccess media = {}, HealthAccess health = {});
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  [[nodiscard]] const Snapshot& snapshot() const noexcept { return *snapshot_; }
  /// Connections go to whom the request's data may go: a passage alone leads to them.
  [[nodiscard]] upstream::ConnectionPool& pool(const route::Passage& passage) noexcept {
    return *pools_[passage.deployment().provider->index];
  }
  [[nodiscard]] Health& health() noexcept { return health_; }
  /// The tokens of a credential of this provider's; null where it is a key.
  [[nodiscard]] upstream::TokenHolder* tokens(const catalog::Provider& provider,
                                              const catalog::Credential& credential) noexcept;
  /// Who was chosen for a model by score the last time; null: nobody yet.
  [[nodiscard]] const catalog::Deployment* incumbent(const catalog::Model& model) const noexcept {
    return incumbents_[snapshot_->position_of(model)];
  }
  void set_incumbent(const catalog::Model& model, const catalog::Deployment& deployment) noexcept {
    incumbents_[snapshot_->position_of(model)] = &deployment;
  }
  /// Who has a conversation; null: nobody, or it has been silent for too long.
  [[nodiscard]] const catalog::Deployment* conversation(
      std::uint64_t key, const route::AffinityPolicy& rules) noexcept;
  void keep_conversation(std::uint64_t key, const catalog::Deployment& deployment);
  /// Keys of conversations are made with it: of this core alone, as the table is.
  [[nodiscard]] std::uint64_t conversation_secret() const noexcept { return conversation_secret_; }
  /// Waits until one of this provider's credentials has a token that can be used, or each has tried
  /// in vain. Error: cancelled.
  [[nodiscard]] Task<Result<void>> wait_for_token(const catalog::Provider& provider,
                                                  StopToken stop);
  /// Takes over what the generation before has and is still good: access tokens, and who rests.
  /// Before
  /// keep_warm().
  void take_over(const Generation& before);
  /// What answers of a deployment look like. Of more than 64 deployments some share: none is then
  /// understood wrongly, only looked at anew more often.
  [[nodiscard]] llm::AnswerShapes& answer_shapes(const catalog::Deployment& deployment);
  using NewsTold = std::function<void(const CredentialNews& news)>;
  /// Keeps the warm connections that providers ask for, their access tokens fresh, and what is
  /// known of their health up to date. Ends by `stop`. `told` may be empty. Lifetime: of `metrics`,
  /// until then.
  [[nodiscard]] Task<void> keep_warm(StopToken stop, telemetry::Metrics& metrics,
                                     NewsTold told = {});
  void retire() noexcept;

  // To fetch what chats name by URLs: from no provider, so by no pool.
  [[nodiscard]] net::Connector& media_connector() noexcept { return *media_.connector; }
  /// Null where no https is to be fetched from.
  [[nodiscard]] const net::TlsClientContext* media_tls() const noexcept { return media_.tls.get(); }
  [[nodiscard]] const http::ClientHttp1Config& http_config() const noexcept { return http_; }

  /// All pools together.
  [[nodiscard]] upstream::ConnectionPoolStats stats() const noexcept;

 private:
  [[nodiscard]] Task<void> keep_health(StopToken stop, const NewsTold& told);

  ring::Loop& loop_;
  std::shared_ptr<const Snapshot> snapshot_;
  TlsContexts tls_;
  MediaAccess media_;
  http::ClientHttp1Config http_;
  std::vector<std::unique_ptr<upstream::ConnectionPool>> pools_;
  Health health_;
  // By provider and credential; null for a key.
  std::vector<std::vector<std::unique_ptr<upstream::TokenHolder>>> tokens_;
  std::uint64_t conversation_secret_;
  route::AffinityTable conversations_;
  std::vector<const catalog::Deployment*> incumbents_;   // by position of the model
  std::vector<const catalog::Deployment*> deployments_;  // by index
  // Up to 150 KiB each, some 20 as a rule; made when first used.
  std::array<std::unique_ptr<llm::AnswerShapes>, 64> answer_shapes_;
};

}  // namespace sluice::gateway
