#include "failure.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace sluice::gateway {
namespace {

namespace errors = llm::errors;
using llm::ApiError;
using llm::ApiErrorKind;
using std::chrono::milliseconds;
using telemetry::AttemptOutcome;
using upstream::Verdict;

// What a provider says is wrong with the request.
ApiError refused(ApiErrorKind kind, std::string code = "") {
  return {.kind = kind, .status = 400, .code = std::move(code), .upstream_status = 400};
}

// What is wrong with it before any provider was asked.
ApiError refused_here(ApiErrorKind kind, std::string code = "") {
  ApiError error = refused(kind, std::move(code));
  error.upstream_status = 0;
  return error;
}

// As of a 409, or where a provider says that the same may succeed.
ApiError retryable(ApiError error) {
  error.retryable = true;
  return error;
}

ApiError unreachable(ErrorKind kind) {
  return errors::upstream_unreachable("p", {.kind = kind, .fault = Fault::provider});
}

struct ErrorCase {
  std::string_view name;
  ApiError error;
  bool elsewhere;  // may another deployment do better
  bool again;      // may the same one, after a pause
};

const ErrorCase error_cases[] = {
    // Of the provider.
    {"429", errors::upstream_rate_limited("p", std::nullopt), true, true},
    {"no quota left", errors::upstream_quota("p", 402), true, false},
    {"503", errors::upstream_overloaded("p", 503, std::nullopt), true, true},
    {"our key refused", errors::upstream_auth("p", 401), true, false},
    {"our account may not", errors::upstream_forbidden("p", 403), true, false},
    {"500", errors::upstream_failed("p", 500, ""), true, true},
    {"an output that is no JSON", errors::generation_unusable("c", "m", "{"), true, false},
    {"name not resolved", unreachable(ErrorKind::resolve_failed), true, true},
    {"connection refused", unreachable(ErrorKind::connect_failed), true, true},
    {"connection broken", unreachable(ErrorKind::connection_reset), true, true},
    {"bytes that are no HTTP", unreachable(ErrorKind::malformed), true, false},
    {"an answer too large to hold", unreachable(ErrorKind::too_large), true, false},
    {"an answer of no use", errors::upstream_malformed("p", "no JSON"), true, false},
    {"an answer cut off", errors::upstream_truncated("p"), true, true},
    {"a first byte too late",
     errors::upstream_timeout("p", errors::Deadline::first_byte, milliseconds(1)), true, false},
    {"an answer too slow", errors::upstream_timeout("p", errors::Deadline::total, milliseconds(1)),
     true, false},
    // Of the gateway.
    {"no connection free", errors::gateway_overloaded(milliseconds(1)), true, true},
    {"no access token", errors::upstream_token_missing("p", "none"), true, false},
    // Of the client.
    {"a field of no sense", refused_here(ApiErrorKind::bad_request), false, false},
    {"a request refused", refused(ApiErrorKind::bad_request), false, false},
    {"a value refused", refused(ApiErrorKind::bad_request, "invalid_value"), false, false},
    {"a parameter that this one lacks", refused(ApiErrorKind::bad_request, "unsupported_parameter"),
     true, false},
    {"a value that this one lacks", refused(ApiErrorKind::bad_request, "unsupported_value"), true,
     false},
    {"a parameter that we lack", refused_here(ApiErrorKind::bad_request, "unsupported_parameter"),
     false, false},
    {"something else that is unsupported",
     refused(ApiErrorKind::content_filter, "unsupported_parameter"), false, false},
    {"a prompt too long", refused(ApiErrorKind::context_length), false, false},
    {"a content filter", refused(ApiErrorKind::content_filter), false, false},
    {"a body too large", refused(ApiErrorKind::too_large), false, false},
    {"a model that this one lacks",
     [] {
       ApiError error = refused(ApiErrorKind::not_found, "model_not_found");
       error.upstream_status = 404;
       return error;
     }(),
     true, false},
    {"an unknown model", refused(ApiErrorKind::not_found, "model_not_found"), false, false},
    {"the caller's own key refused", errors::caller_key_refused("p", 401), false, false},
    {"a conflict with another request", retryable(refused(ApiErrorKind::bad_request)), true, false},
    {"a body that came too slowly", refused_here(ApiErrorKind::client_timeout), false, false},
};

TEST(Failure, AnotherDeploymentIsAskedUnlessTheRequestIsAtFault) {
  for (const ErrorCase& c : error_cases) {
    EXPECT_EQ(may_go_elsewhere(c.error), c.elsewhere) << c.name;
  }
}

TEST(Failure, TheSameOneIsAskedAgainWhereAPauseMayHelp) {
  for (const ErrorCase& c : error_cases) EXPECT_EQ(may_try_again(c.error), c.again) << c.name;
}

// Between two models with contexts of so many tokens; 0: not known.
struct FallBackCase {
  std::string_view name;
  ApiErrorKind kind;
  std::uint64_t from_tokens, to_tokens;
  bool any;
  bool may;
};
const FallBackCase fall_back_cases[] = {
    {"too long, and the next is larger", ApiErrorKind::context_length, 8'000, 8'001, false, true},
    {"too long, and the next is as large", ApiErrorKind::context_length, 8'000, 8'000, false,
     false},
    {"too long, and the next is smaller", ApiErrorKind::context_length, 8'000, 7'999, false, false},
    {"too long, and the next is not known", ApiErrorKind::context_length, 8'000, 0, false, true},
    {"too long for one not known", ApiErrorKind::context_length, 0, 8'000, false, true},
    {"neither is known", ApiErrorKind::context_length, 0, 0, false, true},
    {"too long for a smaller one, on any error", ApiErrorKind::context_length, 8'000, 1'000, true,
     true},
    {"a content filter", ApiErrorKind::content_filter, 8'000, 9'000, false, false},
    {"a content filter, on any error", ApiErrorKind::content_filter, 8'000, 9'000, true, true},
    {"a request refused", ApiErrorKind::bad_request, 8'000, 9'000, false, false},
    {"a request refused, on any error", ApiErrorKind::bad_request, 8'000, 9'000, true, true},
};

TEST(Failure, AFallbackIsAnotherRequest) {
  for (const FallBackCase& c : fall_back_cases) {
    catalog::Model from, to;
    if (c.from_tokens != 0) from.context_tokens = c.from_tokens;
    if (c.to_tokens != 0) to.context_tokens = c.to_tokens;
    EXPECT_EQ(may_fall_back(refused(c.kind), &from, &to, c.any), c.may) << c.name;
  }
}

TEST(Failure, WhatIsTooLongForAModelIsTooLongForItAgain) {
  const ApiError too_long = refused(ApiErrorKind::context_length);
  const catalog::Model model;
  EXPECT_FALSE(may_fall_back(too_long, &model, &model, false));
  EXPECT_FALSE(may_fall_back(too_long, nullptr, &model, false));
  EXPECT_FALSE(may_fall_back(too_long, &model, nullptr, false));
  EXPECT_FALSE(may_fall_back(too_long, nullptr, nullptr, false));
}

TEST(Failure, WhatMayGoElsewhereMayFallBack) {
  const catalog::Model model;
  for (const ErrorCase& c : error_cases) {
    EXPECT_TRUE(!c.elsewhere || may_fall_back(c.error, &model, &model, false)) << c.name;
    EXPECT_TRUE(may_fall_back(c.error, &model, &model, true)) << c.name;
  }
}

struct VerdictCase {
  std::string_view name;
  AttemptOutcome outcome;
  std::optional<ApiError> error;
  Verdict verdict;
};
const VerdictCase verdict_cases[] = {
    {"a whole answer", AttemptOutcome::success, {}, Verdict::success},
    {"no connection", AttemptOutcome::connect_failed, unreachable(ErrorKind::connect_failed),
     Verdict::unreachable},
    {"no TLS", AttemptOutcome::tls_failed, unreachable(ErrorKind::tls_failed),
     Verdict::unreachable},
    {"too slow", AttemptOutcome::timed_out,
     errors::upstream_timeout("p", errors::Deadline::idle, milliseconds(1)), Verdict::timed_out},
    {"broken off", AttemptOutcome::reset, errors::upstream_truncated("p"), Verdict::reset},
    {"broken off, and shown so", AttemptOutcome::reset, {}, Verdict::reset},
    {"no JSON", AttemptOutcome::malformed, errors::upstream_malformed("p", "no JSON"),
     Verdict::malformed},
    {"the client left", AttemptOutcome::cancelled, {}, Verdict::abandoned},
    {"nothing was sent", AttemptOutcome::exhausted, errors::gateway_overloaded(milliseconds(1)),
     Verdict::abandoned},
    {"429", AttemptOutcome::rate_limited, errors::upstream_rate_limited("p", {}),
     Verdict::rate_limited},
    {"429, not understood", AttemptOutcome::rate_limited, {}, Verdict::rate_limited},
    {"429 that no waiting mends", AttemptOutcome::rate_limited, errors::upstream_quota("p", 429),
     Verdict::quota},
    {"402", AttemptOutcome::refused, errors::upstream_quota("p", 402), Verdict::quota},
    {"401", AttemptOutcome::refused, errors::upstream_auth("p", 401), Verdict::auth_refused},
    {"403", AttemptOutcome::refused, errors::upstream_forbidden("p", 403), Verdict::auth_refused},
    {"the caller's own key refused", AttemptOutcome::refused, errors::caller_key_refused("p", 401),
     Verdict::refused},
    {"400", AttemptOutcome::refused, refused(ApiErrorKind::bad_request), Verdict::refused},
    {"a prompt too long", AttemptOutcome::refused, refused(ApiErrorKind::context_length),
     Verdict::refused},
    {"4xx, not understood", AttemptOutcome::refused, {}, Verdict::refused},
    {"500", AttemptOutcome::failed, errors::upstream_failed("p", 500, ""), Verdict::failed},
    {"5xx, not understood", AttemptOutcome::failed, {}, Verdict::failed},
    {"503", AttemptOutcome::failed, errors::upstream_overloaded("p", 503, {}), Verdict::overloaded},
    // An error in a stream: its status was 200.
    {"a stream that is too long a prompt", AttemptOutcome::failed,
     refused(ApiErrorKind::context_length), Verdict::refused},
    {"a stream that is a 429", AttemptOutcome::failed, errors::upstream_rate_limited("p", {}),
     Verdict::rate_limited},
    {"a stream that is no JSON", AttemptOutcome::failed,
     errors::generation_unusable("json_validate_failed", "", ""), Verdict::refused},
};

TEST(Failure, AnAttemptIsJudgedByHowItEndedAndWhatWasSaid) {
  for (const VerdictCase& c : verdict_cases) {
    const ApiError* const error = c.error ? &*c.error : nullptr;
    EXPECT_EQ(verdict_of(c.outcome, error), c.verdict)
        << c.name << ": " << to_string(verdict_of(c.outcome, error));
  }
}

// Who answered that the request is wrong did its part: whatever a client sends, it opens nobody's
// breaker.
TEST(Failure, NoFaultOfTheClientSpeaksAgainstAProvider) {
  for (const ErrorCase& c : error_cases) {
    if (c.error.fault != Fault::client || c.error.kind == ApiErrorKind::bad_request) continue;
    for (const auto outcome : {AttemptOutcome::refused, AttemptOutcome::failed}) {
      EXPECT_FALSE(upstream::is_failure(verdict_of(outcome, &c.error))) << c.name;
    }
  }
}

TEST(Failure, ABadKeyIsOneThatTheStatusSaysSoOfToo) {
  EXPECT_TRUE(is_key_bad(errors::upstream_auth("p", 401)));
  EXPECT_TRUE(is_key_bad(errors::upstream_auth("p", 403)));
  EXPECT_FALSE(is_key_bad(errors::upstream_auth("p", 400))) << "it may quote the request";
  EXPECT_FALSE(is_key_bad(errors::upstream_forbidden("p", 403)));
  EXPECT_FALSE(is_key_bad(errors::upstream_token_missing("p", "none")));
  EXPECT_FALSE(is_key_bad(errors::caller_key_refused("p", 401)));
}

TEST(Failure, RefusalsOfCredentialsAreCountedByReason) {
  using telemetry::CredentialRefusal;
  EXPECT_EQ(credential_refusal_of(Verdict::auth_refused, true), CredentialRefusal::key);
  EXPECT_EQ(credential_refusal_of(Verdict::auth_refused, false), CredentialRefusal::permission);
  EXPECT_EQ(credential_refusal_of(Verdict::quota, false), CredentialRefusal::quota);
  EXPECT_EQ(credential_refusal_of(Verdict::rate_limited, false), CredentialRefusal::rate);
  EXPECT_EQ(credential_refusal_of(Verdict::failed, false), std::nullopt);
}

}  // namespace
}  // namespace sluice::gateway
