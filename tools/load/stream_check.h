// Follows one chat stream event by event and judges it.
//
//   event   known by its bytes?              yes: what it says was read before
//           else read as JSON, and learnt    the next stream's event of this kind is known then
//
// Of 68 events none but the first stream's are read as JSON, and the text events that follow the
// first need no parser either: they are compared with the bytes that are due.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "load/likeness.h"
#include "simulator/text.h"
#include "sluice/json/index.h"

namespace sluice::load {

/// What one event says, as far as the check cares, its text aside.
struct EventSaid {
  bool has_choice = false;
  bool has_role = false;  // the assistant's
  bool has_text = false;
  bool ends = false;  // a finish reason
  bool cut = false;   // and it is "length"
  std::optional<std::int64_t> usage_tokens{};
};

/// What the checks of one generator have learnt from each other's streams.
struct StreamMemory {
  struct Known {
    Likeness like{};
    EventSaid said{};
  };
  json::Index index{};
  // By kind, in a stream's order: anything else (the role), text, finish reason, usage.
  std::array<Known, 4> known{};
};

class StreamCheck {
 public:
  /// `usage_due`: it was asked for, so one event has it; else none may.
  /// Lifetime: `memory` outlives the check.
  StreamCheck(std::uint64_t seed, std::uint32_t tokens_max, bool usage_due,
              StreamMemory& memory) noexcept
      : words_(seed), tokens_max_(tokens_max), usage_due_(usage_due), memory_(memory) {}

  /// Takes the data of the next event. Nothing, or what is wrong with it.
  [[nodiscard]] const char* event(std::string_view data);

  /// Takes the events that `bytes` of the stream begin with, framing included, as long as they are
  /// spelled as the first text event was and hold the text that is due. Their size; 0: none was.
  [[nodiscard]] std::size_t take_due(std::string_view bytes) noexcept;

  /// The body has ended: nothing, or what is missing.
  [[nodiscard]] const char* finish() const noexcept;

  /// Content events so far; each is one token.
  [[nodiscard]] std::uint64_t tokens() const noexcept { return tokens_; }

 private:
  std::expected<EventSaid, const char*> read(std::string_view data, std::string_view& text);
  bool recall(std::string_view data, EventSaid& said, std::string_view& text) noexcept;
  const char* take(const EventSaid& said, std::string_view text);
  const char* take_usage(std::uint64_t tokens);
  const char* take_text(std::string_view text);
  void remember_around(std::string_view data, std::string_view text);

  simulator::Words words_;
  std::uint32_t tokens_max_;
  bool usage_due_;
  StreamMemory& memory_;
  std::size_t kind_ = 0;  // of the last event that was recalled
  std::uint64_t tokens_ = 0;
  bool full_stop_ = false;  // the text has come to its end
  bool cut_ = false;        // finish reason "length"
  bool finished_ = false;   // a finish reason came
  bool role_came_ = false;
  bool usage_came_ = false;
  bool done_ = false;  // [DONE] came
  // What stands around the text of this stream's first text event, framing included. An event with
  // the same around the text that is due says the same of everything else.
  std::string due_front_;
  std::string due_back_;
};

}  // namespace sluice::load
