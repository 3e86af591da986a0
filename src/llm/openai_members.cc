#include "openai_members.h"

#include <string>

#include "sluice/llm/openai_usage.h"

namespace sluice::llm {

using json::Value;

OpenaiMembers read_openai_members(Value top, std::string_view main) {
  OpenaiMembers members;
  std::string scratch;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == main) members.has_main = true;
    if (name == "choices") {
      members.choices = member.value;
    } else if (name == "usage") {
      members.usage = member.value;
    } else if (name == "error") {
      members.error = member.value;
    } else if (name == "object") {
      members.object = member.value;
    } else if (name == "type") {
      members.type = member.value;
    } else if (name == "response") {
      members.response = member.value;
    } else if (name == "x_groq") {
      members.x_groq = member.value;
    }
  }
  return members;
}

Usage read_openai_usage(const OpenaiMembers& members) noexcept {
  if (members.usage && members.usage->is(json::Kind::object)) {
    return parse_openai_usage(*members.usage);
  }
  for (const auto* holder : {&members.response, &members.x_groq}) {
    if (!*holder) continue;
    if (const auto usage = (*holder)->find("usage")) return parse_openai_usage(*usage);
  }
  return {};
}

Usage find_openai_usage(const OpenaiMembers& members) noexcept {
  const Usage usage = read_openai_usage(members);
  if (usage.known() || !members.choices) return usage;
  for (const Value choice : members.choices->elements()) {
    if (const auto own = choice.find("usage")) return parse_openai_usage(*own);
  }
  return usage;
}

}  // namespace sluice::llm
