#include "sluice/llm/responses_request.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "recorded.h"
#include "shown_messages.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// A body whose index is gone: the request must not need it.
struct Read {
  explicit Read(std::string text) : body(std::move(text)) {
    json::Index index({.depth_max = 256});
    EXPECT_TRUE(index.build(body)) << body;
    if (!index.has_document()) return;
    auto read = read_responses_chat(json::root(index));
    if (read) {
      request = std::move(*read);
    } else {
      error = read.error();
    }
  }
  std::string body;
  std::optional<ChatRequest> request;
  std::optional<ApiError> error;
};

struct InputCase {
  std::string_view name;
  std::string_view input;
  std::string_view shown;
};
const InputCase input_cases[] = {
    {"a string is what the user says", R"("Why \"so\"?")", "user [text Why \"so\"?]\n"},
    {"messages with and without a type",
     R"([{"role":"developer","content":"a"},{"type":"message","role":"system","content":[
          {"type":"input_text","text":"b"}]},{"role":"user","content":"c"},
         {"type":"message","role":"assistant","id":"msg_1","phase":"final_answer","content":[
          {"type":"output_text","text":"d","annotations":[]},{"type":"refusal","refusal":"e"}]}])",
     "system [text a]\nsystem [text b]\nuser [text c]\nassistant [text d] [refusal e]\n"},
    {"media",
     R"([{"role":"user","content":[
          {"type":"input_image","image_url":"https://a/b.png","detail":"low"},
          {"type":"input_image","image_url":"data:image\/png;base64,iV\/B"},
          {"type":"input_image","file_id":"file-1"},
          {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
          {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JV"},
          {"type":"input_file","file_url":"https://a/b.pdf"},
          {"type":"input_file","file_id":"file-2"}]}])",
     "user [media image url https://a/b.png detail=low] [media image base64 iV/B type=image/png] "
     "[media image file file-1] [media audio base64 AA== type=audio/wav] "
     "[media document base64 JV type=application/pdf name=a.pdf] "
     "[media document url https://a/b.pdf] [media document file file-2]\n"},
    {"a run of the assistant's items is one message",
     R"([{"role":"user","content":"q"},
         {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA"},
         {"role":"assistant","content":"I look."},
         {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}","id":"fc_1"},
         {"type":"function_call","call_id":"c2","name":"f","arguments":{"a":2}},
         {"type":"custom_tool_call","call_id":"c3","name":"g","input":"x"},
         {"type":"function_call_output","call_id":"c1","output":"r"},
         {"type":"function_call_output","call_id":"c2","output":[
           {"type":"input_text","text":"s"},{"type":"input_image","image_url":"https://a/b"}]},
         {"type":"custom_tool_call_output","call_id":"c3","output":""},
         {"type":"function_call","call_id":"c4","name":"f","arguments":""}])",
     "user [text q]\n"
     "assistant [thought  sealed=gA id=rs_1 of=openai] [text I look.] [call c1 f {\"a\":1}] "
     "[call c2 f {\"a\":2}] [custom call c3 g x]\n"
     "user [result c1 {text r}]\nuser [result c2 {text s} {media image url https://a/b}]\n"
     "user [result c3 {text }]\nassistant [call c4 f ]\n"},
    {"thoughts of several texts, sealed behind the last",
     R"([{"type":"reasoning","id":"rs_1","encrypted_content":"gA","summary":[
          {"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}]},
         {"role":"assistant","content":"c"}])",
     "assistant [thought a id=rs_1 of=openai] [thought b sealed=gA id=rs_1 of=openai] [text c]\n"},
    {"thoughts of open models, shown whole",
     R"([{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"a"}]},
         {"role":"assistant","content":"c"}])",
     "assistant [thought a] [text c]\n"},
    {"thoughts of other makers, as our own answers seal them",
     R"([{"type":"reasoning","summary":[{"type":"summary_text","text":"a"}],
          "encrypted_content":"sluice1:anthropic:signature:Eq\/="},
         {"type":"reasoning","summary":[],"encrypted_content":"sluice1:anthropic:sealed:Em"},
         {"type":"reasoning","summary":[],"encrypted_content":"sluice1:google:call:Cp"},
         {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
         {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"}])",
     "assistant [thought a signed=Eq/= of=anthropic] [thought  sealed=Em of=anthropic] "
     "[call c1 f {} signature=Cp] [call c2 f {}]\n"},
    {"a head of another version is no head of ours",
     R"([{"type":"reasoning","summary":[],"encrypted_content":"sluice2:google:call:Cp"}])",
     "assistant [thought  sealed=sluice2:google:call:Cp of=openai]\n"},
    {"a thought that says nothing is none",
     R"([{"type":"reasoning","summary":[{"type":"summary_text","text":""}],"encrypted_content":null},
         {"role":"assistant","content":"c"}])",
     "assistant [text c]\n"},
    {"what OpenAI's tools did is left out",
     R"([{"type":"web_search_call","id":"ws_1","status":"completed"},
         {"role":"assistant","content":"c"}])",
     "assistant [text c]\n"},
};

TEST(ResponsesRequest, ReadsItemsIntoMessages) {
  for (const InputCase& c : input_cases) {
    SCOPED_TRACE(c.name);
    const Read read(R"({"model":"m","input":)" + std::string(c.input) + "}");
    ASSERT_TRUE(read.request) << read.error->message;
    EXPECT_EQ(shown_messages(*read.request), c.shown);
  }
}

TEST(ResponsesRequest, PutsInstructionsInFrontWhereverTheyStand) {
  const Read read(R"({"model":"m","input":"q","instructions":"i"})");
  EXPECT_EQ(shown_messages(*read.request), "system [text i]\nuser [text q]\n");
}

struct RefusedCase {
  std::string_view members;
  std::string_view param;
  std::string_view words;  // of the message
};
const RefusedCase refused_cases[] = {
    {R"("input":"q","previous_response_id":"resp_1")", "previous_response_id",
     "whole conversation"},
    {R"("input":"q","conversation":{"id":"conv_1"})", "conversation", "keeps no responses"},
    {R"("input":"q","background":true)", "background", "keeps no responses"},
    {R"("prompt":{"id":"pmpt_1"})", "prompt", "keeps no responses"},
    {R"("input":[{"type":"item_reference","id":"msg_1"}])", "input[0].type", "Send the item"},
    {R"("input":[{"type":"computer_call"}])", "input[0].type", "must be message"},
    {R"("model":"m")", "input", "Give a text"},
    {R"("input":7)", "input", "string or an array"},
    {R"("input":["q"])", "input[0]", "object"},
    {R"("input":[{"content":"q"}])", "input[0].role", "who speaks"},
    {R"("input":[{"role":"tool","content":"q"}])", "input[0].role", "must be system"},
    {R"("input":[{"role":"user"}])", "input[0].content", "Give a text"},
    {R"("input":[{"role":"user","content":[{"type":"video"}]}])", "input[0].content[0].type",
     "must be input_text"},
    {R"("input":[{"role":"user","content":[{"type":"input_image","image_url":"b.png"}]}])",
     "input[0].content[0].image_url", "data URL"},
    {R"("input":[{"type":"function_call","name":"f"}])", "input[0].call_id", "call_id"},
    {R"("input":[{"type":"function_call","call_id":"c"}])", "input[0].name", "Name the tool"},
    {R"("input":[{"type":"function_call_output","output":""}])", "input[0].call_id", "output of"},
    {R"("input":"q","instructions":["i"])", "instructions", "a string"},
    {R"("input":"q","temperature":3)", "temperature", "between 0 and 2"},
    {R"("input":"q","max_output_tokens":0)", "max_output_tokens", "whole number"},
    {R"("input":"q","reasoning":{"effort":"huge"})", "reasoning.effort", "must be none"},
    {R"("input":"q","text":{"format":{"type":"json_schema"}})", "text.format.schema", "Schema"},
    {R"("input":"q","tools":[{"type":"function"}])", "tools[0].name", "a name"},
    {R"("input":"q","tools":[{"name":"f"}])", "tools[0].type", "Say what"},
    {R"("input":"q","tool_choice":"any")", "tool_choice", "must be auto"},
    {R"("input":"q","tool_choice":{"type":"function"})", "tool_choice.name", "Name the tool"},
    {R"("input":"q","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[]})",
     "tool_choice.tools", "at least one"},
};

TEST(ResponsesRequest, RefusesWhatItCannotKeepOrUnderstandAndNamesThePlace) {
  for (const RefusedCase& c : refused_cases) {
    SCOPED_TRACE(c.members);
    const Read read("{" + std::string(c.members) + "}");
    ASSERT_TRUE(read.error);
    EXPECT_EQ(read.error->status, 400);
    EXPECT_EQ(read.error->param, c.param);
    EXPECT_NE(read.error->message.find(c.words), std::string::npos) << read.error->message;
  }
}

TEST(ResponsesRequest, PassesOverWhatAsksForNoMemory) {
  const Read read(
      R"({"input":"q","store":true,"background":false,"previous_response_id":null,)"
      R"("stream_options":{"include_obfuscation":false},"reasoning":{"effort":null,"summary":"auto"}})");
  ASSERT_TRUE(read.request);
  EXPECT_TRUE(read.request->others.empty());
  EXPECT_FALSE(read.request->reasoning.said());
}

TEST(ResponsesRequest, ReadsWhatTunesTheAnswer) {
  const Read read(
      R"({"model":"m","input":"q","temperature":0.50,"top_p":1,"max_output_tokens":99,)"
      R"("top_logprobs":3,"reasoning":{"effort":"low","summary":"auto"},"parallel_tool_calls":false,)"
      R"("text":{"verbosity":"low","format":{"type":"json_schema","name":"n","description":"d",)"
      R"("schema":{"type":"object"},"strict":true}},"safety_identifier":"u","service_tier":"flex",)"
      R"("prompt_cache_key":"k","metadata":{"a":"b"},"stream":true,"truncation":"auto"})");
  ASSERT_TRUE(read.request) << read.error->message;
  const ChatRequest& request = *read.request;
  EXPECT_EQ(request.temperature->raw, "0.50");
  EXPECT_EQ(request.top_p->raw, "1");
  EXPECT_EQ(request.output_tokens_max, 99);
  EXPECT_TRUE(request.logprobs);
  EXPECT_EQ(request.top_logprobs, 3);
  EXPECT_EQ(request.reasoning.effort, Effort::low);
  EXPECT_FALSE(request.reasoning.hidden);
  EXPECT_EQ(request.tool_choice.parallel, false);
  EXPECT_EQ(request.output.kind, OutputKind::json_schema);
  EXPECT_EQ(plain_text(request.output.name) + plain_text(request.output.description), "nd");
  EXPECT_EQ(request.output.schema, R"({"type":"object"})");
  EXPECT_EQ(request.output.strict, true);
  EXPECT_EQ(plain_text(request.user), "u");
  EXPECT_EQ(plain_text(request.service_tier), "flex");
  EXPECT_EQ(plain_text(request.prompt_cache_key), "k");
  EXPECT_EQ(request.metadata, R"({"a":"b"})");
  EXPECT_TRUE(request.stream);
  ASSERT_EQ(request.others.size(), 2U);
  EXPECT_EQ(plain_text(request.others[0].name) + std::string(request.others[0].value),
            "verbosity\"low\"");
  EXPECT_EQ(plain_text(request.others[1].name), "truncation");
}

TEST(ResponsesRequest, NamesWhatItLeavesOut) {
  const Read read(R"({"input":[{"role":"user","content":"q"},{"type":"web_search_call"}]})");
  ASSERT_TRUE(read.request);
  ASSERT_EQ(read.request->others.size(), 1U);
  EXPECT_EQ(plain_text(read.request->others[0].name), "input[1]");
}

std::string shown_tools(const ChatRequest& request) {
  std::string out;
  for (const Tool& tool : request.tools) {
    constexpr std::string_view kinds[] = {"function ", "custom ", "hosted "};
    out += std::string(kinds[static_cast<int>(tool.kind)]) + plain_text(tool.name) +
           plain_text(tool.description) + std::string(tool.parameters) +
           (tool.strict ? *tool.strict ? " strict" : " lax" : "") + "\n";
  }
  return out;
}

TEST(ResponsesRequest, ReadsToolsOfAllKinds) {
  const Read read(
      R"({"input":[{"type":"additional_tools","role":"developer","tools":[
            {"type":"function","name":"f"},{"type":"function","name":"late"}]}],"tools":[
          {"type":"function","name":"f","description":"!","parameters":{"type":"object"},"strict":true},
          {"type":"function","name":"g","parameters":null,"strict":false},
          {"type":"custom","name":"c","format":{"type":"text"}},
          {"type":"custom","name":"d","format":{"type":"grammar","syntax":"lark","definition":"x"}},
          {"type":"web_search","search_context_size":"low"}]})");
  ASSERT_TRUE(read.request) << read.error->message;
  EXPECT_EQ(
      shown_tools(*read.request),
      "function f!{\"type\":\"object\"} strict\nfunction g lax\ncustom c{\"type\":\"text\"}\n"
      "custom d{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\",\"definition\":\"x\"}}\n"
      "hosted web_search\nfunction late\n");
  EXPECT_EQ(read.request->tools[4].raw, R"({"type":"web_search","search_context_size":"low"})");
}

struct ChoiceCase {
  std::string_view choice;
  ToolChoiceMode mode;
  std::string_view name;
  std::size_t allowed;
};
const ChoiceCase choice_cases[] = {
    {R"("auto")", ToolChoiceMode::automatic, "", 0},
    {R"("none")", ToolChoiceMode::none, "", 0},
    {R"("required")", ToolChoiceMode::required, "", 0},
    {R"({"type":"function","name":"f"})", ToolChoiceMode::named, "f", 0},
    {R"({"type":"custom","name":"c"})", ToolChoiceMode::named, "c", 0},
    {R"({"type":"web_search"})", ToolChoiceMode::named, "web_search", 0},
    {R"({"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},
         {"type":"web_search"}]})",
     ToolChoiceMode::required, "", 2},
};

TEST(ResponsesRequest, ReadsEveryFormOfToolChoice) {
  for (const ChoiceCase& c : choice_cases) {
    SCOPED_TRACE(c.choice);
    const Read read(R"({"input":"q","tool_choice":)" + std::string(c.choice) + "}");
    ASSERT_TRUE(read.request) << read.error->message;
    EXPECT_EQ(read.request->tool_choice.mode, c.mode);
    EXPECT_EQ(plain_text(read.request->tool_choice.name), c.name);
    EXPECT_EQ(read.request->tool_choice.allowed.size(), c.allowed);
  }
}

// --- recorded requests, compared with the plainest reading of their JSON ---

std::string text_of(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->string().value_or("") : "";
}

void add_content(Value content, std::vector<std::string>& out) {
  if (const auto text = content.string()) out.push_back("text " + *text);
  for (const Value part : content.elements()) {
    const std::string type = text_of(part, "type");
    if (type == "input_image") {
      const std::string url = text_of(part, "image_url");
      out.push_back("media " + url.substr(url.find(',') == url.npos ? 0 : url.find(',') + 1));
    } else if (type == "refusal") {
      out.push_back("refusal " + text_of(part, "refusal"));
    } else {
      out.push_back("text " + text_of(part, "text"));
    }
  }
}

std::vector<std::string> expected_flow(Value top) {
  std::vector<std::string> out;
  if (const std::string said = text_of(top, "instructions"); !said.empty()) {
    out.push_back("system text " + said);
  }
  const Value input = *top.find("input");
  if (const auto said = input.string()) out.push_back("user text " + *said);
  for (const Value item : input.elements()) {
    std::vector<std::string> parts;
    std::string role = text_of(item, "role");
    if (role == "developer") role = "system";
    const std::string type = text_of(item, "type");
    if (type.empty() || type == "message") {
      add_content(*item.find("content"), parts);
    } else if (type == "function_call") {
      role = "assistant";
      parts.push_back("call " + text_of(item, "call_id") + " " + text_of(item, "name") + " " +
                      text_of(item, "arguments"));
    } else if (type == "function_call_output") {
      role = "user";
      std::vector<std::string> children;
      add_content(*item.find("output"), children);
      std::string result = "result " + text_of(item, "call_id");
      for (const std::string& child : children) result += " " + child;
      parts.push_back(result);
    } else if (type == "reasoning") {
      role = "assistant";
      std::string thought = "thought ";
      for (const std::string_view list : {"summary", "content"}) {
        const auto texts = item.find(list);
        if (!texts) continue;
        for (const Value text : texts->elements()) thought += text_of(text, "text");
      }
      parts.push_back(thought + "|" + text_of(item, "encrypted_content"));
    }
    for (const std::string& part : parts) out.push_back(role + " " + part);
  }
  return out;
}

std::string flow_part(const ChatRequest& request, const Part& part) {
  if (const auto* media = std::get_if<MediaPart>(&part.body)) {
    return "media " + plain_text(media->data);
  }
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    std::string out = "result " + plain_text(result->call_id);
    for (const Part& child : request.parts_of(*result)) out += " " + flow_part(request, child);
    return out;
  }
  if (const auto* thought = std::get_if<ReasoningPart>(&part.body)) {
    return "thought " + plain_text(thought->text) + "|" + plain_text(thought->sealed);
  }
  return shown_part(request, part);
}

std::vector<std::string> read_flow(const ChatRequest& request) {
  constexpr std::string_view roles[] = {"system ", "user ", "assistant "};
  std::vector<std::string> out;
  for (const Message& message : request.messages) {
    for (const Part& part : request.parts_of(message)) {
      out.push_back(std::string(roles[static_cast<int>(message.role)]) + flow_part(request, part));
    }
  }
  return out;
}

std::set<std::string> expected_tools(Value top) {
  std::set<std::string> out;
  const auto add = [&](std::optional<Value> list) {
    if (!list) return;
    for (const Value tool : list->elements()) {
      const std::string name = text_of(tool, "name");
      out.insert(name.empty() ? text_of(tool, "type") : name);
    }
  };
  add(top.find("tools"));
  for (const Value item : top.find("input")->elements()) add(item.find("tools"));
  return out;
}

TEST(ResponsesRequest, ReadsEveryRecordedRequest) {
  int read_count = 0;
  int refused_count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "azure", "openai-compat", "cross", "bedrock/mantle"})) {
    if (exchange.request_body.empty() || recorded_operation(exchange) != Operation::responses) {
      continue;
    }
    SCOPED_TRACE(exchange.name);
    const Read read(exchange.request_body);
    json::Index index({.depth_max = 256});
    ASSERT_TRUE(index.build(exchange.request_body));
    const Value top = json::root(index);
    const auto previous = top.find("previous_response_id");
    if (previous && !previous->is_null()) {
      ASSERT_TRUE(read.error);
      EXPECT_EQ(read.error->param, "previous_response_id");
      ++refused_count;
      continue;
    }
    ASSERT_TRUE(read.request) << read.error->message;
    EXPECT_EQ(read_flow(*read.request), expected_flow(top));
    std::set<std::string> tools;
    for (const Tool& tool : read.request->tools) tools.insert(plain_text(tool.name));
    EXPECT_EQ(tools, expected_tools(top));
    const auto stream = top.find("stream");
    EXPECT_EQ(read.request->stream, stream && stream->boolean().value_or(false));
    ++read_count;
  }
  EXPECT_EQ(read_count, 114);
  EXPECT_EQ(refused_count, 1);
}

}  // namespace
}  // namespace sluice::llm
