// The exchange: what happens to one request, stage by stage.
//
//   locate        which operation is asked for                 llm
//   authenticate  who is calling                               policy
//   understand    body, model, stream                          llm
//   plan          which deployments, in what order, and why    route
//   fetch media   what the chat names by URLs, for a provider that fetches nothing
//   attempt       one after the other, fallbacks, hedges and pauses, until the first good event:
//                 the commit point (exchange_attempt.h)
//   relay         bytes or events downstream, with backpressure
//   account       metrics and the access log
//
// Until the commit point nothing was sent to the client and any failure leads to the next
// deployment; after it an attempt is never silently replaced: a stream ends with a typed error
// event, unless others are to go on with it (exchange_rescue.h); an opaque body by breaking the
// connection.
#pragma once
#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ask.h"
#include "attempt.h"
#include "candidates.h"
#include "maybe_error.h"
#include "sluice/base/cached_object.h"
#include "sluice/gateway/gateway.h"
#include "sluice/http/server.h"
#include "sluice/llm/header_wishes.h"
#include "sluice/ring/sleep.h"
#include "sluice/telemetry/access_log.h"

namespace sluice::gateway {

/// Which callers without a gateway key are served.
enum class Anonymous : std::uint8_t {
  refused,
  local_programs,  // not web pages that a browser on this machine shows: policy/local_request.h
  anybody,
};

class Exchange {
 public:
  /// `listener_index`: among the configuration's; data that comes in there may be pinned. Lifetime:
  /// `core` and `downstream` outlive the exchange.
  Exchange(Core& core, std::shared_ptr<Generation> generation, http::ServerExchange& downstream,
           std::size_t listener_index, Anonymous anonymous);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// From the head to the access log. The downstream exchange has its answer, or none is wanted.
  [[nodiscard]] Task<void> run();

  /// An attempt whose good answer was shown whole but not read to its end; null when there is none.
  [[nodiscard]] std::unique_ptr<Attempt> take_unsettled() noexcept;

 private:
  class StreamRescue;
  struct EventRelay;

  // The stages. An error ends the exchange with an error answer.
  Task<bool> reach_commit_point();
  MaybeError locate();
  MaybeError authenticate();
  Task<MaybeError> understand();
  MaybeError understand_form();
  MaybeError understand_json(Ask& ask);
  MaybeError plan();
  void let_go();
  Task<void> relay();
  [[nodiscard]] Task<void> account();

  // Answers.
  Task<void> answer_locally();
  Task<void> answer_estimate();
  Task<void> answer_error(llm::ApiError error);
  Task<void> answer_json(http::StatusCode status, std::string body,
                         std::span<const http::Header> more = {});
  Task<void> relay_whole();
  Task<void> relay_bytes();
  Task<Result<void>> send(SliceChain bytes, http::More more);
  [[nodiscard]] bool went_out(const Result<void>& sent);
  StopToken writing();
  bool start(std::optional<std::uint64_t> length_bytes);

  // The answer that is an event stream. Lifetime of the relay: relay_events()'s frame.
  Task<void> relay_events();
  Task<Result<void>> send_held();
  Task<Result<void>> send_keep_alive();
  void count_events(std::uint32_t count);
  void complete_batch(EventRelay& relay);
  [[nodiscard]] StopToken silence(EventRelay& relay);
  [[nodiscard]] MonotonicTime idle_at(const EventRelay& relay) const noexcept;
  [[nodiscard]] MonotonicTime comment_at(const EventRelay& relay) const noexcept;
  [[nodiscard]] bool make_batch(Result<SliceChain> part, EventRelay& relay);
  enum class End : std::uint8_t { none, told, untold };
  [[nodiscard]] End end_of_exchange();
  [[nodiscard]] bool may_be_rescued(EventRelay& relay);
  Task<bool> go_on_elsewhere(EventRelay& relay);
  llm::ApiError relay_timeout(llm::errors::Deadline which, Duration waited) const;

  // Asking a deployment.
  class AttemptStage;
  AttemptContext& context();
  [[nodiscard]] std::unique_ptr<Attempt> make_attempt(const route::Step& step);
  MaybeError read_chat();
  MaybeError read_for(const Attempt& attempt);
  [[nodiscard]] bool may_lack_files(const Attempt& attempt) const noexcept;
  Task<MaybeError> fetch_media(const catalog::Deployment& deployment, StopToken stop);
  MaybeError prepare(Attempt& attempt);
  [[nodiscard]] bool may_ask(const catalog::Deployment& deployment);
  void count_asked(const catalog::Deployment& deployment, bool is_hedge);
  void start_deadline();
  void shrink_deadline(Duration total);

  // Planning.
  void pin_regions();
  MaybeError resolve_model();
  MaybeError check_fallbacks() const;
  [[nodiscard]] const catalog::Model* model_named(std::string_view name) const noexcept;
  void look_closer(std::span<const route::Candidate> all, route::Strategy strategy);
  void plan_steps();
  void note_plan(const route::Question& question);
  void count_plan();
  [[nodiscard]] bool follows_conversation(route::Strategy strategy) const noexcept;
  [[nodiscard]] const route::RoutingPolicy& policy() const noexcept;
  [[nodiscard]] bool wants_no_fallback() const noexcept;
  [[nodiscard]] std::size_t fallback_count() const noexcept;
  MaybeError turn_to_fallback(std::size_t number);
  MaybeError write_fallback(std::size_t number, Ask& ask);
  void look_for_rescue();
  [[nodiscard]] Asking asking() const noexcept;
  [[nodiscard]] CachedVector<route::Candidate> candidates(const Asking& asking) const;
  [[nodiscard]] bool estimates_here() const;
  [[nodiscard]] llm::ApiError nobody_serves() const;
  [[nodiscard]] bool is_by_id() const noexcept { return !endpoint_.id.empty(); }
  [[nodiscard]] bool own_key_goes_nowhere() const;
  [[nodiscard]] bool estimates_instead() const;
  [[nodiscard]] Payer payer_for(const catalog::Provider& provider) const;
  [[nodiscard]] policy::ProviderCredential credential_for(const catalog::Provider& provider) const;

  // Telling the client who asks for it (routing_trail.h).
  [[nodiscard]] bool shows_routing() const noexcept;
  [[nodiscard]] std::string routing_trail();
  void add_trail(SliceChain& answer);

  // Accounting.
  void note_failure(const llm::ApiError& error);
  void note_client_left();
  void note_shut_down();
  void note_unsent(const Error& error);  // an answer could not be written
  /// `error`: null for the attempt that is shown.
  void record_attempt(Attempt& attempt, MonotonicTime ended, const llm::ApiError* error = nullptr);
  /// Of an attempt that was ended for another's sake, or with the exchange.
  void record_stopped(Attempt& attempt);
  [[nodiscard]] bool is_priced(const Attempt& attempt) const noexcept;
  [[nodiscard]] std::optional<double> cost_of(const Attempt& attempt);
  [[nodiscard]] telemetry::AttemptRecord record_of(const Attempt& attempt, MonotonicTime ended);
  void settle_health(Attempt& attempt, MonotonicTime ended, const llm::ApiError* error);
  void note_refused_credential(const Health::Ticket& ticket, const catalog::Deployment& deployment,
                               upstream::Verdict verdict, Health::Says& says);
  [[nodiscard]] upstream::AttemptEnd end_of(const Attempt& attempt, MonotonicTime ended,
                                            const llm::ApiError* error);
  [[nodiscard]] std::string_view name_of(const catalog::Deployment& deployment) const noexcept;
  [[nodiscard]] telemetry::LabelIndex label_of(const catalog::Model* model) const noexcept;
  [[nodiscard]] Duration since_began(MonotonicTime time) const noexcept;
  [[nodiscard]] telemetry::PhaseTimes phase_times() const noexcept;
  /// What accounting found out, for metrics and log alike.
  struct Account {
    llm::Usage usage;
    std::optional<double> cost_usd;
    telemetry::PhaseTimes times;
  };
  void count(const Account& account);
  void count_spent(const Attempt& attempt) { count_spent(attempt, attempt.usage()); }
  void count_spent(const Attempt& attempt, const llm::Usage& usage);
  void count_received(const Attempt& attempt);
  [[nodiscard]] CachedVector<telemetry::ConsideredRecord> considered_records() const;
  void log(const Account& account);

  Core& core_;
  std::shared_ptr<Generation> generation_;
  const Snapshot& snapshot_;
  http::ServerExchange& downstream_;
  std::size_t listener_index_;
  Anonymous anonymous_;

  telemetry::RequestId own_request_id_{};
  std::string_view request_id_;
  llm::Endpoint endpoint_;
  bool located_ = false;
  std::string_view allow_;  // of a 405
  const policy::Caller* caller_ = nullptr;
  policy::OwnKeys own_keys_;
  llm::HeaderWishes header_wishes_;
  Ask own_;                                          // the request as it came
  Ask* ask_ = &own_;                                 // what is asked now
  std::vector<std::unique_ptr<Ask>> fallback_asks_;  // made when they are turned to
  route::RegionPin pin_;
  MonotonicTime total_at_ = MonotonicTime::max();
  bool total_is_callers_ = false;  // and no bound of the file's
  bool may_rotate_ = false;  // the last attempt failed for its credential, and there are others
  CachedVector<const catalog::Deployment*> asked_;  // each once
  const catalog::Deployment* last_asked_ = nullptr;
  MaybeError unsayable_;  // what the request asks for and some provider cannot be told
  std::optional<ring::Deadline> total_;
  std::unique_ptr<ring::Deadline> last_words_;  // once the server ends
  std::unique_ptr<Attempt> serving_;            // the attempt whose answer is shown
  MaybeError broken_;                           // why its stream, shown in part, is not whole
  const Attempt* priced_ = nullptr;             // price_usd_ is its; for comparison alone
  std::optional<double> price_usd_;
  bool serving_is_recorded_ = false;  // before it was known that it would be

  // The record.
  int status_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t events_before_ = 0;  // of attempts that broke off, and others went on with
  MonotonicTime body_at_{};
  MonotonicTime media_at_{};
  telemetry::EndedBy ended_by_ = telemetry::EndedBy::nobody;
  telemetry::CutCause cut_cause_;  // meaningful unless ended by nobody
  std::string_view reason_ = "complete";
  CachedVector<telemetry::AttemptRecord> attempts_;
  AttemptTimes last_attempt_;
};

// It is held for as long as a stream lasts: what is rare in it is a pointer.
static_assert(sizeof(Exchange) <= 1'280);

}  // namespace sluice::gateway
