// Writes chat events as OpenAI's chat completions: chunks of a stream, or one answer.
//
//   data: {"id":"..","object":"chat.completion.chunk",..,"choices":[{"index":0,"delta":{..},
//          "finish_reason":null}]}            one per event
//   data: {..,"choices":[],"sluice":{"continued":{..}}}   another provider goes on
//   data: {..,"choices":[],"usage":{..}}      where usage was asked for
//   data: [DONE]
//
// What OpenAI's own answers have no place for is added where clients of other hosts look for it:
// thoughts in `reasoning`, `reasoning_content` and `reasoning_details` (OpenRouter's, DeepSeek's),
// so that a client which sends its history back brings signatures along; Gemini's thought
// signatures in `extra_content.google` of the tool call; images in `images`; the provider's own
// word for the end in `native_finish_reason`; the price in `usage.cost`. `request_id` and
// `provider` are in the first chunk, and at the end of a whole answer.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/llm/chat_writer.h"

namespace sluice::llm {

class OpenaiChunkWriter final : public ChatWriter {
 public:
  explicit OpenaiChunkWriter(const AnswerFrame& frame) : frame_(frame) {}

  void take(const ChatEvent& event) override;
  void end() override;
  void mark_continued(const Continued& mark) override;
  void forget_usage() noexcept override { usage_ = {}; }

 private:
  struct Choice {
    bool begun = false;       // its role was said
    bool call_begun = false;  // and not over: more of its arguments may come
    bool call_open = false;   // of a function whose arguments are empty so far
    bool call_is_custom = false;
    std::uint32_t open_call = 0;
    std::uint32_t thoughts = 0;  // ended so far
    bool thought_open = false;
  };
  Choice& choice_of(const ChatEvent& event);
  void begin(const ChatEvent& event, Choice& choice);
  void close_call(const ChatEvent& event, Choice& choice);
  void start(const ChatEvent& event);
  [[nodiscard]] bool goes_on_with_text() const noexcept;
  void write_first_text(json::Text text);
  void open_delta(std::uint32_t choice);
  void close_delta();
  void write_delta(const ChatEvent& event, Choice& choice);
  void write_logprobs(const ChatEvent& event);
  void write_finished(const ChatEvent& event);
  void write_usage();

  AnswerFrame frame_;
  std::string head_;             // of every chunk, up to the choices
  std::string first_text_head_;  // the same up to the text of the first choice
  std::vector<Choice> choices_;
  Usage usage_;
  bool tagged_ = false;
};

class OpenaiAnswerWriter final : public ChatWriter {
 public:
  explicit OpenaiAnswerWriter(const AnswerFrame& frame) : frame_(frame) {}

  void take(const ChatEvent& event) override;
  void end() override;

 private:
  // What the message of one choice is made of; texts escaped, lists without their brackets.
  struct Choice {
    std::string content;
    std::string refusal;
    std::string reasoning;
    std::string details;  // reasoning_details
    std::string thought;  // the one not ended yet
    ReasoningOrigin origin = ReasoningOrigin::unknown;
    std::string thought_id;
    std::uint32_t thoughts = 0;
    std::string calls;
    std::string images;
    std::string citations;
    std::string logprobs;
    std::string finish;  // JSON members
    bool has_refusal = false;
    bool call_open = false;
    bool call_is_custom = false;
    bool arguments_empty = true;
  };
  Choice& choice_of(const ChatEvent& event);
  void take_call(const ChatEvent& event, Choice& choice);
  void end_call(Choice& choice);
  void end_thought(Choice& choice, json::Text signature);
  void write_choice(std::size_t index, const Choice& choice);

  AnswerFrame frame_;
  std::string id_;
  std::vector<Choice> choices_;
  Usage usage_;
};

}  // namespace sluice::llm
