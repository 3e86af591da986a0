// Puts the messages of a chat request into the order that Anthropic, Gemini and Bedrock want: the
// system's words apart, then turns of user and assistant in alternation.
//
//   system, user, user, assistant[call a, call b], user[result b], user[result a, text], system
//   -> system | user(2 messages) | assistant[a, b] | user[result a, result b, text, system's text]
//
// Messages of one role that follow each other become one turn; results of tools stand first in
// theirs, in the order of their calls; empty texts and refusals are left out, and turns with
// nothing in them. A conversation that would begin with the assistant gets a user's turn in front,
// where the provider insists on it.
#pragma once
#include <expected>
#include <functional>
#include <vector>

#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

struct TurnRules {
  /// System messages behind the first other message stay where they are, as turns of their own;
  /// else they become texts in the user's turn there.
  bool system_inside = false;
  /// The first turn is the user's; else the assistant's may be (OpenAI).
  bool user_first = true;
};

struct Turn {
  Role role = Role::user;
  /// Never empty. Of the request, or a text that stands for nothing ("." in a user's turn that a
  /// provider insists on). Lifetime: the request's.
  std::vector<const Part*> parts = {};
  bool has_calls = false;  // of tools, among the parts
};

struct Turns {
  std::vector<const Part*> system = {};  // texts, one or more per leading system message
  std::vector<Turn> turns = {};
};

/// Refused with a 400: a result without its call in the assistant's turn before, two results for
/// one call, a call whose result is missing though the conversation goes on, no message that says
/// anything, media in a system message.
[[nodiscard]] std::expected<Turns, ApiError> arrange_turns(const ChatRequest& request,
                                                           const TurnRules& rules);

/// Takes out of the assistant's turns what is not to be written, and turns in which nothing is
/// left; turns of one role that then follow each other become one.
void leave_out(Turns& turns, const std::function<bool(const Part&)>& is_left_out);

}  // namespace sluice::llm
