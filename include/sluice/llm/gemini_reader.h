// Reads answers of Google's Gemini, from AI Studio and Vertex AI alike: whole ones and streams that
// were asked for with alt=sse, in which each event is a whole answer that holds the new parts only.
//
//   candidates[i].content.parts   text, thought, functionCall, inlineData  -> events of choice i
//   thoughtSignature              of a call: in its event; else `reasoning_signed`, before the text
//                                 or image it came with and behind the thought it came with
//   groundingMetadata             -> citations
//   logprobsResult                -> logprobs
//   finishReason                  remembered: more parts may follow it
//   usageMetadata                 counts of all so far: told when they change, the last ones last
//
// A stream has no end mark: it is complete when its bytes end and every candidate has told why it
// finished. Calls whose arguments come in pieces are told when they are whole. What the caller's
// dialect has no word for (code that Google ran, audio) is passed over.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/chat_reader.h"

namespace sluice::llm {

struct GeminiAnswer;
struct GeminiCall;
struct GeminiPart;

class GeminiReader final : public ChatReader {
 public:
  explicit GeminiReader(AskedFor asked);
  ~GeminiReader() override;

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  struct Choice;
  struct CallWords {
    json::Text id, name, signature, arguments;
  };

  // Both: an error that ends the answer, or nothing.
  std::optional<ApiError> take_document(std::string_view text, json::Index& index, ChatSink& sink);
  std::optional<ApiError> take_answer(const GeminiAnswer& answer, ChatSink& sink);
  void take_candidate(json::Value value, ChatSink& sink);
  void take_part(Choice& choice, json::Value value, ChatSink& sink);
  void take_call(Choice& choice, const GeminiPart& part, ChatSink& sink);
  void take_pieces(Choice& choice, const GeminiCall& call, ChatSink& sink);
  void take_usage(json::Value metadata, ChatSink& sink);
  void tell_text(Choice& choice, json::Text text, ChatSink& sink);
  void tell_whole_call(Choice& choice, const GeminiCall& call, json::Text signature,
                       ChatSink& sink);
  void tell_open_call(Choice& choice, ChatSink& sink);
  void tell_call(Choice& choice, const CallWords& call, ChatSink& sink);
  void tell_end(ChatSink& sink);

  [[nodiscard]] Choice* choice_at(std::int64_t index);
  [[nodiscard]] json::Text callers_name(json::Text sent) const;
  [[nodiscard]] bool is_output(json::Text name) const;
  [[nodiscard]] bool is_custom(json::Text name) const;
  [[nodiscard]] std::optional<std::string_view> known_text(const Choice& choice) const;
  [[nodiscard]] bool every_choice_ended() const noexcept;

  const AskedFor asked_;
  std::deque<Choice> choices_;  // in the order of their first words
  Usage usage_;
  std::string blocked_;        // why the prompt was refused; empty: it was not
  std::uint64_t id_seed_ = 0;  // of the ids made here
  bool text_kept_ = false;     // for the places of sources
  bool streaming_ = true;
  bool started_ = false;
  bool failed_ = false;
  bool finished_ = false;
  bool odd_ = false;
};

}  // namespace sluice::llm
