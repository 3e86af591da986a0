// Chats that go on with an answer that was cut, as one asks for it where the assistant's own words
// may not come last.
//
//   user: hello   assistant: Ferry naïve   user: Please continue.     the rest: " 漢字 ..."
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::simulator {

/// What was said, message by message, as far as an answer follows from it.
class Turns {
 public:
  /// The next message's text; of a user it may be empty, where it is a tool's result.
  void user(std::string text);
  void assistant(std::string text);

  /// What the answer follows from: the last user message, or the one before it where the last asks
  /// to continue (in any case of letters), and what stands between them is how the answer to that
  /// one begins. `tokens`: of a whole answer. Lifetime: of the turns.
  struct Question {
    std::string_view asked;
    std::string_view begun;  // what of the answer was said before; empty: nothing
  };
  [[nodiscard]] Question question(std::uint32_t tokens) const;

  /// The last user message.
  [[nodiscard]] const std::string& asked() const noexcept { return asked_; }
  /// Whether the assistant's own words come last.
  [[nodiscard]] bool is_prefilled() const noexcept { return !is_users_ && !said_.empty(); }

 private:
  std::string asked_{};
  std::string asked_before_{};
  std::string said_{};  // by the assistant, last
  bool is_users_ = true;
};

}  // namespace sluice::simulator
