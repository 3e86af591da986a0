// Draws chat requests from a seed: everything that chat_request.h can say, in any mixture, as long
// as a caller could have said it.
//
//   system, developer anywhere   one role several times in a row   nothing said   prefill
//   calls, several at once, with results in any order, of texts and media, failed ones
//   thoughts: plain, signed, sealed, of every maker   images, documents, audio, in every way of
//   being given   tools of every kind   every form of tool_choice, of the answer, of thinking
//   sampling, stop sequences, labels, caching marks, members that have no place
//
// Every text that says something stands between marks, "<<u7: ... :>>", so that it is found again
// wherever a dialect puts it: the letter is who says it (s, u, a, r: a tool's result), the number
// is its own.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm::testing {

/// The same seed gives the same request.
[[nodiscard]] ChatRequest draw_chat(std::uint64_t seed);

/// A text between marks, escaped as JSON or not: words, line ends, quotes, letters of all lengths.
class TextDrawer {
 public:
  explicit TextDrawer(Random& random) noexcept : random_(random) {}

  /// The text in plain.
  [[nodiscard]] std::string draw(char speaker);
  /// Some of what texts are made of, without marks.
  [[nodiscard]] std::string draw_words(std::size_t pieces_max);

 private:
  Random& random_;
  std::uint32_t number_ = 0;
};

}  // namespace sluice::llm::testing
