#include "sluice/llm/openai_chat_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "member_reading.h"
#include "openai_chat_messages.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

constexpr std::uint64_t tokens_max = std::uint64_t{1} << 40;
constexpr std::uint64_t choices_max = 128;  // OpenAI's own
constexpr double any_number = std::numeric_limits<double>::max();

class Reader {
 public:
  std::expected<ChatRequest, ApiError> read(Value top) {
    std::string scratch;
    for (const json::Member member : top.members()) {
      if (member.value.is_null()) continue;
      const std::string_view name = member.key.unescaped(scratch);
      const auto known = std::ranges::find(handlers, name, &Handler::name);
      if (known == handlers.end()) {
        keep_other(name, member);
      } else if (known->read != nullptr && !(this->*known->read)(member.value)) {
        return std::unexpected(reading_.take_error());
      }
    }
    // The newer name wins wherever it stands.
    if (completion_tokens_max_) request_.output_tokens_max = completion_tokens_max_;
    if (request_.user.empty()) request_.user = safety_identifier_;
    return std::move(request_);
  }

 private:
  struct Handler {
    std::string_view name;
    bool (Reader::*read)(Value);  // null: of no use to another dialect
  };
  static const std::array<Handler, 36> handlers;

  void keep_other(std::string_view name, const json::Member& member) {
    const auto ours = openai_gateway_only_fields();
    if (std::ranges::find(ours, name) != ours.end()) return;
    request_.others.push_back({.name = json::raw_text(member.key), .value = member.value.raw()});
  }

  // --- one member each ---

  bool messages(Value value) { return OpenaiMessages(reading_, request_).read(value); }

  bool temperature(Value value) {
    return reading_.number(value, "temperature", 0, 2, request_.temperature);
  }
  bool top_p(Value value) { return reading_.number(value, "top_p", 0, 1, request_.top_p); }
  bool top_k(Value value) {
    return reading_.number(value, "top_k", -1, any_number, request_.top_k);
  }
  bool presence_penalty(Value value) {
    return reading_.number(value, "presence_penalty", -2, 2, request_.presence_penalty);
  }
  bool frequency_penalty(Value value) {
    return reading_.number(value, "frequency_penalty", -2, 2, request_.frequency_penalty);
  }
  bool seed(Value value) {
    return reading_.number(value, "seed", -any_number, any_number, request_.seed);
  }
  bool max_tokens(Value value) {
    return reading_.count(value, "max_tokens", 1, tokens_max, request_.output_tokens_max);
  }
  bool max_completion_tokens(Value value) {
    return reading_.count(value, "max_completion_tokens", 1, tokens_max, completion_tokens_max_);
  }
  bool choices(Value value) {
    std::optional<std::uint64_t> count;
    if (!reading_.count(value, "n", 1, choices_max, count)) return false;
    request_.choices = static_cast<std::uint32_t>(*count);
    return true;
  }
  bool logprobs(Value value) {
    std::optional<bool> wanted;
    if (!reading_.boolean(value, "logprobs", wanted)) return false;
    request_.logprobs = *wanted;
    return true;
  }
  bool top_logprobs(Value value) {
    std::optional<std::uint64_t> count;
    if (!reading_.count(value, "top_logprobs", 0, 20, count)) return false;
    request_.top_logprobs = static_cast<std::uint32_t>(*count);
    return true;
  }
  bool stop(Value value) {
    if (value.is(Kind::string)) {
      request_.stop.push_back(json::raw_text(value));
      return true;
    }
    if (!value.is(Kind::array)) return reading_.wrong_type("stop", "a string or an array", value);
    std::size_t position = 0;
    for (const Value sequence : value.elements()) {
      const Place place("stop", position++);
      if (!reading_.text(sequence, place, request_.stop.emplace_back())) return false;
    }
    return true;
  }
  bool stream(Value value) {
    request_.stream = value.boolean().value_or(false);
    return true;
  }
  bool user(Value value) { return reading_.text(value, "user", request_.user); }
  bool safety_identifier(Value value) {
    return reading_.text(value, "safety_identifier", safety_identifier_);
  }
  bool service_tier(Value value) {
    return reading_.text(value, "service_tier", request_.service_tier);
  }
  bool prompt_cache_key(Value value) {
    return reading_.text(value, "prompt_cache_key", request_.prompt_cache_key);
  }
  bool cache_control(Value value) {
    return reading_.cache_mark(value, "cache_control", request_.cache);
  }
  bool metadata(Value value) {
    request_.metadata = value.raw();
    return reading_.object(value, "metadata");
  }

  // --- reasoning ---

  bool effort(Value value, const Place& place) {
    Text text;
    if (!reading_.text(value, place, text)) return false;
    if (text.equals("default")) {  // Groq: as the model likes, but on
      request_.reasoning.enabled = true;
      return true;
    }
    request_.reasoning.effort = parse_effort(text);
    return request_.reasoning.effort ||
           reading_.invalid(place, "must be none, minimal, low, medium, high, xhigh or max.");
  }
  bool reasoning_effort(Value value) { return effort(value, "reasoning_effort"); }

  // {"effort" or "max_tokens", "exclude", "enabled"}
  bool reasoning(Value value) {
    if (!reading_.object(value, "reasoning")) return false;
    ReasoningWanted& wanted = request_.reasoning;
    const auto effort_value = given(value, "effort");
    if (effort_value && !effort(*effort_value, "reasoning.effort")) return false;
    const auto tokens = given(value, "max_tokens");
    if (tokens &&
        !reading_.count(*tokens, "reasoning.max_tokens", 0, tokens_max, wanted.tokens_max)) {
      return false;
    }
    const auto enabled = given(value, "enabled");
    if (enabled && !reading_.boolean(*enabled, "reasoning.enabled", wanted.enabled)) return false;
    const auto exclude = given(value, "exclude");
    if (!exclude) return true;
    std::optional<bool> hidden;
    if (!reading_.boolean(*exclude, "reasoning.exclude", hidden)) return false;
    wanted.hidden = *hidden;
    return true;
  }
  bool include_reasoning(Value value) {
    std::optional<bool> shown;
    if (!reading_.boolean(value, "include_reasoning", shown)) return false;
    request_.reasoning.hidden = !*shown;
    return true;
  }

  // {"type":"enabled","budget_tokens":n}, {"type":"adaptive"} or {"type":"disabled"}; Z.ai's may
  // come without a type, to say other things.
  bool thinking(Value value) {
    if (!reading_.object(value, "thinking")) return false;
    const auto type = given(value, "type");
    if (type) request_.reasoning.enabled = !type->string_equals("disabled");
    const auto budget = given(value, "budget_tokens");
    return !budget || reading_.count(*budget, "thinking.budget_tokens", 0, tokens_max,
                                     request_.reasoning.tokens_max);
  }

  // --- output ---

  bool response_format(Value value) {
    if (!reading_.object(value, "response_format")) return false;
    const auto type = given(value, "type");
    if (type && type->string_equals("text")) return true;
    OutputFormat& output = request_.output;
    if (type && type->string_equals("json_object")) {
      output.kind = OutputKind::json_object;
      return true;
    }
    if (!type || !type->string_equals("json_schema")) {
      return reading_.invalid("response_format.type", "must be text, json_object or json_schema.");
    }
    output.kind = OutputKind::json_schema;
    const auto body = given(value, "json_schema");
    const auto schema = body ? given(*body, "schema") : std::nullopt;
    if (!schema) {
      return reading_.missing("response_format.json_schema.schema", "Give the JSON Schema.");
    }
    if (!reading_.object(*schema, "response_format.json_schema.schema")) return false;
    output.schema = schema->raw();
    const auto name = given(*body, "name");
    if (name && !reading_.text(*name, "response_format.json_schema.name", output.name)) {
      return false;
    }
    const auto described = given(*body, "description");
    if (described &&
        !reading_.text(*described, "response_format.json_schema.description", output.description)) {
      return false;
    }
    const auto strict = given(*body, "strict");
    return !strict ||
           reading_.boolean(*strict, "response_format.json_schema.strict", output.strict);
  }

  // --- tools ---

  bool tools(Value value) {
    if (!reading_.array(value, "tools")) return false;
    std::size_t position = 0;
    for (const Value tool : value.elements()) {
      if (!read_tool(tool, Place("tools", position++))) return false;
    }
    return true;
  }

  bool read_tool(Value value, const Place& place) {
    if (!reading_.object(value, place)) return false;
    Tool tool{.raw = value.raw()};
    const auto type = given(value, "type");
    const auto cache = given(value, "cache_control");
    if (cache && !reading_.cache_mark(*cache, place.at("cache_control"), tool.cache)) return false;
    if (!type || type->string_equals("function")) {
      const auto function = given(value, "function");
      if (!function) {
        return reading_.missing(place.at("function"), "Give the function's name and parameters.");
      }
      return read_definition(*function, place.at("function"), tool);
    }
    if (type->string_equals("custom")) {
      tool.kind = ToolKind::custom;
      const auto custom = given(value, "custom");
      if (!custom) return reading_.missing(place.at("custom"), "Give the tool's name.");
      return read_definition(*custom, place.at("custom"), tool);
    }
    tool.kind = ToolKind::hosted;
    tool.name = json::raw_text(*type);
    request_.tools.push_back(std::move(tool));
    return true;
  }

  bool read_definition(Value value, const Place& place, Tool& tool) {
    if (!reading_.object(value, place)) return false;
    const auto name = given(value, "name");
    if (!name) return reading_.missing(place, "Give the tool a name.");
    if (!reading_.text(*name, place, tool.name)) return false;
    const auto described = given(value, "description");
    if (described && !reading_.text(*described, place, tool.description)) return false;
    const bool is_custom = tool.kind == ToolKind::custom;
    if (const auto parameters = given(value, is_custom ? "format" : "parameters")) {
      if (!reading_.object(*parameters, place)) return false;
      tool.parameters = parameters->raw();
    }
    const auto strict = given(value, "strict");
    if (strict && !reading_.boolean(*strict, place, tool.strict)) return false;
    request_.tools.push_back(std::move(tool));
    return true;
  }

  bool functions(Value value) {
    if (!reading_.array(value, "functions")) return false;
    std::size_t position = 0;
    for (const Value function : value.elements()) {
      Tool tool{.raw = function.raw()};
      if (!read_definition(function, Place("functions", position++), tool)) return false;
    }
    return true;
  }

  bool parallel_tool_calls(Value value) {
    return reading_.boolean(value, "parallel_tool_calls", request_.tool_choice.parallel);
  }

  bool tool_choice(Value value) {
    if (value.is(Kind::string)) return read_mode(value, "tool_choice");
    if (!reading_.object(value, "tool_choice")) return false;
    const auto type = given(value, "type");
    if (type && type->string_equals("allowed_tools")) return read_allowed(value);
    const bool is_custom = type && type->string_equals("custom");
    const auto body = given(value, is_custom ? "custom" : "function");
    return read_named(body, "tool_choice.function.name");
  }

  bool function_call(Value value) {
    if (value.is(Kind::string)) return read_mode(value, "function_call");
    if (!reading_.object(value, "function_call")) return false;
    return read_named(value, "function_call.name");
  }

  bool read_mode(Value value, const Place& place) {
    ToolChoiceMode& mode = request_.tool_choice.mode;
    if (value.string_equals("auto")) {
      mode = ToolChoiceMode::automatic;
    } else if (value.string_equals("none")) {
      mode = ToolChoiceMode::none;
    } else if (value.string_equals("required") || value.string_equals("any")) {
      mode = ToolChoiceMode::required;
    } else {
      return reading_.invalid(place,
                              "must be auto, none, required or an object that names a tool.");
    }
    return true;
  }

  bool read_named(std::optional<Value> holder, const Place& place) {
    const auto name = holder ? given(*holder, "name") : std::nullopt;
    if (!name) return reading_.missing(place, "Name the tool to call.");
    request_.tool_choice.mode = ToolChoiceMode::named;
    return reading_.text(*name, place, request_.tool_choice.name);
  }

  bool read_allowed(Value value) {
    const auto allowed = given(value, "allowed_tools");
    const auto mode = allowed ? given(*allowed, "mode") : std::nullopt;
    const auto list = allowed ? given(*allowed, "tools") : std::nullopt;
    if (!mode || !list) {
      return reading_.missing("tool_choice.allowed_tools", "Give mode and tools.");
    }
    if (!read_mode(*mode, "tool_choice.allowed_tools.mode")) return false;
    if (!reading_.array(*list, "tool_choice.allowed_tools.tools")) return false;
    for (const Value tool : list->elements()) {
      const auto function = given(tool, "function");
      const auto holder = function ? function : given(tool, "custom");
      const auto name = holder ? given(*holder, "name") : given(tool, "name");
      if (!name) return reading_.missing("tool_choice.allowed_tools.tools", "Name each tool.");
      if (!reading_.text(*name, "tool_choice.allowed_tools.tools",
                         request_.tool_choice.allowed.emplace_back())) {
        return false;
      }
    }
    return true;
  }

  MemberReading reading_;
  ChatRequest request_;
  std::optional<std::uint64_t> completion_tokens_max_;
  Text safety_identifier_;
};

constexpr std::array<Reader::Handler, 36> Reader::handlers = {{
    {"model", nullptr},
    {"messages", &Reader::messages},
    {"stream", &Reader::stream},
    {"stream_options", nullptr},  // usage is always counted; the frame says whether it is shown
    {"temperature", &Reader::temperature},
    {"top_p", &Reader::top_p},
    {"top_k", &Reader::top_k},
    {"max_tokens", &Reader::max_tokens},
    {"max_completion_tokens", &Reader::max_completion_tokens},
    {"n", &Reader::choices},
    {"stop", &Reader::stop},
    {"presence_penalty", &Reader::presence_penalty},
    {"frequency_penalty", &Reader::frequency_penalty},
    {"seed", &Reader::seed},
    {"logprobs", &Reader::logprobs},
    {"top_logprobs", &Reader::top_logprobs},
    {"tools", &Reader::tools},
    {"tool_choice", &Reader::tool_choice},
    {"parallel_tool_calls", &Reader::parallel_tool_calls},
    {"functions", &Reader::functions},
    {"function_call", &Reader::function_call},
    {"response_format", &Reader::response_format},
    {"reasoning_effort", &Reader::reasoning_effort},
    {"reasoning", &Reader::reasoning},
    {"include_reasoning", &Reader::include_reasoning},
    {"thinking", &Reader::thinking},
    {"user", &Reader::user},
    {"safety_identifier", &Reader::safety_identifier},
    {"service_tier", &Reader::service_tier},
    {"prompt_cache_key", &Reader::prompt_cache_key},
    {"cache_control", &Reader::cache_control},
    {"metadata", &Reader::metadata},
    // How a prompt cache is kept is told each provider in its own way, or not at all.
    {"prompt_cache_retention", nullptr},
    {"prompt_cache_options", nullptr},
    {"store", nullptr},  // nothing is kept anywhere else
    {"usage", nullptr},  // {"include":true}: it always is
}};

}  // namespace

std::expected<ChatRequest, ApiError> read_openai_chat(Value top) { return Reader().read(top); }

}  // namespace sluice::llm
