#include "sluice/llm/override_members.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "fallback_wishes.h"
#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Member;
using json::Value;

std::optional<Value> entry_at(Value top, std::size_t position) {
  const std::optional<Value> fallbacks = top.find("fallbacks");
  if (!fallbacks) return std::nullopt;
  for (const Value entry : fallbacks->elements()) {
    if (position-- == 0) return entry;
  }
  return std::nullopt;
}

class Merge {
 public:
  Merge(Value entry, std::string& out) : entry_(entry), out_(out) {
    if (entry.is(Kind::string)) names_.emplace_back("model");
    for (const Member member : entry.members()) names_.push_back(*member.key.string());
    std::ranges::sort(names_);
  }

  void write(Value top) {
    out_ = "{";
    std::string scratch;
    for (const Member member : top.members()) {
      const std::string_view name = member.key.unescaped(scratch);
      if (name == "messages") chats_ = true;
      if (!names_what_follows(name) && !is_overridden(name)) add(member.key.raw(), member.value);
    }
    if (entry_.is(Kind::string)) add("\"model\"", entry_);
    for (const Member member : entry_.members()) write_override(member);
    out_ += '}';
  }

 private:
  [[nodiscard]] bool is_named(std::string_view name) const {
    return std::ranges::binary_search(names_, name);
  }
  [[nodiscard]] bool is_overridden(std::string_view name) const {
    return is_named(name) || (name == "messages" && is_named("prompt")) ||
           (name == "prompt" && is_named("messages"));
  }

  void add(std::string_view key, Value value) { begin_member(key).append(value.raw()); }
  std::string& begin_member(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    return out_.append(key).append(":");
  }

  void write_override(const Member& member) {
    if (member.value.is_null()) return;
    const bool becomes_message = chats_ && member.value.is(Kind::string) &&
                                 member.key.string_equals("prompt") && !is_named("messages");
    if (!becomes_message) return add(member.key.raw(), member.value);
    begin_member("\"messages\"")
        .append(R"([{"role":"user","content":)")
        .append(member.value.raw())
        .append("}]");
  }

  Value entry_;
  std::string& out_;
  std::vector<std::string> names_;  // that the entry overrides, sorted
  bool chats_ = false;              // the request has messages
};

}  // namespace

bool override_members(std::string_view body, json::Index& index, std::size_t position,
                      std::string& out) {
  if (!index.build(body)) return false;
  const Value top = json::root(index);
  const std::optional<Value> entry = entry_at(top, position);
  if (!entry || (!entry->is(Kind::object) && !entry->is(Kind::string))) return false;
  Merge(*entry, out).write(top);
  index.clear();  // the memory of a large one is not kept until the next
  return true;
}

}  // namespace sluice::llm
