// The credentials of one provider, as one core knows them: whose turn it is, and what became of it.
//
//   begin() --> Ticket --> note_headroom() --> end(): verdict, wait, whether the key itself is bad
//
// One pool per provider and core. A row is one deployment of the provider's: what is asked too
// often there may be had with the same key elsewhere (upstream/credential_choice.h). What concerns
// a key everywhere the other cores are told by way of the counters.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/catalog/deployment.h"
#include "sluice/upstream/credential_choice.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/scoreboard.h"

namespace sluice::gateway {

class CredentialPool {
 public:
  /// One attempt under way. Whoever begins one ends it.
  struct Ticket {
    std::uint32_t row = 0;
    std::uint32_t credential = 0;  // its position among the provider's
    std::optional<upstream::CircuitBreaker::Era> era = {};
  };

  /// `first`: the number of the provider's first credential in `counters`, and on scoreboards.
  /// Lifetime: `counters` outlive it.
  CredentialPool(const catalog::Provider& provider, std::size_t rows,
                 upstream::HealthTable& counters, std::size_t first);

  [[nodiscard]] bool empty() const noexcept { return limits_.empty(); }

  /// The credential for an attempt, none of those `left_out`; nothing: no other can be used.
  [[nodiscard]] std::optional<Ticket> begin(std::uint32_t row,
                                            std::span<const std::uint32_t> left_out,
                                            std::uint64_t random, MonotonicTime now) noexcept;
  /// Whether begin() would have one.
  [[nodiscard]] bool has_one(std::uint32_t row, std::span<const std::uint32_t> left_out,
                             MonotonicTime now) const noexcept;
  /// What the head of its answer says is left.
  void note_headroom(const Ticket& ticket, const upstream::RateHeadroom& told,
                     MonotonicTime now) noexcept;
  /// `attempt.verdict` is that on the credential, which need not be that on the deployment.
  void end(const Ticket& ticket, const upstream::AttemptEnd& attempt, std::optional<Duration> wait,
           bool is_key_bad, MonotonicTime now) noexcept;

  /// When the first of them can be used at that deployment: `now` if one can, or as soon as an
  /// attempt ends; nothing: the provider refused them all.
  [[nodiscard]] std::optional<MonotonicTime> usable_at(std::uint32_t row,
                                                       MonotonicTime now) const noexcept;
  [[nodiscard]] upstream::CredentialState state(std::uint32_t row, std::uint32_t credential,
                                                MonotonicTime now) const noexcept;

  /// Leaves out whom another core found refused. To be called after each refresh.
  void heed(const upstream::Scoreboard& scoreboard) noexcept;
  /// Those that this core has found refused since it was asked last.
  [[nodiscard]] std::vector<std::uint32_t> take_refused() noexcept {
    return std::exchange(refused_, {});
  }

 private:
  [[nodiscard]] upstream::CredentialView view(std::uint32_t row) const noexcept;
  [[nodiscard]] upstream::CredentialUse& use_of(const Ticket& ticket) noexcept {
    return uses_[ticket.row * limits_.size() + ticket.credential];
  }

  upstream::HealthTable& counters_;
  std::size_t first_;
  std::vector<upstream::CredentialLimits> limits_;
  std::vector<upstream::CredentialHealth> healths_;
  std::vector<upstream::CredentialUse> uses_;  // row by row
  std::vector<std::uint32_t> refused_;
};

}  // namespace sluice::gateway
