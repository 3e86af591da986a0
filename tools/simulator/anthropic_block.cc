// One content block of Anthropic's Messages API.
#include <fmt/format.h>

#include <array>

#include "simulator/anthropic_messages.h"
#include "simulator/anthropic_words.h"
#include "simulator/reply.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr Field type_field{"type", Want::string, true};
constexpr Field cache_field{"cache_control", Want::object};

constexpr auto text_fields =
    std::to_array<Field>({type_field, {"text", Want::string, true}, {"citations"}, cache_field});
constexpr auto image_fields =
    std::to_array<Field>({type_field, {"source", Want::object, true}, cache_field});
constexpr auto document_fields = std::to_array<Field>({type_field,
                                                       {"source", Want::object, true},
                                                       {"title", Want::string},
                                                       {"context", Want::string},
                                                       {"citations", Want::object},
                                                       cache_field});
constexpr auto search_fields = std::to_array<Field>({type_field,
                                                     {"source", Want::string, true},
                                                     {"title", Want::string, true},
                                                     {"content", Want::array, true},
                                                     {"citations", Want::object},
                                                     cache_field});
constexpr auto use_fields = std::to_array<Field>({type_field,
                                                  {"id", Want::string, true},
                                                  {"name", Want::string, true},
                                                  {"input", Want::object, true},
                                                  {"caller", Want::object},
                                                  {"toolset_name", Want::string},
                                                  cache_field});
constexpr auto result_fields = std::to_array<Field>({type_field,
                                                     {"tool_use_id", Want::string, true},
                                                     {"content"},
                                                     {"is_error", Want::boolean},
                                                     {"toolset_name", Want::string},
                                                     cache_field});
constexpr auto thinking_fields = std::to_array<Field>(
    {type_field, {"thinking", Want::string, true}, {"signature", Want::string, true}});
constexpr auto redacted_fields = std::to_array<Field>({type_field, {"data", Want::string, true}});
constexpr auto reference_fields =
    std::to_array<Field>({type_field, {"tool_name", Want::string, true}, cache_field});
constexpr auto cache_fields = std::to_array<Field>({type_field, {"ttl", Want::string}});

constexpr auto base64_fields = std::to_array<Field>(
    {type_field, {"media_type", Want::string, true}, {"data", Want::string, true}});
constexpr auto url_fields = std::to_array<Field>({type_field, {"url", Want::string, true}});
constexpr auto file_fields = std::to_array<Field>({type_field, {"file_id", Want::string, true}});
constexpr auto content_fields =
    std::to_array<Field>({type_field, {"content", Want::anything, true}});

bool is_base64(std::string_view data) {
  const std::size_t end = data.find_last_not_of('=');
  const std::string_view body = data.substr(0, end == data.npos ? 0 : end + 1);
  return !body.empty() && data.size() - body.size() <= 2 && is_name(body, 1, body.size(), "+/");
}

Complaint check_base64(json::Value source, const std::string& path, bool image) {
  if (auto wrong = told(path, find_defect(source, base64_fields))) return wrong;
  const std::string media = text_member(source, "media_type");
  const bool known = image
                         ? is_one_of(media, {"image/png", "image/jpeg", "image/gif", "image/webp"})
                         : media == "application/pdf";
  if (!known) {
    return fmt::format(
        "{}.media_type: Input should be {}", path,
        image ? "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'" : "'application/pdf'");
  }
  if (!is_base64(text_member(source, "data"))) return path + ".data: invalid base64 data";
  return std::nullopt;
}

Complaint check_source(json::Value source, const std::string& path, bool image) {
  const std::string type = text_member(source, "type");
  const std::string place = path + ".source." + type;
  if (type == "base64") return check_base64(source, place, image);
  if (type == "url") return told(place, find_defect(source, url_fields));
  if (type == "file") return told(place, find_defect(source, file_fields));
  if (!image && type == "text") {
    if (auto wrong = told(place, find_defect(source, base64_fields))) return wrong;
    if (text_member(source, "media_type") == "text/plain") return std::nullopt;
    return place + ".media_type: Input should be 'text/plain'";
  }
  if (!image && type == "content") return told(place, find_defect(source, content_fields));
  return unknown_tag(
      path + ".source", type,
      image ? "'base64', 'url', 'file'" : "'base64', 'text', 'content', 'url', 'file'");
}

// Recorded: an assistant may have said nothing but a blank.
Complaint check_text(json::Value block, BlockPlace place) {
  const std::string text = text_member(block, "text");
  if (text.empty()) return "messages: text content blocks must be non-empty";
  if (is_blank(text) && place != BlockPlace::assistant)
    return "messages: text content blocks must contain non-whitespace text";
  return std::nullopt;
}

Complaint check_use(json::Value block, const std::string& path) {
  if (auto wrong = told(path, find_defect(block, use_fields))) return wrong;
  if (!is_name(text_member(block, "id"), 1, 256))
    return path + ".id: String should match pattern '^[a-zA-Z0-9_-]+$'";
  if (!is_name(text_member(block, "name"), 1, 200))
    return path + ".name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'";
  return std::nullopt;
}

Complaint check_result(json::Value block, const std::string& path) {
  if (auto wrong = told(path, find_defect(block, result_fields))) return wrong;
  if (!is_name(text_member(block, "tool_use_id"), 1, 256))
    return path + ".tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'";
  const auto content = member(block, "content");
  if (!content || content->is(json::Kind::string)) return std::nullopt;
  if (!content->is(json::Kind::array)) return path + ".content: Input should be a valid list";
  std::size_t i = 0;
  for (const json::Value each : content->elements()) {
    const std::string place = fmt::format("{}.content.{}", path, i++);
    if (auto wrong = check_anthropic_block(each, place, BlockPlace::result)) return wrong;
  }
  return std::nullopt;
}

Complaint check_thought(json::Value block, const std::string& path) {
  if (auto wrong = told(path, find_defect(block, thinking_fields))) return wrong;
  if (!is_signature_of(text_member(block, "signature"), claude_family,
                       text_member(block, "thinking")))
    return path.substr(0, path.rfind('.')) + ": Invalid `signature` in `thinking` block";
  return std::nullopt;
}

Complaint check_redacted(json::Value block, const std::string& path) {
  if (auto wrong = told(path, find_defect(block, redacted_fields))) return wrong;
  if (!is_signature_of(text_member(block, "data"), claude_family, "redacted"))
    return path.substr(0, path.rfind('.')) + ": Invalid `data` in `redacted_thinking` block";
  return std::nullopt;
}

// What Anthropic's own tools leave in a conversation goes back as it came.
bool is_of_server(std::string_view type) {
  return is_one_of(type, {"server_tool_use", "mcp_tool_use", "mcp_tool_result", "container_upload",
                          "compaction", "fallback", "mid_conv_system"}) ||
         (type != "tool_result" && type.ends_with("_tool_result"));
}

Complaint check_user_block(json::Value block, const std::string& type, const std::string& path) {
  if (type == "image") {
    if (auto wrong = told(path, find_defect(block, image_fields))) return wrong;
    return check_source(*block.find("source"), path, true);
  }
  if (type == "document") {
    if (auto wrong = told(path, find_defect(block, document_fields))) return wrong;
    return check_source(*block.find("source"), path, false);
  }
  return told(path, find_defect(block, search_fields));
}

bool may_stand(std::string_view type, BlockPlace place) {
  if (type == "text") return true;
  switch (place) {
    case BlockPlace::system: return false;
    case BlockPlace::assistant:
      return is_one_of(type, {"tool_use", "thinking", "redacted_thinking"}) || is_of_server(type);
    case BlockPlace::user:
      return is_one_of(type, {"image", "document", "search_result", "tool_result"}) ||
             is_of_server(type);
    case BlockPlace::result:
      return is_one_of(type, {"image", "document", "search_result", "tool_reference"});
  }
  __builtin_unreachable();
}

Complaint check_place(const std::string& type, const std::string& path, BlockPlace place) {
  if (may_stand(type, place)) return std::nullopt;
  const std::string message = path.substr(0, path.find(".content"));
  if (type == "tool_use" && place == BlockPlace::user)
    return message + ": `tool_use` blocks can only be in `assistant` messages";
  if (type == "tool_result" && place == BlockPlace::assistant)
    return message + ": `tool_result` blocks can only be in `user` messages";
  if (place == BlockPlace::system) return unknown_tag(path, type, "'text'");
  if (place == BlockPlace::result) {
    return unknown_tag(path, type,
                       "'document', 'image', 'search_result', 'text', 'tool_reference'");
  }
  return unknown_tag(path, type,
                     "'document', 'image', 'redacted_thinking', 'search_result', "
                     "'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_use'");
}

}  // namespace

Complaint check_cache_control(json::Value holder, const std::string& path) {
  const auto control = member(holder, "cache_control");
  if (!control) return std::nullopt;
  const std::string place = path.empty() ? "cache_control" : path + ".cache_control";
  if (!control->is(json::Kind::object)) return place + ": Input should be a valid dictionary";
  if (text_member(*control, "type") != "ephemeral")
    return unknown_tag(place, text_member(*control, "type"), "'ephemeral'");
  if (auto wrong = told(place + ".ephemeral", find_defect(*control, cache_fields))) return wrong;
  const std::string ttl = text_member(*control, "ttl");
  if (!ttl.empty() && !is_one_of(ttl, {"5m", "1h"}))
    return place + ".ephemeral.ttl: Input should be '5m' or '1h'";
  return std::nullopt;
}

Complaint check_anthropic_block(json::Value block, const std::string& path, BlockPlace place) {
  if (!block.is(json::Kind::object)) return path + ": Input should be a valid dictionary";
  const std::string type = text_member(block, "type");
  if (auto wrong = check_place(type, path, place)) return wrong;
  const std::string inner = path + "." + type;
  if (auto wrong = check_cache_control(block, inner)) return wrong;
  if (type == "text") {
    if (auto wrong = told(inner, find_defect(block, text_fields))) return wrong;
    return check_text(block, place);
  }
  if (type == "tool_use") return check_use(block, inner);
  if (type == "tool_result") return check_result(block, inner);
  if (type == "thinking") return check_thought(block, inner);
  if (type == "redacted_thinking") return check_redacted(block, inner);
  if (type == "tool_reference") return told(inner, find_defect(block, reference_fields));
  if (is_of_server(type)) return std::nullopt;
  return check_user_block(block, type, inner);
}

}  // namespace sluice::simulator
