// Recorded requests to Anthropic, read as a caller's and written anew: what comes out says the
// same, member by member. And requests recorded in OpenAI's dialect beside ones that say the same
// in Anthropic's.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "anthropic_recorded.h"
#include "sluice/llm/anthropic_call.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_chat_request.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;
using Members = std::map<std::string, std::string>;

// Of two ways to say a thing, one.
std::string plain_content(Value content) {
  if (!content.is(Kind::string)) return {};
  if (content.string()->empty()) return "[]";
  return R"([{"text":)" + std::string(content.raw()) + R"(,"type":"text"}])";
}

void append_normal(std::string& out, Value value);

// Members that say nothing: null, "is_error":false, who may call a tool by default.
bool is_silent(std::string_view name, Value value) {
  return value.is_null() || (name == "is_error" && value.boolean() == false) || name == "caller" ||
         (name == "citations" && value.is(Kind::array)) ||
         (name == "description" && value.string_equals("")) ||
         (name == "ttl" && value.string_equals("5m"));
}

void append_normal_object(std::string& out, Value value) {
  std::map<std::string, std::string> members;
  for (const json::Member member : value.members()) {
    const std::string name = *member.key.string();
    if (is_silent(name, member.value)) continue;
    std::string& text = members[name];
    const std::string plain = name == "content" ? plain_content(member.value) : "";
    json::Index index;
    append_normal(text, !plain.empty() && index.build(plain) ? json::root(index) : member.value);
  }
  out += '{';
  for (const auto& [name, text] : members) out += json::quote(name) + ":" + text + ",";
  out += '}';
}

void append_normal(std::string& out, Value value) {
  if (value.is(Kind::object)) return append_normal_object(out, value);
  if (value.is(Kind::array)) {
    out += '[';
    for (const Value element : value.elements()) {
      append_normal(out, element);
      out += ',';
    }
    out += ']';
    return;
  }
  append_sorted(out, value);
}

std::string normal(Value value) {
  std::string spelled;
  append_normal(spelled, value);
  json::Index index({.depth_max = 256});
  return spelled;
}

// Consecutive messages of one role are one to Anthropic.
std::string merged_messages(Value messages) {
  std::string out;
  std::string last;
  for (const Value message : messages.elements()) {
    const std::string role = *message.find("role")->string();
    if (role != last) out += "\n" + role + " ";
    last = role;
    const Value content = *message.find("content");
    const std::string plain = plain_content(content);
    json::Index index;
    std::string text;
    append_normal(text, !plain.empty() && index.build(plain) ? json::root(index) : content);
    out += text.substr(1, text.size() - 2);
  }
  return out;
}

Members members_of(std::string_view body) {
  Members members;
  json::Index index({.depth_max = 256});
  EXPECT_TRUE(index.build(body)) << body;
  for (const json::Member member : json::root(index).members()) {
    const std::string name = *member.key.string();
    if (member.value.is_null()) continue;
    if (name == "stream" && member.value.boolean() == false) continue;
    if (name == "system") {
      const std::string text = plain_content(member.value);
      json::Index inner;
      if (text.empty()) {
        members[name] = normal(member.value);
      } else if (inner.build(text)) {
        members[name] = normal(json::root(inner));
      }
      continue;
    }
    members[name] = name == "messages" ? merged_messages(member.value) : normal(member.value);
  }
  return members;
}

// The model as the request shows it.
ModelTraits traits_of(std::string_view body) {
  ModelTraits traits;
  traits.takes_system_inside = body.contains(R"("role":"system")");
  if (body.contains(R"("type":"adaptive")") || body.contains(R"("effort":)"))
    traits.thinking = ThinkingControl::adaptive;
  if (body.contains(R"("type":"enabled")")) traits.thinking = ThinkingControl::budget;
  if (body.contains("xhigh")) traits.takes_sampling = false;
  return traits;
}

// Nothing: it cannot be read or written.
std::optional<Members> written_anew(std::string_view body) {
  json::Index index({.depth_max = 256});
  EXPECT_TRUE(index.build(body));
  const Value top = json::root(index);
  const auto model = top.find("model");
  const std::string name = model ? model->string().value_or("") : "";
  const auto request = read_anthropic_chat(top);
  if (!request) return std::nullopt;
  const ModelTraits traits = traits_of(body);
  json::Index scratch;
  const WrittenCall call =
      write_anthropic_call(*request, {.upstream_model = name, .traits = traits}, scratch);
  if (!call) return std::nullopt;
  return members_of(call->body);
}

// Where what is written is not what was recorded, and why.
struct Difference {
  std::string_view name;  // of the case: a part of it
  std::string_view member;
  std::string_view why;
};

const Difference differences[] = {
    {"TestSyncRunTools_092be1de", "messages", "a tool at the provider runs within"},
    {"streams_search_turns", "messages", "a tool at the provider runs within"},
    {"cross_provider_capability", "messages", "a tool is added within"},
    {"live_fallback_failover", "messages", "a tool is added within"},
    {"live_tool_search_handoff", "messages", "references to tools"},
    {"cites_text_documents", "messages", "documents with citations"},
    {"cites_tool_results", "messages", "results of a search"},
    {"streams_citations", "messages", "documents with citations"},
    {"accepts_null_citation", "messages", "documents with citations"},
    {"empty_message_on_history", "messages", "it begins with the assistant: somebody must ask"},
    {"raw_followup_empty_end_turn", "messages", "it begins with the assistant"},
    {"cases.pairs.jsonl tools", "messages", "a text of one blank"},
    {"adaptive-thinking", "thinking", "display is said"},
    {"adaptive_thinking", "thinking", "display is said"},
    {"adaptive_declines", "thinking", "display is said"},
    {"thinking_display_regression", "thinking", "display is not said of a budget"},
    {"features_effort", "thinking", "an effort is one of thinking"},
    {"effort_without_thinking", "thinking", "an effort is one of thinking"},
    {"task_budget_coexists", "thinking", "an effort is one of thinking"},
    {"task_budget", "output_config", "a budget of all turns"},
    {"invoke_model", "model", "Bedrock names it in the path"},
    {"invoke_model", "anthropic_version", "Bedrock's and Vertex's own"},
};

bool is_expected(std::string_view name, std::string_view member) {
  return std::ranges::any_of(differences, [&](const Difference& difference) {
    return name.contains(difference.name) && member == difference.member;
  });
}

TEST(AnthropicCall, SaysTheSameAsEveryRecordedRequest) {
  std::size_t same = 0;
  std::size_t different = 0;
  for (const RecordedExchange& exchange : anthropic_exchanges()) {
    if (exchange.request_body.empty() || exchange.status != 200) continue;
    SCOPED_TRACE(exchange.name);
    const auto anew = written_anew(exchange.request_body);
    ASSERT_TRUE(anew);
    Members recorded = members_of(exchange.request_body);
    bool is_same = true;
    for (const auto& [name, value] : *anew) recorded.try_emplace(name, "nothing");
    for (const auto& [name, value] : recorded) {
      const auto is = anew->find(name);
      const std::string written = is == anew->end() ? "nothing" : is->second;
      if (written == value) continue;
      is_same = false;
      EXPECT_TRUE(is_expected(exchange.name, name))
          << name << "\nwas " << value << "\nis  " << written;
    }
    ++(is_same ? same : different);
  }
  EXPECT_EQ(same, 238U);
  EXPECT_EQ(different, 32U);
}

// --- the same request in two dialects ---

// Roles, texts, calls and results; ids are each provider's own.
std::string without_ids(std::string text) {
  for (const std::string_view name : {R"("id":")", R"("tool_use_id":")"}) {
    for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
      const std::size_t begin = at + name.size();
      text.erase(begin, text.find('"', begin) - begin);
    }
  }
  return text;
}

std::string tool_names(std::string_view body) {
  json::Index index;
  EXPECT_TRUE(index.build(body));
  const auto tools = json::root(index).find("tools");
  std::string out;
  for (const Value tool : tools->elements()) out += *tool.find("name")->string() + " ";
  return out;
}

TEST(AnthropicCall, SaysWhatTheSameClientSaidToOpenai) {
  const auto exchanges = recorded_exchanges({"cross/tool_choice_matrix"});
  const auto file_of = [](const RecordedExchange& exchange) {
    return exchange.name.substr(0, exchange.name.find(' '));
  };
  std::size_t count = 0;
  for (const RecordedExchange& exchange : exchanges) {
    if (!exchange.url.ends_with("openai.com/v1/chat/completions")) continue;
    SCOPED_TRACE(exchange.name);
    json::Index index;
    ASSERT_TRUE(index.build(exchange.request_body));
    const auto request = read_openai_chat(json::root(index));
    ASSERT_TRUE(request);
    json::Index scratch;
    const WrittenCall call =
        write_anthropic_call(*request, {.upstream_model = "m", .traits = {}}, scratch);
    ASSERT_TRUE(call) << call.error().message;
    Members written = members_of(call->body);
    const std::string messages = without_ids(written["messages"]);
    for (const RecordedExchange& other : exchanges) {
      if (!other.url.contains("anthropic.com") || file_of(other) != file_of(exchange)) continue;
      Members recorded = members_of(other.request_body);
      if (without_ids(recorded["messages"]) != messages) continue;  // another turn
      ++count;
      EXPECT_EQ(written["tool_choice"], recorded["tool_choice"]);
      // Of allowed tools this client told OpenAI in one dialect only.
      if (exchange.name.contains("tools_plus_output")) continue;
      EXPECT_EQ(tool_names(call->body), tool_names(other.request_body));
    }
  }
  EXPECT_EQ(count, 7U);
}

}  // namespace
}  // namespace sluice::llm
