// One attempt: one try to have a request answered by one deployment, up to its first good news.
//
//   connection -> send -> head -> [error | whole answer | first content event | first bytes]
//
// Until run() has succeeded nothing of it may be shown to the client: a failed attempt leaves no
// trace but its record. Destroying an attempt under way closes its connection at once.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event_source.h"
#include "header_rules.h"
#include "maybe_error.h"
#include "sluice/base/cached_object.h"
#include "sluice/catalog/deployment.h"
#include "sluice/gateway/gateway.h"
#include "sluice/http/client_http1.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/openai_host_edits.h"
#include "sluice/llm/openai_response.h"
#include "sluice/llm/provider_answer.h"
#include "sluice/llm/request.h"
#include "sluice/policy/own_key.h"
#include "sluice/ring/sleep.h"
#include "sluice/route/plan.h"
#include "sluice/telemetry/outcome.h"
#include "sluice/upstream/aws_signature.h"
#include "sluice/upstream/connection_pool.h"
#include "speech.h"
#include "translated_call.h"

namespace sluice::gateway {

/// One that a provider refused an attempt at that deployment for: index, and position among the
/// provider's.
struct TriedCredential {
  std::uint32_t deployment = 0;
  std::uint32_t credential = 0;
};

/// What every attempt of an exchange needs to know of it. Lifetime: the exchange's.
struct AttemptContext {
  Core& core;
  const std::shared_ptr<Generation>& generation;
  const http::RequestHead& head;
  const llm::Endpoint& endpoint;
  const llm::Request& request;
  const Slice& body;
  std::string_view request_id;
  // One of them is set before the first attempt that is translated.
  const llm::ChatRequest* chat = nullptr;
  const llm::EmbeddingsRequest* embeddings = nullptr;
  /// To its first content an attempt has no longer than this, as the caller would have it.
  std::optional<std::chrono::milliseconds> first_content_max = std::nullopt;
  /// With these a deployment is not tried again while it is its turn.
  CachedVector<TriedCredential> tried = {};
};

/// The positions of those that were tried at a deployment.
[[nodiscard]] CachedVector<std::uint32_t> tried_at(const AttemptContext& context,
                                                   const catalog::Deployment& deployment);

/// When the steps of an attempt were done; the epoch: not reached.
struct AttemptTimes {
  MonotonicTime started{};
  MonotonicTime slot{};       // the pool had a connection or room for one
  MonotonicTime connected{};  // equals `slot` for a reused connection
  MonotonicTime first_byte{};
  MonotonicTime first_content{};
};

/// The outcome of an attempt that ends with this error after a good head.
[[nodiscard]] inline telemetry::AttemptOutcome outcome_of(const llm::ApiError& error) noexcept {
  return error.cause ? telemetry::outcome_of_error({.kind = *error.cause})
                     : telemetry::AttemptOutcome::failed;
}

// Made once per request, as a coroutine frame is, so it has its memory where they have theirs.
class Attempt : public CachedObject {
 public:
  /// Of a provider's error answer: more is read to nobody's use.
  static constexpr std::size_t error_body_bytes_max = 256 * 1024;

  /// `speech` is not none.
  Attempt(const AttemptContext& context, const route::Step& step,
          policy::ProviderCredential credential, Speech speech);
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// Whether the context's `chat` or `embeddings` must be there before prepare().
  [[nodiscard]] bool is_translated() const noexcept { return speech_ == Speech::translated; }
  /// Writes the request as this provider takes it. An error is the client's to mend, or what this
  /// provider cannot be told: nothing was sent. To be called once, before run().
  [[nodiscard]] MaybeError prepare();

  /// The answer is to go on with one that broke off, for this reason: its translation is this
  /// attempt's now, until somebody takes it back. To be called before run(). Lifetime of `after`:
  /// static.
  void go_on_with(std::unique_ptr<llm::AnswerTranslation> broken, std::string_view after) noexcept {
    gone_on_with_ = std::move(broken);
    broken_after_ = after;
  }
  /// What the caller has been shown of a stream that another attempt may go on with; null: of this
  /// one nobody can.
  [[nodiscard]] const llm::AnswerSoFar* so_far() const noexcept {
    return events_ ? events_->so_far() : nullptr;
  }
  /// Its translation, for that attempt.
  [[nodiscard]] std::unique_ptr<llm::AnswerTranslation> take_translation() noexcept {
    return gone_on_with_ ? std::move(gone_on_with_) : events_->take_translation();
  }

  /// Nothing when there is an answer to show; else why not. When `stop` stopped, the error means
  /// nothing.
  [[nodiscard]] Task<MaybeError> run(StopToken stop);

  /// Of an answer that is the provider's refusal in its own words: what it means; null otherwise.
  [[nodiscard]] const llm::ApiError* refusal() const noexcept { return refusal_.get(); }

  /// What was sent is not needed any more: it will not be sent again.
  void let_go() noexcept {
    host_edits_.reset();
    if (call_) call_->let_go();
  }

  enum class Form : std::uint8_t {
    whole,   // `held().bytes` is the whole body
    events,  // an event stream: held() first, then read_body(), through events().take_part()
    bytes,   // an opaque body: held().bytes first, then upstream().read_body()
  };
  [[nodiscard]] Form form() const noexcept { return form_; }
  /// The request as it was written anew; null where it is relayed.
  [[nodiscard]] const TranslatedCall* call() const noexcept { return call_.get(); }
  /// The answer's head; its views live as long as the attempt.
  [[nodiscard]] const http::ResponseHead& head() const noexcept { return *head_; }
  /// What was received and is not shown yet: all of it up to the commit point, and of an event
  /// stream what came with each read after it.
  [[nodiscard]] EventBatch& held() noexcept { return held_; }
  [[nodiscard]] EventSource& events() noexcept { return *events_; }
  [[nodiscard]] const EventSource& events() const noexcept { return *events_; }
  [[nodiscard]] http::ClientExchange& upstream() noexcept { return *exchange_; }
  [[nodiscard]] const http::ClientExchange& upstream() const noexcept { return *exchange_; }
  [[nodiscard]] bool has_upstream() const noexcept { return exchange_.has_value(); }

  [[nodiscard]] const catalog::Deployment& deployment() const noexcept { return deployment_; }
  /// The model it is asked for as; null: the request names none.
  [[nodiscard]] const catalog::Model* model() const noexcept { return step_.model; }
  [[nodiscard]] const AttemptTimes& times() const noexcept { return times_; }
  [[nodiscard]] telemetry::AttemptOutcome outcome() const noexcept { return outcome_; }
  void set_outcome(telemetry::AttemptOutcome outcome) noexcept { outcome_ = outcome; }
  [[nodiscard]] int status() const noexcept { return status_; }
  /// The tokens it used, as far as known.
  [[nodiscard]] llm::Usage usage() const noexcept;
  /// What became of the JSON that was to be mended; nothing: none was, or nobody got that far.
  [[nodiscard]] std::optional<llm::RepairOutcome> repair_outcome() const noexcept;
  /// Of an answer in `bytes`: whether its end should be shown to read_usage().
  [[nodiscard]] bool usage_may_be_last() const noexcept;
  void read_usage(std::string_view tail);
  /// Whether tokens were used that usage() knows nothing of, because nobody could look.
  [[nodiscard]] bool usage_unseen() const noexcept;
  /// Members of the request's body that the host does not get, as a list for a header; may be
  /// empty.
  [[nodiscard]] std::string_view dropped() const noexcept { return dropped_; }
  /// What is begun with an attempt for the health of its deployment, and ends with it.
  void hold(const Health::Ticket& ticket) noexcept { ticket_ = ticket; }
  [[nodiscard]] const std::optional<Health::Ticket>& ticket() const noexcept { return ticket_; }
  [[nodiscard]] std::optional<Health::Ticket> take_ticket() noexcept {
    return std::exchange(ticket_, std::nullopt);
  }
  /// Whether the caller waits for its first content less long than the file says.
  [[nodiscard]] bool is_callers_patience() const noexcept { return is_callers_patience_; }
  /// Whether an access token of the gateway's goes along: short-lived, and fetched anew.
  [[nodiscard]] bool sends_token() const noexcept { return tokens_ != nullptr; }
  [[nodiscard]] bool is_on_callers_account() const noexcept { return credential_.is_callers; }
  /// The member of the answer's usage that is estimated; may be empty.
  [[nodiscard]] std::string_view estimated() const noexcept { return estimated_; }
  [[nodiscard]] std::uint32_t connection_retries() const noexcept { return connection_retries_; }

  /// Reads what is left of an answer that was shown whole, so that its connection can be reused.
  /// The exchange may be over by then. Lifetime: whoever owns the attempt joins this task.
  [[nodiscard]] Task<void> settle(StopToken stop);
  /// Whether settle() has anything to do.
  [[nodiscard]] bool settled() const noexcept { return !exchange_ || exchange_->complete(); }

 private:
  MaybeError write_call();
  // Lifetime of the deadlines: run()'s frame, which awaits both tasks.
  Task<MaybeError> connect_and_send(ring::Deadline& first_byte);
  Task<MaybeError> pick_credential(StopToken stop);
  bool take_credential();
  [[nodiscard]] const upstream::TokenHolder* awaited_token() const noexcept;
  llm::ApiError no_credential();
  void note_headroom();
  Task<Result<void>> send_on(upstream::ConnectionPool::Use use, StopToken stop);
  Task<MaybeError> receive(ring::Deadline& first_content, StopToken stop);
  Task<MaybeError> receive_error(StopToken stop);
  Task<MaybeError> receive_events(StopToken stop);
  Task<MaybeError> receive_whole(StopToken stop);
  Task<MaybeError> receive_first_bytes(StopToken stop);
  MaybeError accept_whole(Slice body);
  llm::ResponseFacts inspect(std::string_view body);
  bool error_passes(const llm::ProviderAnswer& answer, const llm::ApiError& error,
                    json::Splice& edits);
  MaybeError accept_translated(const Slice& body);
  [[nodiscard]] std::unique_ptr<EventSource> make_events();
  [[nodiscard]] bool streams_events() const;
  [[nodiscard]] UpstreamRequestFields upstream_fields(AuthField auth) const noexcept;
  [[nodiscard]] llm::ApiError too_large_to_translate();
  void adapt_to_host();
  [[nodiscard]] bool has_no_body() const noexcept;
  [[nodiscard]] bool must_be_json() const noexcept;
  [[nodiscard]] const catalog::AwsKey* pick_aws_key() const noexcept;
  [[nodiscard]] AuthField authorisation();
  [[nodiscard]] upstream::AwsSignature sign(const catalog::AwsKey& key, std::string_view path,
                                            const SliceChain& body) const;
  [[nodiscard]] bool encoding_was_asked_for() const;
  [[nodiscard]] llm::ApiError explain(const Error& error);
  [[nodiscard]] llm::ApiError timed_out(llm::errors::Deadline which);
  [[nodiscard]] llm::ApiError refuse(telemetry::AttemptOutcome outcome, llm::ApiError error);

  ring::Loop& loop_;
  std::shared_ptr<Generation> generation_;  // settle() may outlive the exchange
  const AttemptContext& context_;           // until the exchange ends
  route::Step step_;
  const catalog::Deployment& deployment_;
  const catalog::Provider& provider_;
  std::optional<Health::Ticket> ticket_;
  Speech speech_;
  policy::ProviderCredential credential_;
  std::unique_ptr<const catalog::AwsKey> callers_aws_key_;  // where it is one
  Secret callers_header_;  // the auth header's value made of the caller's own key
  // Of the gateway's own, for one sending; null where the caller's is sent, or none.
  const catalog::Credential* own_ = nullptr;
  upstream::TokenHolder* tokens_ = nullptr;  // where `own_` is no key
  std::uint32_t token_number_ = 0;           // the one that was sent

  std::unique_ptr<const llm::HostEdits> host_edits_;  // null: the request's own will do
  std::string dropped_;
  std::string_view estimated_;

  std::optional<upstream::ConnectionPool::Lease> lease_;
  std::optional<http::ClientHttp1::Exchange> exchange_;
  const http::ResponseHead* head_ = nullptr;
  std::unique_ptr<TranslatedCall> call_;
  std::unique_ptr<llm::AnswerTranslation> gone_on_with_;  // until its own answer begins
  std::string_view broken_after_;
  std::unique_ptr<EventSource> events_;  // of an event stream
  EventBatch held_;
  llm::Usage usage_;
  std::optional<llm::RepairOutcome> repair_;  // of a whole answer
  AttemptTimes times_;
  Form form_ = Form::whole;
  bool usage_looked_at_ = false;
  telemetry::AttemptOutcome outcome_ = telemetry::AttemptOutcome::cancelled;
  MaybeError refusal_;
  int status_ = 0;
  std::uint32_t connection_retries_ = 0;
  bool is_callers_patience_ = false;
};

// One is held for as long as a stream lasts, of whose 12 KiB it may take this much.
static_assert(sizeof(Attempt) <= 1'024);

}  // namespace sluice::gateway
