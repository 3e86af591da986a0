// What a failed attempt allows: to ask somebody else, to ask the same one again, and what it says
// of whom it was asked of. Pure.
#pragma once
#include <optional>

#include "sluice/catalog/model_table.h"
#include "sluice/llm/api_error.h"
#include "sluice/telemetry/metrics.h"
#include "sluice/telemetry/outcome.h"
#include "sluice/upstream/verdict.h"

namespace sluice::gateway {

/// Whether another deployment of the same model may do better: whatever is not the request's own
/// fault, and what only this provider has a mind of its own about (a parameter that it lacks).
[[nodiscard]] bool may_go_elsewhere(const llm::ApiError& error) noexcept;

/// The same of a fallback, which is another request: a prompt that was too long for one model may
/// fit a larger one. A content filter is not got around, unless the caller asked for the next one
/// on `any` error.
[[nodiscard]] bool may_fall_back(const llm::ApiError& error, const catalog::Model* from,
                                 const catalog::Model* to, bool any) noexcept;

/// Whether the same deployment may do better after a pause. Not where waiting was the fault: who
/// has used up its time once has had more than its share.
[[nodiscard]] bool may_try_again(const llm::ApiError& error) noexcept;

/// Whether the key that was sent is no key, or one no more. A provider may say so of a 400 as well,
/// but so may a message that quotes the request: on a caller's word no key is thrown away.
[[nodiscard]] bool is_key_bad(const llm::ApiError& error) noexcept;

/// As it is counted; nothing: it was not refused for the gateway's credential.
[[nodiscard]] std::optional<telemetry::CredentialRefusal> credential_refusal_of(
    upstream::Verdict verdict, bool is_key_bad) noexcept;

/// `error`: null for an attempt whose answer was shown.
[[nodiscard]] upstream::Verdict verdict_of(telemetry::AttemptOutcome outcome,
                                           const llm::ApiError* error) noexcept;

}  // namespace sluice::gateway
