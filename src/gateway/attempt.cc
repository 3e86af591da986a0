#include "attempt.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include <fmt/ranges.h>

#include "sluice/base/assert.h"
#include "upstream_target.h"

namespace sluice::gateway {

using telemetry::AttemptOutcome;

Attempt::Attempt(const AttemptContext& context, const route::Step& step,
                 policy::ProviderCredential credential, Speech speech)
    : loop_(context.core.loop),
      generation_(context.generation),
      context_(context),
      step_(step),
      deployment_(step.passage.deployment()),
      provider_(*deployment_.provider),
      speech_(speech),
      credential_(credential) {
  SLUICE_ASSERT(speech == Speech::relayed || speech == Speech::translated);
  if (credential.is_callers && provider_.dialect == catalog::Dialect::bedrock) {
    auto key = catalog::parse_aws_key(Secret(std::string(credential.key)));
    if (key) callers_aws_key_ = std::make_unique<const catalog::AwsKey>(std::move(*key));
  }
}

llm::Usage Attempt::usage() const noexcept { return events_ ? events_->usage() : usage_; }

std::optional<llm::RepairOutcome> Attempt::repair_outcome() const noexcept {
  return events_ ? events_->repair_outcome() : repair_;
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

MaybeError Attempt::prepare() {
  std::span<const std::string> dropped;
  if (speech_ == Speech::translated) {
    if (MaybeError refused = write_call()) return refused;
    dropped = call_->dropped();
  } else {
    adapt_to_host();
    if (host_edits_) dropped = host_edits_->dropped;
  }
  if (dropped.empty()) return std::nullopt;
  if (context_.request.every_parameter()) {
    return llm::errors::parameters_unsupported(provider_.name, dropped);
  }
  dropped_ = fmt::to_string(fmt::join(dropped, ", "));
  return std::nullopt;
}

Task<MaybeError> Attempt::run(StopToken stop) {
  times_.started = loop_.now();
  // One timer for both waits: the head of the answer, then its first content.
  const auto most = context_.first_content_max.value_or(deployment_.timeouts.first_content);
  is_callers_patience_ = most < deployment_.timeouts.first_content;
  const auto first_byte = std::min(deployment_.timeouts.first_byte, most);
  const auto first_content = std::min(deployment_.timeouts.first_content, most);
  ring::Deadline deadline(loop_, times_.started + first_byte, stop);
  MaybeError failed = co_await connect_and_send(deadline);
  if (!failed) {
    co_await loop_.next_stage();
    note_headroom();
    deadline.extend(times_.started + first_content);
    failed = co_await receive(deadline, stop);
  }
  // An error answer that passes is shown whole, and yet no success of the provider.
  if (!failed) outcome_ = telemetry::outcome_of_status(status_);
  co_return failed;
}

// --- sending ---

MaybeError Attempt::write_call() {
  auto call = TranslatedCall::write({.request = context_.request,
                                     .chat = context_.chat,
                                     .embeddings = context_.embeddings,
                                     .deployment = deployment_,
                                     .request_id = context_.request_id,
                                     .now = loop_.wall_now()},
                                    context_.core.index);
  if (!call) return std::move(call.error());
  call_ = std::move(*call);
  return std::nullopt;
}

UpstreamRequestFields Attempt::upstream_fields(AuthField auth) const noexcept {
  return {.received = context_.head.headers,
          .provider = provider_,
          .auth = auth,
          .is_callers_account = credential_.is_callers,
          .is_stream = context_.request.stream,
          .is_translated = speech_ == Speech::translated,
          .takes_betas = takes_messages(deployment_)};
}

// Once per attempt, however often it is sent; nothing for a host that is like OpenAI's own API.
void Attempt::adapt_to_host() {
  if (provider_.host.is_plain()) return;
  auto edits = llm::openai_host_edits(context_.request, context_.body.view(), provider_.host,
                                      deployment_.traits, context_.core.index);
  if (edits) host_edits_ = std::make_unique<const llm::HostEdits>(std::move(*edits));
}

Task<MaybeError> Attempt::connect_and_send(ring::Deadline& first_byte) {
  MaybeError refused = co_await pick_credential(first_byte.token());
  // Not before: who was told that another credential is free takes it in the same breath.
  co_await loop_.next_stage();
  if (first_byte.passed()) co_return timed_out(llm::errors::Deadline::first_byte);
  if (refused) co_return refused;
  Result<void> sent = co_await send_on(upstream::ConnectionPool::Use::any, first_byte.token());
  if (!sent && sent.error().retry == Retry::if_reused) {
    // The provider closed a kept-alive connection as we picked it up: nothing was answered, so the
    // request goes out once more, on a connection of its own.
    ++connection_retries_;
    context_.core.metrics.upstream_retries.add();
    sent = co_await send_on(upstream::ConnectionPool::Use::fresh, first_byte.token());
  }
  if (sent) co_return std::nullopt;
  if (first_byte.passed()) {
    llm::ApiError late = timed_out(llm::errors::Deadline::first_byte);
    if (!lease_) outcome_ = AttemptOutcome::exhausted;  // in our own line: nobody was asked
    co_return late;
  }
  if (sent.error().kind == ErrorKind::deadline_exceeded) {
    co_return timed_out(llm::errors::Deadline::connect);
  }
  co_return explain(sent.error());
}

// What the request is signed with; null where a key is sent.
const catalog::AwsKey* Attempt::pick_aws_key() const noexcept {
  if (callers_aws_key_) return callers_aws_key_.get();
  return own_ != nullptr && own_->aws ? &*own_->aws : nullptr;
}

AuthField Attempt::authorisation() {
  if (credential_.is_callers) {
    if (callers_aws_key_) return {};  // signed with, never sent
    const Secret key(std::string(credential_.key));
    const catalog::Auth auth = catalog::auth_of_key(provider_.dialect, provider_.auth, key);
    callers_header_ = catalog::render_auth(auth, key);
    return {.name = auth.header == provider_.auth.header ? std::string_view(provider_.auth.header)
                                                         : catalog::google_key_header,
            .value = callers_header_.reveal()};
  }
  if (tokens_ != nullptr) {
    token_number_ = tokens_->number();
    return {.name = "Authorization", .value = tokens_->header_value().reveal()};
  }
  if (own_ == nullptr) return {};
  return {.name = own_->header.empty() ? provider_.auth.header : own_->header,
          .value = own_->header_value.reveal()};
}

upstream::AwsSignature Attempt::sign(const catalog::AwsKey& key, std::string_view path,
                                     const SliceChain& body) const {
  std::vector<std::string_view> parts;
  for (const Slice& slice : body) parts.push_back(slice.view());
  const std::string hash = upstream::aws_payload_hash(parts);
  const std::array host = {upstream::AwsField{.name = "host", .value = provider_.url.authority}};
  return upstream::sign_aws_request(
      key, {.region = provider_.aws_region, .service = "bedrock"},
      {.method = context_.head.method_text, .path = path, .fields = host, .payload_hash = hash},
      loop_.wall_now());
}

Task<Result<void>> Attempt::send_on(upstream::ConnectionPool::Use use, StopToken stop) {
  exchange_.reset();
  lease_.reset();
  upstream::ConnectionPool& pool = generation_->pool(step_.passage);
  if (use == upstream::ConnectionPool::Use::any) {
    if (auto ready = pool.try_reuse()) lease_.emplace(std::move(*ready));
  }
  if (!lease_) {
    Result<upstream::ConnectionPool::Lease> lease =
        co_await pool.acquire(use, deployment_.timeouts.connect, stop);
    if (!lease) co_return fail(lease.error());
    lease_.emplace(std::move(*lease));
  }
  co_await loop_.next_stage();
  times_.connected = loop_.now();
  const net::ConnectTimings& timings = lease_->timings();
  times_.slot = times_.connected - timings.resolve - timings.connect - timings.tls;

  // Everything below is serialised before send() first suspends: scratch will do.
  std::vector<http::Header>& fields = context_.core.fields;
  upstream_request_fields(upstream_fields(authorisation()), fields);
  std::string& target = context_.core.text;
  target = provider_.url.path_prefix;
  append_upstream_target(deployment_, context_.endpoint, context_.request,
                         call_ ? call_->target() : std::string_view{}, target);
  SliceChain body;
  if (call_) {
    body.push(call_->body().share());
  } else {
    body = relayed_body(deployment_, context_.request, context_.body, host_edits_.get());
  }
  upstream::AwsSignature signature;
  const catalog::AwsKey* const aws_key = pick_aws_key();
  if (aws_key != nullptr) {
    signature = sign(*aws_key, target, body);
    fields.push_back({"Authorization", signature.authorization});
    fields.push_back({"X-Amz-Date", signature.date});
    if (!signature.security_token.empty()) {
      fields.push_back({"X-Amz-Security-Token", signature.security_token.reveal()});
    }
  }
  const http::OutgoingRequest outgoing{.method = context_.head.method_text,
                                       .target = target,
                                       .authority = provider_.url.authority,
                                       .fields = {.own = fields}};
  exchange_.emplace(lease_->connection());
  Result<const http::ResponseHead*> head =
      co_await exchange_->send(outgoing, std::move(body), stop);
  if (!head) co_return fail(head.error());
  head_ = *head;
  status_ = head_->status;
  times_.first_byte = exchange_->first_byte_at();
  co_return Result<void>{};
}

}  // namespace sluice::gateway
