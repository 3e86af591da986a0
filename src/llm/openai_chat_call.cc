#include "sluice/llm/openai_chat_call.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "custom_as_function.h"
#include "dropped_names.h"
#include "legal_name.h"
#include "openai_chat_call_messages.h"
#include "schema_in_words.h"
#include "sluice/llm/vertex_target.h"
#include "thinking_switch.h"

namespace sluice::llm {
namespace {

// Members that a request of another dialect may bring and this one knows under the same name.
constexpr std::array<std::string_view, 11> known_others = {"logit_bias",
                                                           "prediction",
                                                           "verbosity",
                                                           "store",
                                                           "modalities",
                                                           "audio",
                                                           "web_search_options",
                                                           "safety_identifier",
                                                           "prompt_cache_options",
                                                           "prompt_cache_retention",
                                                           "moderation"};

std::string plain(json::Text text) {
  std::string scratch;
  return std::string(text.plain(scratch));
}

class CallWriter {
 public:
  CallWriter(const ChatRequest& request, const ChatTarget& target)
      : request_(request), target_(target), traits_(target.traits) {
    for (const json::Text name : request.tool_choice.allowed) allowed_.insert(plain(name));
  }

  WrittenCall run() {
    call_.target = target_.on_vertex
                       ? vertex_target(traits_.publisher, target_.upstream_model, request_.stream)
                       : "/chat/completions";
    writer_.begin_object();
    writer_.key("model").string(target_.upstream_model);
    std::optional<ApiError> error = write_messages();
    if (!error) error = write_tools();
    if (error) return std::unexpected(std::move(*error));
    if (request_.goes_on && traits_.prefill == Prefill::continue_final_message) {
      writer_.key("continue_final_message").boolean(true);
      writer_.key("add_generation_prompt").boolean(false);
    }
    write_output();
    write_reasoning();
    write_sampling();
    write_stop();
    write_labels();
    if (auto refused = write_others()) return std::unexpected(std::move(*refused));
    if (request_.stream) {
      writer_.key("stream").boolean(true);
      writer_.key("stream_options").begin_object();
      writer_.key("include_usage").boolean(true);
      writer_.end_object();
    }
    writer_.end_object();
    return std::move(call_);
  }

 private:
  std::optional<ApiError> write_messages();
  std::optional<ApiError> write_tools();
  std::string note_name(const Tool& tool);
  void write_tool(const Tool& tool);
  void write_tool_choice();
  void write_output();
  void write_reasoning();
  void write_sampling();
  void write_stop();
  void write_labels();
  std::optional<ApiError> write_others();

  void write_number(std::string_view name, const std::optional<Number>& number) {
    if (number) writer_.key(name).raw(number->raw);
  }
  void drop(std::string_view name) { add_dropped(call_.dropped, name); }
  [[nodiscard]] bool may_be_called(const Tool& tool) const {
    return allowed_.empty() || allowed_.contains(plain(tool.name));
  }
  [[nodiscard]] bool wants_schema() const {
    return request_.output.kind == OutputKind::json_schema && !request_.output.schema.empty();
  }

  const ChatRequest& request_;
  const ChatTarget& target_;
  const ModelTraits& traits_;
  std::unordered_set<std::string> allowed_;  // tools' names; empty: all
  ChatCall call_;
  json::Writer writer_{call_.body};
};

std::optional<ApiError> CallWriter::write_messages() {
  auto turns = arrange_turns(request_, {.system_inside = traits_.takes_system_inside});
  if (!turns) return std::move(turns.error());
  std::string instruction;
  if (wants_schema() && !traits_.takes_output_schema) {
    instruction = schema_in_words(request_.output.schema);
    if (request_.output.strict.value_or(false)) drop("response_format.json_schema.strict");
  } else if (request_.output.kind != OutputKind::text && !wants_schema()) {
    instruction = json_in_words(request_);
  }
  writer_.key("messages");
  OpenaiChatMessages messages(request_, traits_, call_.body, writer_);
  return messages.write(*turns, instruction);
}

std::optional<ApiError> CallWriter::write_tools() {
  bool any = false;
  for (std::size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    if (tool.kind == ToolKind::hosted) {
      return errors::field_invalid(
          fmt::format("tools.{}", i),
          fmt::format(
              "The tool '{}' runs at the provider of your API's own models, and the model's "
              "provider has none like it. Leave it out, or use one of those models.",
              quotable(plain(tool.name), 100)));
    }
    if (!may_be_called(tool)) continue;
    if (!any) writer_.key("tools").begin_array();
    any = true;
    write_tool(tool);
  }
  if (!any) return std::nullopt;
  writer_.end_array();
  write_tool_choice();
  if (request_.tool_choice.parallel) {
    writer_.key("parallel_tool_calls").boolean(*request_.tool_choice.parallel);
  }
  return std::nullopt;
}

// Its name as it is sent.
std::string CallWriter::note_name(const Tool& tool) {
  std::string sent = legal_tool_name(tool.name, openai_tool_name_bytes_max);
  std::string name = plain(tool.name);
  if (sent != name) call_.asked.renamed_tools.push_back({.sent = sent, .name = std::move(name)});
  return sent;
}

void CallWriter::write_tool(const Tool& tool) {
  const bool custom = tool.kind == ToolKind::custom && traits_.takes_custom_tools;
  const std::string_view kind = custom ? "custom" : "function";
  const std::string name = note_name(tool);
  writer_.begin_object();
  writer_.key("type").string(kind);
  writer_.key(kind).begin_object();
  writer_.key("name").string(name);
  if (tool.kind == ToolKind::custom && !custom) {
    call_.asked.custom_tools.append(name).push_back('\n');
    const std::string description = custom_tool_description(tool);
    if (!description.empty()) writer_.key("description").string(description);
    writer_.key("parameters").raw(custom_tool_parameters);
    writer_.end_object();
    writer_.end_object();
    return;
  }
  if (!tool.description.empty()) writer_.key("description").text(tool.description);
  if (!tool.parameters.empty()) writer_.key(custom ? "format" : "parameters").raw(tool.parameters);
  if (tool.strict && !custom) writer_.key("strict").boolean(*tool.strict);
  writer_.end_object();
  writer_.end_object();
}

void CallWriter::write_tool_choice() {
  const ToolChoice& choice = request_.tool_choice;
  const bool forces =
      choice.mode == ToolChoiceMode::required || choice.mode == ToolChoiceMode::named;
  if (forces && !traits_.takes_forced_tool) {
    drop("tool_choice");
    return;
  }
  switch (choice.mode) {
    case ToolChoiceMode::unspecified: return;
    case ToolChoiceMode::automatic: writer_.key("tool_choice").string("auto"); return;
    case ToolChoiceMode::none: writer_.key("tool_choice").string("none"); return;
    case ToolChoiceMode::required: writer_.key("tool_choice").string("required"); return;
    case ToolChoiceMode::named: break;
  }
  const std::string name = plain(choice.name);
  const auto tool = std::ranges::find_if(
      request_.tools, [&](const Tool& known) { return known.name.equals(name); });
  const bool custom =
      tool != request_.tools.end() && tool->kind == ToolKind::custom && traits_.takes_custom_tools;
  const std::string_view kind = custom ? "custom" : "function";
  writer_.key("tool_choice").begin_object();
  writer_.key("type").string(kind);
  writer_.key(kind).begin_object();
  writer_.key("name").string(legal_tool_name(choice.name, openai_tool_name_bytes_max));
  writer_.end_object();
  writer_.end_object();
}

void CallWriter::write_output() {
  const OutputFormat& output = request_.output;
  if (output.kind == OutputKind::text) return;
  writer_.key("response_format").begin_object();
  if (!wants_schema() || !traits_.takes_output_schema) {
    writer_.key("type").string("json_object");
    writer_.end_object();
    return;
  }
  writer_.key("type").string("json_schema");
  writer_.key("json_schema").begin_object();
  writer_.key("name").text(output.name.empty() ? json::Text{.bytes = "output"} : output.name);
  if (!output.description.empty()) writer_.key("description").text(output.description);
  writer_.key("schema").raw(output.schema);
  writer_.key("strict").boolean(output.strict.value_or(true));
  writer_.end_object();
  writer_.end_object();
}

void CallWriter::write_reasoning() {
  const ReasoningWanted& wanted = request_.reasoning;
  if (!wanted.said()) return;
  const SaidThinking said = say_thinking(wanted, traits_);
  for (const SaidThinking::Member& member : said.members) {
    writer_.key(member.name).raw(member.value);
  }
  if (said.dropped) drop(wanted.effort ? "output_config.effort" : "thinking");
  if (said.tokens_dropped) drop("thinking.budget_tokens");
}

void CallWriter::write_sampling() {
  if (request_.output_tokens_max) {
    const std::uint64_t most = traits_.output_tokens_max.value_or(*request_.output_tokens_max);
    // OpenAI's reasoning models know the new name alone, many hosts the old one.
    const bool new_name = traits_.thinking == ThinkingControl::effort;
    writer_.key(new_name ? "max_completion_tokens" : "max_tokens")
        .unsigned_integer(std::min(most, *request_.output_tokens_max));
  }
  const bool both = request_.temperature && request_.top_p;
  if (traits_.takes_sampling) {
    write_number("temperature", request_.temperature);
    if (!both || traits_.takes_temperature_and_top_p) {
      write_number("top_p", request_.top_p);
    } else {
      drop("top_p");
    }
  } else {
    if (request_.temperature) drop("temperature");
    if (request_.top_p) drop("top_p");
  }
  if (request_.top_k) drop("top_k");  // OpenAI refuses it, and which host knows it is not known
  write_number("presence_penalty", request_.presence_penalty);
  write_number("frequency_penalty", request_.frequency_penalty);
  write_number("seed", request_.seed);
  if (request_.choices > 1) writer_.key("n").unsigned_integer(request_.choices);
  if (request_.logprobs) writer_.key("logprobs").boolean(true);
  if (request_.top_logprobs) writer_.key("top_logprobs").unsigned_integer(*request_.top_logprobs);
}

void CallWriter::write_stop() {
  constexpr std::size_t stops_max = 4;
  std::vector<json::Text> stops;
  std::ranges::copy_if(request_.stop, std::back_inserter(stops),
                       [](json::Text text) { return !text.empty(); });
  if (stops.empty()) return;
  if (stops.size() > stops_max) drop("stop_sequences");
  writer_.key("stop").begin_array();
  for (std::size_t i = 0; i < std::min(stops.size(), stops_max); ++i) writer_.text(stops[i]);
  writer_.end_array();
}

void CallWriter::write_labels() {
  const auto write = [&](std::string_view name, json::Text text) {
    if (!text.empty()) writer_.key(name).text(text);
  };
  write("user", request_.user);
  write("service_tier", request_.service_tier.equals("standard_only")
                            ? json::Text{.bytes = "default"}
                            : request_.service_tier);
  write("prompt_cache_key", request_.prompt_cache_key);
  if (!request_.metadata.empty()) writer_.key("metadata").raw(request_.metadata);
}

std::optional<ApiError> CallWriter::write_others() {
  for (const OtherMember& other : request_.others) {
    const std::string name = plain(other.name);
    if (name == "mcp_servers") {
      return errors::field_invalid(name,
                                   "The model's provider calls no MCP servers. Leave mcp_servers "
                                   "out, or offer their tools as functions.");
    }
    if (std::ranges::find(known_others, name) != known_others.end()) {
      writer_.key(name).raw(other.value);
    } else {
      drop(name);
    }
  }
  return std::nullopt;
}

}  // namespace

WrittenCall write_openai_chat_call(const ChatRequest& request, const ChatTarget& target,
                                   json::Index& /*index*/) {
  return CallWriter(request, target).run();
}

}  // namespace sluice::llm
