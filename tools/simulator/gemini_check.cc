#include "simulator/gemini_check.h"

#include <array>
#include <set>

#include "simulator/gemini_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::size_t stops_max = 5;
constexpr std::size_t name_letters_max = 128;

constexpr auto root_fields = std::to_array<Field>({
    {"contents", Want::array},
    {"systemInstruction", Want::object},
    {"tools", Want::array},
    {"toolConfig", Want::object},
    {"generationConfig", Want::object},
    {"safetySettings", Want::array},
    {"cachedContent", Want::string},
    {"serviceTier", Want::string},
    {"model", Want::string},
    {"labels", Want::object},  // Vertex alone, as the next one
    {"modelArmorConfig", Want::object},
    {"generateContentRequest", Want::object},  // countTokens alone
});
constexpr auto config_fields = std::to_array<Field>({
    {"temperature", Want::number},
    {"topP", Want::number},
    {"topK", Want::number},
    {"candidateCount", Want::integer},
    {"maxOutputTokens", Want::integer},
    {"stopSequences", Want::array},
    {"presencePenalty", Want::number},
    {"frequencyPenalty", Want::number},
    {"seed", Want::integer},
    {"responseLogprobs", Want::boolean},
    {"logprobs", Want::integer},
    {"responseMimeType", Want::string},
    {"responseSchema", Want::object},
    {"responseJsonSchema"},
    {"responseModalities", Want::array},
    {"speechConfig", Want::object},
    {"imageConfig", Want::object},
    {"mediaResolution", Want::string},
    {"thinkingConfig", Want::object},
    {"enableEnhancedCivicAnswers", Want::boolean},
    {"audioTimestamp", Want::boolean},
});
constexpr auto thinking_fields = std::to_array<Field>({{"includeThoughts", Want::boolean},
                                                       {"thinkingBudget", Want::integer},
                                                       {"thinkingLevel", Want::string}});
constexpr auto tool_fields = std::to_array<Field>({
    {"functionDeclarations", Want::array},
    {"googleSearch", Want::object},
    {"googleSearchRetrieval", Want::object},
    {"enterpriseWebSearch", Want::object},
    {"codeExecution", Want::object},
    {"urlContext", Want::object},
    {"googleMaps", Want::object},
    {"fileSearch", Want::object},
    {"computerUse", Want::object},
    {"retrieval", Want::object},
});
constexpr auto declaration_fields = std::to_array<Field>({
    {"name", Want::string, true},
    {"description", Want::string},
    {"parameters", Want::object},
    {"parametersJsonSchema", Want::object},
    {"response", Want::object},
    {"responseJsonSchema", Want::object},
    {"behavior", Want::string},
});
constexpr auto tool_config_fields =
    std::to_array<Field>({{"functionCallingConfig", Want::object},
                          {"retrievalConfig", Want::object},
                          {"includeServerSideToolInvocations", Want::boolean}});
constexpr auto calling_fields =
    std::to_array<Field>({{"mode", Want::string},
                          {"allowedFunctionNames", Want::array},
                          {"streamFunctionCallArguments", Want::boolean}});
constexpr auto safety_fields = std::to_array<Field>({{"category", Want::string, true},
                                                     {"threshold", Want::string, true},
                                                     {"method", Want::string}});

class GeminiCheck {
 public:
  GeminiCheck(json::Value root, const GeminiRules& rules) : root_(root), rules_(rules) {}

  Complaint check() {
    if (auto wrong = told("", root_, root_fields)) return wrong;
    for (const std::string_view name : {"labels", "modelArmorConfig"}) {
      if (!rules_.vertex && proto_member(root_, name)) return unknown(name);
    }
    const auto wrapped = proto_member(root_, "generateContentRequest");
    if (wrapped && !rules_.counts_tokens) return unknown("generateContentRequest");
    if (wrapped) return std::nullopt;
    if (auto wrong = check_tools()) return wrong;
    if (auto wrong = check_tool_config()) return wrong;
    if (auto wrong = check_config()) return wrong;
    if (auto wrong = check_safety()) return wrong;
    if (auto wrong = check_cached()) return wrong;
    return check_gemini_contents(root_, rules_);
  }

 private:
  static Complaint told(std::string_view path, json::Value object, std::span<const Field> fields) {
    return google_told(path, find_defect(object, fields, Naming::proto));
  }
  static Complaint unknown(std::string_view name) {
    return google_told("", Defect{.name = std::string(name)});
  }

  Complaint check_tools() {
    const auto tools = proto_member(root_, "tools");
    if (!tools) return std::nullopt;
    std::size_t i = 0;
    for (const json::Value tool : proto_elements(*tools)) {
      const std::string path = fmt::format("tools[{}]", i++);
      if (!tool.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
      if (auto wrong = told(path, tool, tool_fields)) return wrong;
      const auto declarations = proto_member(tool, "functionDeclarations");
      if (!declarations) continue;
      std::size_t k = 0;
      for (const json::Value each : proto_elements(*declarations)) {
        const std::string place = fmt::format("{}.function_declarations[{}]", path, k++);
        if (auto wrong = check_declaration(each, place)) return wrong;
      }
    }
    return std::nullopt;
  }

  Complaint check_declaration(json::Value declaration, const std::string& path) {
    if (!declaration.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
    if (auto wrong = told(path, declaration, declaration_fields)) return wrong;
    const std::string name = text_member(declaration, "name");
    const bool begins =
        !name.empty() && is_name(name.substr(0, 1), 1, 1, "_") && (name[0] < '0' || name[0] > '9');
    if (!begins || !is_name(name, 1, name_letters_max, "_.:-")) {
      return google_says(path + ".name",
                         "Invalid function name. Must start with a letter or an underscore. Must "
                         "be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:) "
                         "or dashes (-), with a maximum length of 128.");
    }
    if (!names_.insert(name).second)
      return fmt::format("Duplicate function declaration found: {}", name);
    const auto parameters = proto_member(declaration, "parameters");
    if (parameters && proto_member(declaration, "parametersJsonSchema")) {
      return google_says(path, "parameters and parameters_json_schema cannot both be set.");
    }
    return parameters ? check_gemini_schema(*parameters, path + ".parameters", 0) : std::nullopt;
  }

  Complaint check_tool_config() {
    const auto config = proto_member(root_, "toolConfig");
    if (!config) return std::nullopt;
    if (auto wrong = told("tool_config", *config, tool_config_fields)) return wrong;
    const auto calling = proto_member(*config, "functionCallingConfig");
    if (!calling) return std::nullopt;
    const std::string path = "tool_config.function_calling_config";
    if (auto wrong = told(path, *calling, calling_fields)) return wrong;
    std::string mode = text_member(*calling, "mode");
    for (char& c : mode) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (!mode.empty() && !is_one_of(mode, {"MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"}))
      return fmt::format("Invalid value at '{}.mode' (TYPE_ENUM), \"{}\"", path, mode);
    if (mode == "ANY" && names_.empty())
      return "Function calling config is set without function_declarations.";
    const auto allowed = proto_member(*calling, "allowedFunctionNames");
    if (!allowed) return std::nullopt;
    if (!allowed->is_empty() && mode != "ANY" && mode != "VALIDATED")
      return "Allowed function names should be set only when function calling mode is ANY.";
    for (const json::Value name : allowed->elements()) {
      if (names_.contains(name.string().value_or(""))) continue;
      return fmt::format("{}.allowed_function_names: {} is not among the function_declarations",
                         path, name.raw());
    }
    return std::nullopt;
  }

  Complaint check_config() {
    const auto config = proto_member(root_, "generationConfig");
    if (!config) return std::nullopt;
    if (auto wrong = told("generation_config", *config, config_fields)) return wrong;
    if (auto wrong = check_numbers(*config)) return wrong;
    const auto stops = proto_member(*config, "stopSequences");
    std::size_t count = 0;
    if (stops) {
      for (const json::Value stop : stops->elements()) {
        if (stop.string().value_or("").empty())
          return google_says("generation_config.stop_sequences", "must not be empty");
        ++count;
      }
    }
    if (count > stops_max) {
      return google_says("generation_config.stop_sequences",
                         fmt::format("the number of stop sequences must be at most {}", stops_max));
    }
    if (auto wrong = check_format(*config)) return wrong;
    return check_thinking(*config);
  }

  Complaint check_numbers(json::Value config) const {
    const auto temperature = proto_member(config, "temperature");
    if (temperature && !(*temperature->number() >= 0 && *temperature->number() <= 2)) {
      return fmt::format(
          "Unable to submit request because it has a temperature value of {} but the supported "
          "range is from 0 (inclusive) to 2.0001 (exclusive). Update the value and try again.",
          temperature->raw());
    }
    const auto top_p = proto_member(config, "topP");
    if (top_p && !(*top_p->number() >= 0 && *top_p->number() <= 1))
      return google_says("generation_config.top_p", "top_p must be in the range [0.0, 1.0].");
    const auto limit = proto_member(config, "maxOutputTokens");
    if (limit && *limit->integer() < 1) {
      return google_says("generation_config.max_output_tokens",
                         "max_output_tokens must be positive.");
    }
    const auto candidates = proto_member(config, "candidateCount");
    if (candidates && (*candidates->integer() < 1 || *candidates->integer() > 8)) {
      return google_says("generation_config.candidate_count",
                         "candidate_count must be in the range [1, 8].");
    }
    const auto logprobs = proto_member(config, "responseLogprobs");
    if (proto_member(config, "logprobs") && !(logprobs && logprobs->boolean() == true))
      return "logprobs can only be set when response_logprobs is true.";
    return std::nullopt;
  }

  Complaint check_format(json::Value config) const {
    const auto schema = proto_member(config, "responseSchema");
    const auto json_schema = proto_member(config, "responseJsonSchema");
    const auto type = proto_member(config, "responseMimeType");
    const std::string mime = type ? type->string().value_or("") : "";
    if (schema && json_schema)
      return "response_schema and response_json_schema cannot both be set.";
    if (!mime.empty() && !is_one_of(mime, {"text/plain", "application/json", "text/x.enum"})) {
      return google_says("generation_config.response_mime_type",
                         "allowed mimetypes are `text/plain`, `application/json`, "
                         "`application/xml`, `application/yaml` and `text/x.enum`.");
    }
    if ((schema || json_schema) && !is_one_of(mime, {"application/json", "text/x.enum"})) {
      return google_says("generation_config.response_schema",
                         "only allowed with a response_mime_type of `application/json`");
    }
    if (mime == "application/json" && !names_.empty() && !rules_.is_third() &&
        rules_.model.find("gemini-") != rules_.model.npos)
      return "Function calling with a response mime type: 'application/json' is unsupported";
    if (!schema) return std::nullopt;
    return check_gemini_schema(*schema, "generation_config.response_schema", 0);
  }

  Complaint check_thinking(json::Value config) const {
    const auto thinking = proto_member(config, "thinkingConfig");
    if (!thinking) return std::nullopt;
    if (auto wrong = told("generation_config.thinking_config", *thinking, thinking_fields))
      return wrong;
    const auto budget = proto_member(*thinking, "thinkingBudget");
    const auto level = proto_member(*thinking, "thinkingLevel");
    if (budget && level) return "You can only set only one of thinking budget and thinking level.";
    if (budget && *budget->integer() < -1)
      return "Thinking budget must be -1 (dynamic), 0 (off) or above.";
    if (level && rules_.model.find("gemini-2") != rules_.model.npos)
      return "Thinking level is not supported for this model.";
    std::string name = level ? level->string().value_or("") : "";
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (level && !is_one_of(name, {"minimal", "low", "medium", "high"})) {
      return fmt::format(
          "Invalid value at 'generation_config.thinking_config.thinking_level' (TYPE_ENUM), {}",
          level->raw());
    }
    const bool pro = rules_.model.find("-pro") != rules_.model.npos;
    if (budget && *budget->integer() == 0 && pro)
      return "Budget 0 is invalid. This model only works in thinking mode.";
    return std::nullopt;
  }

  Complaint check_safety() const {
    const auto settings = proto_member(root_, "safetySettings");
    if (!settings) return std::nullopt;
    std::size_t i = 0;
    for (const json::Value setting : proto_elements(*settings)) {
      const std::string path = fmt::format("safety_settings[{}]", i++);
      if (!setting.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
      if (auto wrong = told(path, setting, safety_fields)) return wrong;
      const std::string threshold = text_member(setting, "threshold");
      const bool known =
          is_one_of(threshold, {"BLOCK_NONE", "OFF", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE",
                                "BLOCK_LOW_AND_ABOVE", "HARM_BLOCK_THRESHOLD_UNSPECIFIED"});
      if (known && text_member(setting, "category").starts_with("HARM_CATEGORY_")) continue;
      return fmt::format("Invalid value at '{}' (TYPE_ENUM), {}", path, setting.raw());
    }
    return std::nullopt;
  }

  Complaint check_cached() const {
    const auto cached = proto_member(root_, "cachedContent");
    if (!cached) return std::nullopt;
    for (const std::string_view name : {"systemInstruction", "tools", "toolConfig"}) {
      if (!proto_member(root_, name)) continue;
      return "CachedContent can not be used with GenerateContent request setting "
             "system_instruction, tools or tool_config.\n\nProposed fix: move those values to "
             "CachedContent from GenerateContent request.";
    }
    const std::string name = cached->string().value_or("");
    if (name.find("cachedContents/") != std::string::npos) return std::nullopt;
    return fmt::format("Invalid resource name \"{}\"; it should be cachedContents/ID", name);
  }

  json::Value root_;
  const GeminiRules& rules_;
  std::set<std::string> names_;  // of declared functions
};

}  // namespace

Complaint gemini_complaint(json::Value root, const GeminiRules& rules) {
  return GeminiCheck(root, rules).check();
}

}  // namespace sluice::simulator
