// Reads chat completions in the OpenAI dialect, whole ones and the chunks of streams, as OpenAI and
// the many hosts that follow it write them.
//
//   reasoning      under its names (reasoning_content, reasoning, reasoning_details, Mistral's
//                  thinking parts); where one chunk says it twice it is read once. <think> in the
//                  text stays text
//   tool calls     of one index or of none, with ids repeated, empty or missing, in pieces or
//                  whole, their arguments a text, an object or null: a call begins where an id or
//                  a finished object says so, and one is told after the other (call_order.h)
//   the end        finish reasons and usage are told at the end of the stream, wherever they stand:
//                  with tool calls the reason is tool_calls, whatever the host calls it. A [DONE]
//                  without any reason ends an answer whose last event counted its tokens
//                  (Snowflake, hosts behind OpenRouter), and breaks off every other
//
// Arguments of the tool AskedFor::output_tool are told as text. Custom tools travel as such in this
// dialect; those that had to be functions (AskedFor::custom_tools) are told as custom all the same.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/value.h"
#include "sluice/llm/call_order.h"
#include "sluice/llm/chat_reader.h"

namespace sluice::llm {

class OwnTools;

class OpenaiChatReader final : public ChatReader {
 public:
  static constexpr std::uint32_t choices_max = 128;  // what OpenAI's `n` allows
  static constexpr std::uint32_t calls_max = 1024;   // in one choice
  /// Of all calls' ids and names: an answer with more is an error of the provider's.
  static constexpr std::size_t call_words_bytes_max = std::size_t{1} << 20;

  explicit OpenaiChatReader(AskedFor asked);
  ~OpenaiChatReader() override;

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  struct Call {
    std::optional<std::int64_t> index = {};  // as the host counts
    std::string id = {};
    std::string name = {};
    std::string early_arguments = {};  // escaped; came before the name
    ObjectEnd end = {};                // of the arguments
    std::uint32_t number = 0;          // as we count
    bool is_told = false;
    bool is_custom = false;
    bool is_output = false;
  };
  struct Choice {
    std::uint32_t number = 0;
    bool said_something = false;
    std::optional<FinishReason> reason = {};
    std::string reason_word = {};
    std::string stop_sequence = {};
    std::vector<Call> calls = {};
    std::uint32_t calls_told = 0;
  };

  std::optional<ApiError> read_top(json::Value top, bool whole, ChatSink& sink);
  std::optional<ApiError> read_choice(json::Value value, bool whole, ChatSink& sink);
  std::optional<ApiError> read_reason(json::Value value, Choice& choice);
  void read_message(json::Value message, Choice& choice, ChatSink& sink);
  void read_content(json::Value content, Choice& choice, ChatSink& sink);
  void read_content_part(json::Value part, Choice& choice, ChatSink& sink);
  void read_details(json::Value details, Choice& choice, ChatSink& sink);
  void read_images(json::Value images, Choice& choice, ChatSink& sink);
  void read_image(json::Value part, Choice& choice, ChatSink& sink);

  void keep(std::string& kept, std::string said);
  void read_calls(json::Value calls, Choice& choice, ChatSink& sink);
  void read_call(json::Value value, Choice& choice, ChatSink& sink);
  Call* find_call(std::optional<std::int64_t> index, std::string_view id, std::string_view name,
                  Choice& choice);
  void tell_call(Call& call, json::Text signature, Choice& choice, ChatSink& sink);
  void tell_arguments(Call& call, json::Text arguments, Choice& choice, ChatSink& sink);

  Choice* choice_at(std::optional<json::Value> index);
  void tell_started(json::Value top, ChatSink& sink);
  void tell_text(ChatEventKind kind, json::Text text, Choice& choice, ChatSink& sink);
  void tell(ChatEvent event, Choice& choice, ChatSink& sink);
  void tell_end(ChatSink& sink);
  void tell_usage(ChatSink& sink) const;

  class OwnSink;

  const AskedFor asked_;
  std::unique_ptr<OwnTools> own_tools_;  // null: the provider knows all tools as the caller does
  CallOrder order_;
  std::vector<Choice> choices_;
  Usage usage_;
  bool started_ = false;
  bool done_ = false;
  bool failed_ = false;
  std::size_t early_arguments_bytes_ = 0;  // of all calls, ever
  std::size_t call_words_bytes_ = 0;       // of all calls: ids and names
  // The last event that said anything counted the tokens, and said nothing else.
  bool counted_last_ = false;
  bool odd_ = false;  // of the event being read
};

}  // namespace sluice::llm
