// Reads the answers of Amazon Bedrock's Converse API into chat events.
//
//   message of the event stream             read_event() is told
//   :message-type event                     name = :event-type ("contentBlockDelta"), data =
//   payload :message-type exception                 name = "exception:" + :exception-type, data =
//   payload :message-type error                     name = "error:" + :error-code, data =
//   :error-message
//
//   messageStart  (contentBlockStart? contentBlockDelta* contentBlockStop)*  messageStop  metadata
//
// Text has no start event. The reason to finish is held back until `metadata` brings the usage,
// behind messageStop as a rule; both seen, the stream has ended. It is whole without the usage too.
//
// Bedrock says nothing of whose model it was. Signatures and sealed thoughts come from Anthropic's
// alone, so that is the origin of all reasoning; where Bedrock says base64 of the text that
// Anthropic's own API calls `data`, the event says that text.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/json/value.h"
#include "sluice/llm/chat_reader.h"

namespace sluice::llm {

/// In front of an exception's or an error's name, so that they are no names of events.
inline constexpr std::string_view bedrock_exception_prefix = "exception:";
inline constexpr std::string_view bedrock_error_prefix = "error:";

class BedrockReader final : public ChatReader {
 public:
  explicit BedrockReader(AskedFor asked) : asked_(std::move(asked)) {}

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  // What becomes of the pieces of the block now open.
  enum class Open : std::uint8_t {
    nothing,
    call,         // arguments, as they come
    custom_call,  // wrapped text: held until the block ends
    output,       // the answer's text
  };

  void start(ChatSink& sink);
  void read_block(json::Value block, ChatSink& sink);
  void read_call(json::Value call, ChatSink& sink);
  bool read_delta(std::int64_t block, json::Value delta, ChatSink& sink);
  bool add_arguments(std::int64_t block, json::Value call, ChatSink& sink);
  void open_call(std::int64_t block, json::Value call, ChatSink& sink);
  void close_call(ChatSink& sink);
  void tell_custom_arguments(json::Index& index, ChatSink& sink);
  void take_stop(json::Value top);
  void end_answer(ChatSink& sink);
  bool read_message(std::string_view name, json::Value top, ChatSink& sink);
  ReadResult fail(ApiError error);
  [[nodiscard]] bool is_custom(json::Text name) const noexcept;

  AskedFor asked_;
  std::string held_;           // arguments of a custom call
  std::string stop_reason_;    // Bedrock's word
  std::string stop_sequence_;  // that was met, where the model says it
  Usage usage_;
  std::int64_t open_block_ = 0;
  std::uint32_t calls_ = 0;  // begun, but for those that are the answer's text
  Open open_ = Open::nothing;
  bool open_has_arguments_ = false;
  bool started_ = false;
  bool stopped_ = false;  // messageStop was seen
  bool ended_ = false;    // the sink knows
  bool failed_ = false;
};

}  // namespace sluice::llm
