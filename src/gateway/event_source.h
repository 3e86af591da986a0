// An answer that comes as events, on its way to the client: what each read makes of it.
//
//   relayed_events.h      the provider's own, where it speaks the caller's dialect
//   translated_events.h   the provider's, written anew in the caller's dialect
//
// Reads nothing itself: whoever reads the body shows it each part.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "maybe_error.h"
#include "sluice/base/cached_object.h"
#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/llm/answer_repair.h"
#include "sluice/llm/answer_translation.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/usage.h"

namespace sluice::gateway {

/// What reads brought, until it is sent.
struct EventBatch {
  SliceChain bytes;          // whole events and comments, to be sent as they are
  std::uint32_t events = 0;  // events in `bytes`
  bool commits = false;      // content, or an orderly end: worth showing to the client
  bool ended = false;        // nothing follows
  bool error_shown = false;  // the last event of `bytes` says so, in the provider's words
  MaybeError error;          // with `ended`: why the stream is not complete
};

class EventSource : public CachedObject {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

  /// Takes the next part of the body as it was read, an empty one being its end, or why it cannot
  /// be read on, and puts behind what `batch` holds what is complete with that. Not called again
  /// once a batch has `ended`, nor with a read that was cancelled.
  virtual void take_part(Result<SliceChain> part, EventBatch& batch) = 0;

  /// The last usage seen.
  [[nodiscard]] virtual llm::Usage usage() const noexcept = 0;
  /// Events that came from the provider, shown or not.
  [[nodiscard]] virtual std::uint64_t events_received() const noexcept = 0;
  /// What became of the JSON that was to be mended; nothing: none, or it is not known yet.
  [[nodiscard]] virtual std::optional<llm::RepairOutcome> repair_outcome() const noexcept {
    return std::nullopt;
  }
  /// Of an answer that may be gone on with: what the caller has been shown; null: it may not.
  [[nodiscard]] virtual const llm::AnswerSoFar* so_far() const noexcept { return nullptr; }
  /// The same, for the attempt that goes on with it; null: it may not. The last call of take_part()
  /// was.
  [[nodiscard]] virtual std::unique_ptr<llm::AnswerTranslation> take_translation() noexcept {
    return nullptr;
  }
};

/// Why a stream is not complete whose body could not be read on.
[[nodiscard]] llm::ApiError error_of_read(std::string_view provider, const Error& error);

}  // namespace sluice::gateway
