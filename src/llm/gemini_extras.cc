// What a caller of another dialect may say to Gemini in members of that dialect's own, or in
// Google's extension to it.
//
//   modalities, web_search_options            answers with images too; searching
//   safety_settings                           as Google has them
//   extra_body.google, google                 safety_settings, cached_content, thinking_config: as
//                                             in Google's own OpenAI dialect
#include <array>
#include <string>

#include "gemini_draft.h"
#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// They change nothing that Google could do: a stream always tells its usage.
constexpr std::array<std::string_view, 2> ignored = {"stream_options", "thought_tag_marker"};

bool is_nothing(std::string_view json) { return json == "null" || json == "{}" || json == "[]"; }

Refusal read_modalities(GeminiDraft& draft, std::string_view json) {
  if (!draft.index.build(json)) return std::nullopt;
  for (const Value value : json::root(draft.index).elements()) {
    if (value.string_equals("text")) {
      draft.extras.modalities.push_back("TEXT");
    } else if (value.string_equals("image")) {
      draft.extras.modalities.push_back("IMAGE");
    } else {
      return errors::field_invalid(
          "modalities",
          "This model answers in \"text\" and \"image\" here: ask for these "
          "alone.");
    }
  }
  return std::nullopt;
}

// Members of Google's extension; whether this is one.
bool read_extension(GeminiExtras& extras, std::string_view name, std::string_view json) {
  if (name == "safety_settings" || name == "safetySettings") {
    extras.safety_settings = json;
  } else if (name == "cached_content" || name == "cachedContent") {
    extras.cached_content = json;
  } else if (name == "thinking_config" || name == "thinkingConfig") {
    extras.thinking_config = json;
  } else {
    return false;
  }
  return true;
}

bool is_ignored(std::string_view name) {
  for (const std::string_view other : ignored) {
    if (name == other) return true;
  }
  return false;
}

// {"safety_settings":[..],"cached_content":"cachedContents/x"}
void read_google(GeminiDraft& draft, Value google, std::string_view path) {
  std::string scratch;
  for (const json::Member member : google.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (is_ignored(name) || member.value.is_null()) continue;
    if (!read_extension(draft.extras, name, member.value.raw())) {
      draft.drop(std::string(path) + "." + quotable(name, 64));
    }
  }
}

void read_extra_body(GeminiDraft& draft, std::string_view json) {
  if (!draft.index.build(json)) return;
  std::string scratch;
  for (const json::Member member : json::root(draft.index).members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "google") {
      read_google(draft, member.value, "extra_body.google");
    } else {
      draft.drop("extra_body." + quotable(name, 64));
    }
  }
}

Refusal read_other(GeminiDraft& draft, std::string_view name, std::string_view json) {
  if (name == "web_search_options") {
    draft.extras.searches = true;  // which may be an empty object
    return std::nullopt;
  }
  if (is_nothing(json) || is_ignored(name)) return std::nullopt;
  if (name == "modalities") return read_modalities(draft, json);
  if (name == "extra_body") {
    read_extra_body(draft, json);
  } else if (name == "google") {
    if (draft.index.build(json)) read_google(draft, json::root(draft.index), name);
  } else if (name == "store" && json == "false") {
    return std::nullopt;  // nothing is
  } else if (!name.starts_with("safety") || !read_extension(draft.extras, name, json)) {
    draft.drop(quotable(name, 64));
  }
  return std::nullopt;
}

}  // namespace

Refusal read_gemini_extras(GeminiDraft& draft) {
  std::string scratch;
  for (const OtherMember& other : draft.request.others) {
    const std::string name(other.name.plain(scratch));
    if (other.value == "null") continue;
    if (auto refusal = read_other(draft, name, other.value)) return refusal;
  }
  return std::nullopt;
}

}  // namespace sluice::llm
