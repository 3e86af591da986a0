// A provider's event stream, as whole events: framed, inspected, ready to be relayed.
//
//   upstream bytes --SseParser--> events --OpenaiStream--> EventBatch (bytes as received)
//
// Bytes go through untouched: events are shared slices of what was received. An event that is not
// wholly there is held back, so a stream that breaks never leaves half an event downstream.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/cached_object.h"
#include "sluice/coro/task.h"
#include "sluice/http/client.h"
#include "sluice/http/sse.h"
#include "sluice/json/index.h"
#include "sluice/llm/openai_stream.h"
#include "sluice/llm/request.h"

namespace sluice::gateway {

/// What one read brought.
struct EventBatch {
  SliceChain bytes;                    // whole events and comments, to be relayed as they are
  std::uint32_t events = 0;            // events in `bytes`
  bool commits = false;                // content, or an orderly end: worth showing to the client
  bool ended = false;                  // nothing follows
  std::optional<llm::ApiError> error;  // with `ended`: why the stream is not complete
  bool error_shown = false;            // the last event of `bytes` says so, in the provider's words

  /// Appends a later batch.
  void append(EventBatch later);
};

class EventSource : public CachedObject {
 public:
  struct Config {
    const llm::Request& request;
    std::string_view provider;    // configured name
    std::string_view request_id;  // added to the first event, with the provider's name
    std::size_t event_bytes_max;
    llm::AnswerShapes& shapes;  // of the deployment
  };
  /// Lifetime: everything referred to outlives the source. `index` is scratch.
  EventSource(http::ClientExchange& upstream, json::Index& index, const Config& config);

  /// Waits for the next read and returns what it completed; may be empty of events. Errors:
  /// cancelled alone, and nothing is lost then: whatever else goes wrong is the batch's `error`.
  [[nodiscard]] Task<Result<EventBatch>> next(StopToken stop);

  [[nodiscard]] const llm::Usage& usage() const noexcept { return stream_.usage(); }
  [[nodiscard]] std::uint64_t events_received() const noexcept { return events_received_; }

 private:
  void take_slice(Slice bytes, EventBatch& batch);
  void take_known(Slice& bytes, EventBatch& batch);
  void take_all(EventBatch& batch);
  void take(http::SseEvent& piece, EventBatch& batch);
  void take_last(EventBatch& batch);
  bool tag(const http::SseEvent& piece, const llm::TagPlace& place, EventBatch& batch);
  void end_with(EventBatch& batch, llm::ApiError error);

  http::ClientExchange& upstream_;
  json::Index& index_;
  Config config_;
  http::SseParser parser_;
  llm::OpenaiStream stream_;
  std::uint64_t events_received_ = 0;
  bool tag_pending_;
  bool ended_ = false;
};

static_assert(sizeof(EventSource) <= ObjectCache::piece_bytes_max);

}  // namespace sluice::gateway
