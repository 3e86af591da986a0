// Writes chat events as an answer in the caller's dialect, each dialect by writers of its own: one
// for streams, which writes each event as it comes, and one for whole answers, which writes at the
// end.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// What an answer says beside the model's words. Lifetime of the views: the writer's.
struct AnswerFrame {
  std::string_view request_id = {};
  std::string_view provider = {};  // configured name
  std::string_view model = {};     // the caller's name for it
  std::int64_t created = 0;        // seconds since 1970
  bool usage_shown = true;         // a stream's usage is shown only where it was asked for
  bool reasoning_shown = true;     // else it is left out
  /// US dollars for these tokens, or nothing where that is not known; null: cost is not shown.
  struct Cost {
    const void* context = nullptr;
    std::optional<double> (*of)(const void* context, const Usage& usage) = nullptr;
  } cost = {};
};

/// Another provider goes on with an answer that broke off (continuation.h).
struct Continued {
  std::string_view provider = {};  // configured name
  std::string_view region = {};    // where it serves; may be empty
  std::string_view after = {};     // the kind of error that the first one ended with
  AnswerFrame::Cost cost = {};     // of its tokens, from now on
};

class ChatWriter : public ChatSink {
 public:
  /// The answer is whole: writes what comes behind the last event. Call once, after `finished` of
  /// every choice. A stream that fails is not ended: the error event is its last.
  virtual void end() = 0;

  /// Marks the place in a stream where another provider goes on, for whoever wants to know: clients
  /// pass over it.
  virtual void mark_continued([[maybe_unused]] const Continued& mark) {}

  /// What was told of usage was another provider's count.
  virtual void forget_usage() noexcept {}

  /// The writer holds more of the answer than it may: the answer has failed.
  [[nodiscard]] virtual bool is_overfull() const noexcept { return false; }

  /// About so many bytes will be written before they are taken.
  void expect(std::size_t bytes) { out_.reserve(bytes); }
  /// What is written and not yet taken: whole events of a stream; the whole answer after end().
  [[nodiscard]] std::string take_bytes() noexcept { return std::exchange(out_, {}); }
  [[nodiscard]] bool has_bytes() const noexcept { return !out_.empty(); }
  /// How many events of a stream were written so far.
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

 protected:
  std::string out_ = {};
  std::uint64_t events_ = 0;
};

}  // namespace sluice::llm
