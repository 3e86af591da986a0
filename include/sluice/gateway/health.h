// Health: how the deployments of a snapshot do, as one core knows it.
//
//   plan     describe() --> breaker, cool-down, ejection, standing: what a candidate is told by
//   attempt  begin() --> Ticket, take_credential() --> end(): verdict, times, tokens, spend
//   refresh  refresh() <--> HealthBoard: this core's share is summed up for all, the rest learnt
//
// What this core sees holds at once: a breaker opens with the failure that opens it. What the
// others see is known a second later. Nothing is shared but the board, each number of which one
// core writes.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/base/clock.h"
#include "sluice/catalog/model_table.h"
#include "sluice/gateway/credential_pool.h"
#include "sluice/route/candidate.h"
#include "sluice/route/policy.h"
#include "sluice/upstream/attempt_budget.h"
#include "sluice/upstream/circuit_breaker.h"
#include "sluice/upstream/cool_down.h"
#include "sluice/upstream/health_board.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/outlier_ejection.h"
#include "sluice/upstream/peak_ewma.h"
#include "sluice/upstream/scoreboard.h"

namespace sluice::gateway {

/// What the cores show each other of the deployments and credentials of one snapshot.
[[nodiscard]] std::shared_ptr<upstream::HealthBoard> make_health_board(
    std::size_t cores, const catalog::ModelTable& models);

/// A core's place on the board.
struct HealthAccess {
  std::shared_ptr<upstream::HealthBoard> board = nullptr;  // null: this core is alone
  std::uint32_t core = 0;
};

/// Whose key an attempt is made with.
enum class Payer : std::uint8_t { gateway, caller };

class Health {
 public:
  /// Lifetime: `models` outlive it.
  Health(const catalog::ModelTable& models, const catalog::HealthPolicy& policy,
         const route::RoutingPolicy& routing, HealthAccess access);
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  /// Takes over what `before` knows at once of deployments that are still there: who rests, or is
  /// slow. A reload must not send everybody to a provider that is down. Who cooled down is asked
  /// again: a new key may be what the reload is for. What was summed up begins anew.
  void take_over(const Health& before);

  /// Takes part in summing up all cores, and judges who is an outlier.
  void refresh(MonotonicTime now);
  /// How often that is to be called. What one core counts takes two refreshes to reach another,
  /// that of who sums it up and its own: so within a second all know.
  static constexpr std::chrono::milliseconds refresh_interval{500};

  /// Puts into a candidate how its deployment stands, its obstacle included unless it has one; for
  /// a caller who pays whatever became of our own credentials. Lifetime: the standing's, until the
  /// next refresh.
  void describe(const catalog::Deployment& deployment, MonotonicTime now,
                route::Candidate& candidate, Payer payer = Payer::gateway) const noexcept;

  /// One attempt under way. Whoever begins one ends it.
  struct Ticket {
    std::uint32_t deployment = 0;
    upstream::CircuitBreaker::Era era = 0;
    std::uint32_t provider = 0;                             // meaningful with a credential
    std::optional<CredentialPool::Ticket> credential = {};  // nothing: made without one of ours
  };
  /// Nothing: it rests or cools down, or another attempt is the probe of who has rested.
  [[nodiscard]] std::optional<Ticket> begin(const catalog::Deployment& deployment,
                                            MonotonicTime now,
                                            Payer payer = Payer::gateway) noexcept;
  /// Its first content is there. A probe has shown what it was to show, however long the rest
  /// takes. `first_content`: of a stream, from the start of the attempt; else below zero.
  void commit(const Ticket& ticket, Duration first_content, MonotonicTime now) noexcept;
  /// Chooses a credential for an attempt that has begun, none of those `left_out`; it is part of
  /// the ticket from then on. Its position among the provider's, or nothing: no other can be used.
  [[nodiscard]] std::optional<std::uint32_t> take_credential(
      Ticket& ticket, const catalog::Deployment& deployment,
      std::span<const std::uint32_t> left_out, std::uint64_t random, MonotonicTime now) noexcept;
  /// What the head of an answer says is left to the credential that was asked with.
  void note_headroom(const Ticket& ticket, const upstream::RateHeadroom& told,
                     MonotonicTime now) noexcept;

  /// What an answer says beside the verdict.
  struct Says {
    std::optional<Duration> wait = {};  // that it names, if it names one
    bool is_key_bad = false;            // see CredentialAnswer
    /// It was refused for its credential, and another one is tried: nothing is held against the
    /// deployment.
    bool others_may_have_it = false;
  };
  void end(const Ticket& ticket, const upstream::AttemptEnd& attempt, const Says& says,
           MonotonicTime now) noexcept;

  /// Of one of its provider's, by its position there.
  [[nodiscard]] upstream::CredentialState credential_state(const catalog::Deployment& deployment,
                                                           std::uint32_t credential,
                                                           MonotonicTime now) const noexcept {
    return credentials_of(deployment).state(own_[deployment.index].row, credential, now);
  }
  [[nodiscard]] bool has_credential(const catalog::Deployment& deployment,
                                    std::span<const std::uint32_t> left_out,
                                    MonotonicTime now) const noexcept {
    return credentials_of(deployment).has_one(own_[deployment.index].row, left_out, now);
  }
  /// When the first of a deployment's credentials can be used: `now` if one can, or as soon as an
  /// attempt ends; nothing: the provider refused them all.
  [[nodiscard]] std::optional<MonotonicTime> credential_usable_at(
      const catalog::Deployment& deployment, MonotonicTime now) const noexcept {
    return credentials_of(deployment).usable_at(own_[deployment.index].row, now);
  }
  /// Credentials that this core has found refused since it was asked last.
  struct RefusedCredential {
    const catalog::Provider* provider = nullptr;
    std::uint32_t credential = 0;  // its position among the provider's
  };
  [[nodiscard]] std::vector<RefusedCredential> take_refused();

  // Probes: requests of the gateway's own that cost nothing, and show whether a provider is there.
  enum class Found : std::uint8_t {
    well,
    failing,
    unclear,  // somebody answers, but neither with what was asked for nor with a failure
  };
  /// Whether one of the provider's deployments rests, or none has been asked for as long as `idle`.
  [[nodiscard]] bool wants_probe(const catalog::Provider& provider, Duration idle,
                                 MonotonicTime now) const noexcept;
  /// What a probe found, for those that rest or are idle: of the others requests know better. A
  /// failure is one to their breakers; who is well need not rest on, but once.
  void note_probe(const catalog::Provider& provider, Found found, Duration idle,
                  MonotonicTime now) noexcept;
  /// The first of a deployment's credentials that can be used, none of those `left_out`.
  [[nodiscard]] std::optional<std::uint32_t> credential_for_probe(
      const catalog::Deployment& deployment, std::span<const std::uint32_t> left_out,
      MonotonicTime now) const noexcept;

  /// Of a deployment: further attempts at it.
  [[nodiscard]] upstream::AttemptBudget& retries(const catalog::Deployment& deployment) noexcept
      SLUICE_LIFETIMEBOUND {
    return own_[deployment.index].retries;
  }
  /// Of this core: second attempts while the first is silent.
  [[nodiscard]] upstream::AttemptBudget& hedges() noexcept SLUICE_LIFETIMEBOUND { return hedges_; }
  [[nodiscard]] const upstream::Standing& standing(
      const catalog::Deployment& deployment) const noexcept SLUICE_LIFETIMEBOUND {
    return scoreboard_.standing(deployment.index);
  }
  /// How long its streams take to their first content just now, as this core sees it; 0: not known.
  [[nodiscard]] double first_content_ms(const catalog::Deployment& deployment,
                                        MonotonicTime now) const noexcept;
  [[nodiscard]] const upstream::CircuitBreaker& breaker(
      const catalog::Deployment& deployment) const noexcept SLUICE_LIFETIMEBOUND {
    return own_[deployment.index].breaker;
  }
  /// The epoch, or a moment that is over: it does not cool down, or is not ejected.
  [[nodiscard]] MonotonicTime cooling_until(const catalog::Deployment& deployment) const noexcept;
  [[nodiscard]] MonotonicTime ejected_until(const catalog::Deployment& deployment) const noexcept {
    return ejection_.ejected_until(deployment.index).value_or(MonotonicTime{});
  }

 private:
  // What this core knows of one deployment by itself.
  struct Own {
    Own(const catalog::HealthPolicy& policy, const upstream::AttemptBudgetConfig& budget) noexcept;
    upstream::CircuitBreaker breaker;
    upstream::CoolDown cool_down;  // what no credential has to wait for
    upstream::PeakEwma first_content;
    upstream::AttemptBudget retries;
    std::uint32_t in_flight = 0;
    std::uint32_t row = 0;  // in the pool of its provider's credentials
    MonotonicTime asked_at{};
    bool failed_by_probe = false;  // and not by an attempt since
    bool was_woken = false;        // by a probe, and has not answered since
  };

  [[nodiscard]] const CredentialPool& credentials_of(
      const catalog::Deployment& deployment) const noexcept {
    return credentials_[deployment.provider->index];
  }
  static void note_failed_probe(Own& own, MonotonicTime now) noexcept;
  static void note_good_probe(Own& own, MonotonicTime now) noexcept;
  static void note_attempt(Own& own, upstream::Verdict verdict) noexcept;
  std::optional<MonotonicTime> end_credential(const Ticket& ticket,
                                              const upstream::AttemptEnd& attempt, const Says& says,
                                              MonotonicTime now) noexcept;

  const catalog::ModelTable& models_;
  std::shared_ptr<upstream::HealthBoard> board_;
  upstream::HealthCounters& counters_;  // of this core, on the board
  upstream::Scoreboard scoreboard_;
  upstream::OutlierEjection ejection_;
  bool ejects_;
  upstream::AttemptBudget hedges_;
  std::vector<Own> own_;                           // by deployment index
  std::vector<CredentialPool> credentials_;        // by provider index
  std::vector<std::vector<std::uint32_t>> peers_;  // deployments of one model each
  std::vector<std::vector<std::uint32_t>> at_;     // deployments by provider index
};

}  // namespace sluice::gateway
