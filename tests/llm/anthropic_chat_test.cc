// What read_anthropic_chat() of anthropic_request.h makes of a request.
#include <gtest/gtest.h>

#include "recorded.h"
#include "request_trace.h"
#include "sluice/llm/anthropic_request.h"

namespace sluice::llm {
namespace {

std::string read(std::string_view body) {
  json::Index index;
  if (!index.build(body)) return "no JSON";
  const auto request = read_anthropic_chat(json::root(index));
  if (!request) return "refused " + request.error().param;
  index.clear();  // the request does not need it
  return RequestTrace::of(*request);
}

struct ChatCase {
  const char* name;
  std::string body;
  std::string_view trace;
};

// A request with these messages and other members.
std::string asking(std::string_view messages, std::string_view others = "") {
  return R"({"model":"m","max_tokens":9,"messages":[)" + std::string(messages) + "]" +
         std::string(others) + "}";
}
// One user's message with these blocks.
std::string showing(std::string_view blocks) {
  return asking(R"({"role":"user","content":[)" + std::string(blocks) + "]}");
}
std::string answered(std::string_view blocks) {
  return asking(R"({"role":"assistant","content":[)" + std::string(blocks) + "]}");
}

const std::
    vector<ChatCase>
        cases =
            {
                {"texts",
                 asking(
                     R"({"role":"user","content":"a\"b"},{"role":"assistant","content":[{"type":"text","text":"c"}]})"),
                 "user\n  text \"a\"b\"\nassistant\n  text \"c\"\nmax 9\n"},
                {"nothing said", asking(R"({"role":"user","content":[]})"), "user\nmax 9\n"},
                {"system as a string, wherever it stands",
                 asking(R"({"role":"user","content":"a"})", R"(,"system":"Be brief.")"),
                 "system\n  text \"Be brief.\"\nuser\n  text \"a\"\nmax 9\n"},
                {"system as blocks with cache marks",
                 asking(
                     "",
                     R"(,"system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"C","cache_control":null}])"),
                 "system\n  text \"A\" 5m\n  text \"B\" 1h\n  text \"C\"\nmax 9\n"},
                {"system between messages",
                 asking(
                     R"({"role":"user","content":"a"},{"role":"system","content":[{"type":"text","text":"s"},{"type":"tool_addition","tool":{"type":"tool_reference","name":"t"}}]})"),
                 "user\n  text \"a\"\nsystem\n  text \"s\"\nmax 9\n"
                 "other messages.1.content.1 "
                 "{\"type\":\"tool_addition\",\"tool\":{\"type\":\"tool_reference\",\"name\":\"t\"}"
                 "}\n"},
                {"the system's words among a user's blocks",
                 showing(
                     R"({"type":"text","text":"a"},{"type":"mid_conv_system","content":[{"type":"text","text":"s"}]},{"type":"text","text":"b"})"),
                 "user\n  text \"a\"\nsystem\n  text \"s\"\nuser\n  text \"b\"\nmax 9\n"},
                {"images",
                 showing(
                     R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"},"cache_control":{"type":"ephemeral","ttl":"5m"}},{"type":"image","source":{"type":"url","url":"https:\/\/x"}},{"type":"image","source":{"type":"file","file_id":"f1"}})"),
                 "user\n  image base64 image/png AAAA 5m\n  image url https://x\n  image file_id "
                 "f1\nmax 9\n"},
                {"documents",
                 showing(
                     R"({"type":"document","title":"T","context":"C","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"citations":{"enabled":true}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}},{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}},{"type":"document","source":{"type":"file","file_id":"f"}})"),
                 "user\n  text \"C\"\n  document base64 application/pdf JVBE T\n"
                 "  document text text/plain words\n  document url https://x/a.pdf\n  document "
                 "file_id f\nmax 9\n"},
                {"a document made of blocks",
                 showing(
                     R"({"type":"document","title":"T","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"u"}}]},"cache_control":{"type":"ephemeral"}},{"type":"document","source":{"type":"content","content":"b"}})"),
                 "user\n  text \"T\"\n  text \"a\"\n  image url u 5m\n  text \"b\"\nmax 9\n"},
                {"a search result",
                 showing(
                     R"({"type":"search_result","title":"Ru\u0062y","source":"https://x","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}],"citations":{"enabled":true}})"),
                 "user\n  text \"Ruby\nhttps://x\n\none\ntwo\"\nmax 9\n"},
                {"calls and their results",
                 asking(
                     R"({"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"t1","name":"w","input":{ "a" : 1.0 },"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"url","url":"u"}},{"type":"tool_reference","tool_name":"x"}],"cache_control":{"type":"ephemeral"}},{"type":"tool_result","tool_use_id":"t2","content":"yes"},{"type":"tool_result","tool_use_id":"t3"}]})"),
                 "assistant\n  text \"I look.\"\n  call t1 w { \"a\" : 1.0 }\n"
                 "user\n  result t1 error 5m\n    text \"no\"\n    image url u\n    text \"x\"\n"
                 "  result t2\n    text \"yes\"\n  result t3\nmax 9\n"},
                {"thoughts of Anthropic's",
                 answered(
                     R"({"type":"thinking","thinking":"hm","signature":"Ei\/Q="},{"type":"redacted_thinking","data":"Em=="},{"type":"thinking","thinking":"","signature":"x"})"),
                 "assistant\n  reasoning \"hm\" anthropic Ei/Q=\n  reasoning \"\" anthropic Em==\n"
                 "  reasoning \"\" anthropic x\nmax 9\n"},
                {"thoughts of others'",
                 answered(
                     R"({"type":"thinking","thinking":"a","signature":""},{"type":"thinking","thinking":"b","signature":"sluice:other::"},{"type":"thinking","thinking":"c","signature":"sluice:openai:rs_1:"},{"type":"redacted_thinking","data":"sluice:openai:rs_1:gAAA"},{"type":"thinking","thinking":"d","signature":"sluice:google::CpEB"},{"type":"redacted_thinking","data":"sluice:openai:rs_2:gBBB"},{"type":"thinking","thinking":"e","signature":"sluice:spoilt"})"),
                 "assistant\n  reasoning \"a\" unknown\n  reasoning \"b\" unknown\n"
                 "  reasoning \"c\" openai gAAA rs_1\n  reasoning \"d\" google CpEB\n"
                 "  reasoning \"\" openai gBBB rs_2\n  reasoning \"e\" unknown\nmax 9\n"},
                {"the signature of a call of Gemini's",
                 answered(
                     R"({"type":"redacted_thinking","data":"sluice:call::CpEB"},{"type":"tool_use","id":"t1","name":"w","input":{}},{"type":"tool_use","id":"t2","name":"w","input":{}})"),
                 "assistant\n  call t1 w {} CpEB\n  call t2 w {}\nmax 9\n"},
                {"blocks of tools that ran at Anthropic",
                 answered(
                     R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"found"},{"type":"new_in_2027"})"),
                 "assistant\n  text \"found\"\nmax 9\n"
                 "other messages.0.content.0 "
                 "{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}"
                 "\n"
                 "other messages.0.content.1 "
                 "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]}\n"
                 "other messages.0.content.3 {\"type\":\"new_in_2027\"}\n"},
                {"tools",
                 asking(
                     "",
                     R"(,"tools":[{"name":"w","description":"W.","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"},"eager_input_streaming":true},{"type":"custom","name":"v","input_schema":{}},{"type":"web_search_20250305","name":"web_search","max_uses":3}])"),
                 "tool function w W. {\"type\":\"object\"} strict 5m\ntool function v {}\n"
                 "tool hosted web_search\nmax 9\n"},
                {"any tool", asking("", R"(,"tool_choice":{"type":"any"})"),
                 "choice required\nmax 9\n"},
                {"no tool", asking("", R"(,"tool_choice":{"type":"none"})"),
                 "choice none\nmax 9\n"},
                {"one call at a time",
                 asking("", R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})"),
                 "choice automatic alone\nmax 9\n"},
                {"that tool, perhaps more than once",
                 asking(
                     "",
                     R"(,"tool_choice":{"type":"tool","name":"w","disable_parallel_tool_use":false})"),
                 "choice named w parallel\nmax 9\n"},
                {"thinking by a budget",
                 asking("", R"(,"thinking":{"type":"enabled","budget_tokens":1024})"),
                 "reasoning on 1024\nreasoning shown\nmax 9\n"},
                {"thinking as the model likes, summarised, with an effort",
                 asking(
                     "",
                     R"(,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh","task_budget":{"total":5}})"),
                 "reasoning on xhigh\nreasoning shown\nmax 9\nother output_config.task_budget "
                 "{\"total\":5}\n"},
                {"thinking that is not shown",
                 asking("", R"(,"thinking":{"type":"adaptive","display":"omitted"})"),
                 "reasoning on\nmax 9\n"},
                {"no thinking", asking("", R"(,"thinking":{"type":"disabled"})"),
                 "reasoning off\nmax 9\n"},
                {"an effort alone", asking("", R"(,"output_config":{"effort":"low"})"),
                 "reasoning low\nmax 9\n"},
                {"output by a schema",
                 asking(
                     "",
                     R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})"),
                 "output {\"type\":\"object\"}\nmax 9\n"},
                {"output by a schema, as it was first",
                 asking("", R"(,"output_format":{"type":"json_schema","schema":{"type":"array"}})"),
                 "output {\"type\":\"array\"}\nmax 9\n"},
                {"the other members",
                 asking(
                     "",
                     R"(,"temperature":1.0,"top_p":5e-1,"top_k":40,"stop_sequences":["\n","x"],"stream":true,"metadata":{"user_id":"u"},"service_tier":"standard_only","cache_control":{"type":"ephemeral"},"container":"c1","mcp_servers":[{}],"speed":null,"models":["x"],"fallbacks":"default")"),
                 "temperature 1.0\ntop_p 5e-1\ntop_k 40\nmax 9\nstop \"\n\"\nstop \"x\"\nuser u\n"
                 "tier standard_only\ncache 5m\nother container \"c1\"\nother mcp_servers [{}]\n"
                 "other fallbacks \"default\"\nstream\n"},
};

TEST(AnthropicChat, ReadsWhatARequestSays) {
  for (const ChatCase& c : cases) {
    EXPECT_EQ(read(c.body), c.trace) << c.name;
  }
}

const std::vector<std::pair<std::string, std::string_view>> refused_cases = {
    {R"({"max_tokens":1})", "messages"},
    {R"({"max_tokens":1,"messages":{}})", "messages"},
    {R"({"messages":[]})", "max_tokens"},
    {R"({"messages":[],"max_tokens":0})", "max_tokens"},
    {R"({"messages":[],"max_tokens":"9"})", "max_tokens"},
    {R"({"messages":[],"max_tokens":1.5})", "max_tokens"},
    {asking("7"), "messages.0"},
    {asking(R"({"content":"a"})"), "messages.0.role"},
    {asking(R"({"role":"tool","content":"a"})"), "messages.0.role"},
    {asking(R"({"role":"user"})"), "messages.0.content"},
    {asking(R"({"role":"user","content":5})"), "messages.0.content"},
    {asking(R"({"role":"user","content":null})"), "messages.0.content"},
    {showing("5"), "messages.0.content.0"},
    {showing("{}"), "messages.0.content.0.type"},
    {showing(R"({"type":"text"})"), "messages.0.content.0.text"},
    {showing(R"({"type":"text","text":{}})"), "messages.0.content.0.text"},
    {showing(R"({"type":"video"})"), "messages.0.content.0.type"},
    {showing(R"({"type":"image"})"), "messages.0.content.0.source"},
    {showing(
         R"({"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png"}})"),
     "messages.0.content.1.source.data"},
    {showing(R"({"type":"image","source":{"type":"base64","data":"A"}})"),
     "messages.0.content.0.source.media_type"},
    {showing(R"({"type":"image","source":{"type":"text","data":"A"}})"),
     "messages.0.content.0.source.type"},
    {showing(R"({"type":"document","source":{"type":"content","content":[{"type":"document"}]}})"),
     "messages.0.content.0.source.content.0.type"},
    {showing(R"({"type":"search_result","source":"s","content":[{"type":"text"}]})"),
     "messages.0.content.0.content.0.text"},
    {showing(R"({"type":"tool_use","id":"t","name":"n","input":{}})"), "messages.0.content.0.type"},
    {showing(R"({"type":"thinking","thinking":"t"})"), "messages.0.content.0.type"},
    {showing(R"({"type":"tool_result","content":"a"})"), "messages.0.content.0.tool_use_id"},
    {showing(R"({"type":"tool_result","tool_use_id":"t","is_error":"no"})"),
     "messages.0.content.0.is_error"},
    {showing(R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_use"}]})"),
     "messages.0.content.0.content.0.type"},
    {showing(
         R"({"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"url"}}]})"),
     "messages.0.content.0.content.0.source.url"},
    {showing(R"({"type":"text","text":"a","cache_control":{"type":"forever"}})"),
     "messages.0.content.0.cache_control.type"},
    {showing(R"({"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"2h"}})"),
     "messages.0.content.0.cache_control.ttl"},
    {answered(R"({"type":"tool_result","tool_use_id":"t"})"), "messages.0.content.0.type"},
    {answered(R"({"type":"tool_use","id":"t","name":"n"})"), "messages.0.content.0.input"},
    {answered(R"({"type":"tool_use","id":"t","name":"n","input":"{}"})"),
     "messages.0.content.0.input"},
    {answered(R"({"type":"redacted_thinking"})"), "messages.0.content.0.data"},
    {asking("", R"(,"system":5)"), "system"},
    {asking("", R"(,"system":[{"type":"image"}])"), "system.0.type"},
    {asking("", R"(,"tools":{})"), "tools"},
    {asking("", R"(,"tools":[{"name":"a","input_schema":{}},{"name":"n"}])"),
     "tools.1.input_schema"},
    {asking("", R"(,"tools":[{"input_schema":{}}])"), "tools.0.name"},
    {asking("", R"(,"tool_choice":"auto")"), "tool_choice"},
    {asking("", R"(,"tool_choice":{"type":"tool"})"), "tool_choice.name"},
    {asking("", R"(,"tool_choice":{"type":"required"})"), "tool_choice.type"},
    {asking("", R"(,"thinking":{"type":"enabled"})"), "thinking.budget_tokens"},
    {asking("", R"(,"thinking":{"type":"on"})"), "thinking.type"},
    {asking("", R"(,"output_config":{"effort":"huge"})"), "output_config.effort"},
    {asking("", R"(,"output_config":{"format":{"type":"json_schema"}})"),
     "output_config.format.schema"},
    {asking("", R"(,"output_format":{"type":"json"})"), "output_format.type"},
    {asking("", R"(,"stop_sequences":"x")"), "stop_sequences"},
    {asking("", R"(,"stop_sequences":["x",1])"), "stop_sequences.1"},
    {asking("", R"(,"temperature":"hot")"), "temperature"},
    {asking("", R"(,"stream":1)"), "stream"},
    {asking("", R"(,"metadata":{"user_id":5})"), "metadata.user_id"},
};

TEST(AnthropicChat, NamesThePathOfWhatIsWrong) {
  for (const auto& [body, param] : refused_cases) {
    EXPECT_EQ(read(body), "refused " + std::string(param)) << body;
  }
}

// What a provider refused, and so do we: the names of the recordings and the paths.
const std::vector<std::pair<std::string_view, std::string_view>> recorded_refusals = {
    {"dd-trace-py__cases.pairs.jsonl anthropic_completion_error", "messages.0"},
    {"boolean_root_schema_is_rejected_for_tool_input", "tools.0.input_schema"},
};

TEST(AnthropicChat, ReadsEveryRecordedRequest) {
  json::Index index;
  std::size_t requests = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/messages", "cross"})) {
    if (exchange.url.find("api.anthropic.com/v1/messages") == std::string::npos) continue;
    if (!exchange.request_body.starts_with('{')) continue;
    SCOPED_TRACE(exchange.name);
    ++requests;
    ASSERT_TRUE(index.build(exchange.request_body).has_value());
    const auto request = read_anthropic_chat(json::root(index));
    const auto refusal = std::ranges::find_if(
        recorded_refusals, [&](const auto& known) { return exchange.name.ends_with(known.first); });
    if (refusal != recorded_refusals.end()) {
      ASSERT_FALSE(request.has_value());
      EXPECT_EQ(request.error().param, refusal->second);
      continue;
    }
    ASSERT_TRUE(request.has_value()) << request.error().message;
    // Nothing that was said is lost: each block is a part, or is among the others.
    std::size_t blocks = 0;
    for (const json::Value message : json::root(index).find("messages")->elements()) {
      const json::Value content = *message.find("content");
      if (content.is(json::Kind::string)) ++blocks;
      for (const json::Value block : content.elements()) {
        (void)block;
        ++blocks;
      }
    }
    std::size_t parts = 0;
    for (const Message& message : request->messages) parts += message.part_count;
    if (const auto system = json::root(index).find("system")) {
      if (system->is(json::Kind::string)) --parts;
      for (const json::Value block : system->elements()) {
        (void)block;
        --parts;
      }
    }
    for (const OtherMember& other : request->others) {
      if (other.name.bytes.starts_with("messages.")) ++parts;
    }
    EXPECT_EQ(parts, blocks);
  }
  EXPECT_GE(requests, 250U);
}

}  // namespace
}  // namespace sluice::llm
