// Reads messages of the Anthropic dialect, whole or as streams, by nothing but the rules of its
// grammar, each of which it asserts:
//
//   message_start first and once; blocks numbered from 0, one open at a time, each closed; deltas
//   of the kind of their block; message_delta with a reason and usage behind all blocks;
//   message_stop last
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "recorded.h"
#include "sluice/json/text.h"

namespace sluice::llm {

struct ReadMessage {
  struct Call {
    std::string id, name, arguments;
  };
  std::string id, model, text, thinking, stop_reason;
  std::vector<Call> calls;
  std::vector<std::string> block_types;
  std::uint64_t input_tokens = 0, cached_tokens = 0, written_tokens = 0, output_tokens = 0;
};

class MessageReader {
 public:
  void read_whole(const std::string& body, json::Index& index) {
    ASSERT_TRUE(index.build(body).has_value()) << body;
    const json::Value top = json::root(index);
    read_identity(top);
    for (const json::Value block : top.find("content")->elements()) {
      const std::string type = text(block, "type");
      message_.block_types.push_back(type);
      if (type == "text") append(block, "text", text_);
      if (type == "thinking") append(block, "thinking", thinking_);
      if (type != "tool_use") continue;
      const json::Value input = *block.find("input");
      EXPECT_TRUE(input.is(json::Kind::object));
      const auto raw = input.find("_raw");
      const std::string arguments =
          raw ? raw->string().value_or("") : std::string(input.is_empty() ? "{}" : input.raw());
      message_.calls.push_back(
          {.id = text(block, "id"), .name = text(block, "name"), .arguments = arguments});
    }
    message_.stop_reason = text(top, "stop_reason");
    EXPECT_FALSE(message_.stop_reason.empty());
    read_usage(*top.find("usage"));
  }

  void read_stream(const std::vector<RecordedEvent>& events, json::Index& index) {
    for (const RecordedEvent& event : events) {
      SCOPED_TRACE(event.data);
      ASSERT_TRUE(index.build(event.data).has_value());
      const json::Value top = json::root(index);
      EXPECT_EQ(text(top, "type"), event.name);
      EXPECT_FALSE(stopped_) << "nothing follows message_stop";
      EXPECT_EQ(event.name == "message_start", !started_);
      read_event(event.name, top);
    }
    EXPECT_TRUE(stopped_);
  }

  [[nodiscard]] ReadMessage message() const {
    ReadMessage out = message_;
    out.text = plain(text_);
    out.thinking = plain(thinking_);
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      out.calls[i].arguments = plain(arguments_[i]);
    }
    return out;
  }

 private:
  static std::string text(json::Value object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->string().value_or("") : "";
  }
  static std::string plain(const std::string& spelled) {
    std::string out;
    json::append_plain(out, {.bytes = spelled, .escaped = true});
    return out;
  }
  static void append(json::Value object, std::string_view name, std::string& spelled) {
    const auto value = object.find(name);
    ASSERT_TRUE(value && value->is(json::Kind::string)) << name;
    spelled += *value->string_raw();
  }

  void read_identity(json::Value message) {
    message_.id = text(message, "id");
    message_.model = text(message, "model");
    EXPECT_TRUE(message_.id.starts_with("msg_"));
    EXPECT_EQ(text(message, "type"), "message");
    EXPECT_EQ(text(message, "role"), "assistant");
  }

  void read_usage(json::Value usage) {
    const auto count = [&](std::string_view name) {
      const auto value = usage.find(name);
      EXPECT_TRUE(value && value->integer()) << name;
      return value ? static_cast<std::uint64_t>(value->integer().value_or(0)) : 0;
    };
    message_.input_tokens = count("input_tokens");
    message_.cached_tokens = count("cache_read_input_tokens");
    message_.written_tokens = count("cache_creation_input_tokens");
    message_.output_tokens = count("output_tokens");
  }

  void read_event(const std::string& name, json::Value top) {
    if (name == "message_start") {
      started_ = true;
      read_identity(*top.find("message"));
      EXPECT_TRUE(top.find("message")->find("content")->is_empty());
      return;
    }
    if (name == "message_delta") {
      EXPECT_TRUE(open_.empty());
      message_.stop_reason = text(*top.find("delta"), "stop_reason");
      EXPECT_FALSE(message_.stop_reason.empty());
      read_usage(*top.find("usage"));
      return;
    }
    if (name == "message_stop") {
      EXPECT_FALSE(message_.stop_reason.empty());
      stopped_ = true;
      return;
    }
    EXPECT_TRUE(message_.stop_reason.empty()) << "blocks come before message_delta";
    EXPECT_EQ(top.find("index")->integer(), blocks_);
    if (name == "content_block_start") {
      begin_block(*top.find("content_block"));
    } else if (name == "content_block_delta") {
      read_delta(*top.find("delta"));
    } else {
      EXPECT_EQ(name, "content_block_stop");
      EXPECT_FALSE(open_.empty());
      open_.clear();
      ++blocks_;
    }
  }

  void begin_block(json::Value block) {
    EXPECT_TRUE(open_.empty()) << "one block is open at a time";
    open_ = text(block, "type");
    message_.block_types.push_back(open_);
    if (open_ != "tool_use") return;
    EXPECT_TRUE(block.find("input")->is_empty());
    message_.calls.push_back(
        {.id = text(block, "id"), .name = text(block, "name"), .arguments = ""});
    arguments_.emplace_back();
    EXPECT_FALSE(message_.calls.back().id.empty());
  }

  void read_delta(json::Value delta) {
    const std::string type = text(delta, "type");
    if (open_ == "text") {
      EXPECT_EQ(type, "text_delta");
      append(delta, "text", text_);
    } else if (open_ == "thinking" && type == "thinking_delta") {
      append(delta, "thinking", thinking_);
    } else if (open_ == "thinking") {
      EXPECT_EQ(type, "signature_delta");
    } else {
      EXPECT_EQ(open_, "tool_use");
      EXPECT_EQ(type, "input_json_delta");
      append(delta, "partial_json", arguments_.back());
    }
  }

  ReadMessage message_;
  std::string text_, thinking_;  // as they were spelled
  std::vector<std::string> arguments_;
  std::string open_;  // the open block's type
  std::int64_t blocks_ = 0;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace sluice::llm
