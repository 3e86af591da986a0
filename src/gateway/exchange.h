// The exchange: what happens to one request, stage by stage.
//
//   locate        which operation is asked for                 llm
//   authenticate  who is calling                               policy
//   understand    body, model, stream                          llm
//   plan          which deployments, in what order             catalog
//   fetch media   what the chat names by URLs, for a provider that fetches nothing
//   attempt       one after the other, until the first good event (the commit point)
//   relay         bytes or events downstream, with backpressure
//   account       metrics and the access log
//
// Until the commit point nothing was sent to the client and any failure leads to the next
// deployment; after it an attempt is never replaced: a stream ends with a typed error event, an
// opaque body by breaking the connection.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attempt.h"
#include "media_fetches.h"
#include "sluice/base/cached_object.h"
#include "sluice/gateway/gateway.h"
#include "sluice/http/server.h"
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
  /// Lifetime: `core` and `downstream` outlive the exchange.
  Exchange(Core& core, std::shared_ptr<Generation> generation, http::ServerExchange& downstream,
           Anonymous anonymous);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// From the head to the access log. The downstream exchange has its answer, or none is wanted.
  [[nodiscard]] Task<void> run();

  /// An attempt whose good answer was shown whole but not read to its end; null when there is none.
  [[nodiscard]] std::unique_ptr<Attempt> take_unsettled() noexcept;

 private:
  using MaybeError = std::optional<llm::ApiError>;

  // The stages. An error ends the exchange with an error answer.
  MaybeError locate();
  MaybeError authenticate();
  Task<MaybeError> understand();
  MaybeError understand_form();
  MaybeError plan();
  MaybeError read_chat();
  MaybeError read_to_translate();
  Task<MaybeError> fetch_media(const catalog::Deployment& deployment);
  Task<MaybeError> attempt();
  Task<void> relay();
  void account();

  // Answers.
  Task<void> answer_locally();
  Task<void> answer_estimate();
  Task<void> answer_error(llm::ApiError error);
  Task<void> answer_json(http::StatusCode status, std::string body,
                         std::span<const http::Header> more = {});
  Task<void> relay_whole();
  Task<void> relay_events();
  Task<void> relay_bytes();
  Task<bool> send(SliceChain bytes, http::More more);
  StopToken writing();
  bool start(std::optional<std::uint64_t> length_bytes);
  struct NextEvents {
    EventBatch batch;
    bool stopped = false;  // the client left, as is noted: nothing more is to be said
  };
  Task<NextEvents> next_events(MonotonicTime& last_event_at, MonotonicTime& last_sent_at);
  llm::ApiError relay_timeout(llm::errors::Deadline which, Duration waited) const;

  MaybeError prepare(Attempt& attempt);
  llm::ApiError stopped(MaybeError error) const;

  // Planning.
  [[nodiscard]] bool is_by_id() const noexcept { return !endpoint_.id.empty(); }
  [[nodiscard]] bool own_key_goes_nowhere() const;
  [[nodiscard]] bool estimates_instead() const;
  [[nodiscard]] bool may_reach(const catalog::Deployment& deployment) const;
  [[nodiscard]] policy::ProviderCredential credential_for(const catalog::Provider& provider) const;

  // Accounting.
  void note_failure(const llm::ApiError& error);
  void note_client_left();
  void note_shut_down();
  void note_unsent(const Error& error);  // an answer could not be written
  void record_attempt(const Attempt& attempt, MonotonicTime ended);
  [[nodiscard]] std::string_view name_of(const catalog::Deployment& deployment) const noexcept;
  [[nodiscard]] telemetry::LabelIndex model_label() const noexcept;
  [[nodiscard]] Duration since_began(MonotonicTime time) const noexcept;
  [[nodiscard]] telemetry::PhaseTimes phase_times() const noexcept;
  /// What accounting found out, for metrics and log alike.
  struct Account {
    llm::Usage usage;
    std::optional<double> cost_usd;
    telemetry::PhaseTimes times;
  };
  void count(const Account& account);
  void count_spent(const Attempt& attempt);
  void log(const Account& account);

  Core& core_;
  std::shared_ptr<Generation> generation_;
  const Snapshot& snapshot_;
  http::ServerExchange& downstream_;
  Anonymous anonymous_;

  telemetry::RequestId own_request_id_{};
  std::string_view request_id_;
  llm::Endpoint endpoint_;
  bool located_ = false;
  std::string_view allow_;  // of a 405
  const policy::Caller* caller_ = nullptr;
  policy::OwnKeys own_keys_;
  llm::Request request_;
  Slice body_;
  // The body read whole, for providers of other dialects: one of the two.
  std::optional<llm::ChatRequest> chat_;
  std::optional<llm::EmbeddingsRequest> embeddings_;
  std::unique_ptr<MediaFetches> media_;  // made when first needed, until the commit point
  const catalog::Model* model_ = nullptr;
  CachedVector<const catalog::Deployment*> plan_;
  bool may_estimate_ = false;  // tokens are to be counted, and who serves the model cannot
  std::optional<AttemptContext> context_;
  std::optional<ring::Deadline> total_;
  std::optional<ring::Deadline> last_words_;  // once the server ends
  std::unique_ptr<Attempt> serving_;          // the attempt whose answer is shown

  // The record.
  int status_ = 0;
  std::uint64_t events_ = 0;
  MonotonicTime body_at_{};
  MonotonicTime media_at_{};
  telemetry::EndedBy ended_by_ = telemetry::EndedBy::nobody;
  telemetry::CutCause cut_cause_;  // meaningful unless ended by nobody
  std::string_view reason_ = "complete";
  CachedVector<telemetry::AttemptRecord> attempts_;
  AttemptTimes last_attempt_;
};

}  // namespace sluice::gateway
