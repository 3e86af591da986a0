// Writes chat events as an answer in the Anthropic dialect: as a stream of events, or whole.
//
//   message_start   content_block_start content_block_delta* content_block_stop   ...
//   message_delta (reason, usage)   message_stop
//
// One block is open at a time, of the kinds text, thinking and tool_use. What the dialect has no
// word for:
//   several choices     the first alone is written
//   refusal             a text block; the reason is "refusal" then
//   an image            a block as users' messages have it, {"type":"image","source":{..}}: models
//                       of Anthropic's make none, and their SDKs keep blocks they do not know
//   citation            left out: Anthropic's have members that only its own search can fill
//   others' thoughts    signed with a tag, so that they come back to their maker (reasoning_tag.h):
//                       the signature, the sealed thought as redacted_thinking, and so the
//                       signature of a tool call in front of it
//   arguments that are no object, in a whole answer   {"_raw":"what the model wrote"}
//
// Where another provider goes on, an event `sluice.continued` says so: SDKs pass over events that
// they do not know.
//
// The input's tokens are known at the end only: message_start says 0, message_delta what is right.
// No `ping` is written.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/call_order.h"
#include "sluice/llm/chat_writer.h"

namespace sluice::llm {

/// What both writers share: which block is open, and how the answer ends.
class AnthropicWriter : public ChatWriter {
 public:
  void take(const ChatEvent& event) final { order_.take(event, ordered_); }
  void end() final;
  void mark_continued(const Continued& mark) final;
  void forget_usage() noexcept final { usage_ = {}; }

 protected:
  enum class Block : std::uint8_t { none, text, thinking, tool_use };

  explicit AnthropicWriter(const AnswerFrame& frame) : frame_(frame) {}

  virtual void begin_message() = 0;
  virtual void open_block(Block block, json::Text id, json::Text name) = 0;
  virtual void write_piece(Block block, json::Text text) = 0;
  virtual void write_signature(std::string_view escaped) = 0;  // of the thinking block
  virtual void close_block(Block block) = 0;
  virtual void write_block(std::string_view json) = 0;  // whole
  virtual void end_message() = 0;
  virtual void write_mark([[maybe_unused]] const Continued& mark) {}  // of a stream

  [[nodiscard]] const AnswerFrame& frame() const noexcept { return frame_; }
  // Members of the message as it stands at the beginning of a stream, or at the end.
  void append_identity(std::string& out) const;  // id to model
  void append_tags(std::string& out) const;      // request_id and provider
  void append_end(std::string& out) const;       // stop_reason to stop_details
  void append_usage(std::string& out) const;     // the object

 private:
  struct Ordered : ChatSink {
    explicit Ordered(AnthropicWriter& to) noexcept : writer(to) {}
    void take(const ChatEvent& event) override { writer.take_ordered(event); }
    AnthropicWriter& writer;
  };

  void take_ordered(const ChatEvent& event);
  void take_text(Block block, const ChatEvent& event);
  void take_signature(const ChatEvent& event);
  void take_sealed(const ChatEvent& event);
  void take_call(const ChatEvent& event);
  void take_image(const ChatEvent& event);
  void take_end(const ChatEvent& event);
  void start();
  void open(Block block, json::Text id = {}, json::Text name = {});
  void close();
  void sign(json::Text signature);
  [[nodiscard]] std::string_view stop_reason() const noexcept;

  AnswerFrame frame_;
  Ordered ordered_{*this};
  CallOrder order_;
  bool started_ = false;
  bool refused_ = false;
  std::string id_;     // escaped
  std::string model_;  // escaped
  Block open_ = Block::none;
  ReasoningOrigin thinking_of_ = ReasoningOrigin::unknown;
  std::string thinking_id_;  // escaped
  std::uint32_t calls_ = 0;
  FinishReason reason_ = FinishReason::stop;
  bool window_exceeded_ = false;
  std::string stop_sequence_;  // escaped
  Usage usage_;
};

class AnthropicStreamWriter final : public AnthropicWriter {
 public:
  explicit AnthropicStreamWriter(const AnswerFrame& frame) : AnthropicWriter(frame) {}

 private:
  void begin_message() override;
  void open_block(Block block, json::Text id, json::Text name) override;
  void write_piece(Block block, json::Text text) override;
  void write_signature(std::string_view escaped) override;
  void close_block(Block block) override;
  void write_block(std::string_view json) override;
  void end_message() override;
  void write_mark(const Continued& mark) override;
  void begin_event(std::string_view type);
  void begin_block_event(std::string_view type);
  void end_event();

  std::uint32_t index_ = 0;  // of the open block, or the next
};

class AnthropicWholeWriter final : public AnthropicWriter {
 public:
  explicit AnthropicWholeWriter(const AnswerFrame& frame) : AnthropicWriter(frame) {}

 private:
  void begin_message() override {}
  void open_block(Block block, json::Text id, json::Text name) override;
  void write_piece(Block block, json::Text text) override;
  void write_signature(std::string_view escaped) override;
  void close_block(Block block) override;
  void write_block(std::string_view json) override;
  void end_message() override;
  void separate();

  std::string content_;    // the blocks
  std::string arguments_;  // of the open tool_use block, escaped
  std::string signature_;  // of the open thinking block, escaped
  json::Index index_;
};

}  // namespace sluice::llm
