#include "attempt.h"

#include <algorithm>
#include <utility>

#include "header_rules.h"
#include "relayed_events.h"
#include "sluice/base/assert.h"
#include "sluice/http/media_type.h"
#include "sluice/http/text.h"
#include "sluice/llm/answer_tag.h"
#include "sluice/llm/openai_error.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/openai_response.h"
#include "sluice/llm/openai_usage.h"
#include "sluice/llm/provider_error.h"

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

}  // namespace

Attempt::Attempt(const AttemptContext& context, const catalog::Deployment& deployment,
                 policy::ProviderCredential credential)
    : loop_(context.core.loop),
      generation_(context.generation),
      context_(context),
      deployment_(deployment),
      provider_(*deployment.provider),
      credential_(credential) {}

llm::Usage Attempt::usage() const noexcept { return events_ ? events_->usage() : usage_; }

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

llm::ApiError Attempt::refuse(AttemptOutcome outcome, llm::ApiError error) {
  outcome_ = outcome;
  return error;
}

llm::ApiError Attempt::timed_out(llm::errors::Deadline which) {
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - times_.started);
  return refuse(AttemptOutcome::timed_out,
                llm::errors::upstream_timeout(provider_.name, which, waited));
}

llm::ApiError Attempt::explain(const Error& error) {
  const AttemptOutcome outcome = telemetry::outcome_of_error(error);
  if (error.kind == ErrorKind::exhausted) {
    return refuse(outcome, llm::errors::gateway_overloaded(std::chrono::seconds(1)));
  }
  if (error.kind == ErrorKind::malformed || error.kind == ErrorKind::too_large) {
    return refuse(outcome, llm::errors::upstream_malformed(provider_.name, error.what));
  }
  return refuse(outcome, llm::errors::upstream_unreachable(provider_.name, error));
}

Task<std::optional<llm::ApiError>> Attempt::run(StopToken stop) {
  times_.started = loop_.now();
  // One timer for both waits: the head of the answer, then its first content.
  ring::Deadline deadline(loop_, times_.started + deployment_.timeouts.first_byte, stop);
  MaybeError failed = co_await connect_and_send(deadline);
  if (!failed) {
    deadline.extend(times_.started + deployment_.timeouts.first_content);
    failed = co_await receive(deadline, stop);
  }
  // An error answer that passes is shown whole, and yet no success of the provider.
  if (!failed) outcome_ = telemetry::outcome_of_status(status_);
  co_return failed;
}

// --- sending ---

Task<std::optional<llm::ApiError>> Attempt::connect_and_send(ring::Deadline& first_byte) {
  Result<void> sent = co_await send_on(upstream::ConnectionPool::Use::any, first_byte.token());
  if (!sent && sent.error().retry == Retry::if_reused) {
    // The provider closed a kept-alive connection as we picked it up: nothing was answered, so the
    // request goes out once more, on a connection of its own.
    ++connection_retries_;
    context_.core.metrics.upstream_retries.add();
    sent = co_await send_on(upstream::ConnectionPool::Use::fresh, first_byte.token());
  }
  if (sent) co_return std::nullopt;
  if (first_byte.passed()) co_return timed_out(llm::errors::Deadline::first_byte);
  if (sent.error().kind == ErrorKind::deadline_exceeded) {
    co_return timed_out(llm::errors::Deadline::connect);
  }
  co_return explain(sent.error());
}

std::string_view Attempt::authorisation() {
  if (credential_.is_callers) {
    callers_header_ = catalog::render_auth(provider_.auth, Secret(std::string(credential_.key)));
    return callers_header_.reveal();
  }
  // Several keys: one at random, so that each bears its share without the workers agreeing on
  // turns.
  const auto& credentials = provider_.credentials;
  if (credentials.empty()) return {};
  return credentials[loop_.random().below(credentials.size())].header_value.reveal();
}

Task<Result<void>> Attempt::send_on(upstream::ConnectionPool::Use use, StopToken stop) {
  exchange_.reset();
  lease_.reset();
  upstream::ConnectionPool& pool = generation_->pool(provider_);
  if (use == upstream::ConnectionPool::Use::any) {
    if (auto ready = pool.try_reuse()) lease_.emplace(std::move(*ready));
  }
  if (!lease_) {
    Result<upstream::ConnectionPool::Lease> lease =
        co_await pool.acquire(use, deployment_.timeouts.connect, stop);
    if (!lease) co_return fail(lease.error());
    lease_.emplace(std::move(*lease));
  }
  times_.connected = loop_.now();
  const net::ConnectTimings& timings = lease_->timings();
  times_.slot = times_.connected - timings.resolve - timings.connect - timings.tls;

  // Everything below is serialised before send() first suspends: scratch will do.
  std::vector<http::Header>& fields = context_.core.fields;
  upstream_request_fields({.received = context_.head.headers,
                           .provider = provider_,
                           .auth = authorisation(),
                           .is_callers_account = credential_.is_callers,
                           .is_stream = context_.request.stream},
                          fields);
  std::string& target = context_.core.text;
  target = provider_.url.path_prefix;
  target += context_.endpoint.upstream_target();
  const http::OutgoingRequest outgoing{.method = context_.head.method_text,
                                       .target = target,
                                       .authority = provider_.url.authority,
                                       .fields = {.own = fields}};
  SliceChain body =
      llm::openai_upstream_body(context_.request, context_.body, deployment_.upstream_model);
  exchange_.emplace(lease_->connection());
  Result<const http::ResponseHead*> head =
      co_await exchange_->send(outgoing, std::move(body), stop);
  if (!head) co_return fail(head.error());
  head_ = *head;
  status_ = head_->status;
  times_.first_byte = exchange_->first_byte_at();
  co_return Result<void>{};
}

// --- receiving ---

Task<std::optional<llm::ApiError>> Attempt::receive(ring::Deadline& first_content, StopToken stop) {
  if (status_ < 200 || status_ > 299) co_return co_await receive_error(stop);
  if (!is_identity(*head_) && !encoding_was_asked_for()) {
    co_return refuse(AttemptOutcome::malformed,
                     llm::errors::upstream_malformed(
                         provider_.name, "it is in a Content-Encoding that was not asked for"));
  }
  MaybeError failed;
  if (context_.request.stream && is_identity(*head_) &&
      has_media_type(*head_, "text/event-stream")) {
    failed = co_await receive_events(first_content.token());
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

// What cannot be looked into may pass only where the client said that it reads it.
bool Attempt::encoding_was_asked_for() const {
  std::vector<http::Header>& fields = context_.core.fields;
  upstream_request_fields({.received = context_.head.headers,
                           .provider = provider_,
                           .auth = {},
                           .is_callers_account = credential_.is_callers,
                           .is_stream = context_.request.stream},
                          fields);
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
  return llm::answers_in_json(context_.endpoint.operation) &&
         !(context_.request.stream && has_media_type(*head_, "text/event-stream"));
}

Task<std::optional<llm::ApiError>> Attempt::receive_error(StopToken stop) {
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
      .received_at = loop_.wall_now(),
      .key_is_callers = credential_.is_callers};
  llm::ApiError error = llm::read_provider_error(answer, context_.core.index);
  json::Splice edits;
  if (readable &&
      llm::openai_error_passes(answer, error, context_.request_id, context_.core.index, edits)) {
    // The client's own mistake, in the client's own dialect: shown as the provider put it.
    held_.bytes = edits.apply(*body);
    form_ = Form::whole;
    co_return std::nullopt;
  }
  // A redirect is an answer that no API gives, and is never followed.
  const bool redirects = status_ < 400;
  co_return refuse(redirects ? AttemptOutcome::malformed : telemetry::outcome_of_status(status_),
                   std::move(error));
}

Task<std::optional<llm::ApiError>> Attempt::receive_events(StopToken stop) {
  const config::StreamingConfig& limits = generation_->snapshot().config.streaming;
  form_ = Form::events;
  events_ = std::make_unique<RelayedEvents>(
      *exchange_, context_.core.index,
      RelayedEvents::Config{.request = context_.request,
                            .provider = provider_.name,
                            .request_id = context_.request_id,
                            .event_bytes_max = limits.event_bytes_max,
                            .shapes = generation_->answer_shapes(deployment_)});
  // Lifecycle events are held back, so that a provider which dies before its first word can still
  // be replaced: but not too many of them, and not for too long.
  std::optional<MonotonicTime> held_since;
  while (true) {
    const MonotonicTime idle_at = loop_.now() + deployment_.timeouts.idle;
    const MonotonicTime let_go_at =
        held_since ? *held_since + std::chrono::milliseconds(limits.held_ms_max)
                   : MonotonicTime::max();
    ring::Deadline deadline(loop_, std::min(idle_at, let_go_at), stop);
    Result<EventBatch> batch = co_await events_->next(deadline.token());
    if (!batch) {
      if (deadline.passed() && let_go_at < idle_at) co_return std::nullopt;
      if (deadline.passed()) co_return timed_out(llm::errors::Deadline::idle);
      co_return explain(batch.error());
    }
    held_.append(std::move(*batch));
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

Task<std::optional<llm::ApiError>> Attempt::receive_whole(StopToken stop) {
  const std::size_t bytes_max = generation_->snapshot().config.streaming.whole_response_bytes_max;
  const http::Framing& framing = exchange_->framing();
  if (framing.kind == http::BodyKind::length && framing.length_bytes > bytes_max) {
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
      form_ = Form::bytes;  // too large to hold: it is shown as it comes
      co_return std::nullopt;
    }
  }
  co_return accept_whole(std::move(held_.bytes).gather());
}

std::optional<llm::ApiError> Attempt::accept_whole(Slice body) {
  form_ = Form::whole;
  if (!is_identity(*head_)) {  // compressed for the client: not ours to look into
    held_.bytes.push(std::move(body));
    return std::nullopt;
  }
  llm::ResponseFacts facts =
      llm::inspect_openai_response(context_.request.operation, provider_.name, body.view(),
                                   context_.core.index, generation_->answer_shapes(deployment_));
  if (facts.error) return refuse(AttemptOutcome::malformed, std::move(*facts.error));
  usage_ = facts.usage;
  usage_looked_at_ = true;  // known or not: what the provider does not say is not unseen
  const json::Splice tags =
      llm::tag_answer(facts.tag_place, body.size(), context_.request_id, provider_.name);
  held_.bytes = tags.apply(body);
  return std::nullopt;
}

Task<std::optional<llm::ApiError>> Attempt::receive_first_bytes(StopToken stop) {
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
