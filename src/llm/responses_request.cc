#include "sluice/llm/responses_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "member_reading.h"
#include "responses_items.h"
#include "responses_tools.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

constexpr std::uint64_t tokens_max = std::uint64_t{1} << 40;

class Reader {
 public:
  std::expected<ChatRequest, ApiError> read(Value top) {
    if (read_members(top) && read_conversation()) {
      if (request_.user.empty()) request_.user = safety_identifier_;
      return std::move(request_);
    }
    return std::unexpected(reading_.take_error());
  }

 private:
  struct Handler {
    std::string_view name;
    bool (Reader::*read)(Value);  // null: of no use to another dialect
  };
  static const std::array<Handler, 28> handlers;

  bool read_members(Value top) {
    std::string scratch;
    for (const json::Member member : top.members()) {
      if (member.value.is_null()) continue;
      const std::string_view name = member.key.unescaped(scratch);
      const auto known = std::ranges::find(handlers, name, &Handler::name);
      if (known == handlers.end()) {
        keep_other(name, member);
      } else if (known->read != nullptr && !(this->*known->read)(member.value)) {
        return false;
      }
    }
    return true;
  }

  void keep_other(std::string_view name, const json::Member& member) {
    const auto ours = openai_gateway_only_fields();
    if (std::ranges::find(ours, name) != ours.end()) return;
    request_.others.push_back({.name = json::raw_text(member.key), .value = member.value.raw()});
  }

  // In their order, wherever they stand in the body.
  bool read_conversation() {
    ResponsesTools tools(reading_, request_);
    if (tools_ && !tools.read(*tools_)) return false;
    if (choice_ && !tools.read_choice(*choice_)) return false;
    ResponsesItems items(reading_, tools, request_);
    if (instructions_ && !items.read_instructions(*instructions_)) return false;
    if (!input_) return reading_.missing("input", "Give a text, or the conversation as items.");
    return items.read(*input_);
  }

  // --- what would need a memory ---

  bool refuse_kept(std::string_view name, std::string_view advice) {
    std::string message = "This model's provider keeps no responses, so '";
    message += name;
    message += "' means nothing to it. ";
    message += advice;
    return reading_.refuse(errors::field_invalid(name, std::move(message)));
  }
  bool previous_response_id(Value /*value*/) {
    return refuse_kept("previous_response_id", "Send the whole conversation as `input`.");
  }
  bool conversation(Value /*value*/) {
    return refuse_kept("conversation", "Send the whole conversation as `input`.");
  }
  bool prompt(Value /*value*/) {
    return refuse_kept("prompt", "Send the prompt's text as `instructions` or `input`.");
  }
  bool background(Value value) {
    std::optional<bool> wanted;
    if (!reading_.boolean(value, "background", wanted)) return false;
    return !*wanted || refuse_kept("background", "Leave it out, and take the answer as it comes.");
  }

  // --- one member each ---

  bool input(Value value) { return keep(value, input_); }
  bool instructions(Value value) { return keep(value, instructions_); }
  bool tools(Value value) { return keep(value, tools_); }
  bool tool_choice(Value value) { return keep(value, choice_); }
  static bool keep(Value value, std::optional<Value>& out) {
    out = value;
    return true;
  }
  bool parallel_tool_calls(Value value) {
    return reading_.boolean(value, "parallel_tool_calls", request_.tool_choice.parallel);
  }
  bool temperature(Value value) {
    return reading_.number(value, "temperature", 0, 2, request_.temperature);
  }
  bool top_p(Value value) { return reading_.number(value, "top_p", 0, 1, request_.top_p); }
  bool max_output_tokens(Value value) {
    return reading_.count(value, "max_output_tokens", 1, tokens_max, request_.output_tokens_max);
  }
  bool top_logprobs(Value value) {
    std::optional<std::uint64_t> count;
    if (!reading_.count(value, "top_logprobs", 0, 20, count)) return false;
    if (*count == 0) return true;
    request_.logprobs = true;
    request_.top_logprobs = static_cast<std::uint32_t>(*count);
    return true;
  }
  // Of what may be asked for on top this alone is the answer's: the rest is always given or never.
  bool include(Value value) {
    if (!reading_.array(value, "include")) return false;
    for (const Value name : value.elements()) {
      if (name.string_equals("message.output_text.logprobs")) request_.logprobs = true;
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
  bool metadata(Value value) {
    request_.metadata = value.raw();
    return reading_.object(value, "metadata");
  }

  bool reasoning(Value value) {
    if (!reading_.object(value, "reasoning")) return false;
    const auto effort = given(value, "effort");
    if (!effort) return true;
    Text text;
    if (!reading_.text(*effort, "reasoning.effort", text)) return false;
    request_.reasoning.effort = parse_effort(text);
    return request_.reasoning.effort ||
           reading_.invalid("reasoning.effort",
                            "must be none, minimal, low, medium, high, xhigh or max.");
  }

  // --- text ---

  bool text(Value value) {
    if (!reading_.object(value, "text")) return false;
    if (const auto verbosity = given(value, "verbosity")) {
      Text word;
      if (!reading_.text(*verbosity, "text.verbosity", word)) return false;
      request_.others.push_back({.name = {.bytes = "verbosity"}, .value = verbosity->raw()});
    }
    const auto format = given(value, "format");
    return !format || read_format(*format);
  }

  bool read_format(Value value) {
    if (!reading_.object(value, "text.format")) return false;
    const auto type = given(value, "type");
    if (type && type->string_equals("text")) return true;
    OutputFormat& output = request_.output;
    if (type && type->string_equals("json_object")) {
      output.kind = OutputKind::json_object;
      return true;
    }
    if (!type || !type->string_equals("json_schema")) {
      return reading_.invalid("text.format.type", "must be text, json_object or json_schema.");
    }
    output.kind = OutputKind::json_schema;
    const auto schema = given(value, "schema");
    if (!schema) return reading_.missing("text.format.schema", "Give the JSON Schema.");
    if (!reading_.object(*schema, "text.format.schema")) return false;
    output.schema = schema->raw();
    const auto name = given(value, "name");
    if (name && !reading_.text(*name, "text.format.name", output.name)) return false;
    const auto described = given(value, "description");
    if (described && !reading_.text(*described, "text.format.description", output.description)) {
      return false;
    }
    const auto strict = given(value, "strict");
    return !strict || reading_.boolean(*strict, "text.format.strict", output.strict);
  }

  MemberReading reading_;
  ChatRequest request_;
  std::optional<Value> input_, instructions_, tools_, choice_;
  Text safety_identifier_;
};

constexpr std::array<Reader::Handler, 28> Reader::handlers = {{
    {"model", nullptr},
    {"input", &Reader::input},
    {"instructions", &Reader::instructions},
    {"stream", &Reader::stream},
    {"stream_options", nullptr},
    {"tools", &Reader::tools},
    {"tool_choice", &Reader::tool_choice},
    {"parallel_tool_calls", &Reader::parallel_tool_calls},
    {"temperature", &Reader::temperature},
    {"top_p", &Reader::top_p},
    {"max_output_tokens", &Reader::max_output_tokens},
    {"top_logprobs", &Reader::top_logprobs},
    {"include", &Reader::include},
    {"reasoning", &Reader::reasoning},
    {"text", &Reader::text},
    {"user", &Reader::user},
    {"safety_identifier", &Reader::safety_identifier},
    {"service_tier", &Reader::service_tier},
    {"prompt_cache_key", &Reader::prompt_cache_key},
    {"metadata", &Reader::metadata},
    {"previous_response_id", &Reader::previous_response_id},
    {"conversation", &Reader::conversation},
    {"prompt", &Reader::prompt},
    {"background", &Reader::background},
    {"store", nullptr},  // nothing is kept
    // How a prompt cache is kept is told each provider in its own way, or not at all.
    {"prompt_cache_retention", nullptr},
    {"prompt_cache_options", nullptr},
    {"usage", nullptr},  // {"include":true}: it always is
}};

}  // namespace

std::expected<ChatRequest, ApiError> read_responses_chat(Value top) { return Reader().read(top); }

}  // namespace sluice::llm
