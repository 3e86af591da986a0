// Writes chat events as answers of OpenAI's Responses API: the events of a stream, or one response.
//
//   response.created, response.in_progress
//     response.output_item.added                  reasoning, message, function_call, ...
//       response.reasoning_summary_part.added     or content_part.added; a call has no parts
//         response.output_text.delta ...          or refusal, reasoning_summary_text,
//         response.output_text.done               function_call_arguments, custom_tool_call_input
//       response.content_part.done
//     response.output_item.done
//   response.completed                            or response.incomplete: max_output_tokens,
//                                                 content_filter
//
// An item stays open while the same goes on: a run of text and refusals is one message. Every event
// has its sequence_number; there is no [DONE]. Ids are made of the request's: resp_, msg_, fc_,
// ct_, rs_, ig_; of thoughts of OpenAI's the provider's own is kept.
//
// Thoughts are summaries. What proves them, or stands in their place, goes into the item's
// encrypted_content, which clients send back; of other makers' models behind a head of ours
// (src/llm/sealed_reasoning.h). The signature of a Gemini call is a reasoning item in front of it.
//
// Usage is always shown. `request_id` and `provider` stand in each response object. Of several
// choices the first is written. What was asked for (tools, temperature, ...) is not repeated.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_writer.h"

namespace sluice::llm {

class ResponsesWriter : public ChatWriter {
 public:
  /// What the response object at the end repeats is held until then: so much of it at most.
  static constexpr std::size_t held_bytes_max = std::size_t{32} << 20;

  void take(const ChatEvent& event) override;
  void end() override;
  void mark_continued(const Continued& mark) override;
  void forget_usage() noexcept override { usage_ = {}; }
  [[nodiscard]] bool is_overfull() const noexcept override;

 protected:
  ResponsesWriter(const AnswerFrame& frame, bool streaming);

  void begin_event(std::string_view type);
  void end_event();

 private:
  enum class ItemKind : std::uint8_t { none, message, reasoning, call };
  enum class PartKind : std::uint8_t { none, text, refusal, summary };

  void start();
  void take_text(const ChatEvent& event, PartKind kind);
  void take_reasoning(const ChatEvent& event);
  void take_seal(const ChatEvent& event);
  void take_call(const ChatEvent& event);
  void take_arguments(json::Text text);
  void take_image(const ChatEvent& event);
  void take_citation(const ChatEvent& event);
  void take_finished(const ChatEvent& event);

  void open_item(ItemKind kind, std::string_view prefix, json::Text id = {});
  void close_item();
  void write_item(std::string& out, std::string_view status) const;
  void write_item_event(std::string_view type, std::string_view item);
  void open_part(PartKind kind);
  void close_part();
  void write_part(std::string& out, std::string_view text) const;
  void write_part_place();
  void write_response(std::string_view status);
  void append_usage();

  AnswerFrame frame_;
  const bool streaming_;
  std::string id_;  // of the request, escaped, without what its form begins with
  std::uint64_t sequence_ = 0;
  bool started_ = false;
  bool cut_short_ = false;  // by the length, or by a filter
  std::string incomplete_;  // why; empty: it is not
  Usage usage_;
  std::string output_;  // items that are whole, with commas

  // The open item.
  ItemKind item_ = ItemKind::none;
  std::uint32_t item_index_ = 0;  // `output_index`
  std::string item_id_;           // this and what follows is escaped
  std::string parts_;             // whole parts, with commas
  std::string sealed_;            // encrypted_content
  std::string call_;              // call_id and name, as members
  bool is_custom_ = false;
  PartKind part_ = PartKind::none;
  std::uint32_t part_index_ = 0;
  std::string text_;         // of the open part; arguments of a call
  std::string annotations_;  // with commas
  std::uint32_t annotations_count_ = 0;
};

class ResponsesStreamWriter final : public ResponsesWriter {
 public:
  explicit ResponsesStreamWriter(const AnswerFrame& frame) : ResponsesWriter(frame, true) {}

  /// The answer has failed: writes the error, in place of end().
  void fail(const ApiError& error);
};

class ResponsesAnswerWriter final : public ResponsesWriter {
 public:
  explicit ResponsesAnswerWriter(const AnswerFrame& frame) : ResponsesWriter(frame, false) {}
};

}  // namespace sluice::llm
