// Recorded answers in the Anthropic Messages dialect, and what each comes to, read by a reader that
// knows nothing but the JSON.
#pragma once
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../support/base64.h"
#include "answer_summary.h"
#include "recorded.h"
#include "sluice/json/value.h"

namespace sluice::llm {

/// Streams that AWS framed: each frame's {"bytes":".."} is an event.
inline std::vector<RecordedExchange> framed_anthropic_streams() {
  constexpr std::string_view begin = R"({"bytes":")";
  std::vector<RecordedExchange> out;
  const std::string path = SLUICE_TEST_FIXTURES "/bedrock/invoke-anthropic/otel__cases.pairs.jsonl";
  const std::string file = read_recorded_file(path);
  json::Index index;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    EXPECT_TRUE(index.build(std::string_view(file).substr(at, end - at)));
    at = end + 1;
    const json::Value pair = json::root(index);
    const std::string frames =
        test::decode_base64(recorded_text(pair.find("response"), "body_base64"));
    if (frames.empty()) continue;
    RecordedExchange exchange{.name = recorded_text(pair, "case")};
    for (std::size_t frame = frames.find(begin); frame != frames.npos;
         frame = frames.find(begin, frame + 1)) {
      exchange.body +=
          "data: " + test::decode_base64(std::string_view(frames).substr(frame + begin.size())) +
          "\n\n";
    }
    out.push_back(std::move(exchange));
  }
  return out;
}

/// Recorded exchanges with an endpoint that speaks the dialect. A stream of chunks has lost its
/// event names.
inline std::vector<RecordedExchange> anthropic_exchanges() {
  std::vector<RecordedExchange> all =
      recorded_exchanges({"anthropic/messages", "bedrock/invoke-anthropic", "cross"});
  std::erase_if(all, [](const RecordedExchange& exchange) {
    return !exchange.url.empty() && !exchange.url.ends_with("/v1/messages") &&
           !exchange.url.ends_with("/v1/messages?beta=true") && !exchange.url.ends_with("/invoke");
  });
  std::ranges::move(framed_anthropic_streams(), std::back_inserter(all));
  return all;
}

/// Reads the JSON of one answer, whole or event by event.
class AnthropicReassembly {
 public:
  void add_whole(json::Value message) {
    is_whole_ = true;
    add_start(message);
    const auto content = message.find("content");
    if (content) {
      int place = 0;
      for (const json::Value block : content->elements()) add_block(place++, block);
    }
    add_end(message);
  }

  void add_event(json::Value event) {
    const std::string type = text(event, "type");
    if (type == "message_start" && !started_) add_start(*event.find("message"));
    if (type == "content_block_start") {
      add_block(*event.find("index")->integer(), *event.find("content_block"));
    }
    if (type == "content_block_delta") {
      Block& block = blocks_[*event.find("index")->integer()];
      const json::Value delta = *event.find("delta");
      block.text += text(delta, "text");
      block.thinking += text(delta, "thinking");
      block.signature += text(delta, "signature");
      block.arguments += text(delta, "partial_json");
      if (delta.find("citation")) ++block.citations;
    }
    if (type == "content_block_stop") blocks_[*event.find("index")->integer()].stopped = true;
    if (type == "message_delta") {
      add_usage(event.find("usage"));
      add_end(*event.find("delta"));
    }
  }

  [[nodiscard]] AnswerSummary summary() const {
    AnswerSummary out = summary_;
    for (const auto& [index, block] : blocks_) {
      out.text += block.text;
      out.thinking += block.thinking;
      if (!block.signature.empty()) out.signatures += block.signature + "\n";
      if (block.type == "redacted_thinking") out.sealed += block.data + "\n";
      out.citations += block.citations;
      if (block.type != "tool_use") continue;
      const bool none = block.arguments.empty() && block.stopped;
      out.calls.push_back(block.id + " " + block.name + " " + (none ? "{}" : block.arguments));
    }
    const bool calls = !out.calls.empty();
    const std::map<std::string, std::string> reasons = {
        {"end_turn", "stop"},          {"stop_sequence", "stop"},
        {"max_tokens", "length"},      {"tool_use", calls ? "tool_calls" : "stop"},
        {"refusal", "content_filter"},
    };
    if (reasons.contains(reason_)) out.reason = reason_ + " " + reasons.at(reason_);
    out.usage = count("input_tokens", {"cache_read_input_tokens", "cache_creation_input_tokens"}) +
                count("cache_read_input_tokens") + count("cache_creation_input_tokens") +
                count("output_tokens") + count("thinking_tokens");
    return out;
  }

 private:
  struct Block {
    std::string type, id, name, text, thinking, signature, data, arguments;
    std::size_t citations = 0;
    bool stopped = false;
  };

  static std::string text(json::Value object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->string().value_or("") : "";
  }

  void add_start(json::Value message) {
    started_ = true;
    summary_.id = text(message, "id");
    summary_.model = text(message, "model");
    add_usage(message.find("usage"));
  }

  void add_block(std::int64_t index, json::Value value) {
    Block& block = blocks_[index];
    block.type = text(value, "type");
    block.id = text(value, "id");
    block.name = text(value, "name");
    block.text = text(value, "text");
    block.thinking = text(value, "thinking");
    block.signature = text(value, "signature");
    block.data = text(value, "data");
    if (const auto citations = value.find("citations")) {
      for (const json::Value citation : citations->elements()) {
        block.citations += citation.find("cited_text") ? 1U : 0U;
      }
    }
    const auto input = value.find("input");
    if (input && !input->is_empty()) block.arguments = without_blanks(input->raw());
    block.stopped = is_whole_;
  }

  void add_end(json::Value object) {
    const std::string reason = text(object, "stop_reason");
    if (!reason.empty()) reason_ = reason;
    if (reason == "stop_sequence") summary_.stop_sequence = text(object, "stop_sequence");
    const auto details = object.find("stop_details");
    if (details && reason == "refusal") summary_.refusal = text(*details, "explanation");
  }

  void add_usage(std::optional<json::Value> usage) {
    if (!usage) return;
    for (const json::Member member : usage->members()) {
      const auto number = member.value.integer();
      if (number) counts_[*member.key.string()] = *number;
      if (const auto thinking = member.value.find("thinking_tokens")) {
        counts_["thinking_tokens"] = *thinking->integer();
      }
    }
  }

  [[nodiscard]] std::string count(const std::string& name,
                                  const std::vector<std::string>& more = {}) const {
    if (!counts_.contains(name)) return "- ";
    std::int64_t sum = counts_.at(name);
    for (const std::string& other : more) sum += counts_.contains(other) ? counts_.at(other) : 0;
    return std::to_string(sum) + " ";
  }

  bool is_whole_ = false;
  bool started_ = false;
  AnswerSummary summary_;
  std::string reason_;
  std::map<std::int64_t, Block> blocks_;
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace sluice::llm
