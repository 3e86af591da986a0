// The events of a provider that speaks the caller's dialect: framed, inspected, relayed.
//
//   upstream bytes --SseParser--> events --OpenaiStream or AnthropicStream--> EventBatch (bytes as
//   received)
//
// Bytes go through untouched: events are shared slices of what was received. An event that is not
// wholly there is held back, so a stream that breaks never leaves half an event downstream.
#pragma once
#include <cstdint>
#include <string_view>
#include <variant>

#include "event_source.h"
#include "sluice/http/sse.h"
#include "sluice/json/index.h"
#include "sluice/llm/anthropic_stream.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/openai_stream.h"
#include "sluice/llm/request.h"

namespace sluice::gateway {

class RelayedEvents final : public EventSource {
 public:
  struct Config {
    const llm::Request& request;
    llm::Dialect dialect;
    std::string_view provider;    // configured name
    std::string_view request_id;  // added to the first event, with the provider's name
    std::size_t event_bytes_max;
    llm::AnswerShapes& shapes;  // of the deployment
  };
  /// Lifetime: everything referred to outlives the source. `index` is scratch.
  RelayedEvents(json::Index& index, const Config& config);

  void take_part(Result<SliceChain> part, EventBatch& batch) override;
  [[nodiscard]] llm::Usage usage() const noexcept override {
    return std::visit([](const auto& stream) { return llm::Usage(stream.usage()); }, stream_);
  }
  [[nodiscard]] std::uint64_t events_received() const noexcept override { return events_received_; }

 private:
  void take_slice(Slice bytes, EventBatch& batch);
  void take_known(Slice& bytes, EventBatch& batch);
  void take_all(EventBatch& batch);
  void take(http::SseEvent& piece, EventBatch& batch);
  void take_last(EventBatch& batch);
  bool tag(const http::SseEvent& piece, const llm::TagPlace& place, EventBatch& batch);
  void end_with(EventBatch& batch, llm::ApiError error);
  [[nodiscard]] llm::StreamEnd stands() const noexcept;
  [[nodiscard]] bool is_of_one_choice() const noexcept;

  json::Index& index_;
  Config config_;
  http::SseParser parser_;
  // Of the caller's dialect, which is the provider's.
  std::variant<llm::OpenaiStream, llm::AnthropicStream> stream_;
  std::uint64_t events_received_ = 0;
  bool tag_pending_;
  bool ended_ = false;
};

static_assert(sizeof(RelayedEvents) <= 768, "held for as long as a stream lasts");

}  // namespace sluice::gateway
