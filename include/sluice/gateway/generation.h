// A generation: one core's own part of a snapshot, the connection pools to its providers and what
// it knows of their answers.
//
// Made when the core takes a snapshot, kept alive by the exchanges that started with it, retired
// (idle connections closed) when the next one comes. Lives on one core.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/catalog/deployment.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/llm/answer_shapes.h"
#include "sluice/net/connector.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/loop.h"
#include "sluice/upstream/connection_pool.h"

namespace sluice::gateway {

/// The TLS client contexts of one core for one snapshot, by provider index; null for plain http.
/// Providers with a CA file of their own have a context of their own.
using TlsContexts = std::vector<std::shared_ptr<const net::TlsClientContext>>;

class Generation {
 public:
  /// Lifetime: `loop` and `connector` outlive the generation.
  Generation(ring::Loop& loop, net::Connector& connector, std::shared_ptr<const Snapshot> snapshot,
             TlsContexts tls);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  [[nodiscard]] const Snapshot& snapshot() const noexcept { return *snapshot_; }
  [[nodiscard]] upstream::ConnectionPool& pool(const catalog::Provider& provider) noexcept {
    return *pools_[provider.index];
  }
  /// What answers of a deployment look like. Of more than 64 deployments some share: none is then
  /// understood wrongly, only looked at anew more often.
  [[nodiscard]] llm::AnswerShapes& answer_shapes(const catalog::Deployment& deployment);
  /// Keeps the warm connections that providers ask for. Ends by `stop`.
  [[nodiscard]] Task<void> keep_warm(StopToken stop);
  void retire() noexcept;
  /// All pools together.
  [[nodiscard]] upstream::ConnectionPoolStats stats() const noexcept;

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  TlsContexts tls_;
  std::vector<std::unique_ptr<upstream::ConnectionPool>> pools_;
  // Up to 150 KiB each, some 20 as a rule; made when first used.
  std::array<std::unique_ptr<llm::AnswerShapes>, 64> answer_shapes_;
};

}  // namespace sluice::gateway
