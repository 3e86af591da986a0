// Continuation: an answer that broke off in the middle of its stream is gone on with by another
// provider, from what the caller has been shown.
//
//   first provider    started text text ~          AnswerSoFar: the texts
//   second provider   its request: the conversation, then the texts as the assistant's
//                     started text text finished   what follows is shown, and nothing twice
//
// Only what is text can be gone on with: of a tool call, an image or a refusal nobody knows the
// rest. Thoughts that came before the text were shown; the second provider's are not.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/chat_event.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_translation.h"

namespace sluice::llm {

/// Whether an answer to this request could be gone on with at all: one choice of plain text, no
/// answer that the caller has begun itself, and no tools that run at one provider alone.
[[nodiscard]] bool can_be_continued(const ChatRequest& request) noexcept;

/// Whether a provider takes the assistant's words at a conversation's end as the beginning of its
/// answer, and does not answer them.
[[nodiscard]] bool continues_answers(ChatDialect dialect, const ChatTarget& target) noexcept;

/// The request that asks for the rest of an answer. `said` may be empty: then it is asked for from
/// the beginning. Thinking is switched off if it was asked for: providers that go on with words do
/// not think before them. Lifetime: of `request`, whose texts it shares.
[[nodiscard]] ChatRequest continued_request(const ChatRequest& request, std::string_view said);

/// What of an answer the caller has been shown.
class AnswerSoFar {
 public:
  /// Of a longer answer nothing is kept, and it cannot be gone on with.
  static constexpr std::size_t text_bytes_max = std::size_t{4} << 20;

  /// Takes note of the next event. Whether it is to be shown; of a text, `event` may come back
  /// shortened.
  [[nodiscard]] bool take(ChatEvent& event);

  /// The answer ended in order, whatever broke off behind it.
  [[nodiscard]] bool is_finished() const noexcept { return finished_; }
  /// Whether somebody else can go on from here.
  [[nodiscard]] bool can_go_on() const noexcept { return !finished_ && !beyond_text_; }
  /// The text to be gone on with, without the blanks at its end: providers refuse those.
  [[nodiscard]] std::string said() const;
  /// From now on the events are another provider's.
  void go_on();

 private:
  [[nodiscard]] bool take_continued(ChatEvent& event);
  void keep(json::Text text);
  [[nodiscard]] json::Text without_blanks_said(json::Text text) noexcept;

  std::string spelled_;  // escaped as JSON strings are: a surrogate pair may lie across two pieces
  std::string blanks_;   // that said() left out, and whoever goes on may say again
  bool is_continued_ = false;
  bool beyond_text_ = false;
  bool finished_ = false;
};

}  // namespace sluice::llm
