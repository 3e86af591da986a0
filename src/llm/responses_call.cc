#include "sluice/llm/responses_call.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "custom_format.h"
#include "dropped_names.h"
#include "legal_name.h"
#include "responses_input.h"
#include "schema_in_words.h"

namespace sluice::llm {
namespace {

using json::Text;

constexpr std::uint64_t output_tokens_min = 16;  // OpenAI's own

// Members that a request of another dialect may bring and this one knows under the same name.
constexpr std::array<std::string_view, 7> known_others = {
    "truncation",        "max_tool_calls",       "context_management",    "moderation",
    "safety_identifier", "prompt_cache_options", "prompt_cache_retention"};

std::string plain(Text text) {
  std::string out;
  json::append_plain(out, text);
  return out;
}

class CallWriter {
 public:
  CallWriter(const ChatRequest& request, const ChatTarget& target, json::Index& index)
      : request_(request), target_(target), traits_(target.traits), index_(index) {}

  WrittenCall run() {
    call_.target = "/responses";
    if (auto error = write_body()) return std::unexpected(std::move(*error));
    return std::move(call_);
  }

 private:
  std::optional<ApiError> write_body();
  std::optional<ApiError> write_input();
  std::optional<ApiError> write_tools();
  void write_tool(const Tool& tool);
  void write_tool_choice();
  void write_named(Text name);
  void write_text();
  void write_reasoning();
  [[nodiscard]] std::optional<Effort> effort() const;
  void write_sampling();
  void write_labels();
  std::optional<ApiError> write_others();

  void drop(std::string_view name) { add_dropped(call_.dropped, name); }
  [[nodiscard]] bool thinks() const { return traits_.thinking != ThinkingControl::none; }
  [[nodiscard]] bool wants_schema() const {
    return request_.output.kind == OutputKind::json_schema && !request_.output.schema.empty();
  }

  const ChatRequest& request_;
  const ChatTarget& target_;
  const ModelTraits& traits_;
  json::Index& index_;
  ChatCall call_;
  json::Writer writer_{call_.body};
  std::unordered_set<std::string> custom_tools_;
};

std::optional<ApiError> CallWriter::write_body() {
  if (request_.choices > 1) {
    return errors::field_invalid(
        "n",
        "This model's provider gives one answer to a request. Leave 'n' out, or ask several "
        "times.");
  }
  writer_.begin_object();
  writer_.key("model").string(target_.upstream_model);
  writer_.key("store").boolean(false);
  if (thinks()) {  // other models refuse it (recorded 2026: never sent for them)
    writer_.key("include").begin_array();
    writer_.string("reasoning.encrypted_content");
    writer_.end_array();
  }
  if (auto error = write_input()) return error;
  if (auto error = write_tools()) return error;
  write_text();
  write_reasoning();
  write_sampling();
  write_labels();
  if (auto error = write_others()) return error;
  if (request_.stream) writer_.key("stream").boolean(true);
  writer_.end_object();
  return std::nullopt;
}

std::optional<ApiError> CallWriter::write_input() {
  auto turns = arrange_turns(request_, {.system_inside = true, .user_first = false});
  if (!turns) return std::move(turns.error());
  std::string instruction;
  if (wants_schema() && !traits_.takes_output_schema) {
    instruction = schema_in_words(request_.output.schema);
    if (request_.output.strict.value_or(false)) drop("response_format.json_schema.strict");
  } else if (request_.output.kind != OutputKind::text && !wants_schema()) {
    instruction = json_in_words(request_);
  }
  writer_.key("input");
  return ResponsesInput(request_, writer_).write(*turns, instruction);
}

// --- tools ---

std::optional<ApiError> CallWriter::write_tools() {
  if (request_.tools.empty()) return std::nullopt;
  writer_.key("tools").begin_array();
  for (std::size_t i = 0; i < request_.tools.size(); ++i) {
    const Tool& tool = request_.tools[i];
    if (tool.kind == ToolKind::hosted) {
      const std::string name = quotable(plain(tool.name), 100);
      return errors::field_invalid(
          fmt::format("tools[{}]", i),
          fmt::format("The tool '{}' runs at the provider of your API's own models, and this "
                      "model's provider has none like it. Leave it out, or use one of those "
                      "models.",
                      name));
    }
    write_tool(tool);
  }
  writer_.end_array();
  write_tool_choice();
  const std::optional<bool> parallel = request_.tool_choice.parallel;
  if (parallel) writer_.key("parallel_tool_calls").boolean(*parallel);
  return std::nullopt;
}

void CallWriter::write_tool(const Tool& tool) {
  const bool custom = tool.kind == ToolKind::custom;
  if (custom) custom_tools_.insert(plain(tool.name));
  writer_.begin_object();
  writer_.key("type").string(custom ? "custom" : "function");
  std::string sent = legal_tool_name(tool.name, openai_tool_name_bytes_max);
  std::string name = plain(tool.name);
  writer_.key("name").string(sent);
  if (sent != name) {
    call_.asked.renamed_tools.push_back({.sent = std::move(sent), .name = std::move(name)});
  }
  if (!tool.description.empty()) writer_.key("description").text(tool.description);
  if (custom) {
    if (!tool.parameters.empty() && index_.build(tool.parameters)) {
      std::string format;
      append_responses_format(format, json::root(index_));
      writer_.key("format").raw(format);
    }
  } else {
    writer_.key("parameters")
        .raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters);
    writer_.key("strict").boolean(tool.strict.value_or(false));
  }
  writer_.end_object();
}

void CallWriter::write_tool_choice() {
  const ToolChoice& choice = request_.tool_choice;
  const bool forces =
      choice.mode == ToolChoiceMode::required || choice.mode == ToolChoiceMode::named;
  if (forces && !traits_.takes_forced_tool) return drop("tool_choice");
  const bool is_required = choice.mode == ToolChoiceMode::required;
  if (choice.mode == ToolChoiceMode::named) {
    writer_.key("tool_choice");
    write_named(choice.name);
  } else if (choice.mode == ToolChoiceMode::none) {
    writer_.key("tool_choice").string("none");
  } else if (!choice.allowed.empty()) {
    writer_.key("tool_choice").begin_object();
    writer_.key("type").string("allowed_tools");
    writer_.key("mode").string(is_required ? "required" : "auto");
    writer_.key("tools").begin_array();
    for (const Text name : choice.allowed) write_named(name);
    writer_.end_array();
    writer_.end_object();
  } else if (choice.mode != ToolChoiceMode::unspecified) {
    writer_.key("tool_choice").string(is_required ? "required" : "auto");
  }
}

void CallWriter::write_named(Text name) {
  writer_.begin_object();
  writer_.key("type").string(custom_tools_.contains(plain(name)) ? "custom" : "function");
  writer_.key("name").string(legal_tool_name(name, openai_tool_name_bytes_max));
  writer_.end_object();
}

// --- how to answer ---

void CallWriter::write_text() {
  const OutputFormat& output = request_.output;
  const auto verbosity = std::ranges::find_if(
      request_.others, [](const OtherMember& other) { return other.name.equals("verbosity"); });
  const bool is_verbose_said = verbosity != request_.others.end();
  if (output.kind == OutputKind::text && !is_verbose_said) return;
  writer_.key("text").begin_object();
  if (is_verbose_said) writer_.key("verbosity").raw(verbosity->value);
  if (output.kind != OutputKind::text) {
    const bool has_schema = wants_schema() && traits_.takes_output_schema;
    writer_.key("format").begin_object();
    writer_.key("type").string(has_schema ? "json_schema" : "json_object");
    if (has_schema) {
      writer_.key("name").text(output.name.empty() ? Text{.bytes = "output"} : output.name);
      if (!output.description.empty()) writer_.key("description").text(output.description);
      writer_.key("schema").raw(output.schema);
      writer_.key("strict").boolean(output.strict.value_or(output.name.empty()));
    }
    writer_.end_object();
  }
  writer_.end_object();
}

// What is asked for as one of OpenAI's efforts; nothing where the model is left to itself.
std::optional<Effort> CallWriter::effort() const {
  constexpr std::uint64_t low_tokens_end = 2'000;
  constexpr std::uint64_t medium_tokens_end = 12'000;
  const ReasoningWanted& wanted = request_.reasoning;
  if (wanted.off()) return Effort::none;
  if (wanted.effort) return wanted.effort;
  if (!wanted.tokens_max) return std::nullopt;
  if (*wanted.tokens_max < low_tokens_end) return Effort::low;
  return *wanted.tokens_max < medium_tokens_end ? Effort::medium : Effort::high;
}

void CallWriter::write_reasoning() {
  const ReasoningWanted& wanted = request_.reasoning;
  if (!wanted.said() || (wanted.off() && !thinks())) return;  // as it is
  if (!thinks() || (wanted.off() && !traits_.thinking_can_be_off)) return drop("reasoning_effort");
  const std::optional<Effort> asked = effort();
  const bool is_shown = !wanted.off() && !wanted.hidden && (wanted.enabled || wanted.tokens_max);
  if (!asked && !is_shown) return;
  writer_.key("reasoning").begin_object();
  if (asked) writer_.key("effort").string(to_string(*asked));
  if (is_shown) writer_.key("summary").string("auto");
  writer_.end_object();
}

void CallWriter::write_sampling() {
  if (request_.output_tokens_max) {
    const std::uint64_t most = traits_.output_tokens_max.value_or(*request_.output_tokens_max);
    const std::uint64_t wanted = std::min(most, *request_.output_tokens_max);
    writer_.key("max_output_tokens").unsigned_integer(std::max(wanted, output_tokens_min));
  }
  if (request_.temperature) {
    if (traits_.takes_sampling) {
      writer_.key("temperature").raw(request_.temperature->raw);
    } else {
      drop("temperature");
    }
  }
  if (request_.top_p) {
    const bool both = request_.temperature.has_value();
    if (traits_.takes_sampling && (!both || traits_.takes_temperature_and_top_p)) {
      writer_.key("top_p").raw(request_.top_p->raw);
    } else {
      drop("top_p");
    }
  }
  if (request_.top_k) drop("top_k");
  if (request_.presence_penalty) drop("presence_penalty");
  if (request_.frequency_penalty) drop("frequency_penalty");
  if (request_.seed) drop("seed");
  if (!request_.stop.empty()) drop("stop");
  if (request_.logprobs) drop("logprobs");
}

void CallWriter::write_labels() {
  const auto write = [&](std::string_view name, Text text) {
    if (!text.empty()) writer_.key(name).text(text);
  };
  write("user", request_.user);
  const bool is_standard = request_.service_tier.equals("standard_only");  // Anthropic's word
  write("service_tier", is_standard ? Text{.bytes = "default"} : request_.service_tier);
  write("prompt_cache_key", request_.prompt_cache_key);
  if (!request_.metadata.empty()) writer_.key("metadata").raw(request_.metadata);
}

std::optional<ApiError> CallWriter::write_others() {
  for (const OtherMember& other : request_.others) {
    const std::string name = plain(other.name);
    if (name == "verbosity") continue;
    if (name == "mcp_servers") {
      return errors::field_invalid(name,
                                   "This model's provider calls no MCP servers of yours. Leave "
                                   "mcp_servers out, or offer their tools as functions.");
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

WrittenCall write_responses_call(const ChatRequest& request, const ChatTarget& target,
                                 json::Index& index) {
  return CallWriter(request, target, index).run();
}

}  // namespace sluice::llm
