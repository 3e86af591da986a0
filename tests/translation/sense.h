// What a conversation comes to, however a dialect spells it: so that a request can be held against
// what became of it on the way through another dialect.
//
//   system   <<s0:..:>> <<s3:..:>>
//   user     <<u1:..:>> image
//   assistant  thought, <<a2:..:>>, call 0 f {"a":1}, call 1 ...
//   user     result 0 [<<r4:..:>>], result 1 (failed) [...], <<u5:..:>>
//
// Messages of one speaker in a row are one turn, a turn in which nothing is said is none. Results
// name their calls by place, so that an id may change but not be mixed up; they stand first, in the
// order of the calls. What stands outside of all marks (drawn_chat.h) is `between`.
#pragma once
#include <string>
#include <vector>

#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm::testing {

struct Atom {
  enum class Kind : std::uint8_t { text, media, thought, call, result };
  Kind kind = Kind::text;
  std::string what = {};  // all that there is to it
  std::size_t call = 0;   // of a result: which call of the turn before
  std::vector<Atom> children = {};
  ReasoningPart thought = {};  // of a thought. Lifetime: of the request
};

struct SenseTurn {
  Role role = Role::user;
  std::vector<Atom> atoms = {};
};

struct Sense {
  std::vector<std::string> system = {};
  std::vector<SenseTurn> turns = {};
  std::string between = {};

  /// Drops turns that say nothing and joins neighbours of one role, as often as it takes.
  void settle();
  /// For comparing and showing.
  [[nodiscard]] std::string text() const;
};

/// `asked`: names that were changed on the way and custom tools that were wrapped, to be put right.
[[nodiscard]] Sense sense_of(const ChatRequest& request, const AskedFor& asked = {});

/// JSON without white space and with its texts spelled in one way; numbers stay. Other text: as is.
[[nodiscard]] std::string plain_json(std::string_view text);
[[nodiscard]] std::string plain(json::Text text);
/// What stands between marks, in order; the rest goes to `between`.
[[nodiscard]] std::vector<std::string> marked(std::string_view text, std::string& between);
[[nodiscard]] std::string thought_text(const ReasoningPart& thought);

}  // namespace sluice::llm::testing
