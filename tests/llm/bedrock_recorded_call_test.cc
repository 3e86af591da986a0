// Every recorded request to Converse, written anew: taken apart into a chat
// request as a caller's dialect would bring it, then compared with the recording, member by member.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bedrock_recorded.h"
#include "sluice/llm/bedrock_call.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

using json::Value;

json::Text text_at(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? json::raw_text(*value) : json::Text{};
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("%3A")) {
      out.push_back(':');
      at += 2;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

// Converse's request, as a chat request.
class Taken {
 public:
  explicit Taken(const BedrockExchange& exchange) {
    EXPECT_TRUE(index_.build(exchange.request_body));
    const std::size_t begin = exchange.url.find("/model/") + 7;
    const std::size_t end = exchange.url.find("/converse");
    model = percent_decoded(std::string_view(exchange.url).substr(begin, end - begin));
    request.stream = exchange.url.ends_with("-stream");
    const Value top = json::root(index_);
    if (const auto system = top.find("system")) {
      const auto first = first_part();
      for (const Value block : system->elements()) take_block(block, request.parts);
      message(Role::system, first);
    }
    for (const Value message_value : top.find("messages")->elements()) {
      const auto first = first_part();
      for (const Value block : message_value.find("content")->elements()) {
        take_block(block, request.parts);
      }
      message(message_value.find("role")->string_equals("user") ? Role::user : Role::assistant,
              first);
    }
    if (const auto config = top.find("inferenceConfig")) take_inference(*config);
    if (const auto config = top.find("toolConfig")) take_tools(*config);
    if (const auto config = top.find("outputConfig")) take_output(*config);
    if (const auto fields = top.find("additionalModelRequestFields")) take_fields(*fields);
    if (const auto guardrail = top.find("guardrailConfig")) {
      request.others.push_back({{.bytes = "guardrailConfig"}, guardrail->raw()});
    }
  }

  ChatRequest request;
  ModelTraits traits;
  std::string model;

 private:
  std::uint32_t first_part() const { return static_cast<std::uint32_t>(request.parts.size()); }
  void message(Role role, std::uint32_t first) {
    request.messages.push_back(
        {.role = role, .first_part = first, .part_count = first_part() - first});
  }

  void take_block(Value block, std::vector<Part>& parts) {
    const json::Member member = *block.members().begin();
    const std::string name = *member.key.string();
    const Value value = member.value;
    if (name == "text") {
      parts.push_back({.body = TextPart{.text = json::raw_text(value)}});
    } else if (name == "cachePoint") {
      parts.back().cache = CacheMark::five_minutes;
    } else if (name == "toolUse") {
      parts.push_back({.body = ToolCall{.id = text_at(value, "toolUseId"),
                                        .name = text_at(value, "name"),
                                        .arguments = {.bytes = value.find("input")->raw()}}});
    } else if (name == "toolResult") {
      ToolResult result{.call_id = text_at(value, "toolUseId"),
                        .first_child = static_cast<std::uint32_t>(request.result_parts.size())};
      for (const Value child : value.find("content")->elements()) {
        take_block(child, request.result_parts);
      }
      result.child_count =
          static_cast<std::uint32_t>(request.result_parts.size()) - result.first_child;
      parts.push_back({.body = result});
    } else if (name == "reasoningContent") {
      const Value reasoning = *value.find("reasoningText");
      parts.push_back({.body = ReasoningPart{.text = text_at(reasoning, "text"),
                                             .signature = text_at(reasoning, "signature"),
                                             .origin = ReasoningOrigin::anthropic}});
    } else if (name == "image" || name == "document") {
      static const std::map<std::string, std::string_view> types = {{"png", "image/png"},
                                                                    {"txt", "text/plain"}};
      const Value source = *value.find("source");
      parts.push_back(
          {.body = MediaPart{.kind = name == "image" ? MediaKind::image : MediaKind::document,
                             .data = text_at(source, "bytes"),
                             .media_type = {.bytes = types.at(*value.find("format")->string())},
                             .name = text_at(value, "name")}});
    } else {
      ADD_FAILURE() << "a block of another kind: " << name;
    }
  }

  static std::optional<Number> number_at(Value object, std::string_view name) {
    const auto value = object.find(name);
    if (!value) return std::nullopt;
    return Number{.raw = value->raw(), .value = value->number().value_or(0)};
  }

  void take_inference(Value config) {
    if (const auto most = config.find("maxTokens")) {
      request.output_tokens_max = static_cast<std::uint64_t>(*most->integer());
    }
    request.temperature = number_at(config, "temperature");
    request.top_p = number_at(config, "topP");
    if (const auto stop = config.find("stopSequences")) {
      for (const Value text : stop->elements()) request.stop.push_back(json::raw_text(text));
    }
  }

  void take_tools(Value config) {
    for (const Value element : config.find("tools")->elements()) {
      if (element.find("cachePoint")) {
        request.tools.back().cache = CacheMark::five_minutes;
        continue;
      }
      const Value spec = *element.find("toolSpec");
      const auto strict = spec.find("strict");
      request.tools.push_back({.name = text_at(spec, "name"),
                               .description = text_at(spec, "description"),
                               .parameters = spec.find("inputSchema")->find("json")->raw(),
                               .strict = strict ? strict->boolean() : std::nullopt});
    }
    const auto choice = config.find("toolChoice");
    if (!choice) return;
    if (choice->find("auto")) request.tool_choice.mode = ToolChoiceMode::automatic;
    if (choice->find("any")) request.tool_choice.mode = ToolChoiceMode::required;
    if (const auto tool = choice->find("tool")) {
      request.tool_choice.mode = ToolChoiceMode::named;
      request.tool_choice.name = text_at(*tool, "name");
    }
  }

  void take_output(Value config) {
    const Value schema = *config.find("textFormat")->find("structure")->find("jsonSchema");
    request.owned.push_back(*schema.find("schema")->string());
    request.output = {.kind = OutputKind::json_schema,
                      .name = text_at(schema, "name"),
                      .description = text_at(schema, "description"),
                      .schema = request.owned.back()};
  }

  void take_fields(Value fields) {
    if (const auto thinking = fields.find("thinking")) {
      traits.thinking = ThinkingControl::budget;
      request.reasoning.tokens_max =
          static_cast<std::uint64_t>(*thinking->find("budget_tokens")->integer());
    } else if (const auto config = fields.find("reasoningConfig")) {
      traits.thinking = ThinkingControl::effort;
      request.reasoning.effort = parse_effort(text_at(*config, "maxReasoningEffort"));
    } else if (const auto effort = fields.find("reasoning_config");
               effort && effort->is(json::Kind::string)) {
      traits.thinking = ThinkingControl::effort;
      request.reasoning.effort = parse_effort(json::raw_text(*effort));
    } else {  // another spelling of Claude's budget: as the caller's own
      request.others.push_back({{.bytes = "additionalModelRequestFields"}, fields.raw()});
    }
  }

  json::Index index_{{.depth_max = 256}};
};

void erase_all(std::string& text, std::string_view what) {
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at)) {
    text.erase(at, what.size());
  }
}

// Without what a client says though it is so anyway.
std::string without_noise(std::string_view body) {
  std::string out = sorted_json(body);
  erase_all(out, R"("status":"success",)");
  erase_all(out, R"(,"system":[])");
  erase_all(out, R"("inferenceConfig":{},)");
  erase_all(out, R"("additionalModelResponseFieldPaths":["/stop_sequence"],)");
  return out;
}

// A document to be cited, with its text unencoded; and results that are JSON, not text.
bool says_what_no_caller_can(const BedrockExchange& exchange) {
  return exchange.name.find("streams_citations") != std::string::npos ||
         exchange.name.ends_with("converse_stream_with_content_tool_call 2");
}

TEST(BedrockRecordedCall, IsWrittenAsItWasRecorded) {
  std::size_t compared = 0;
  for (const BedrockExchange& exchange : bedrock_exchanges()) {
    if (exchange.request_body.empty() || exchange.name.starts_with("synthetic")) continue;
    if (says_what_no_caller_can(exchange)) continue;
    SCOPED_TRACE(exchange.name);
    const Taken taken(exchange);
    json::Index scratch;
    const WrittenCall call = write_bedrock_call(
        taken.request, {.upstream_model = taken.model, .traits = taken.traits}, scratch);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(without_noise(call->body), without_noise(exchange.request_body));
    EXPECT_TRUE(percent_decoded(exchange.url).ends_with(percent_decoded(call->target)));
    EXPECT_TRUE(call->dropped.empty());
    ++compared;
  }
  EXPECT_EQ(compared, 63U);
}

}  // namespace
}  // namespace sluice::llm
