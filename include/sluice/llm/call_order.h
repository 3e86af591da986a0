// Lets one tool call after the other through where a provider writes several at once, so that of
// one choice at most one call is open (chat_event.h).
//
//   in    call 0  {"a"    call 1  {"b"   :1}   :2}        (pieces of 0 and 1 by turns)
//   out   call 0  {"a"                   :1}   call 1  {"b":2}
//
// A call that begins while another's arguments are not yet a whole object waits, and so do its
// arguments, until they are, or until something else is said. Arguments for a call that ended
// without them are dropped. What waits is bounded: beyond `waiting_bytes_max` the call in front is
// taken for ended. Choices are not counted here: whoever reads them bounds their number.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// Finds the end of an object, or an array, whose JSON text comes in pieces.
class ObjectEnd {
 public:
  void feed(json::Text text);
  [[nodiscard]] bool seen() const noexcept { return seen_; }

 private:
  std::uint32_t depth_ = 0;
  bool in_string_ = false;
  bool after_backslash_ = false;
  bool seen_ = false;
  bool none_ = false;  // it began with something else
};

class CallOrder {
 public:
  static constexpr std::size_t waiting_bytes_max = std::size_t{8} << 20;

  /// Tells `out` the event, or what waited for it, or nothing yet. False: dropped.
  bool take(const ChatEvent& event, ChatSink& out);

 private:
  struct Waiting {
    std::uint32_t call = 0;
    bool is_custom = false;
    std::string id = {};  // these are escaped
    std::string name = {};
    std::string signature = {};
    std::string arguments = {};
  };
  struct Choice {
    std::uint32_t number = 0;
    std::optional<std::uint32_t> open = {};  // its call
    ObjectEnd end = {};                      // of the open call's arguments
    std::deque<Waiting> waiting = {};
  };

  Choice& choice_of(std::uint32_t number);
  void take_call(const ChatEvent& event, Choice& choice, ChatSink& out);
  bool take_arguments(const ChatEvent& event, Choice& choice, ChatSink& out);
  void let_next_through(Choice& choice, ChatSink& out);
  void let_all_through(Choice& choice, ChatSink& out);

  std::vector<Choice> choices_;
  std::size_t waiting_bytes_ = 0;  // of all choices
};

}  // namespace sluice::llm
