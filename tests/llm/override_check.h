// What override_members() promises, held against a body and one of its entries: for a test's table
// and for what a fuzzer makes.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::llm::testing {

using RawMembers = std::map<std::string, std::string>;  // unescaped name to value as it stands

inline RawMembers raw_members(json::Value object) {
  RawMembers members;
  for (const json::Member member : object.members()) {
    members[*member.key.string()] = member.value.raw();
  }
  return members;
}

inline void drop_if(RawMembers& members, bool condition, const char* name) {
  if (condition) members.erase(name);
}

/// The members that the merged body must have, neither more nor less.
inline RawMembers expected_members(json::Value top, std::size_t position) {
  RawMembers members = raw_members(top);
  RawMembers overrides;
  for (const json::Value entry : top.find("fallbacks")->elements()) {
    if (position-- != 0) continue;
    overrides = raw_members(entry);
    if (entry.is(json::Kind::string)) overrides["model"] = entry.raw();
  }
  for (const char* name : {"models", "fallbacks", "fallback_config", "route"}) members.erase(name);
  const bool chats = members.contains("messages");
  drop_if(members, overrides.contains("prompt"), "messages");
  drop_if(members, overrides.contains("messages"), "prompt");
  const auto prompt = overrides.find("prompt");
  if (chats && !overrides.contains("messages") && prompt != overrides.end() &&
      prompt->second.starts_with('"')) {
    members["messages"] = R"([{"role":"user","content":)" + prompt->second + "}]";
    members.erase("prompt");
    overrides.erase(prompt);
  }
  for (const auto& [name, value] : overrides) {
    if (value == "null") {
      members.erase(name);
    } else {
      members[name] = value;
    }
  }
  return members;
}

}  // namespace sluice::llm::testing
