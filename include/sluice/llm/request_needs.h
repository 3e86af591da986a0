// What a request needs of the model and the host that serve it: what it can do, and how much fits.
//
// Of a body that is only indexed, in one scan over its top, its messages and their parts, without
// reading the chat. It looks at 10,000 parts and items at most; what comes behind those is as if it
// were not there, and the provider judges it. Call it where there is a choice, or a limit to hold a
// request against. What is malformed needs nothing.
#pragma once
#include <cstdint>
#include <optional>

#include "sluice/json/value.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

struct RequestNeeds {
  bool tools = false;           // some are defined
  bool parallel_tools = false;  // more than one call at once is asked for in so many words
  bool images = false;          // to be seen
  bool audio = false;           // to be heard, or to be spoken
  bool files = false;           // documents
  bool json_schema = false;     // the answer is to fit one
  bool json_object = false;     // or is to be JSON at all
  bool reasoning = false;       // asked for, in whatever way

  // How much the model reads, by the bytes of messages, system and tools; media are counted by
  // the piece. Prose and code have 3 to 5 bytes a token, so `likely` is a quarter of the bytes, and
  // 1,300 for each image. A request has no fewer than `min` (a twelfth: long runs of blanks) and,
  // media apart, no more than `max` (each byte one). Money is never counted by these.
  std::uint64_t input_tokens_min = 0;
  std::uint64_t input_tokens_likely = 0;
  std::uint64_t input_tokens_max = 0;
  std::optional<std::uint64_t> output_tokens;  // asked for at most; the largest of those named

  friend bool operator==(const RequestNeeds&, const RequestNeeds&) = default;
};

/// `top` is the received body, indexed: of Chat Completions, Messages, Responses, or any other
/// operation, of which but little is known.
[[nodiscard]] RequestNeeds needs_of(json::Value top) noexcept;

}  // namespace sluice::llm
