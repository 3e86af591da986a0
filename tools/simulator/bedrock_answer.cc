// /model/{id}/converse, /model/{id}/converse-stream and /model/{id}/count-tokens.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "simulator/anthropic_check.h"
#include "simulator/append.h"
#include "simulator/bedrock_check.h"
#include "simulator/dialect.h"
#include "simulator/event_frame.h"
#include "simulator/reply.h"
#include "simulator/shape.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr std::uint64_t context_tokens_max = 200'000;

Mark mark_of(json::Value point) {
  return text_member(point, "ttl") == "1h" ? Mark::hour : Mark::minutes;
}

class WishReader {
 public:
  explicit WishReader(json::Value root) : root_(root) {}

  Wish read() {
    if (const auto config = member(root_, "toolConfig")) read_tools(*config);
    if (const auto system = member(root_, "system")) read_blocks(*system, nullptr);
    for (const json::Value message : root_.find("messages")->elements()) {
      std::string said;
      answered_ = false;
      read_blocks(*message.find("content"), &said);
      const bool users = text_member(message, "role") == "user";
      users ? wish_.turns.user(std::move(said)) : wish_.turns.assistant(std::move(said));
    }
    if (answered_) wish_.tools.clear();
    if (const auto config = member(root_, "inferenceConfig")) read_inference(*config);
    read_reasoning();
    return std::move(wish_);
  }

 private:
  void read_tools(json::Value config) {
    const auto choice = member(config, "toolChoice");
    const auto named = choice ? member(*choice, "tool") : std::nullopt;
    const std::string wanted = named ? text_member(*named, "name") : "";
    for (const json::Value tool : config.find("tools")->elements()) {
      const auto spec = member(tool, "toolSpec");
      const auto point = member(tool, "cachePoint");
      if (point) wish_.prompt.end_block(mark_of(*point));
      if (!spec) continue;
      const std::string name = text_member(*spec, "name");
      const json::Value schema = *spec->find("inputSchema")->find("json");
      wish_.prompt.add(name);
      wish_.prompt.add(text_member(*spec, "description"));
      wish_.prompt.add(schema.raw());
      if (wanted.empty() || wanted == name) wish_.tools.push_back({name, schema});
    }
  }

  void read_blocks(json::Value blocks, std::string* said) {
    for (const json::Value block : blocks.elements()) {
      if (const auto point = member(block, "cachePoint")) {
        wish_.prompt.end_block(mark_of(*point));
        continue;
      }
      const auto result = member(block, "toolResult");
      answered_ = result.has_value();
      if (said != nullptr) *said += text_member(block, "text");
      read_block(block);
    }
  }

  void read_block(json::Value block) {
    wish_.prompt.add(text_member(block, "text"));
    if (const auto use = member(block, "toolUse")) {
      wish_.prompt.add(text_member(*use, "name"));
      wish_.prompt.add(use->find("input")->raw());
    }
    if (const auto value = member(block, "json")) wish_.prompt.add(value->raw());
    if (member(block, "image") || member(block, "document") || member(block, "video"))
      wish_.prompt.add_media(block.raw());
    const auto result = member(block, "toolResult");
    if (!result) return;
    for (const json::Value each : result->find("content")->elements()) read_block(each);
  }

  void read_inference(json::Value config) {
    if (const auto limit = member(config, "maxTokens"))
      wish_.tokens_max = static_cast<std::uint64_t>(*limit->integer());
    if (const auto stops = member(config, "stopSequences")) {
      for (const json::Value stop : stops->elements()) wish_.stops.push_back(*stop.string());
    }
  }

  // By Claude's names and by Nova's.
  void read_reasoning() {
    const auto more = member(root_, "additionalModelRequestFields");
    if (!more) return;
    for (const std::string_view name : {"thinking", "reasoning_config", "reasoningConfig"}) {
      const auto config = member(*more, name);
      if (config && is_one_of(text_member(*config, "type"), {"enabled", "adaptive"}))
        wish_.thinks = true;
    }
    if (member(*more, "reasoning_effort")) wish_.thinks = true;
  }

  json::Value root_;
  Wish wish_;
  bool answered_ = false;  // the last block is a tool's result
};

std::string_view stop_reason(Stop stop) {
  switch (stop) {
    case Stop::end: return "end_turn";
    case Stop::length: return "max_tokens";
    case Stop::sequence: return "stop_sequence";
    case Stop::calls: return "tool_use";
  }
  __builtin_unreachable();
}

// `ids`: of the calls.
struct Spoken {
  Reply reply{};
  std::vector<std::string> ids{};
  std::string signature{};
};

std::string usage_of(const Reply& reply) {
  return fmt::format(
      R"({{"inputTokens":{},"outputTokens":{},"totalTokens":{},"cacheReadInputTokens":{},)"
      R"("cacheWriteInputTokens":{}}})",
      reply.uncached_tokens(), reply.output_tokens, reply.prompt_tokens + reply.output_tokens,
      reply.cache.read, reply.cache.written());
}

Answer whole_answer(const Spoken& spoken) {
  const Reply& reply = spoken.reply;
  Answer answer;
  answer.tokens = reply.output_tokens;
  std::string blocks;
  const auto add = [&](const std::string& block) {
    if (!blocks.empty()) blocks += ',';
    blocks += block;
  };
  if (reply.thoughts.tokens() != 0) {
    add(fmt::format(R"({{"reasoningContent":{{"reasoningText":{{"signature":"{}","text":{}}}}}}})",
                    spoken.signature, json::quote(reply.thoughts.bytes)));
  }
  if (reply.text.tokens() != 0) add(fmt::format(R"({{"text":{}}})", json::quote(reply.text.bytes)));
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    add(fmt::format(R"({{"toolUse":{{"input":{},"name":{},"toolUseId":"{}"}}}})",
                    reply.calls[i].arguments, json::quote(reply.calls[i].name), spoken.ids[i]));
  }
  answer.body = fmt::format(
      R"({{"metrics":{{"latencyMs":1}},"output":{{"message":{{"content":[{}],"role":"assistant"}}}},)"
      R"("stopReason":"{}","usage":{}}})",
      blocks, stop_reason(reply.stop), usage_of(reply));
  return answer;
}

class EventWriter {
 public:
  EventWriter(Answer& answer, Random& random) : answer_(answer), random_(random) {}

  /// `members`: of the payload, without its braces. A padding of random length follows, as Bedrock
  /// puts it there against whoever measures lengths.
  void event(std::string_view type, std::string_view members) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    append_frame(answer_.body, "event", type,
                 fmt::format(R"({{{},"p":"{}"}})", members,
                             letters.substr(0, random_.between(1, letters.size()))));
    answer_.end_event();
  }
  void delta(std::size_t index, std::string_view delta) {
    event("contentBlockDelta", fmt::format(R"("contentBlockIndex":{},"delta":{})", index, delta));
  }
  void stop(std::size_t index) {
    event("contentBlockStop", fmt::format(R"("contentBlockIndex":{})", index));
  }

 private:
  Answer& answer_;
  Random& random_;
};

void stream_call(EventWriter& events, const Call& call, std::string_view id, std::size_t index) {
  events.event("contentBlockStart",
               fmt::format(R"("contentBlockIndex":{},"start":{{"toolUse":{{"name":{},)"
                           R"("toolUseId":"{}"}}}})",
                           index, json::quote(call.name), id));
  const Text text = tokenize(call.arguments, 0);
  for (std::size_t t = 0; t < text.tokens(); ++t) {
    events.delta(index, fmt::format(R"({{"toolUse":{{"input":{}}}}})", json::quote(text.token(t))));
  }
  events.stop(index);
}

Answer stream_answer_of(const Spoken& spoken, Random& random) {
  const Reply& reply = spoken.reply;
  Answer answer;
  answer.is_stream = true;
  answer.content_type = "application/vnd.amazon.eventstream";
  EventWriter events(answer, random);
  events.event("messageStart", R"("role":"assistant")");
  std::size_t index = 0;
  if (reply.thoughts.tokens() != 0) {
    for (std::size_t t = 0; t < reply.thoughts.tokens(); ++t) {
      events.delta(index, fmt::format(R"({{"reasoningContent":{{"text":{}}}}})",
                                      json::quote(reply.thoughts.token(t))));
    }
    events.delta(index,
                 fmt::format(R"({{"reasoningContent":{{"signature":"{}"}}}})", spoken.signature));
    events.stop(index++);
  }
  if (reply.text.tokens() != 0) {  // recorded: no contentBlockStart for text
    for (std::size_t t = 0; t < reply.text.tokens(); ++t)
      events.delta(index, fmt::format(R"({{"text":{}}})", json::quote(reply.text.token(t))));
    events.stop(index++);
  }
  for (std::size_t i = 0; i < reply.calls.size(); ++i)
    stream_call(events, reply.calls[i], spoken.ids[i], index++);
  events.event("messageStop", fmt::format(R"("stopReason":"{}")", stop_reason(reply.stop)));
  events.event("metadata",
               fmt::format(R"("metrics":{{"latencyMs":1}},"usage":{})", usage_of(reply)));
  return answer;
}

// outputConfig.textFormat.structure.jsonSchema.schema, a JSON text in a string.
std::string schema_text(json::Value root) {
  std::optional<json::Value> at = member(root, "outputConfig");
  for (const std::string_view name : {"textFormat", "structure", "jsonSchema"}) {
    if (at) at = member(*at, name);
  }
  return at ? text_member(*at, "schema") : "";
}

Answer refusal(const Session& session, std::string_view complaint) {
  return host_error(Host::bedrock, http::status::bad_request, complaint, session.request_id,
                    "ValidationException");
}

// CountTokens: {"input":{"converse":{what Converse takes, but for what is about the answer}}}.
Answer count_bedrock(json::Value root, const Session& session, const BedrockRules& rules) {
  if (!rules.is_claude()) {
    return refusal(session, "The provided model doesn't support counting tokens.");
  }
  const auto input = member(root, "input");
  const auto converse = input ? member(*input, "converse") : std::nullopt;
  if (!converse || !converse->is(json::Kind::object)) {
    return refusal(session, "Malformed input request, please reformat your input and try again.");
  }
  constexpr std::array<std::string_view, 4> fields = {"messages", "system", "toolConfig",
                                                      "additionalModelRequestFields"};
  for (const json::Member each : converse->members()) {
    if (std::ranges::find(fields, *each.key.string()) == fields.end()) {
      return refusal(session,
                     fmt::format("#: extraneous key [{}] is not permitted", *each.key.string()));
    }
  }
  if (const auto complaint = bedrock_complaint(*converse, rules)) {
    return refusal(session, *complaint);
  }
  Answer answer;
  answer.body =
      fmt::format(R"({{"inputTokens":{}}})", WishReader(*converse).read().prompt.tokens());
  return answer;
}

}  // namespace

Answer answer_bedrock(json::Value root, const Session& session) {
  const BedrockRules rules{.model = session.model};
  if (session.route.action == Action::count_tokens) return count_bedrock(root, session, rules);
  if (const auto complaint = bedrock_complaint(root, rules)) return refusal(session, *complaint);
  Wish wish = WishReader(root).read();
  if (wish.prompt.tokens() > context_tokens_max) {
    return refusal(session, "Input is too long for requested model.");
  }
  const std::string schema = schema_text(root);
  json::Index schema_index;
  if (!schema.empty() && schema_index.build(schema)) wish.schema = json::root(schema_index);
  Spoken spoken;
  spoken.reply = make_reply(wish, session.cache, session.desk);
  spoken.signature = signature_of(rules.is_claude() ? claude_family : bedrock_family,
                                  spoken.reply.thoughts.bytes, spoken.reply.seed);
  for ([[maybe_unused]] const Call& call : spoken.reply.calls)
    spoken.ids.push_back(make_id("tooluse_", session.desk.random, 22));
  Answer answer = session.route.action == Action::stream
                      ? stream_answer_of(spoken, session.desk.random)
                      : whole_answer(spoken);
  answer.goes_on = wish.turns.is_prefilled();
  return answer;
}

}  // namespace sluice::simulator
