// contents and systemInstruction of a Gemini request: roles, parts, and the pairing of calls and
// responses.
#include <algorithm>
#include <array>
#include <vector>

#include "simulator/gemini_check.h"
#include "simulator/gemini_words.h"
#include "simulator/reply.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr auto content_fields =
    std::to_array<Field>({{"role", Want::string}, {"parts", Want::array}});
constexpr auto part_fields = std::to_array<Field>({
    {"text", Want::string},
    {"inlineData", Want::object},
    {"fileData", Want::object},
    {"functionCall", Want::object},
    {"functionResponse", Want::object},
    {"executableCode", Want::object},
    {"codeExecutionResult", Want::object},
    {"toolCall", Want::object},
    {"toolResponse", Want::object},
    {"thought", Want::boolean},
    {"thoughtSignature", Want::string},
    {"videoMetadata", Want::object},
    {"mediaResolution", Want::object},
    {"partMetadata", Want::object},
});
constexpr std::size_t data_fields = 9;  // of them: the members of the oneof
constexpr auto inline_fields = std::to_array<Field>({{"mimeType", Want::string, true},
                                                     {"data", Want::string, true},
                                                     {"displayName", Want::string}});
constexpr auto file_fields = std::to_array<Field>(
    {{"mimeType", Want::string}, {"fileUri", Want::string, true}, {"displayName", Want::string}});
constexpr auto call_fields = std::to_array<Field>(
    {{"id", Want::string}, {"name", Want::string, true}, {"args", Want::object}});
constexpr auto response_fields = std::to_array<Field>({{"id", Want::string},
                                                       {"name", Want::string, true},
                                                       {"response", Want::object, true},
                                                       {"parts", Want::array},
                                                       {"willContinue", Want::boolean},
                                                       {"scheduling", Want::string}});

// Contents of one role that follow each other are one turn (recorded).
struct Turn {
  bool user = true;
  std::vector<json::Value> calls{};
  std::vector<json::Value> responses{};
  std::string unsigned_call{};  // the first call's name where it has no signature
  std::size_t position = 0;     // of that call
};

class ContentsCheck {
 public:
  ContentsCheck(json::Value root, const GeminiRules& rules) : root_(root), rules_(rules) {}

  Complaint check() {
    if (auto wrong = check_system()) return wrong;
    const auto contents = proto_member(root_, "contents");
    if (!contents || contents->is_empty())
      return google_says("contents", "contents is not specified");
    std::size_t i = 0;
    for (const json::Value content : proto_elements(*contents)) {
      if (auto wrong = take(content, fmt::format("contents[{}]", i++))) return wrong;
    }
    if (auto wrong = check_order()) return wrong;
    return check_signatures();
  }

 private:
  Complaint check_system() const {
    const auto system = proto_member(root_, "systemInstruction");
    if (!system) return std::nullopt;
    if (auto wrong = told("system_instruction", *system, content_fields)) return wrong;
    const auto parts = member(*system, "parts");
    if (!parts) return std::nullopt;
    std::size_t i = 0;
    for (const json::Value part : proto_elements(*parts)) {
      const std::string path = fmt::format("system_instruction.parts[{}]", i++);
      if (!part.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
      if (auto wrong = told(path, part, part_fields)) return wrong;
      if (auto wrong = check_one_datum(part, path)) return wrong;
      if (!member(part, "text")) return "System instruction only supports text parts.";
    }
    return std::nullopt;
  }

  static Complaint told(std::string_view path, json::Value object, std::span<const Field> fields) {
    return google_told(path, find_defect(object, fields, Naming::proto));
  }

  Complaint take(json::Value content, const std::string& path) {
    if (!content.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
    if (auto wrong = told(path, content, content_fields)) return wrong;
    const std::string role = text_member(content, "role");
    const bool missing = role.empty() && !rules_.vertex;  // Google's own host takes it for a user
    if (!missing && !is_one_of(role, {"user", "model", "function"}))
      return "Please use a valid role: user, model.";
    const bool user = role != "model";
    const auto parts = member(content, "parts");
    if (!parts || parts->is_empty())
      return google_says(path + ".parts", "contents.parts must not be empty.");
    if (turns_.empty() || turns_.back().user != user) {
      turns_.emplace_back();
      turns_.back().user = user;
    }
    Turn& turn = turns_.back();
    std::size_t i = 0;
    for (const json::Value part : proto_elements(*parts)) {
      if (auto wrong = take_part(part, fmt::format("{}.parts[{}]", path, i), turn, i)) return wrong;
      ++i;
    }
    return std::nullopt;
  }

  static Complaint check_one_datum(json::Value part, const std::string& path) {
    std::string first;
    for (const Field& field : std::span(part_fields).first(data_fields)) {
      if (!proto_member(part, field.name)) continue;
      if (!first.empty()) {
        return fmt::format(
            "Invalid value at '{}' (oneof), oneof field 'data' is already set. Cannot set '{}'",
            path, field.name);
      }
      first = field.name;
    }
    // Recorded: a signature may stand alone.
    if (!first.empty() || proto_member(part, "thoughtSignature")) return std::nullopt;
    return google_says(path + ".data",
                       "required oneof field 'data' must have one initialized field");
  }

  Complaint take_part(json::Value part, const std::string& path, Turn& turn, std::size_t index) {
    if (!part.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
    if (auto wrong = told(path, part, part_fields)) return wrong;
    if (auto wrong = check_one_datum(part, path)) return wrong;
    if (auto wrong = check_data(part, path)) return wrong;
    const auto call = proto_member(part, "functionCall");
    const auto response = proto_member(part, "functionResponse");
    const auto signature = proto_member(part, "thoughtSignature");
    if (signature && !is_known(*signature->string(), call)) return "Corrupted thought signature.";
    if (call) {
      if (auto wrong = told(path + ".function_call", *call, call_fields)) return wrong;
      if (turn.user) return "Please ensure that function call turn is of role model.";
      if (turn.calls.empty() && !signature) {
        turn.unsigned_call = text_member(*call, "name");
        turn.position = index + 1;
      }
      turn.calls.push_back(*call);
    } else if (response) {
      if (auto wrong = check_response(*response, path + ".function_response")) return wrong;
      if (!turn.user) return "Please ensure that function response turn is of role user.";
      turn.responses.push_back(*response);
    }
    return std::nullopt;
  }

  static Complaint check_data(json::Value part, const std::string& path) {
    if (const auto data = proto_member(part, "inlineData")) {
      if (auto wrong = told(path + ".inline_data", *data, inline_fields)) return wrong;
      const auto type = proto_member(*data, "mimeType")->string().value_or("");
      if (type.find('/') == std::string::npos)
        return fmt::format("Unsupported MIME type: {}", type);
    }
    const auto file = proto_member(part, "fileData");
    return file ? told(path + ".file_data", *file, file_fields) : std::nullopt;
  }

  static Complaint check_response(json::Value response, const std::string& path) {
    if (auto wrong = told(path, response, response_fields)) return wrong;
    const auto parts = member(response, "parts");
    if (!parts) return std::nullopt;
    std::size_t i = 0;
    for (const json::Value part : proto_elements(*parts)) {
      const auto data = proto_member(part, "inlineData");
      const std::string place = fmt::format("{}.parts[{}]", path, i++);
      if (!data && !proto_member(part, "fileData")) {
        return google_says(place + ".data",
                           "required oneof field 'data' must have one initialized field");
      }
      if (!data) continue;
      if (auto wrong = told(place + ".inline_data", *data, inline_fields)) return wrong;
    }
    return std::nullopt;
  }

  // Ours, or one of the two that Google documents to stand in for a signature that is lost.
  static bool is_known(std::string_view signature, const std::optional<json::Value>& call) {
    return is_one_of(signature,
                     {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go",
                      "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="}) ||
           is_signature_of(signature, gemini_family, call ? text_member(*call, "name") : "");
  }

  Complaint check_order() const {
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      const Turn& turn = turns_[i];
      const Turn* before = i == 0 ? nullptr : &turns_[i - 1];
      if (!turn.calls.empty() && before == nullptr) {
        return "Please ensure that function call turn comes immediately after a user turn or after "
               "a function response turn.";
      }
      const std::size_t open = before == nullptr ? 0 : before->calls.size();
      if (!turn.responses.empty() && open == 0) {
        return "Please ensure that function response turn comes immediately after a function call "
               "turn.";
      }
      if (turn.responses.size() != open) {
        return "Please ensure that the number of function response parts is equal to the number of "
               "function call parts of the function call turn.";
      }
      if (open != 0) {
        if (auto wrong = check_match(*before, turn)) return wrong;
      }
    }
    if (!turns_.back().user) {
      return "Please ensure that multiturn requests end with a user role or a function response.";
    }
    return std::nullopt;
  }

  // Each response is for one call: by id where it has one, else by name.
  static Complaint check_match(const Turn& calls, const Turn& responses) {
    std::vector<json::Value> open = calls.calls;
    for (const json::Value response : responses.responses) {
      const std::string id = text_member(response, "id");
      const std::string name = text_member(response, "name");
      const auto found = std::ranges::find_if(open, [&](json::Value call) {
        return text_member(call, "name") == name && (id.empty() || text_member(call, "id") == id);
      });
      if (found == open.end()) {
        return fmt::format(
            "Function response `{}`{} does not match any function call of the turn before it.",
            name, id.empty() ? "" : fmt::format(" of id {}", id));
      }
      open.erase(found);
    }
    return std::nullopt;
  }

  // Of the turn that is going on: everything behind the last words of the user.
  Complaint check_signatures() const {
    if (!rules_.is_third()) return std::nullopt;
    std::size_t begin = turns_.size();
    while (begin > 0 && !(turns_[begin - 1].user && turns_[begin - 1].responses.empty())) --begin;
    for (std::size_t i = begin; i < turns_.size(); ++i) {
      if (turns_[i].unsigned_call.empty()) continue;
      return fmt::format(
          "Function call is missing a thought_signature in functionCall parts. This is required "
          "for tools to work correctly, and missing thought_signature may lead to degraded model "
          "performance. Additional data, function call `default_api:{}` , position {}. Please "
          "refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
          turns_[i].unsigned_call, turns_[i].position);
    }
    return std::nullopt;
  }

  json::Value root_;
  const GeminiRules& rules_;
  std::vector<Turn> turns_;
};

}  // namespace

Complaint check_gemini_contents(json::Value root, const GeminiRules& rules) {
  return ContentsCheck(root, rules).check();
}

}  // namespace sluice::simulator
