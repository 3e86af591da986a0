// What an attempt makes of its answer: up to the first good news, or the error.
#include <algorithm>
#include <utility>

#include "attempt.h"
#include "relayed_events.h"
#include "sluice/base/assert.h"
#include "sluice/http/media_type.h"
#include "sluice/http/text.h"
#include "sluice/llm/answer_tag.h"
#include "sluice/llm/anthropic_error.h"
#include "sluice/llm/anthropic_response.h"
#include "sluice/llm/openai_error.h"
#include "sluice/llm/openai_response.h"
#include "sluice/llm/openai_usage.h"
#include "sluice/llm/provider_error.h"
#include "sluice/upstream/rate_headroom.h"
#include "translated_events.h"

namespace sluice::gateway {
namespace {

using telemetry::AttemptOutcome;

// How long the end of an answer, already shown whole, may take before its connection is given up.
constexpr auto settle_timeout = std::chrono::seconds(2);
// Held slices each pin a receive buffer: beyond this many they are copied together.
constexpr std::size_t held_slices_max = 16;

std::string_view value_or_empty(const http::HeaderList& headers, http::FieldName name) {
  return headers.value(name).value_or(std::string_view{});
}

bool is_identity(const http::ResponseHead& head) {
  const std::string_view coding = value_or_empty(head.headers, http::FieldName::content_encoding);
  return coding.empty() || http::equal_ignoring_case(coding, "identity");
}

bool has_media_type(const http::ResponseHead& head, std::string_view essence) {
  return http::has_essence(value_or_empty(head.headers, http::FieldName::content_type), essence);
}

bool names_html(const http::ResponseHead& head) { return has_media_type(head, "text/html"); }

void compact(SliceChain& chain) {
  if (chain.count() <= held_slices_max) return;
  SliceChain one;
  one.push(std::move(chain).gather());
  chain = std::move(one);
}

// Of a limit that does not name its wait, the headers may say when what is used up is there again.
void tell_wait(const http::HeaderList& headers, WallTime now, llm::ApiError& error) {
  const bool is_limit = error.kind == llm::ApiErrorKind::rate_limited ||
                        error.kind == llm::ApiErrorKind::overloaded ||
                        error.kind == llm::ApiErrorKind::quota_exhausted;
  if (!is_limit || error.retry_after_told) return;
  const auto wait = upstream::read_wait(headers, now);
  if (!wait) return;
  error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*wait);
  error.retry_after_told = true;
}

}  // namespace

bool Attempt::usage_may_be_last() const noexcept {
  return form_ == Form::bytes && llm::counts_tokens(context_.endpoint.operation) &&
         is_identity(*head_);
}

void Attempt::read_usage(std::string_view tail) {
  usage_ = llm::find_openai_usage_in_tail(tail, context_.core.index);
  usage_looked_at_ = usage_.known();
}

bool Attempt::usage_unseen() const noexcept {
  return outcome_ == AttemptOutcome::success && form_ != Form::events && !usage_looked_at_ &&
         llm::counts_tokens(context_.endpoint.operation);
}

Task<MaybeError> Attempt::receive(ring::Deadline& first_content, StopToken stop) {
  if (status_ < 200 || status_ > 299) co_return co_await receive_error(stop);
  if (!is_identity(*head_) && !encoding_was_asked_for()) {
    co_return refuse(AttemptOutcome::malformed,
                     llm::errors::upstream_malformed(
                         provider_.name, "it is in a Content-Encoding that was not asked for"));
  }
  MaybeError failed;
  if (streams_events()) {
    failed = co_await receive_events(first_content.token());
  } else if (gone_on_with_) {
    failed = refuse(AttemptOutcome::malformed,
                    llm::errors::upstream_malformed(
                        provider_.name, "it is no event stream, and one is to be gone on with"));
  } else if (has_no_body()) {
    form_ = Form::bytes;
  } else if (names_html(*head_)) {
    failed = refuse(AttemptOutcome::malformed,
                    llm::errors::upstream_malformed(
                        provider_.name, "it answered with a web page where data was expected"));
  } else if (has_media_type(*head_, "application/json") || must_be_json()) {
    failed = co_await receive_whole(first_content.token());
  } else {
    failed = co_await receive_first_bytes(first_content.token());
  }
  if (failed && first_content.passed()) {
    failed = timed_out(llm::errors::Deadline::first_content);
  }
  if (!failed) times_.first_content = loop_.now();
  co_return failed;
}

bool Attempt::streams_events() const {
  const llm::StreamFraming framing = call_ ? call_->framing() : llm::StreamFraming::sse;
  return context_.request.stream && is_identity(*head_) &&
         has_media_type(*head_, llm::media_type(framing));
}

// What cannot be looked into may pass only where the client said that it reads it.
bool Attempt::encoding_was_asked_for() const {
  std::vector<http::Header>& fields = context_.core.fields;
  upstream_request_fields(upstream_fields({}), fields);
  return accepts_encoding(fields,
                          value_or_empty(head_->headers, http::FieldName::content_encoding));
}

// Of HEAD, or of an operation that need not answer with anything.
bool Attempt::has_no_body() const noexcept {
  return exchange_->framing().kind == http::BodyKind::none &&
         (context_.head.method == http::Method::head ||
          !llm::answers_in_json(context_.endpoint.operation));
}

// Whatever its label says, it is looked into: garbage never passes for a success. Events that were
// asked for, but came compressed, are all that cannot be.
bool Attempt::must_be_json() const noexcept {
  if (call_) return true;  // nothing of another dialect is shown as it is
  return llm::answers_in_json(context_.endpoint.operation) &&
         !(context_.request.stream && has_media_type(*head_, "text/event-stream"));
}

Task<MaybeError> Attempt::receive_error(StopToken stop) {
  ring::Deadline deadline(loop_, loop_.now() + deployment_.timeouts.idle, stop);
  // A body that cannot be read leaves the status to speak for itself.
  const Result<Slice> body =
      co_await exchange_->read_whole_body(error_body_bytes_max, deadline.token());
  const http::HeaderList& headers = head_->headers;
  const bool readable = body.has_value() && is_identity(*head_);
  const llm::ProviderAnswer answer{
      .provider = provider_.name,
      .status = status_,
      .body = readable ? body->view() : std::string_view{},
      .retry_after = value_or_empty(headers, http::FieldName::retry_after),
      .retry_after_ms = value_or_empty(headers, http::FieldName::retry_after_ms),
      .should_retry = value_or_empty(headers, http::FieldName::x_should_retry),
      .aws_error_type = headers.value("x-amzn-errortype").value_or(std::string_view{}),
      .received_at = loop_.wall_now(),
      .key_is_callers = credential_.is_callers};
  // It may have been withdrawn before its time.
  if (tokens_ != nullptr && status_ == 401) tokens_->refused(token_number_);
  llm::ApiError error = llm::read_provider_error(answer, context_.core.index);
  tell_wait(headers, answer.received_at, error);
  json::Splice edits;
  if (readable && error_passes(answer, error, edits)) {
    // The client's own mistake, in the client's own dialect: shown as the provider put it.
    held_.bytes = edits.apply(*body);
    form_ = Form::whole;
    refusal_ = std::move(error);
    co_return std::nullopt;
  }
  // A redirect is an answer that no API gives, and is never followed.
  const bool redirects = status_ < 400;
  co_return refuse(redirects ? AttemptOutcome::malformed : telemetry::outcome_of_status(status_),
                   std::move(error));
}

std::unique_ptr<EventSource> Attempt::make_events() {
  const std::size_t event_bytes_max = generation_->snapshot().config.streaming.event_bytes_max;
  if (call_) {
    std::unique_ptr<llm::AnswerTranslation> translation = std::move(gone_on_with_);
    if (translation) {
      translation->go_on(call_->reader(), {.provider = provider_.name,
                                           .region = deployment_.region,
                                           .after = broken_after_,
                                           .cost = call_->cost()});
    } else {
      translation = call_->translation();
    }
    return std::make_unique<TranslatedEvents>(
        context_.core.index, std::move(translation),
        TranslatedEvents::Config{
            .framing = call_->framing(),
            .provider = provider_.name,
            .event_bytes_max = event_bytes_max,
            .metrics = context_.core.metrics,
            .label = generation_->snapshot().provider_labels[provider_.index]});
  }
  return std::make_unique<RelayedEvents>(
      context_.core.index,
      RelayedEvents::Config{.request = context_.request,
                            .dialect = context_.endpoint.dialect,
                            .provider = provider_.name,
                            .request_id = context_.request_id,
                            .event_bytes_max = event_bytes_max,
                            .shapes = generation_->answer_shapes(deployment_)});
}

Task<MaybeError> Attempt::receive_events(StopToken stop) {
  const config::StreamingConfig& limits = generation_->snapshot().config.streaming;
  form_ = Form::events;
  events_ = make_events();
  // Lifecycle events are held back, so that a provider which dies before its first word can still
  // be replaced: but not too many of them, and not for too long.
  std::optional<MonotonicTime> held_since;
  while (true) {
    const MonotonicTime idle_at = loop_.now() + deployment_.timeouts.idle;
    const MonotonicTime let_go_at =
        held_since ? *held_since + std::chrono::milliseconds(limits.held_ms_max)
                   : MonotonicTime::max();
    ring::Deadline deadline(loop_, std::min(idle_at, let_go_at), stop);
    Result<SliceChain> part = co_await exchange_->read_body(deadline.token());
    if (!part && part.error().kind == ErrorKind::cancelled) {
      if (deadline.passed() && let_go_at < idle_at) co_return std::nullopt;
      if (deadline.passed()) co_return timed_out(llm::errors::Deadline::idle);
      co_return explain(part.error());
    }
    events_->take_part(std::move(part), held_);
    if (held_.error && !held_.commits) {
      const AttemptOutcome outcome = outcome_of(*held_.error);
      co_return refuse(outcome, std::move(*held_.error));
    }
    if (held_.commits || held_.ended) co_return std::nullopt;
    if (held_.events > limits.held_events_max || held_.bytes.size_bytes() > limits.held_bytes_max) {
      co_return std::nullopt;
    }
    compact(held_.bytes);
    if (!held_since && held_.events > 0) held_since = loop_.now();
  }
}

Task<MaybeError> Attempt::receive_whole(StopToken stop) {
  const config::StreamingConfig& limits = generation_->snapshot().config.streaming;
  // What is translated cannot be shown as it comes: it is held whole up to what an event may be.
  const std::size_t bytes_max =
      call_ ? std::max(limits.whole_response_bytes_max, limits.event_bytes_max)
            : limits.whole_response_bytes_max;
  const http::Framing& framing = exchange_->framing();
  if (framing.kind == http::BodyKind::length && framing.length_bytes > bytes_max) {
    if (call_) co_return too_large_to_translate();
    co_return co_await receive_first_bytes(stop);
  }
  while (!exchange_->complete()) {
    ring::Deadline idle(loop_, loop_.now() + deployment_.timeouts.idle, stop);
    Result<SliceChain> part = co_await exchange_->read_body(idle.token());
    if (!part) {
      if (idle.passed()) co_return timed_out(llm::errors::Deadline::idle);
      if (part.error().kind == ErrorKind::malformed) co_return explain(part.error());
      co_return refuse(telemetry::outcome_of_error(part.error()),
                       llm::errors::upstream_truncated(provider_.name));
    }
    held_.bytes.append(std::move(*part));
    compact(held_.bytes);
    if (held_.bytes.size_bytes() > bytes_max) {
      if (call_) co_return too_large_to_translate();
      form_ = Form::bytes;  // too large to hold: it is shown as it comes
      co_return std::nullopt;
    }
  }
  co_await loop_.next_stage();
  co_return accept_whole(std::move(held_.bytes).gather());
}

MaybeError Attempt::accept_whole(Slice body) {
  form_ = Form::whole;
  if (call_) return accept_translated(body);
  if (!is_identity(*head_)) {  // compressed for the client: not ours to look into
    held_.bytes.push(std::move(body));
    return std::nullopt;
  }
  llm::ResponseFacts facts = inspect(body.view());
  if (facts.error) return refuse(AttemptOutcome::malformed, std::move(*facts.error));
  usage_ = facts.usage;
  usage_looked_at_ = true;  // known or not: what the provider does not say is not unseen
  const json::Splice tags =
      llm::tag_answer(facts.tag_place, body.size(), context_.request_id, provider_.name);
  held_.bytes = tags.apply(body);
  return std::nullopt;
}

llm::ResponseFacts Attempt::inspect(std::string_view body) {
  switch (context_.endpoint.dialect) {
    case llm::Dialect::openai:
      return llm::inspect_openai_response(context_.request.operation, provider_.name, body,
                                          context_.core.index,
                                          generation_->answer_shapes(deployment_));
    case llm::Dialect::anthropic:
      return llm::inspect_anthropic_response(context_.request.operation, provider_.name, body,
                                             context_.core.index);
  }
  __builtin_unreachable();
}

// Whether the provider's error may be shown as it put it, with these edits.
bool Attempt::error_passes(const llm::ProviderAnswer& answer, const llm::ApiError& error,
                           json::Splice& edits) {
  if (call_) return false;
  switch (context_.endpoint.dialect) {
    case llm::Dialect::openai:
      return llm::openai_error_passes(answer, error, context_.request_id, context_.core.index,
                                      edits);
    case llm::Dialect::anthropic:
      return llm::anthropic_error_passes(answer, error, context_.request_id, context_.core.index,
                                         edits);
  }
  __builtin_unreachable();
}

llm::ApiError Attempt::too_large_to_translate() {
  return refuse(AttemptOutcome::malformed, llm::errors::upstream_malformed(
                                               provider_.name, "it is too large to be held whole"));
}

// A stream that was asked for and came as one answer is written as a stream all the same.
MaybeError Attempt::accept_translated(const Slice& body) {
  TranslatedCall::WholeAnswer answer = call_->read_whole(body.view(), context_.core.index);
  if (llm::counts_tokens(context_.endpoint.operation)) usage_ = answer.usage;
  usage_looked_at_ = true;
  repair_ = answer.repair;
  estimated_ = answer.estimated;
  if (answer.error) return refuse(outcome_of(*answer.error), std::move(*answer.error));
  held_.bytes.push(Slice::take(std::move(answer.bytes)));
  return std::nullopt;
}

Task<MaybeError> Attempt::receive_first_bytes(StopToken stop) {
  form_ = Form::bytes;
  ring::Deadline idle(loop_, loop_.now() + deployment_.timeouts.idle, stop);
  Result<SliceChain> part = co_await exchange_->read_body(idle.token());
  if (!part) {
    if (idle.passed()) co_return timed_out(llm::errors::Deadline::idle);
    co_return explain(part.error());
  }
  held_.bytes.append(std::move(*part));
  co_return std::nullopt;
}

Task<void> Attempt::settle(StopToken stop) {
  ring::Deadline deadline(loop_, loop_.now() + settle_timeout, stop);
  while (!exchange_->complete()) {
    const Result<SliceChain> part = co_await exchange_->read_body(deadline.token());
    if (!part) co_return;  // the connection is dropped, which is all that is at stake
  }
}

}  // namespace sluice::gateway
