#include "sluice/llm/openai_host_edits.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "include_usage.h"
#include "schema_in_words.h"
#include "sluice/base/assert.h"
#include "sluice/json/object_edit.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "sluice/llm/openai_request.h"
#include "thinking_switch.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::string_view max_tokens = "max_tokens";
constexpr std::string_view max_completion_tokens = "max_completion_tokens";
constexpr std::string_view reasoning_content = "reasoning_content";
constexpr std::string_view reasoning = "reasoning";

bool holds(std::string_view body, std::string_view text) {
  return memmem(body.data(), body.size(), text.data(), text.size()) != nullptr;
}

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Most hosts differ in what few bodies hold: a search for each in place of an index. What is
// spelled with escapes goes unseen, and is the host's to judge.
bool is_unconcerned(const HostTraits& host, const ModelTraits& model, std::string_view body) {
  return host.is_mostly_plain() && (host.takes_developer_role || !holds(body, "\"developer\"")) &&
         (host.takes_json_schema || !holds(body, "\"json_schema\"")) &&
         (!has_own_words(model) || !holds(body, "\"reasoning"));
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool read_effort(Value value, ReasoningWanted& wanted) {
  if (value.is_null()) return true;
  if (!value.is(Kind::string)) return false;
  if (value.string_equals("default")) {
    wanted.enabled = true;
    return true;
  }
  wanted.effort = parse_effort(json::raw_text(value));
  return wanted.effort.has_value();
}

// {"effort" or "max_tokens", "exclude", "enabled"}; false: written otherwise.
bool read_reasoning(Value value, ReasoningWanted& wanted) {
  if (value.is_null()) return true;
  if (!value.is(Kind::object)) return false;
  if (const auto effort = value.find("effort"); effort && !read_effort(*effort, wanted)) {
    return false;
  }
  if (const auto tokens = value.find("max_tokens")) {
    const std::optional<std::int64_t> count = tokens->integer();
    if (!tokens->is_null() && (!count || *count < 0)) return false;
    if (count) wanted.tokens_max = static_cast<std::uint64_t>(*count);
  }
  if (const auto enabled = value.find("enabled")) wanted.enabled = enabled->boolean();
  const auto exclude = value.find("exclude");
  wanted.hidden = exclude && exclude->boolean().value_or(false);
  return true;
}

/// One walk over a body.
class HostEditor {
 public:
  HostEditor(const Request& request, const HostTraits& host, const ModelTraits& model,
             HostEdits& out)
      : request_(request), host_(host), model_(model), out_(out) {}

  void edit(Value top);

 private:
  struct Named {
    std::optional<json::Member> max_tokens, max_completion_tokens, seed, own_seed, stream_options;
    std::optional<json::Member> reasoning_effort, reasoning, messages, response_format;
    bool own_switch = false;  // the host's own words for thinking
  };

  void top_member(const json::Member& member, std::string_view name, json::ObjectEdit& edit,
                  Named& named);
  void drop(const json::Member& member, std::string_view name, json::ObjectEdit& edit);
  void rename(Value key, std::string_view name);
  void name_output_tokens(const Named& named, json::ObjectEdit& edit);
  void name_seed(const Named& named, json::ObjectEdit& edit);
  void spell_thinking(const Named& named, json::ObjectEdit& edit);
  void put_schema_in_words(const Named& named);
  void ask_for_usage(const Named& named, json::ObjectEdit& edit);
  void message(Value message);
  void message_member(const json::Member& member, std::string_view name);
  void call_id(Value id);

  const Request& request_;
  const HostTraits& host_;
  const ModelTraits& model_;
  HostEdits& out_;
  std::string name_;  // scratch
  std::string id_;    // scratch
};

void HostEditor::edit(Value top) {
  json::ObjectEdit edit(top);
  Named named;
  for (const json::Member member : top.members()) {
    top_member(member, member.key.unescaped(name_), edit, named);
  }
  name_output_tokens(named, edit);
  name_seed(named, edit);
  spell_thinking(named, edit);
  put_schema_in_words(named);
  ask_for_usage(named, edit);
  edit.write_to(out_.edits);
}

void HostEditor::top_member(const json::Member& member, std::string_view name,
                            json::ObjectEdit& edit, Named& named) {
  if (contains(openai_gateway_only_fields(), name)) return edit.remove(member);
  if (contains(host_.refused, name)) return drop(member, name, edit);
  if (is_own_switch(model_.thinking_switch, name)) {
    named.own_switch = true;
  } else if (name == "reasoning_effort") {
    named.reasoning_effort = member;
  } else if (name == reasoning) {
    named.reasoning = member;
  } else if (name == "stream_options") {
    if (!host_.takes_stream_options) return drop(member, name, edit);
    named.stream_options = member;
  } else if (name == "response_format") {
    named.response_format = member;
  } else if (name == "messages") {
    named.messages = member;
    for (const Value each : member.value.elements()) message(each);
  } else if (name == "tool_choice") {
    if (host_.spells_required_any && member.value.string_equals("required")) {
      out_.edits.replace(member.value.span(), Slice::of_static("\"any\""));
    }
  } else if (name == max_tokens) {
    named.max_tokens = member;
  } else if (name == max_completion_tokens) {
    named.max_completion_tokens = member;
  } else if (name == "seed") {
    named.seed = member;
  } else if (name == host_.seed_name) {
    named.own_seed = member;
  }
}

// A null says nothing, so nothing is lost with it.
void HostEditor::drop(const json::Member& member, std::string_view name, json::ObjectEdit& edit) {
  edit.remove(member);
  if (!member.value.is_null()) out_.dropped.emplace_back(name);
}

void HostEditor::rename(Value key, std::string_view name) {
  out_.edits.replace(key.span(), Slice::take(json::quote(name)));
}

// Given both, the newer name is the one that was meant.
void HostEditor::name_output_tokens(const Named& named, json::ObjectEdit& edit) {
  if (host_.output_tokens_name.empty()) return;
  const bool newer_is_known = host_.output_tokens_name == max_completion_tokens;
  const auto& known = newer_is_known ? named.max_completion_tokens : named.max_tokens;
  const auto& other = newer_is_known ? named.max_tokens : named.max_completion_tokens;
  if (!other) return;
  if (!known) return rename(other->key, host_.output_tokens_name);
  if (newer_is_known || other->value.is_null()) return edit.remove(*other);
  edit.remove(*known);
  rename(other->key, host_.output_tokens_name);
}

void HostEditor::name_seed(const Named& named, json::ObjectEdit& edit) {
  if (host_.seed_name == "seed" || !named.seed) return;
  if (named.own_seed) return edit.remove(*named.seed);
  rename(named.seed->key, host_.seed_name);
}

// A caller that knows the host's own words has said all, and one whose words are none of OpenAI's
// is the host's to judge.
void HostEditor::spell_thinking(const Named& named, json::ObjectEdit& edit) {
  if (named.own_switch || !has_own_words(model_)) return;
  ReasoningWanted wanted;
  if (named.reasoning_effort && !read_effort(named.reasoning_effort->value, wanted)) return;
  if (named.reasoning && !read_reasoning(named.reasoning->value, wanted)) return;
  if (!wanted.said()) return;
  const SaidThinking said = say_thinking(wanted, model_);
  if (!named.reasoning && said.members.size() == 1 &&
      said.members.front().name == "reasoning_effort" &&
      said.members.front().value == named.reasoning_effort->value.raw()) {
    return;  // its words are the host's
  }
  for (const auto* member : {&named.reasoning_effort, &named.reasoning}) {
    if (!*member) continue;
    edit.remove(**member);
    if (said.dropped) out_.dropped.emplace_back((*member)->key.unescaped(name_));
  }
  for (const SaidThinking::Member& member : said.members) {
    edit.add_last(json::quote(member.name), member.value);
  }
  if (said.tokens_dropped) out_.dropped.emplace_back("reasoning.max_tokens");
  const bool is_router = model_.thinking_switch == ThinkingSwitch::reasoning;
  if (wanted.hidden && !is_router && !said.dropped) out_.dropped.emplace_back("reasoning.exclude");
}

// A format without a schema is the host's to judge.
void HostEditor::put_schema_in_words(const Named& named) {
  if (host_.takes_json_schema || !named.response_format || !named.messages) return;
  const Value format = named.response_format->value;
  const auto type = format.find("type");
  if (!type || !type->string_equals("json_schema")) return;
  const auto body = format.find("json_schema");
  const auto schema = body ? body->find("schema") : std::nullopt;
  if (!schema || !schema->is(Kind::object) || !named.messages->value.is(Kind::array)) return;
  out_.edits.replace(format.span(), Slice::of_static(R"({"type":"json_object"})"));
  instruct(named.messages->value, schema_in_words(schema->raw()), out_.edits);
  const auto strict = body->find("strict");
  if (strict && strict->boolean().value_or(false)) {
    out_.dropped.emplace_back("response_format.json_schema.strict");
  }
}

void HostEditor::ask_for_usage(const Named& named, json::ObjectEdit& edit) {
  if (!request_.usage_added || !host_.takes_stream_options ||
      contains(host_.refused, "stream_options")) {
    return;
  }
  std::optional<Value> options;
  std::optional<Value> include_usage;
  if (named.stream_options) {
    options = named.stream_options->value;
    include_usage = options->find("include_usage");
  }
  add_include_usage(options, include_usage, edit, out_.edits);
}

void HostEditor::message(Value message) {
  std::optional<Value> other_key;
  bool has_own = false;
  const std::string_view other = host_.reasoning_name == reasoning ? reasoning_content : reasoning;
  for (const json::Member member : message.members()) {
    const std::string_view name = member.key.unescaped(name_);
    message_member(member, name);
    if (host_.reasoning_name.empty() || !member.value.is(Kind::string)) continue;
    if (name == host_.reasoning_name) has_own = true;
    if (name == other) other_key = member.key;
  }
  if (other_key && !has_own) rename(*other_key, host_.reasoning_name);
}

void HostEditor::message_member(const json::Member& member, std::string_view name) {
  if (name == "role") {
    if (!host_.takes_developer_role && member.value.string_equals("developer")) {
      out_.edits.replace(member.value.span(), Slice::of_static("\"system\""));
    }
  } else if (host_.call_id_letters == 0) {
    return;
  } else if (name == "tool_call_id") {
    call_id(member.value);
  } else if (name == "tool_calls") {
    for (const Value call : member.value.elements()) {
      if (const std::optional<Value> id = call.find("id")) call_id(*id);
    }
  }
}

void HostEditor::call_id(Value id) {
  if (!id.is(Kind::string)) return;
  const std::string_view said = id.unescaped(id_);
  std::string wanted = host_call_id(said, host_.call_id_letters);
  if (wanted == said) return;
  out_.edits.replace(id.span(), Slice::take(json::quote(wanted)));
}

}  // namespace

std::string host_call_id(std::string_view id, std::uint32_t letters) {
  SLUICE_ASSERT(letters >= call_id_letters_min && letters <= call_id_letters_max);
  if (id.size() == letters && std::all_of(id.begin(), id.end(), is_letter_or_digit)) {
    return std::string(id);
  }
  constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: the same in every process
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string made;
  while (made.size() < letters) {
    hash += 0x9e3779b97f4a7c15;  // splitmix64: its output is mixed well enough to cut from
    std::uint64_t mixed = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    for (int i = 0; i < 10 && made.size() < letters; ++i, mixed /= alphabet.size()) {
      made += alphabet[mixed % alphabet.size()];
    }
  }
  return made;
}

std::optional<HostEdits> openai_host_edits(const Request& request, std::string_view body,
                                           const HostTraits& host, const ModelTraits& model,
                                           json::Index& index) {
  if (host.is_plain() || request.operation != Operation::chat_completions ||
      request.body != BodyForm::json || is_unconcerned(host, model, body) || !index.build(body)) {
    return std::nullopt;
  }
  HostEdits out;
  const Value top = json::root(index);
  if (top.is(Kind::object)) HostEditor(request, host, model, out).edit(top);
  index.clear();  // the memory of a large one is not kept until the next
  return out;
}

}  // namespace sluice::llm
