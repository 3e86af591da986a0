// Reads a provider's answers, each dialect by a reader of its own, into chat events.
//
//   body of a 2xx answer --read_whole()--> events
//   each event of a stream --read_event()--> events, and at the end --finish()--> the last of them
//
// One reader per attempt: it remembers which blocks and calls are open. Readers trust nothing:
// unknown events and members are passed over, what is missing is not invented, and what cannot be
// understood is an error of the provider's, never a crash.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_event.h"
#include "sluice/llm/stream_event.h"

namespace sluice::llm {

/// A tool that goes by another name at the provider, which does not take its own.
struct RenamedTool {
  std::string sent = {};  // as the provider knows it
  std::string name = {};  // as the caller does
};

/// What a reader must know of the request that is answered.
struct AskedFor {
  std::string provider = {};      // configured name, for error records
  std::string output_tool = {};   // a tool's name: its call is the answer's text (structured output
                                  // of models that have none of their own); empty: no such tool
  std::string custom_tools = {};  // names of tools whose arguments are wrapped as {"input": text},
                                  // each followed by LF
  std::vector<RenamedTool> renamed_tools = {};
  bool searches = false;  // the model may search: places in its text will be said to have sources
};

/// What one event of a stream came to.
struct ReadResult {
  std::optional<ApiError> error = {};  // the answer has failed; nothing follows
  bool ended = false;                  // the dialect's last event: nothing follows
  bool odd = false;  // something the provider's documentation says never comes; was passed over
};

/// Events of a stream, one behind the other.
struct EventRun {
  std::size_t size_bytes = 0;  // framing included
  std::uint32_t count = 0;
};

class ChatReader {
 public:
  ChatReader() = default;
  ChatReader(const ChatReader&) = delete;
  ChatReader& operator=(const ChatReader&) = delete;
  virtual ~ChatReader() = default;

  /// Reads a whole 2xx answer, `finished` and `usage` included. An error where it can be no
  /// success: not JSON, an error inside, nothing of what an answer has. `index` is scratch.
  [[nodiscard]] virtual std::optional<ApiError> read_whole(std::string_view body,
                                                           json::Index& index, ChatSink& sink) = 0;

  /// Reads one event of a stream: its name (may be empty) and its data. `index` is scratch.
  [[nodiscard]] virtual ReadResult read_event(std::string_view name, std::string_view data,
                                              json::Index& index, ChatSink& sink) = 0;

  /// Reads the events that the bytes of a stream begin with as far as they are like the one before
  /// but for their text: no parser is needed, and nothing of them is odd. `stream` begins with an
  /// event; none is read that is not whole, or larger than `event_bytes_max`.
  [[nodiscard]] virtual EventRun read_run([[maybe_unused]] std::string_view stream,
                                          [[maybe_unused]] std::size_t event_bytes_max,
                                          [[maybe_unused]] ChatSink& sink) {
    return {};
  }

  /// The bytes of the stream have ended in order, without an event that `ended` it. Tells the sink
  /// what was held back for the end, where the dialect ends so (Gemini) or the answer is whole all
  /// the same; truncated: it is not.
  [[nodiscard]] virtual StreamEnd finish(ChatSink& sink) = 0;
};

}  // namespace sluice::llm
