// Recognises JSON that says the same as one that was read and found right, but for two places.
//
//   {"id":"chatcmpl-53nnFq","object":...,"content":"river 東京","finish_reason":null...
//   [front][     id       ][ middle               ][ content ][ back
//
// Front, middle and back must be the same bytes, and an id is letters, digits, '-' and '_'. So the
// text is JSON again and says what the one learnt said, content aside, which is given out to be
// compared. Comparing is a tenth of the cost of reading it as JSON.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sluice::load {

class Likeness {
 public:
  /// From now on texts like `text` are recognised. `id` and `content` are places in it, in this
  /// order; an empty one at its end where it has no content. An id of other bytes is not learnt.
  void learn(std::string_view text, std::string_view id, std::string_view content);

  /// The content of a text like the one learnt; nothing when it is not like it.
  [[nodiscard]] std::optional<std::string_view> content_of(std::string_view text) const noexcept;

 private:
  std::string front_;  // empty: nothing was learnt
  std::string middle_;
  std::string back_;
};

}  // namespace sluice::load
