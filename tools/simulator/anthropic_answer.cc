// POST /v1/messages and /v1/messages/count_tokens.
#include <fmt/format.h>

#include "simulator/anthropic_check.h"
#include "simulator/append.h"
#include "simulator/dialect.h"
#include "simulator/reply.h"
#include "simulator/shape.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

// Documented: a message with this in it is answered with a redacted thought.
constexpr std::string_view redaction_trigger = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING";

constexpr std::uint64_t context_tokens_max = 200'000;

Mark mark_of(json::Value holder) {
  const auto control = member(holder, "cache_control");
  if (!control) return Mark::none;
  return text_member(*control, "ttl") == "1h" ? Mark::hour : Mark::minutes;
}

// Reads what was found right.
class WishReader {
 public:
  explicit WishReader(json::Value root) : root_(root) {}

  Wish read() {
    read_tools();
    if (const auto system = member(root_, "system")) read_content(*system, nullptr);
    for (const json::Value message : root_.find("messages")->elements()) read_message(message);
    if (member(root_, "cache_control")) wish_.prompt.end_block(mark_of(root_));
    if (answered_) wish_.tools.clear();
    if (const auto limit = member(root_, "max_tokens"))
      wish_.tokens_max = static_cast<std::uint64_t>(*limit->integer());
    if (const auto stops = member(root_, "stop_sequences")) {
      for (const json::Value stop : stops->elements()) wish_.stops.push_back(*stop.string());
    }
    const auto thinking = member(root_, "thinking");
    wish_.thinks = thinking && text_member(*thinking, "type") != "disabled";
    read_format();
    return std::move(wish_);
  }

 private:
  void read_tools() {
    const auto tools = member(root_, "tools");
    if (!tools) return;
    const auto choice = member(root_, "tool_choice");
    const std::string type = choice ? text_member(*choice, "type") : "auto";
    const std::string wanted = type == "tool" ? text_member(*choice, "name") : "";
    const auto one = choice ? member(*choice, "disable_parallel_tool_use") : std::nullopt;
    wish_.parallel = wanted.empty() && !(one && one->boolean() == true);
    for (const json::Value tool : tools->elements()) {
      const auto schema = tool.find("input_schema");
      const std::string name = text_member(tool, "name");
      wish_.prompt.add(name);
      wish_.prompt.add(text_member(tool, "description"));
      if (schema) wish_.prompt.add(schema->raw());
      wish_.prompt.end_block(mark_of(tool));
      if (schema && type != "none" && (wanted.empty() || wanted == name))
        wish_.tools.push_back({name, schema});
    }
  }

  void read_message(json::Value message) {
    std::string said;
    answered_ = false;
    read_content(*message.find("content"), &said);
    const bool users = text_member(message, "role") == "user";
    users ? wish_.turns.user(std::move(said)) : wish_.turns.assistant(std::move(said));
  }

  // `said`: null, or what the text of text blocks is added to.
  void read_content(json::Value content, std::string* said) {
    if (const auto text = content.string()) {
      wish_.prompt.add(*text);
      wish_.prompt.end_block();
      if (said != nullptr) *said += *text;
    }
    for (const json::Value block : content.elements()) {
      const std::string type = text_member(block, "type");
      answered_ = type == "tool_result";
      if (type == "text" && said != nullptr) *said += text_member(block, "text");
      read_block(block, type);
      wish_.prompt.end_block(mark_of(block));
    }
  }

  void read_block(json::Value block, std::string_view type) {
    if (type == "text") return wish_.prompt.add(text_member(block, "text"));
    if (type == "thinking") return wish_.prompt.add(text_member(block, "thinking"));
    if (type == "tool_use") {
      wish_.prompt.add(text_member(block, "name"));
      return wish_.prompt.add(block.find("input")->raw());
    }
    if (type == "image" || type == "document") return wish_.prompt.add_media(block.raw());
    const auto content = member(block, "content");
    if (!content) return;
    if (const auto text = content->string()) return wish_.prompt.add(*text);
    for (const json::Value each : content->elements()) read_block(each, text_member(each, "type"));
  }

  void read_format() {
    auto format = member(root_, "output_format");
    if (const auto output = member(root_, "output_config"); output && !format)
      format = member(*output, "format");
    if (format) wish_.schema = format->find("schema");
  }

  json::Value root_;
  Wish wish_;
  bool answered_ = false;  // the last block is a tool's result
};

struct Block {
  enum class Kind : std::uint8_t { thinking, redacted, text, call } kind = Kind::text;
  std::string id{};
  std::string name{};
  Text text{};  // of a call: its arguments
  std::string signature{};
};

struct Message {
  std::string id{};
  std::string model{};  // quoted
  std::vector<Block> blocks{};
  Reply reply{};
};

Block thought_block(json::Value root, const Wish& wish, const Reply& reply) {
  Block block;
  if (wish.turns.asked().find(redaction_trigger) != std::string::npos) {
    block.kind = Block::Kind::redacted;
    block.signature = signature_of(claude_family, "redacted", reply.seed);
    return block;
  }
  block.kind = Block::Kind::thinking;
  const auto thinking = member(root, "thinking");
  const bool omitted = thinking && text_member(*thinking, "display") == "omitted";
  if (!omitted) block.text = reply.thoughts;
  block.signature = signature_of(claude_family, block.text.bytes, reply.seed);
  return block;
}

Message make_message(json::Value root, const Wish& wish, const Session& session) {
  Message message;
  message.id = make_id("msg_01", session.desk.random, 22);
  message.model = json::quote(session.model);
  message.reply = make_reply(wish, session.cache, session.desk);
  const Reply& reply = message.reply;
  if (reply.thought_tokens != 0) message.blocks.push_back(thought_block(root, wish, reply));
  if (reply.text.tokens() != 0) {
    Block block;
    block.text = reply.text;
    message.blocks.push_back(std::move(block));
  }
  for (const Call& call : reply.calls) {
    Block block;
    block.kind = Block::Kind::call;
    block.id = make_id("toolu_01", session.desk.random, 22);
    block.name = call.name;
    block.text = tokenize(call.arguments, 0);
    message.blocks.push_back(std::move(block));
  }
  return message;
}

std::string_view stop_reason(Stop stop) {
  switch (stop) {
    case Stop::end: return "end_turn";
    case Stop::length: return "max_tokens";
    case Stop::sequence: return "stop_sequence";
    case Stop::calls: return "tool_use";
  }
  __builtin_unreachable();
}

void append_stop(std::string& out, const Reply& reply) {
  append(out, R"("stop_reason":")", stop_reason(reply.stop), R"(","stop_sequence":)",
         reply.stop == Stop::sequence ? json::quote(reply.stop_sequence) : "null",
         R"(,"stop_details":null)");
}

void append_inputs(std::string& out, const Reply& reply) {
  append(out, R"("input_tokens":)", reply.uncached_tokens(), R"(,"cache_creation_input_tokens":)",
         reply.cache.written(), R"(,"cache_read_input_tokens":)", reply.cache.read);
}

void append_thoughts(std::string& out, const Reply& reply) {
  if (reply.thought_tokens == 0) return;
  append(out, R"(,"output_tokens_details":{"thinking_tokens":)", reply.thought_tokens, "}");
}

// At a stream's start nothing is said yet but a token.
void append_usage(std::string& out, const Reply& reply, bool whole) {
  out += '{';
  append_inputs(out, reply);
  append(out, R"(,"cache_creation":{"ephemeral_5m_input_tokens":)", reply.cache.written_minutes,
         R"(,"ephemeral_1h_input_tokens":)", reply.cache.written_hour, R"(},"output_tokens":)",
         whole ? reply.output_tokens : 1);
  if (whole) append_thoughts(out, reply);
  append(out, R"(,"service_tier":"standard","inference_geo":"not_available"})");
}

// The block as it is in a body, or, without its text, at its start in a stream.
void append_block(std::string& out, const Block& block, bool whole) {
  const std::string text = json::quote(whole ? block.text.bytes : "");
  switch (block.kind) {
    case Block::Kind::thinking:
      append(out, R"({"type":"thinking","thinking":)", text, R"(,"signature":)",
             json::quote(whole ? block.signature : ""), "}");
      return;
    case Block::Kind::redacted:
      append(out, R"({"type":"redacted_thinking","data":")", block.signature, "\"}");
      return;
    case Block::Kind::text: append(out, R"({"type":"text","text":)", text, "}"); return;
    case Block::Kind::call:
      append(out, R"({"type":"tool_use","id":")", block.id, R"(","name":)", json::quote(block.name),
             R"(,"input":)", whole ? block.text.bytes : "{}", R"(,"caller":{"type":"direct"}})");
      return;
  }
}

std::string head_of(const Message& message) {
  return fmt::format(R"("model":{},"id":"{}","type":"message","role":"assistant")", message.model,
                     message.id);
}

Answer whole_answer(const Message& message) {
  Answer answer;
  answer.tokens = message.reply.output_tokens;
  std::string& out = answer.body;
  append(out, "{", head_of(message), R"(,"content":[)");
  for (const Block& block : message.blocks) {
    if (&block != message.blocks.data()) out += ',';
    append_block(out, block, true);
  }
  out += "],";
  append_stop(out, message.reply);
  out += R"(,"usage":)";
  append_usage(out, message.reply, true);
  out += '}';
  return answer;
}

class EventWriter {
 public:
  explicit EventWriter(Answer& answer) : answer_(answer) {}

  /// `rest`: further members, with their commas in front.
  void event(std::string_view type, std::string_view rest) {
    append(answer_.body, "event: ", type, "\ndata: {\"type\":\"", type, "\"", rest, "}\n\n");
    answer_.end_event();
  }
  void delta(std::size_t index, std::string_view type, std::string_view name,
             std::string_view text) {
    event("content_block_delta", fmt::format(R"(,"index":{},"delta":{{"type":"{}","{}":{}}})",
                                             index, type, name, json::quote(text)));
  }

 private:
  Answer& answer_;
};

void stream_block(EventWriter& events, const Block& block, std::size_t index, bool pinged) {
  std::string start = fmt::format(R"(,"index":{},"content_block":)", index);
  append_block(start, block, false);
  events.event("content_block_start", start);
  if (pinged) events.event("ping", "");
  std::string_view type = "text_delta";
  std::string_view name = "text";
  if (block.kind == Block::Kind::thinking) {
    type = "thinking_delta";
    name = "thinking";
  } else if (block.kind == Block::Kind::call) {
    type = "input_json_delta";
    name = "partial_json";
    events.delta(index, type, name, "");  // recorded: the first piece is empty
  }
  // A call without arguments is that empty piece alone (recorded).
  const bool silent = block.kind == Block::Kind::call && block.text.bytes == "{}";
  for (std::size_t t = 0; t < block.text.tokens() && !silent; ++t)
    events.delta(index, type, name, block.text.token(t));
  if (block.kind == Block::Kind::thinking)
    events.delta(index, "signature_delta", "signature", block.signature);
  events.event("content_block_stop", fmt::format(R"(,"index":{})", index));
}

Answer stream_answer_of(const Message& message) {
  Answer answer;
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  EventWriter events(answer);
  std::string start = R"(,"message":{)" + head_of(message) +
                      R"(,"content":[],"stop_reason":null,"stop_sequence":null,)"
                      R"("stop_details":null,"usage":)";
  append_usage(start, message.reply, false);
  events.event("message_start", start + "}");
  for (std::size_t i = 0; i < message.blocks.size(); ++i)
    stream_block(events, message.blocks[i], i, i == 0);
  std::string end = R"(,"delta":{)";
  append_stop(end, message.reply);
  end += R"(},"usage":{)";
  append_inputs(end, message.reply);
  append(end, R"(,"output_tokens":)", message.reply.output_tokens);
  append_thoughts(end, message.reply);
  events.event("message_delta", end + "}");
  events.event("message_stop", "");
  return answer;
}

}  // namespace

Answer answer_anthropic(json::Value root, const Session& session) {
  const AnthropicRules rules{
      .model = session.model,
      .beta = session.head.headers.value("anthropic-beta")
                  .value_or(query_value(session.head.query, "beta").value_or("")),
      .counts_tokens = session.route.action == Action::count_tokens,
      .model_is_in_path = session.route.host == Host::vertex_anthropic,
  };
  if (const auto complaint = anthropic_complaint(root, rules)) {
    return host_error(Host::anthropic, http::status::bad_request, *complaint, session.request_id,
                      "invalid_request_error");
  }
  const Wish wish = WishReader(root).read();
  if (wish.prompt.tokens() > context_tokens_max && !rules.counts_tokens) {
    return host_error(Host::anthropic, http::status::bad_request,
                      fmt::format("prompt is too long: {} tokens > {} maximum",
                                  wish.prompt.tokens(), context_tokens_max),
                      session.request_id);
  }
  if (rules.counts_tokens) {
    Answer answer;
    append(answer.body, R"({"input_tokens":)", wish.prompt.tokens(), "}");
    return answer;
  }
  const Message message = make_message(root, wish, session);
  const auto stream = member(root, "stream");
  const bool streams =
      session.route.action == Action::stream || (stream && stream->boolean() == true);
  Answer answer = streams ? stream_answer_of(message) : whole_answer(message);
  answer.goes_on = wish.turns.is_prefilled();
  return answer;
}

}  // namespace sluice::simulator
