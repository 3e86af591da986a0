// What an answer says and how it ends, in each dialect that callers speak: read by the plainest
// means, so that what the gateway made of a provider's answer is judged by other code than made it.
//
//   whole    a 200 with all that an answer of the dialect has
//   error    a body or a last event that is the dialect's typed error
//   broken   neither: a stream that just stops, or what is no answer at all
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway::testing {

enum class CallerDialect : std::uint8_t { chat, messages, responses };
[[nodiscard]] std::string_view to_string(CallerDialect dialect) noexcept;

/// A question of the dialect, and where it is to be sent.
struct Question {
  std::string target;
  std::string body;
};
[[nodiscard]] Question question_in(CallerDialect dialect, std::string_view text, bool stream);

enum class Ending : std::uint8_t { whole, error, broken };

struct SaidAnswer {
  Ending ending = Ending::broken;
  std::string text;                     // unescaped, as far as it came
  std::optional<std::uint64_t> output;  // tokens, by the usage shown
  std::optional<std::uint64_t> input;
  std::string complaint;  // of what is against the dialect's grammar; empty: nothing
};

/// The body of an answer that is no stream. `status` tells an error from an answer.
[[nodiscard]] SaidAnswer read_whole_answer(CallerDialect dialect, int status,
                                           std::string_view body);

/// The body of a stream, perhaps broken off anywhere.
[[nodiscard]] SaidAnswer read_stream_answer(CallerDialect dialect, std::string_view body);

}  // namespace sluice::gateway::testing
