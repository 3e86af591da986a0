// Deltas of one block are alike but for their text: those behind the first need no parser.
//
//   learned   {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}
//
//   event: content_block_delta
//   data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}   }
//
// What is byte for byte the same up to the text, has a valid JSON string for a text and ends as
// the learned one did says the same but for its text. Anthropic pads events with blanks in front
// of the last brace, against who measures lengths (recorded): those are no difference. Whatever is
// not like that goes the long way.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/json/value.h"

namespace sluice::llm {

class AnthropicDeltaShape {
 public:
  /// Learns the data of a delta, whose index has `top`; what was learned before is forgotten. One
  /// that does not end with its text is not learned.
  void learn(std::string_view data, json::Value top);
  void forget() noexcept { head_.clear(); }

  struct Event {
    json::Text text;
    std::size_t size_bytes;  // with its framing, the empty line included
  };
  /// The event that `stream` begins with, if it is whole and like the learned one. Lifetime: of
  /// `stream`.
  [[nodiscard]] std::optional<Event> first_of(std::string_view stream) const noexcept;

 private:
  std::string head_;  // of an event, its framing included, up to the text; empty: nothing learned
};

}  // namespace sluice::llm
