// Every recorded request to Gemini, read into a chat request in the plainest way and written again,
// says the same: contents, tools, choice and settings. Left aside is what has no meaning: the
// spelling of members' names, empty members, contents cut in two, and the word for signatures that
// cannot be had.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "chat_builder.h"
#include "recorded.h"
#include "sluice/llm/gemini_call.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::string_view no_signature = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

// functionCall and function_call are one.
std::string camel(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (name[at] == '_' && at + 1 < name.size()) {
      out += static_cast<char>(std::toupper(name[++at]));
    } else {
      out += name[at];
    }
  }
  return out;
}

std::optional<Value> get(Value value, std::string_view name) {
  for (const json::Member member : value.members()) {
    if (camel(member.key.string().value()) == name && !member.value.is_null()) return member.value;
  }
  return std::nullopt;
}
std::string text(std::optional<Value> value) { return value ? value->string().value_or("") : ""; }

// --- the same, said in one way ---

// Members sorted, without blanks; of schemas without what only decorates them.
std::string sorted(Value value) {
  if (value.is(Kind::array)) {
    std::string out = "[";
    for (const Value element : value.elements()) out += sorted(element) + ",";
    return out + "]";
  }
  if (!value.is(Kind::object)) {
    return value.is(Kind::string) ? "'" + value.string().value() + "'" : std::string(value.raw());
  }
  std::map<std::string, std::string> members;
  for (const json::Member member : value.members()) {
    const std::string name = member.key.string().value();
    const bool decorates = name == "property_ordering" || name == "title";
    if (decorates && !member.value.is(Kind::object)) continue;
    std::string& said = members[name] = sorted(member.value);
    const bool any_case = name == "type" || name == "mode";
    if (any_case) std::transform(said.begin(), said.end(), said.begin(), ::tolower);
  }
  std::string out = "{";
  for (const auto& [name, member] : members) out += name + ":" + member + ",";
  return out + "}";
}

// Base64 in either of its alphabets.
std::string signature_of(Value part) {
  std::string out = text(get(part, "thoughtSignature"));
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  return out == no_signature ? "" : out;
}

std::string media(Value value) {
  return text(get(value, "mimeType")) + " " + text(get(value, "data")) +
         text(get(value, "fileUri"));
}

std::string part_line(Value part) {
  std::string out;
  if (const auto said = get(part, "text")) out += "text " + said->string().value_or("");
  const auto thought = get(part, "thought");
  if (thought && thought->boolean() == true) out += " thought";
  if (const auto call = get(part, "functionCall")) {
    const auto args = get(*call, "args");
    out += "call " + text(get(*call, "id")) + " " + text(get(*call, "name")) + " " +
           (args ? sorted(*args) : "{}");
  }
  if (const auto result = get(part, "functionResponse")) {
    out += "result " + text(get(*result, "id")) + " " + text(get(*result, "name")) + " " +
           sorted(*get(*result, "response"));
    if (const auto parts = get(*result, "parts")) {
      for (const Value inside : parts->elements()) out += " " + part_line(inside);
    }
  }
  if (const auto inside = get(part, "inlineData")) out += "media " + media(*inside);
  if (const auto file = get(part, "fileData")) out += "file " + media(*file);
  const std::string signature = signature_of(part);
  return signature.empty() ? out : out + " signed " + signature;
}

std::string contents_lines(Value body) {
  std::string out;
  std::string before;
  const auto system = get(body, "systemInstruction");
  const auto add = [&](std::string_view role, Value parts) {
    for (const Value part : parts.elements()) {
      const std::string line = part_line(part);
      if (line == "text ") continue;
      if (before != role) out += std::string(role) + "\n";
      before = role;
      out += "  " + line + "\n";
    }
  };
  if (system) add("system", *get(*system, "parts"));
  for (const Value content : get(body, "contents")->elements()) {
    const std::string role = text(get(content, "role"));
    if (const auto parts = get(content, "parts")) add(role.empty() ? "user" : role, *parts);
  }
  return out;
}

std::string tools_lines(Value body) {
  std::string out;
  const auto tools = get(body, "tools");
  if (!tools) return out;
  for (const Value tool : tools->elements()) {
    if (get(tool, "googleSearch")) out += "search\n";
    const auto functions = get(tool, "functionDeclarations");
    if (!functions) continue;
    for (const Value function : functions->elements()) {
      auto schema = get(function, "parametersJsonSchema");
      if (!schema) schema = get(function, "parameters");
      const auto properties = schema ? get(*schema, "properties") : std::nullopt;
      const bool any = properties && !properties->is_empty();
      out += "function " + text(get(function, "name")) + " " + text(get(function, "description")) +
             " " + (any ? sorted(*schema) : "") + "\n";
    }
  }
  return out;
}

std::string settings_lines(Value body) {
  std::map<std::string, std::string> settings;
  if (const auto config = get(body, "generationConfig")) {
    for (const json::Member member : config->members()) {
      if (member.value.is_null()) continue;
      settings[camel(member.key.string().value())] = sorted(member.value);
    }
  }
  if (const auto config = get(body, "toolConfig")) settings["toolConfig"] = sorted(*config);
  if (const auto safety = get(body, "safetySettings")) settings["safety"] = sorted(*safety);
  if (const auto tier = get(body, "serviceTier")) settings["tier"] = sorted(*tier);
  std::string out;
  for (const auto& [name, value] : settings) out += name + " " + value + "\n";
  return out;
}

// --- a recorded body as a chat request ---

class Reading {
 public:
  // False: says what a chat request has no word for.
  bool read(Value body) {
    if (const auto system = get(body, "systemInstruction")) add_content(Role::system, *system);
    const auto contents = get(body, "contents");
    if (!contents) return false;
    for (const Value content : contents->elements()) {
      add_content(text(get(content, "role")) == "model" ? Role::assistant : Role::user, content);
    }
    read_tools(body);
    read_choice(body);
    if (const auto config = get(body, "generationConfig")) read_config(*config);
    if (const auto safety = get(body, "safetySettings"))
      chat.other("safety_settings", keep(safety->raw()));
    if (get(body, "cachedContent") || get(body, "modelArmorConfig")) known_ = false;
    return known_;
  }
  ChatBuilder chat;
  ModelTraits traits{.thinking = ThinkingControl::budget};

 private:
  std::string_view keep(std::string_view bytes) { return chat.request.owned.emplace_back(bytes); }
  json::Text kept(std::optional<Value> value) { return text_of(keep(text(value))); }

  void add_content(Role role, Value content) {
    const auto parts = get(content, "parts");
    if (!parts) return;
    std::vector<Part> out;
    for (const Value part : parts->elements()) add_part(role, part, out);
    chat.add(role, std::move(out));
  }

  void add_part(Role role, Value part, std::vector<Part>& out) {
    const std::string_view signature = keep(signature_of(part));
    const auto thought_mark = get(part, "thought");
    if (const auto call = get(part, "functionCall")) {
      if (role == Role::assistant) add_call(*call, signature, out);
    } else if (const auto result = get(part, "functionResponse")) {
      add_result(*result, out);
    } else if (const auto inside = get(part, "inlineData")) {
      out.push_back(image(keep(text(get(*inside, "mimeType"))), keep(text(get(*inside, "data")))));
    } else if (const auto file = get(part, "fileData")) {
      out.push_back(
          media_at(keep(text(get(*file, "fileUri"))), keep(text(get(*file, "mimeType")))));
    } else if (thought_mark && thought_mark->boolean() == true) {
      out.push_back(thought(keep(text(get(part, "text"))), signature));
      known_ = known_ && signature.empty();  // is written on the text behind it
    } else if (get(part, "text")) {
      if (!signature.empty()) out.push_back(thought("", signature));
      out.push_back(said(keep(text(get(part, "text")))));
    } else {
      known_ = false;  // code that Google ran
    }
  }

  void add_call(Value call, std::string_view signature, std::vector<Part>& out) {
    const auto args = get(call, "args");
    std::string id = text(get(call, "id"));
    traits.takes_call_ids = traits.takes_call_ids || !id.empty();
    if (id.empty()) id = "made_" + std::to_string(calls_.size());
    const std::string name = text(get(call, "name"));
    calls_.push_back({.id = id, .name = name});
    out.push_back(called(keep(id), keep(name), keep(args ? args->raw() : ""), signature));
  }

  void add_result(Value result, std::vector<Part>& out) {
    const std::string name = text(get(result, "name"));
    std::string id = text(get(result, "id"));
    for (Call& call : calls_) {
      if (!id.empty() || call.name != name) continue;
      id = call.id;
      call.name.clear();
    }
    std::vector<Part> children = {said(keep(get(result, "response")->raw()))};
    if (const auto parts = get(result, "parts")) {
      for (const Value part : parts->elements()) add_part(Role::user, part, children);
    }
    ChatRequest& request = chat.request;
    out.push_back(
        {.body = ToolResult{.call_id = text_of(keep(id)),
                            .first_child = static_cast<std::uint32_t>(request.result_parts.size()),
                            .child_count = static_cast<std::uint32_t>(children.size())}});
    for (Part& child : children) request.result_parts.push_back(std::move(child));
  }

  void read_tools(Value body) {
    const auto tools = get(body, "tools");
    if (!tools) return;
    for (const Value tool : tools->elements()) {
      for (const json::Member member : tool.members()) {
        const std::string name = camel(member.key.string().value());
        if (member.value.is_null()) continue;
        if (name == "googleSearch") {
          chat.request.tools.push_back(
              {.kind = ToolKind::hosted, .raw = R"({"type":"web_search"})"});
        } else if (name == "functionDeclarations") {
          for (const Value function : member.value.elements()) read_function(function);
        } else {
          known_ = false;
        }
      }
    }
  }

  void read_function(Value function) {
    auto schema = get(function, "parametersJsonSchema");
    if (!schema && get(function, "parameters")) {
      schema = get(function, "parameters");
      traits.takes_json_schema_parameters = false;
    }
    chat.tool(keep(text(get(function, "name"))), keep(schema ? schema->raw() : ""),
              keep(text(get(function, "description"))));
  }

  void read_choice(Value body) {
    const auto config = get(body, "toolConfig");
    const auto calling = config ? get(*config, "functionCallingConfig") : std::nullopt;
    if (!calling) return;
    ToolChoice& choice = chat.request.tool_choice;
    if (const auto names = get(*calling, "allowedFunctionNames")) {
      for (const Value name : names->elements()) choice.allowed.push_back(kept(name));
    }
    std::string mode = text(get(*calling, "mode"));
    std::transform(mode.begin(), mode.end(), mode.begin(), ::toupper);
    choice.mode = mode == "NONE"  ? ToolChoiceMode::none
                  : mode == "ANY" ? ToolChoiceMode::required
                                  : ToolChoiceMode::automatic;
    if (mode == "VALIDATED") chat.request.tools.at(0).strict = true;
    if (mode == "ANY" && choice.allowed.size() == 1) {
      choice.mode = ToolChoiceMode::named;
      choice.name = choice.allowed[0];
      choice.allowed.clear();
    }
  }

  std::optional<Number> number(Value value) {
    return Number{.raw = keep(value.raw()), .value = value.number().value_or(0)};
  }

  void read_config(Value config) {
    ChatRequest& request = chat.request;
    for (const json::Member member : config.members()) {
      const std::string name = camel(member.key.string().value());
      const Value value = member.value;
      if (value.is_null()) continue;
      if (name == "temperature") {
        request.temperature = number(value);
      } else if (name == "topP") {
        request.top_p = number(value);
      } else if (name == "topK") {
        request.top_k = number(value);
      } else if (name == "presencePenalty") {
        request.presence_penalty = number(value);
      } else if (name == "frequencyPenalty") {
        request.frequency_penalty = number(value);
      } else if (name == "seed") {
        request.seed = number(value);
      } else if (name == "maxOutputTokens") {
        request.output_tokens_max = value.integer();
      } else if (name == "stopSequences") {
        for (const Value stop : value.elements()) request.stop.push_back(kept(stop));
      } else if (name == "responseLogprobs") {
        request.logprobs = value.boolean().value();
      } else if (name == "logprobs") {
        request.top_logprobs = static_cast<std::uint32_t>(value.integer().value());
      } else {
        read_output(name, value);
      }
    }
  }

  void read_output(const std::string& name, Value value) {
    OutputFormat& output = chat.request.output;
    if (name == "responseMimeType" && text(value) == "application/json") {
      if (output.kind == OutputKind::text) output.kind = OutputKind::json_object;
    } else if (name == "responseJsonSchema" || name == "responseSchema") {
      output.kind = OutputKind::json_schema;
      output.schema = keep(value.raw());
      if (name == "responseSchema") traits.takes_json_schema_parameters = false;
    } else if (name == "thinkingConfig") {
      read_thinking(value);
    } else if (name == "responseModalities") {
      std::string list = "[";
      for (const Value one : value.elements())
        list += text(one) == "TEXT" ? "\"text\"," : "\"image\",";
      list.back() = ']';
      chat.other("modalities", keep(list));
    } else {
      known_ = false;
    }
  }

  void read_thinking(Value config) {
    ReasoningWanted& wanted = chat.request.reasoning;
    const auto shown = get(config, "includeThoughts");
    const auto budget = get(config, "thinkingBudget");
    const auto level = get(config, "thinkingLevel");
    wanted.hidden = !shown || !shown->boolean().value();
    if (level) {
      traits.thinking = ThinkingControl::level;
      wanted.effort = parse_effort({.bytes = keep(text(level))});
    } else if (budget && budget->integer() != -1) {
      wanted.tokens_max = static_cast<std::uint64_t>(budget->integer().value());
    } else if (budget) {
      wanted.enabled = true;
    }
    if (!budget && !level)
      chat.other("google", keep(R"({"thinking_config":)" + std::string(config.raw()) + "}"));
  }

  struct Call {
    std::string id, name;
  };
  std::vector<Call> calls_;
  bool known_ = true;
};

bool is_request(const RecordedExchange& exchange) {
  return exchange.url.find("googleapis.com") != std::string::npos &&
         (exchange.url.find(":generateContent") != std::string::npos ||
          exchange.url.find(":streamGenerateContent") != std::string::npos) &&
         !exchange.request_body.empty();
}

// What is written otherwise, and why.
constexpr std::pair<std::string_view, std::string_view> written_otherwise[] = {
    {"nested_model_optional", "a variant that is null is written as nullable"},
    {"google_native_output_multiple", "its schema says any_of, which is no JSON Schema"},
    {"google_model_empty_user_prompt", "an empty user's turn is written as a full stop"},
    {"generate_content_invalid_role", "there is no such role"},
    {"otel__cases.pairs.jsonl function_call_choice", "its schema's types are numbers"},
    {"otel__cases.pairs.jsonl tool_events", "its schema's types are numbers"},
};

bool is_written_otherwise(const RecordedExchange& exchange) {
  return std::any_of(std::begin(written_otherwise), std::end(written_otherwise),
                     [&](const auto& entry) { return exchange.name.ends_with(entry.first); });
}

TEST(GeminiRequests, SayTheSameWrittenAgain) {
  int compared = 0;
  int unsaid = 0;
  std::string left_out;
  for (const RecordedExchange& exchange : recorded_exchanges({"gemini", "vertex", "cross"})) {
    if (!is_request(exchange) || is_written_otherwise(exchange)) continue;
    SCOPED_TRACE(exchange.name);
    json::Index recorded;
    ASSERT_TRUE(recorded.build(exchange.request_body));
    Reading reading;
    if (!reading.read(json::root(recorded))) {
      left_out += exchange.name + "\n";  // Google's own tools, Model Armor, a signed thought
      ++unsaid;
      continue;
    }
    json::Index index;
    const auto call = write_gemini_call(reading.chat.request,
                                        {.upstream_model = "m", .traits = reading.traits}, index);
    ASSERT_TRUE(call) << call.error().message;
    ++compared;
    json::Index written;
    ASSERT_TRUE(written.build(call->body));
    const Value was = json::root(recorded);
    const Value is = json::root(written);
    EXPECT_EQ(contents_lines(is), contents_lines(was));
    EXPECT_EQ(tools_lines(is), tools_lines(was));
    EXPECT_EQ(settings_lines(is), settings_lines(was));
    EXPECT_TRUE(call->dropped.empty());
  }
  EXPECT_EQ(compared, 188);
  EXPECT_EQ(unsaid, 18) << left_out;
}

}  // namespace
}  // namespace sluice::llm
