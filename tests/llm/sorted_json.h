// JSON in one spelling, so that tests can compare documents as text: members sorted, no spaces.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::llm {

inline void append_sorted(std::string& out, json::Value value) {
  if (value.is(json::Kind::object)) {
    std::vector<std::pair<std::string, json::Value>> members;
    for (const json::Member member : value.members()) {
      members.emplace_back(*member.key.string(), member.value);
    }
    std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
    out += '{';
    for (const auto& [name, member] : members) {
      if (out.back() != '{') out += ',';
      out += json::quote(name) + ":";
      append_sorted(out, member);
    }
    out += '}';
  } else if (value.is(json::Kind::array)) {
    out += '[';
    for (const json::Value element : value.elements()) {
      if (out.back() != '[') out += ',';
      append_sorted(out, element);
    }
    out += ']';
  } else if (value.is(json::Kind::string)) {
    out += json::quote(*value.string());
  } else {
    out += value.raw();
  }
}

/// The text itself when it is no JSON.
inline std::string sorted_json(std::string_view text) {
  json::Index index({.depth_max = 256});
  if (!index.build(text)) return std::string(text);
  std::string out;
  append_sorted(out, json::root(index));
  return out;
}

}  // namespace sluice::llm
