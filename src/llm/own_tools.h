// The way back of tools that a provider knows otherwise than the caller: their names, and calls of
// custom tools that functions stood for.
//
//   tool_call "sh_3f" {"input":"ls   -l"}   ->   custom call "sh x"   ls   -l
//
// Stands behind call_order.h: of one choice at most one call is open.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/llm/chat_event.h"
#include "sluice/llm/chat_reader.h"
#include "wrapped_input.h"

namespace sluice::llm {

/// Whether `line` is one of the lines, each of which ends with LF.
[[nodiscard]] bool has_line(std::string_view lines, std::string_view line) noexcept;

/// The caller's name of a tool that the provider knows as `plain`; `as_sent` where that is it.
[[nodiscard]] json::Text callers_tool_name(const AskedFor& asked, json::Text as_sent,
                                           std::string_view plain) noexcept;

class OwnTools {
 public:
  /// Lifetime: `asked` outlives this.
  explicit OwnTools(const AskedFor& asked) noexcept : asked_(asked) {}

  /// Tells `out` the event as the caller knows its tools.
  void take(const ChatEvent& event, ChatSink& out);

 private:
  struct Open {  // a call of a custom tool
    std::uint32_t choice = 0;
    std::uint32_t call = 0;
    WrappedInput input = {};
  };
  Open* open_of(std::uint32_t choice) noexcept;
  void take_call(const ChatEvent& event, ChatSink& out);
  void close(std::uint32_t choice, ChatSink& out);

  const AskedFor& asked_;
  std::vector<Open> open_;  // at most one of a choice
};

}  // namespace sluice::llm
