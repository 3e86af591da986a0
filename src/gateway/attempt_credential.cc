// Which of the gateway's credentials an attempt is made with, and what its answer says of it.
#include <algorithm>

#include "attempt.h"
#include "sluice/upstream/rate_headroom.h"

namespace sluice::gateway {

using telemetry::AttemptOutcome;

CachedVector<std::uint32_t> tried_at(const AttemptContext& context,
                                     const catalog::Deployment& deployment) {
  CachedVector<std::uint32_t> positions;
  for (const TriedCredential& each : context.tried) {
    if (each.deployment == deployment.index) positions.push_back(each.credential);
  }
  return positions;
}

// Nothing where the caller's own key goes along, or none is asked for.
Task<MaybeError> Attempt::pick_credential(StopToken stop) {
  if (credential_.is_callers || provider_.credentials.empty()) co_return std::nullopt;
  if (take_credential()) co_return std::nullopt;
  if (awaited_token() == nullptr) co_return no_credential();
  // At the start none may be there yet: whichever comes first will do. Of a holder that has failed
  // nothing is to be hoped for within one request.
  const Result<void> waited = co_await generation_->wait_for_token(provider_, stop);
  if (!waited) co_return explain(waited.error());
  if (take_credential()) co_return std::nullopt;
  const upstream::TokenHolder* const missing = awaited_token();
  if (missing == nullptr) co_return no_credential();
  co_return refuse(AttemptOutcome::refused,
                   llm::errors::upstream_token_missing(provider_.name, missing->problem()));
}

// One that waits for its token leaves the turn to those that do not.
bool Attempt::take_credential() {
  const auto& all = provider_.credentials;
  CachedVector<std::uint32_t> left_out = tried_at(context_, deployment_);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const upstream::TokenHolder* const tokens = generation_->tokens(provider_, all[i]);
    if (tokens != nullptr && !tokens->usable()) left_out.push_back(i);
  }
  const std::uint64_t random = all.size() > 1 ? loop_.random().next() : 0;
  const auto taken =
      generation_->health().take_credential(*ticket_, deployment_, left_out, random, loop_.now());
  if (!taken) return false;
  own_ = &all[*taken];
  tokens_ = generation_->tokens(provider_, *own_);
  return true;
}

// Whose token would do if it were there; null: nobody's.
const upstream::TokenHolder* Attempt::awaited_token() const noexcept {
  const auto& all = provider_.credentials;
  const CachedVector<std::uint32_t> tried = tried_at(context_, deployment_);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const upstream::TokenHolder* const tokens = generation_->tokens(provider_, all[i]);
    if (tokens != nullptr && !tokens->usable() && std::ranges::find(tried, i) == tried.end()) {
      return tokens;
    }
  }
  return nullptr;
}

// Others were quicker since the plan was made, or hold all that may be used at once: nobody was
// asked.
llm::ApiError Attempt::no_credential() {
  const MonotonicTime now = loop_.now();
  const auto usable_at = generation_->health().credential_usable_at(deployment_, now);
  if (!usable_at) {
    return refuse(AttemptOutcome::exhausted,
                  llm::errors::credentials_refused(context_.request.model));
  }
  if (*usable_at > now) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*usable_at - now);
    return refuse(AttemptOutcome::exhausted,
                  llm::errors::upstream_rate_limited(provider_.name, wait));
  }
  return refuse(AttemptOutcome::exhausted,
                llm::errors::gateway_overloaded(std::chrono::seconds(1)));
}

// It decides between several, and costs what its headers are long: of one nobody asks.
void Attempt::note_headroom() {
  if (own_ == nullptr || provider_.credentials.size() < 2) return;
  generation_->health().note_headroom(
      *ticket_, upstream::read_rate_headroom(head_->headers, loop_.wall_now()), loop_.now());
}

}  // namespace sluice::gateway
