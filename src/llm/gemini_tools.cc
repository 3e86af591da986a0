// Tools and their choice in a Gemini call.
#include <algorithm>
#include <string>
#include <vector>

#include "custom_as_function.h"
#include "gemini_draft.h"
#include "sluice/json/value.h"
#include "sluice/llm/openapi_schema.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

bool says_something(Value value) {
  return value.is(Kind::object) || value.is(Kind::array) ? !value.is_empty()
                                                         : value.is(Kind::string);
}

// Whether there is anything to give: an object without properties is refused by some models.
bool has_parameters(Value schema) {
  for (const std::string_view name : {"properties", "$ref", "anyOf", "oneOf", "allOf",
                                      "additionalProperties", "patternProperties", "items"}) {
    const auto member = schema.find(name);
    if (member && says_something(*member)) return true;
  }
  return false;
}

// Tools that run at a provider: searching is all that Google's own have in common with others'.
bool is_search(Value tool) {
  const auto type = tool.find("type");
  std::string scratch;
  const std::string_view name = type ? type->unescaped(scratch) : std::string_view{};
  return name.starts_with("web_search") || name == "google_search";
}

class Tools {
 public:
  Tools(GeminiDraft& draft, json::Writer& writer)
      : draft_(draft), writer_(writer), choice_(draft.request.tool_choice) {}

  Refusal write() {
    if (auto refusal = look()) return refusal;
    if (functions_.empty() && !answers_by_tool_ && !draft_.extras.searches) return std::nullopt;
    writer_.key("tools").begin_array();
    if (!functions_.empty() || answers_by_tool_) {
      writer_.begin_object().key("functionDeclarations").begin_array();
      for (const Tool* tool : functions_) {
        if (auto refusal = write_function(*tool)) return refusal;
      }
      if (answers_by_tool_) {
        if (auto refusal = write_output_tool()) return refusal;
      }
      writer_.end_array().end_object();
    }
    if (draft_.extras.searches) {
      draft_.call.asked.searches = true;
      writer_.begin_object().key("googleSearch").begin_object().end_object().end_object();
    }
    writer_.end_array();
    write_choice();
    return std::nullopt;
  }

 private:
  Refusal look() {
    for (const Tool& tool : draft_.request.tools) {
      if (tool.cache != CacheMark::none) draft_.drop("cache_control");
      if (tool.kind == ToolKind::hosted) {
        if (auto refusal = look_at_hosted(tool)) return refusal;
      } else {
        functions_.push_back(&tool);
        strict_ = strict_ || tool.strict.value_or(false);
      }
    }
    const bool forced =
        choice_.mode == ToolChoiceMode::required || choice_.mode == ToolChoiceMode::named;
    if (forced && functions_.empty()) {
      return errors::field_invalid("tool_choice",
                                   "A tool must be called, but there is none: send 'tools'.");
    }
    if (forced && !draft_.traits.takes_forced_tool) {
      return errors::field_invalid("tool_choice",
                                   "This model cannot be made to call a tool: use \"auto\".");
    }
    if (choice_.parallel == false && !functions_.empty()) draft_.drop("parallel_tool_calls");
    look_at_output();
    return std::nullopt;
  }

  Refusal look_at_hosted(const Tool& tool) {
    if (draft_.index.build(tool.raw) && is_search(json::root(draft_.index))) {
      draft_.extras.searches = true;
      return std::nullopt;
    }
    std::string scratch;
    return errors::field_invalid("tools", "The tool \"" + quotable(tool.name.plain(scratch), 64) +
                                              "\" runs at another provider, not at Google: leave "
                                              "it out, or use another model.");
  }

  // A schema that the model takes only without tools, or not at all, is asked for as a tool's.
  void look_at_output() {
    const OutputFormat& output = draft_.request.output;
    if (output.kind == OutputKind::text) return;
    const bool has_schema = output.kind == OutputKind::json_schema && !output.schema.empty();
    const bool is_native = !has_schema || draft_.traits.takes_output_schema;
    if (choice_.mode == ToolChoiceMode::none && is_native &&
        !draft_.traits.takes_schema_with_tools) {
      functions_.clear();  // none of them may be called: the form alone is left
    }
    if (!has_schema) return;
    const bool alone = functions_.empty();
    answers_by_tool_ =
        !draft_.traits.takes_output_schema || (!alone && !draft_.traits.takes_schema_with_tools);
    if (choice_.mode == ToolChoiceMode::none && answers_by_tool_) functions_.clear();
    if (answers_by_tool_) draft_.call.asked.output_tool = draft_.names.unused("final_answer");
  }

  Refusal write_function(const Tool& tool) {
    const Text name = draft_.names.sent(tool.name);
    writer_.begin_object().key("name").text(name);
    if (!tool.description.empty()) writer_.key("description").text(tool.description);
    if (tool.kind == ToolKind::custom) {
      json::append_plain(draft_.call.asked.custom_tools, tool.name);
      draft_.call.asked.custom_tools += '\n';
    }
    const std::string_view parameters =
        tool.kind == ToolKind::custom ? custom_tool_parameters : tool.parameters;
    if (auto refusal = write_parameters(parameters)) return refusal;
    writer_.end_object();
    return std::nullopt;
  }

  Refusal write_output_tool() {
    const OutputFormat& output = draft_.request.output;
    writer_.begin_object().key("name").string(draft_.call.asked.output_tool);
    if (output.description.empty()) {
      writer_.key("description").string("Gives the final answer. Call it once, at the end.");
    } else {
      writer_.key("description").text(output.description);
    }
    if (auto refusal = write_parameters(output.schema)) return refusal;
    writer_.end_object();
    return std::nullopt;
  }

  Refusal write_parameters(std::string_view schema) {
    if (schema.empty()) return std::nullopt;
    if (!draft_.index.build(schema) || !has_parameters(json::root(draft_.index))) {
      return std::nullopt;
    }
    if (draft_.traits.takes_json_schema_parameters) {
      writer_.key("parametersJsonSchema").raw(schema);
      return std::nullopt;
    }
    const auto cleaned = openapi_schema(schema, "tools", draft_.index);
    if (!cleaned) return cleaned.error();
    writer_.key("parameters").raw(*cleaned);
    return std::nullopt;
  }

  // --- the choice ---

  void write_choice() {
    const std::string_view mode = this->mode();
    if (mode.empty()) return;
    writer_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
    writer_.key("mode").string(mode);
    write_allowed();
    writer_.end_object().end_object();
  }

  // Empty: the default will do.
  [[nodiscard]] std::string_view mode() const {
    if (functions_.empty() && !answers_by_tool_) return {};
    if (answers_by_tool_) return "ANY";  // the tools or the answer
    // Names are allowed with ANY and VALIDATED alone; older models do not know the latter.
    const bool validates =
        (strict_ || !choice_.allowed.empty()) && draft_.traits.takes_json_schema_parameters;
    switch (choice_.mode) {
      case ToolChoiceMode::unspecified:
        return validates ? std::string_view("VALIDATED") : std::string_view{};
      case ToolChoiceMode::automatic: return validates ? "VALIDATED" : "AUTO";
      case ToolChoiceMode::none: return "NONE";
      case ToolChoiceMode::required:
      case ToolChoiceMode::named: return "ANY";
    }
    __builtin_unreachable();
  }

  void write_allowed() {
    const std::vector<Text> names = allowed();
    if (names.empty() || mode() == "NONE") return;
    if (mode() == "AUTO") {
      draft_.drop("tool_choice.allowed_tools");
      return;
    }
    writer_.key("allowedFunctionNames").begin_array();
    for (const Text name : names) writer_.text(draft_.names.sent(name));
    writer_.end_array();
  }

  // Nothing: all of them.
  [[nodiscard]] std::vector<Text> allowed() const {
    if (choice_.mode == ToolChoiceMode::named) return {choice_.name};
    std::vector<Text> names;
    if (!functions_.empty()) names = choice_.allowed;
    if (!answers_by_tool_) return names;
    if (choice_.mode == ToolChoiceMode::required) {
      // The answer is no way out of a call that is asked for.
      if (names.empty()) {
        for (const Tool* tool : functions_) names.push_back(tool->name);
      }
    } else if (!names.empty()) {
      names.push_back({.bytes = draft_.call.asked.output_tool});
    }
    return names;
  }

  GeminiDraft& draft_;
  json::Writer& writer_;
  const ToolChoice& choice_;
  std::vector<const Tool*> functions_;
  bool strict_ = false;
  bool answers_by_tool_ = false;
};

}  // namespace

Refusal write_gemini_tools(GeminiDraft& draft, json::Writer& writer) {
  return Tools(draft, writer).write();
}

}  // namespace sluice::llm
