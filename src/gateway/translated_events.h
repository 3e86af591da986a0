// The events of a provider that speaks another dialect than the caller: framed, read, and written
// anew in the caller's.
//
//   upstream bytes --SseParser or AwsEventStreamParser--> events --AnswerTranslation--> EventBatch
//
// All that one read brought is written into one run of bytes. Comments of the provider's end here:
// keeping the client's connection alive is the relay's business.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "event_source.h"
#include "sluice/http/aws_event_stream.h"
#include "sluice/http/sse.h"
#include "sluice/json/index.h"
#include "sluice/llm/answer_translation.h"
#include "sluice/llm/chat_translation.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway {

class TranslatedEvents final : public EventSource {
 public:
  struct Config {
    llm::StreamFraming framing;
    std::string_view provider;  // configured name
    std::size_t event_bytes_max;
    telemetry::Metrics& metrics;
    telemetry::LabelIndex label;  // the provider's
  };
  /// Lifetime: everything referred to outlives the source. `index` is scratch.
  TranslatedEvents(json::Index& index, std::unique_ptr<llm::AnswerTranslation> translation,
                   const Config& config);

  void take_part(Result<SliceChain> part, EventBatch& batch) override;
  [[nodiscard]] llm::Usage usage() const noexcept override {
    return translation_ ? translation_->usage() : usage_;
  }
  [[nodiscard]] std::uint64_t events_received() const noexcept override { return received_; }
  [[nodiscard]] std::optional<llm::RepairOutcome> repair_outcome() const noexcept override {
    return translation_ ? translation_->repair_outcome() : std::nullopt;
  }
  [[nodiscard]] const llm::AnswerSoFar* so_far() const noexcept override {
    return translation_ ? translation_->so_far() : nullptr;
  }
  [[nodiscard]] std::unique_ptr<llm::AnswerTranslation> take_translation() noexcept override;

 private:
  void take_slice(http::SseParser& parser, Slice bytes, EventBatch& batch);
  void take_run(Slice& bytes, EventBatch& batch);
  void take_all(http::SseParser& parser, EventBatch& batch);
  void take_all(http::AwsEventStreamParser& parser, EventBatch& batch);
  void take_last(EventBatch& batch);
  void take(std::string_view name, std::string_view data, EventBatch& batch);
  void take_step(llm::AnswerTranslation::Step step, EventBatch& batch);
  void end_with(EventBatch& batch, llm::ApiError error);
  void collect(EventBatch& batch);

  json::Index& index_;
  std::unique_ptr<llm::AnswerTranslation> translation_;  // null: taken
  llm::Usage usage_;                                     // as it was then
  Config config_;
  std::variant<http::SseParser, http::AwsEventStreamParser> parser_;
  std::uint64_t received_ = 0;
  bool ended_ = false;
};

}  // namespace sluice::gateway
