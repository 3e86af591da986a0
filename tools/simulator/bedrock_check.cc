#include "simulator/bedrock_check.h"

#include <array>
#include <set>

#include "simulator/bedrock_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr auto root_fields = std::to_array<Field>({
    {"messages", Want::array, true},
    {"system", Want::array},
    {"inferenceConfig", Want::object},
    {"toolConfig", Want::object},
    {"additionalModelRequestFields", Want::object},
    {"additionalModelResponseFieldPaths", Want::array},
    {"guardrailConfig", Want::object},
    {"performanceConfig", Want::object},
    {"promptVariables", Want::object},
    {"requestMetadata", Want::object},
    {"serviceTier", Want::object},
    {"outputConfig", Want::object},
});
constexpr auto inference_fields = std::to_array<Field>({{"maxTokens", Want::integer},
                                                        {"temperature", Want::number},
                                                        {"topP", Want::number},
                                                        {"stopSequences", Want::array}});
constexpr auto system_fields = std::to_array<Field>(
    {{"text", Want::string}, {"cachePoint", Want::object}, {"guardContent", Want::object}});
constexpr auto tool_config_fields =
    std::to_array<Field>({{"tools", Want::array, true}, {"toolChoice", Want::object}});
constexpr auto tool_fields = std::to_array<Field>(
    {{"toolSpec", Want::object}, {"cachePoint", Want::object}, {"systemTool", Want::object}});
constexpr auto spec_fields = std::to_array<Field>({{"name", Want::string, true},
                                                   {"description", Want::string},
                                                   {"inputSchema", Want::object, true},
                                                   {"strict", Want::boolean}});
constexpr auto schema_fields = std::to_array<Field>({{"json", Want::object, true}});
constexpr auto choice_fields =
    std::to_array<Field>({{"auto", Want::object}, {"any", Want::object}, {"tool", Want::object}});
constexpr auto named_fields = std::to_array<Field>({{"name", Want::string, true}});
constexpr auto output_fields = std::to_array<Field>({{"textFormat", Want::object, true}});
constexpr auto format_fields =
    std::to_array<Field>({{"type", Want::string, true}, {"structure", Want::object, true}});
constexpr auto structure_fields = std::to_array<Field>({{"jsonSchema", Want::object, true}});
constexpr auto json_schema_fields = std::to_array<Field>(
    {{"schema", Want::string, true}, {"name", Want::string}, {"description", Want::string}});

std::size_t members_of(json::Value object) {
  std::size_t count = 0;
  for ([[maybe_unused]] const json::Member member : object.members()) ++count;
  return count;
}

class BedrockCheck {
 public:
  BedrockCheck(json::Value root, const BedrockRules& rules) : root_(root), rules_(rules) {}

  Complaint check() {
    if (auto wrong = bedrock_told("", find_defect(root_, root_fields))) return wrong;
    if (auto wrong = check_inference()) return wrong;
    if (auto wrong = check_system()) return wrong;
    if (auto wrong = check_tools()) return wrong;
    if (auto wrong = check_output()) return wrong;
    return check_bedrock_messages(root_, rules_);
  }

 private:
  static Complaint range(json::Value config, std::string_view name) {
    const auto value = member(config, name);
    if (!value) return std::nullopt;
    const std::string path = fmt::format("inferenceConfig.{}", name);
    if (*value->number() < 0) {
      return bedrock_constraint(fmt::format("'{}'", value->raw()), path,
                                "Member must have value greater than or equal to 0");
    }
    if (*value->number() <= 1) return std::nullopt;
    return bedrock_constraint(fmt::format("'{}'", value->raw()), path,
                              "Member must have value less than or equal to 1");
  }

  Complaint check_inference() const {
    const auto config = member(root_, "inferenceConfig");
    if (!config) return std::nullopt;
    if (auto wrong = bedrock_told("inferenceConfig", find_defect(*config, inference_fields)))
      return wrong;
    const auto limit = member(*config, "maxTokens");
    if (limit && *limit->integer() < 1) {
      return bedrock_constraint(fmt::format("'{}'", limit->raw()), "inferenceConfig.maxTokens",
                                "Member must have value greater than or equal to 1");
    }
    if (auto wrong = range(*config, "temperature")) return wrong;
    if (auto wrong = range(*config, "topP")) return wrong;
    const auto stops = member(*config, "stopSequences");
    if (!stops) return std::nullopt;
    for (const json::Value stop : stops->elements()) {
      if (!stop.string().value_or("").empty()) continue;
      return bedrock_constraint(fmt::format("'{}'", stops->raw()), "inferenceConfig.stopSequences",
                                "Member must satisfy constraint: [Member must have length greater "
                                "than or equal to 1]");
    }
    return std::nullopt;
  }

  Complaint check_system() const {
    const auto system = member(root_, "system");
    if (!system) return std::nullopt;
    std::size_t i = 0;
    for (const json::Value block : system->elements()) {
      const std::string path = fmt::format("system.{}", i++);
      if (!block.is(json::Kind::object) || members_of(block) != 1)
        return fmt::format("The format of the value at {} is invalid. Provide one member.", path);
      if (auto wrong = bedrock_told(path, find_defect(block, system_fields))) return wrong;
      const auto text = member(block, "text");
      if (text && is_blank(text->string().value_or(""))) {
        return fmt::format(
            "The text field in the SystemContentBlock object at {} is blank. Add text to the text "
            "field, and try again.",
            path);
      }
    }
    return std::nullopt;
  }

  Complaint check_tools() {
    const auto config = member(root_, "toolConfig");
    if (!config) return std::nullopt;
    if (auto wrong = bedrock_told("toolConfig", find_defect(*config, tool_config_fields)))
      return wrong;
    const json::Value tools = *config->find("tools");
    if (tools.is_empty()) {
      return bedrock_constraint("'[]'", "toolConfig.tools",
                                "Member must have length greater than or equal to 1");
    }
    std::size_t i = 0;
    for (const json::Value tool : tools.elements()) {
      const std::string path = fmt::format("toolConfig.tools.{}", i++);
      if (!tool.is(json::Kind::object) || members_of(tool) != 1)
        return fmt::format("The format of the value at {} is invalid. Provide one member.", path);
      if (auto wrong = bedrock_told(path, find_defect(tool, tool_fields))) return wrong;
      const auto spec = member(tool, "toolSpec");
      if (!spec) continue;
      if (auto wrong = check_spec(*spec, path + ".toolSpec")) return wrong;
    }
    const auto choice = member(*config, "toolChoice");
    return choice ? check_choice(*choice) : std::nullopt;
  }

  Complaint check_spec(json::Value spec, const std::string& path) {
    if (auto wrong = bedrock_told(path, find_defect(spec, spec_fields))) return wrong;
    const std::string name = text_member(spec, "name");
    if (!is_name(name, 1, name.size())) {
      return bedrock_constraint(fmt::format("'{}'", name), path + ".name",
                                "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+");
    }
    if (name.size() > 64) {
      return bedrock_constraint(fmt::format("'{}'", name), path + ".name",
                                "Member must have length less than or equal to 64");
    }
    const auto description = member(spec, "description");
    if (description && description->string()->empty()) {
      return bedrock_constraint("''", path + ".description",
                                "Member must have length greater than or equal to 1");
    }
    if (!names_.insert(name).second)
      return fmt::format("The tool name {} is used more than once in toolConfig.tools.", name);
    const json::Value schema = *spec.find("inputSchema");
    if (auto wrong = bedrock_told(path + ".inputSchema", find_defect(schema, schema_fields)))
      return wrong;
    if (text_member(*schema.find("json"), "type") == "object") return std::nullopt;
    return fmt::format(
        "The value at {}.inputSchema.json.type must be one of the following: object.", path);
  }

  Complaint check_choice(json::Value choice) const {
    if (auto wrong = bedrock_told("toolConfig.toolChoice", find_defect(choice, choice_fields)))
      return wrong;
    if (members_of(choice) != 1)
      return "The format of the value at toolConfig.toolChoice is invalid. Provide one member.";
    const auto named = member(choice, "tool");
    if (!named) return std::nullopt;
    if (auto wrong = bedrock_told("toolConfig.toolChoice.tool", find_defect(*named, named_fields)))
      return wrong;
    const std::string name = text_member(*named, "name");
    if (names_.contains(name)) return std::nullopt;
    return fmt::format(
        "The tool {} of toolConfig.toolChoice is not among the tools of toolConfig.tools.", name);
  }

  Complaint check_output() const {
    const auto output = member(root_, "outputConfig");
    if (!output) return std::nullopt;
    if (auto wrong = bedrock_told("outputConfig", find_defect(*output, output_fields)))
      return wrong;
    const json::Value format = *output->find("textFormat");
    const std::string path = "outputConfig.textFormat";
    if (auto wrong = bedrock_told(path, find_defect(format, format_fields))) return wrong;
    if (text_member(format, "type") != "json_schema") {
      return bedrock_constraint(fmt::format("'{}'", text_member(format, "type")), path + ".type",
                                "Member must satisfy enum value set: [json_schema]");
    }
    const json::Value structure = *format.find("structure");
    if (auto wrong = bedrock_told(path + ".structure", find_defect(structure, structure_fields)))
      return wrong;
    const json::Value schema = *structure.find("jsonSchema");
    if (auto wrong =
            bedrock_told(path + ".structure.jsonSchema", find_defect(schema, json_schema_fields)))
      return wrong;
    json::Index index;
    const std::string text = text_member(schema, "schema");
    if (index.build(text) && json::root(index).is(json::Kind::object)) return std::nullopt;
    return "The value at " + path + ".structure.jsonSchema.schema is not a valid JSON schema.";
  }

  json::Value root_;
  const BedrockRules& rules_;
  std::set<std::string> names_;
};

}  // namespace

Complaint bedrock_complaint(json::Value root, const BedrockRules& rules) {
  return BedrockCheck(root, rules).check();
}

}  // namespace sluice::simulator
