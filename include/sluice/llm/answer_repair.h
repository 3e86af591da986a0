// Mends JSON that a model wrote badly, between the reader of its answer and the writer: the texts
// of the answer, the arguments of its tool calls, or both.
//
//   text `{"a":` text `1,}` finished   -->   text `{"a":1}` finished
//
// A text is held back until its answer is finished, arguments until their call is: what is mended
// comes in one piece. What cannot be mended is an error, and is not passed on.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_event.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// What became of the JSON of an answer.
enum class RepairOutcome : std::uint8_t {
  unneeded,  // it was good as it came
  repaired,
  failed,  // no JSON was to be made of it
};

class AnswerRepair final : public ChatSink {
 public:
  /// What one answer may hold back, all its choices together.
  static constexpr std::size_t held_bytes_max = std::size_t{16} << 20;

  /// Lifetime: `next` outlives the repair.
  AnswerRepair(RepairWanted wanted, ChatSink& next) noexcept : wanted_(wanted), next_(next) {}

  void take(const ChatEvent& event) override;

  /// What could not be mended; from then on no event is passed on.
  [[nodiscard]] std::optional<ApiError>& error() noexcept { return error_; }
  /// So far.
  [[nodiscard]] RepairOutcome outcome() const noexcept { return outcome_; }

 private:
  struct Choice {
    std::string text;
    std::string arguments;
    std::uint32_t call = 0;
    bool call_open = false;
    bool call_is_custom = false;
  };
  Choice& choice_of(const ChatEvent& event);
  void hold(std::string& held, json::Text piece);
  void tell_arguments(const ChatEvent& event, Choice& choice);
  void tell_text(const ChatEvent& event, Choice& choice);
  void tell(ChatEvent event, std::string& held, std::string_view what);

  RepairWanted wanted_;
  ChatSink& next_;
  std::vector<Choice> choices_;
  std::size_t held_bytes_ = 0;
  RepairOutcome outcome_ = RepairOutcome::unneeded;
  std::optional<ApiError> error_;
};

}  // namespace sluice::llm
