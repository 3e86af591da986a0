// One content block of Bedrock's Converse: an object with one member, whose name is its kind.
#include <array>

#include "simulator/anthropic_check.h"
#include "simulator/bedrock_check.h"
#include "simulator/bedrock_words.h"
#include "simulator/reply.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::size_t id_letters_max = 64;

constexpr auto block_fields = std::to_array<Field>({
    {"text", Want::string},
    {"image", Want::object},
    {"document", Want::object},
    {"video", Want::object},
    {"audio", Want::object},
    {"toolUse", Want::object},
    {"toolResult", Want::object},
    {"reasoningContent", Want::object},
    {"cachePoint", Want::object},
    {"guardContent", Want::object},
    {"citationsContent", Want::object},
    {"searchResult", Want::object},
});
constexpr auto result_block_fields = std::to_array<Field>({
    {"text", Want::string},
    {"json", Want::object},
    {"image", Want::object},
    {"document", Want::object},
    {"video", Want::object},
    {"searchResult", Want::object},
});
constexpr auto media_fields = std::to_array<Field>(
    {{"format", Want::string, true}, {"source", Want::object, true}, {"error", Want::object}});
constexpr auto document_fields = std::to_array<Field>({{"format", Want::string},
                                                       {"name", Want::string, true},
                                                       {"source", Want::object, true},
                                                       {"context", Want::string},
                                                       {"citations", Want::object}});
constexpr auto source_fields = std::to_array<Field>({{"bytes", Want::string},
                                                     {"s3Location", Want::object},
                                                     {"text", Want::string},
                                                     {"content", Want::array}});
constexpr auto use_fields = std::to_array<Field>({{"toolUseId", Want::string, true},
                                                  {"name", Want::string, true},
                                                  {"input", Want::anything, true},
                                                  {"type", Want::string}});
constexpr auto result_fields = std::to_array<Field>({{"toolUseId", Want::string, true},
                                                     {"content", Want::array, true},
                                                     {"status", Want::string},
                                                     {"type", Want::string}});
constexpr auto reasoning_fields =
    std::to_array<Field>({{"reasoningText", Want::object}, {"redactedContent", Want::string}});
constexpr auto reasoning_text_fields =
    std::to_array<Field>({{"text", Want::string, true}, {"signature", Want::string}});
constexpr auto point_fields =
    std::to_array<Field>({{"type", Want::string, true}, {"ttl", Want::string}});

Complaint check_name(const std::string& text, const std::string& path, bool id) {
  // Recorded: an id may be functions.get:0.
  if (text.empty() || !is_name(text, 1, text.size(), id ? "_.:-" : "_-")) {
    return bedrock_constraint(
        fmt::format("'{}'", text), path,
        id ? "Member must satisfy regular expression pattern: "
             "[a-zA-Z0-9_.:-]+"
           : "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+");
  }
  if (text.size() <= id_letters_max) return std::nullopt;
  return bedrock_constraint(fmt::format("'{}'", text), path,
                            "Member must have length less than or equal to 64");
}

Complaint check_source(json::Value source, const std::string& path) {
  if (auto wrong = bedrock_told(path, find_defect(source, source_fields))) return wrong;
  std::size_t count = 0;
  for ([[maybe_unused]] const json::Member member : source.members()) ++count;
  if (count == 1 && text_member(source, "bytes").empty() == !member(source, "bytes"))
    return std::nullopt;
  return fmt::format("The source at {} is invalid. Provide exactly one source that is not empty.",
                     path);
}

Complaint check_image(json::Value image, const std::string& path) {
  if (auto wrong = bedrock_told(path, find_defect(image, media_fields))) return wrong;
  const std::string format = text_member(image, "format");
  if (!is_one_of(format, {"png", "jpeg", "gif", "webp"})) {
    return bedrock_constraint(fmt::format("'{}'", format), path + ".format",
                              "Member must satisfy enum value set: [gif, jpeg, png, webp]");
  }
  return check_source(*image.find("source"), path + ".source");
}

Complaint check_document(json::Value document, const std::string& path) {
  if (auto wrong = bedrock_told(path, find_defect(document, document_fields))) return wrong;
  const std::string format = text_member(document, "format");
  if (!format.empty() &&
      !is_one_of(format, {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"})) {
    return bedrock_constraint(
        fmt::format("'{}'", format), path + ".format",
        "Member must satisfy enum value set: [csv, doc, docx, html, md, pdf, txt, xls, xlsx]");
  }
  const std::string name = text_member(document, "name");
  if (!is_name(name, 1, 200, " -()[]") || name.find("  ") != std::string::npos) {
    return "The document file name can only contain alphanumeric characters, whitespace "
           "characters, hyphens, parentheses, and square brackets. The name can't contain more "
           "than one consecutive whitespace character.";
  }
  return check_source(*document.find("source"), path + ".source");
}

Complaint check_use(json::Value use, const std::string& path) {
  if (auto wrong = bedrock_told(path, find_defect(use, use_fields))) return wrong;
  if (auto wrong = check_name(text_member(use, "toolUseId"), path + ".toolUseId", true))
    return wrong;
  if (auto wrong = check_name(text_member(use, "name"), path + ".name", false)) return wrong;
  if (use.find("input")->is(json::Kind::object)) return std::nullopt;
  return fmt::format(
      "The format of the value at {}.input is invalid. Provide a json object for the field and try "
      "again.",
      path);
}

Complaint check_result(json::Value result, const std::string& path, const BedrockRules& rules) {
  if (auto wrong = bedrock_told(path, find_defect(result, result_fields))) return wrong;
  if (auto wrong = check_name(text_member(result, "toolUseId"), path + ".toolUseId", true))
    return wrong;
  const std::string status = text_member(result, "status");
  if (!status.empty() && !is_one_of(status, {"success", "error"})) {
    return bedrock_constraint(fmt::format("'{}'", status), path + ".status",
                              "Member must satisfy enum value set: [success, error]");
  }
  std::size_t i = 0;
  for (const json::Value block : result.find("content")->elements()) {
    const std::string place = fmt::format("{}.content.{}", path, i++);
    if (auto wrong = check_bedrock_block(block, place, rules, true)) return wrong;
  }
  return std::nullopt;
}

Complaint check_reasoning(json::Value reasoning, const std::string& path,
                          const BedrockRules& rules) {
  if (auto wrong = bedrock_told(path, find_defect(reasoning, reasoning_fields))) return wrong;
  const std::string_view family = rules.is_claude() ? claude_family : bedrock_family;
  if (const auto redacted = member(reasoning, "redactedContent")) {
    if (is_signature_of(redacted->string().value_or(""), family, "redacted")) return std::nullopt;
    return "The model returned the following errors: Invalid `data` in `redacted_thinking` block";
  }
  const auto text = member(reasoning, "reasoningText");
  if (!text) return bedrock_constraint("null", path + ".reasoningText", "Member must not be null");
  if (auto wrong = bedrock_told(path + ".reasoningText", find_defect(*text, reasoning_text_fields)))
    return wrong;
  if (!rules.is_claude()) return std::nullopt;
  if (is_signature_of(text_member(*text, "signature"), family, text_member(*text, "text")))
    return std::nullopt;
  return fmt::format(
      "The model returned the following errors: {}: Invalid `signature` in `thinking` block",
      path.substr(0, path.rfind('.')));
}

Complaint check_point(json::Value point, const std::string& path) {
  if (auto wrong = bedrock_told(path, find_defect(point, point_fields))) return wrong;
  if (text_member(point, "type") == "default") return std::nullopt;
  return bedrock_constraint(fmt::format("'{}'", text_member(point, "type")), path + ".type",
                            "Member must satisfy enum value set: [default]");
}

}  // namespace

Complaint check_bedrock_block(json::Value block, const std::string& path, const BedrockRules& rules,
                              bool in_result) {
  std::size_t count = 0;
  for ([[maybe_unused]] const json::Member member : block.members()) ++count;
  if (count != 1) {
    return fmt::format(
        "The format of the value at {} is invalid. A ContentBlock object must have exactly one "
        "member.",
        path);
  }
  const auto defect =
      in_result ? find_defect(block, result_block_fields) : find_defect(block, block_fields);
  if (auto wrong = bedrock_told(path, defect)) return wrong;
  // Recorded: a line's end alone is text enough.
  if (const auto text = member(block, "text"); text && text->string().value_or("").empty()) {
    return fmt::format(
        "The text field in the ContentBlock object at {} is blank. Add text to the text field, and "
        "try again.",
        path);
  }
  if (const auto image = member(block, "image")) return check_image(*image, path + ".image");
  if (const auto document = member(block, "document"))
    return check_document(*document, path + ".document");
  if (const auto use = member(block, "toolUse")) return check_use(*use, path + ".toolUse");
  if (const auto result = member(block, "toolResult"))
    return check_result(*result, path + ".toolResult", rules);
  if (const auto reasoning = member(block, "reasoningContent"))
    return check_reasoning(*reasoning, path + ".reasoningContent", rules);
  if (const auto point = member(block, "cachePoint"))
    return check_point(*point, path + ".cachePoint");
  return std::nullopt;
}

}  // namespace sluice::simulator
