#include "sluice/llm/gemini_call.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "chat_builder.h"
#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

ModelTraits gemini_25() {
  return {.thinking = ThinkingControl::budget,
          .takes_schema_with_tools = false,
          .takes_media_in_results = false};
}
ModelTraits gemini_3() {
  return {.thinking = ThinkingControl::level, .signs_calls = true, .takes_call_ids = true};
}
ModelTraits gemini_15() {
  ModelTraits traits = gemini_25();
  traits.thinking = ThinkingControl::none;
  traits.takes_json_schema_parameters = false;
  return traits;
}

WrittenCall write(const ChatRequest& request, const ModelTraits& traits) {
  json::Index index;
  auto call = write_gemini_call(request, {.upstream_model = "gemini-x", .traits = traits}, index);
  if (call) {
    EXPECT_TRUE(index.build(call->body)) << call->body;
  }
  return call;
}

// A member of the body, or the error's message.
std::string member(const ChatRequest& request, std::string_view name, const ModelTraits& traits) {
  const auto call = write(request, traits);
  if (!call) return call.error().param + ": " + call.error().message;
  json::Index index;
  if (!index.build(call->body)) return "no JSON";
  const auto found = json::root(index).find(name);
  return found ? std::string(found->raw()) : "";
}

std::string contents(const ChatBuilder& chat, const ModelTraits& traits = gemini_3()) {
  return member(chat.request, "contents", traits);
}

std::string dropped(const WrittenCall& call) {
  std::string out;
  for (const std::string& field : call->dropped) out += field + " ";
  return out;
}

TEST(GeminiCall, GoesToTheModelsPath) {
  ChatBuilder chat;
  chat.user("a");
  json::Index index;
  ModelTraits traits;
  bool on_vertex = false;
  const auto target = [&](std::string_view model) {
    const ChatTarget to{.upstream_model = model, .traits = traits, .on_vertex = on_vertex};
    return write_gemini_call(chat.request, to, index)->target;
  };
  EXPECT_EQ(target("gemini-2.5-pro"), "/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(target("a/b:c?d %\xc3\xa9@1"), "/models/a%2Fb%3Ac%3Fd%20%25%C3%A9@1:generateContent");
  chat.request.stream = true;
  EXPECT_EQ(target("x"), "/models/x:streamGenerateContent?alt=sse");
  traits.publisher = "google";
  EXPECT_EQ(target("x"), "/models/x:streamGenerateContent?alt=sse");
  on_vertex = true;
  EXPECT_EQ(target("x"), "/publishers/google/models/x:streamGenerateContent?alt=sse");
}

struct ContentCase {
  std::string_view name;
  ChatBuilder chat;
  std::string_view wanted;
};

TEST(GeminiCall, WritesWhatWasSaid) {
  const ContentCase cases[] = {
      {"texts", ChatBuilder().user("a\"").user("b"),
       R"([{"role":"user","parts":[{"text":"a\""},{"text":"b"}]}])"},
      {"an image", ChatBuilder().add(Role::user, {image("image/png", "iVBO"), said("a")}),
       R"([{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBO"}},{"text":"a"}]}])"},
      {"an image of no said type", ChatBuilder().add(Role::user, {image("", "/9j/4A")}),
       R"([{"role":"user","parts":[{"inlineData":{"mimeType":"image/jpeg","data":"/9j/4A"}}]}])"},
      {"a data URL", ChatBuilder().add(Role::user, {media_at("data:image/gif;base64,R0lG")}),
       R"([{"role":"user","parts":[{"inlineData":{"mimeType":"image/gif","data":"R0lG"}}]}])"},
      {"URLs",
       ChatBuilder().add(Role::user,
                         {media_at("https://x/a.png?b"), media_at("gs://b/c", "video/mp4"),
                          media_at("https://youtu.be/x")}),
       R"([{"role":"user","parts":[{"fileData":{"mimeType":"image/png","fileUri":"https://x/a.png?b"}},{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/c"}},{"fileData":{"fileUri":"https://youtu.be/x"}}]}])"},
      {"a file at Google",
       ChatBuilder().add(
           Role::user,
           {{.body = MediaPart{.kind = MediaKind::document,
                               .source = MediaSource::file_id,
                               .data = text_of(
                                   "https://generativelanguage.googleapis.com/v1beta/files/x"),
                               .media_type = text_of("application/pdf")}}}),
       R"([{"role":"user","parts":[{"fileData":{"mimeType":"application/pdf","fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}]}])"},
      {"a document's text",
       ChatBuilder().add(Role::user, {{.body = MediaPart{.kind = MediaKind::document,
                                                         .source = MediaSource::text,
                                                         .data = text_of("t")}}}),
       R"([{"role":"user","parts":[{"text":"t"}]}])"},
      {"a refusal",
       ChatBuilder().user("a").assistant({{.body = RefusalPart{.text = text_of("no")}}}).user("b"),
       R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"no"}]},{"role":"user","parts":[{"text":"b"}]}])"},
      {"a thought and its signature, which is the text's",
       ChatBuilder().user("a").assistant({thought("hm", "S"), said("b")}).user("c"),
       R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"hm","thought":true},{"text":"b","thoughtSignature":"S"}]},{"role":"user","parts":[{"text":"c"}]}])"},
      {"a signature at the end",
       ChatBuilder().user("a").assistant({said("b"), thought("", "S")}).user("c"),
       R"([{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"},{"text":"","thoughtSignature":"S"}]},{"role":"user","parts":[{"text":"c"}]}])"},
      {"a thought of another's",
       ChatBuilder()
           .user("a")
           .assistant({thought("hm", "S", ReasoningOrigin::anthropic)})
           .user("c"),
       R"([{"role":"user","parts":[{"text":"a"}]},{"role":"user","parts":[{"text":"c"}]}])"},
  };
  for (const ContentCase& c : cases) EXPECT_EQ(contents(c.chat), c.wanted) << c.name;
}

TEST(GeminiCall, PutsTheSystemApart) {
  ChatBuilder chat;
  chat.system("a").system("b").user("c").system("d");
  EXPECT_EQ(member(chat.request, "systemInstruction", gemini_3()),
            R"({"parts":[{"text":"a"},{"text":"b"}]})");
  EXPECT_EQ(contents(chat), R"([{"role":"user","parts":[{"text":"c"},{"text":"d"}]}])");
}

constexpr std::string_view skip = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

ChatBuilder two_calls(std::string_view signature = {}) {
  ChatBuilder chat;
  chat.user("a")
      .assistant({called("1", "f", R"( {"x": 1.0} )", signature), called("2", "g", "")})
      .result("2", {said("two")})
      .result("1", {said(R"({"r":[1]})")});
  return chat;
}

TEST(GeminiCall, AnswersCallsByName) {
  EXPECT_EQ(
      contents(two_calls("S"), gemini_25()),
      R"([{"role":"user","parts":[{"text":"a"}]},)"
      R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"x": 1.0}},"thoughtSignature":"S"},{"functionCall":{"name":"g","args":{}}}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"r":[1]}}},{"functionResponse":{"name":"g","response":{"result":"two"}}}]}])");
  EXPECT_NE(
      contents(two_calls("S")).find(R"({"functionCall":{"id":"1","name":"f","args":{"x": 1.0}})"),
      std::string::npos);
  EXPECT_NE(contents(two_calls("S")).find(R"({"functionResponse":{"id":"1","name":"f")"),
            std::string::npos);
}

TEST(GeminiCall, SignsTheFirstCallOfTheRunningLoopAlone) {
  const std::string signature = R"("thoughtSignature":")" + std::string(skip) + "\"";
  const auto times = [&](const ChatBuilder& chat, const ModelTraits& traits) {
    const std::string all = contents(chat, traits);
    int count = 0;
    for (std::size_t at = all.find(signature); at != all.npos; at = all.find(signature, at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(times(two_calls(), gemini_3()), 1);
  EXPECT_EQ(times(two_calls(), gemini_25()), 0) << "a model that signs nothing";
  EXPECT_EQ(times(two_calls("S"), gemini_3()), 0) << "its own signature is there";
  EXPECT_EQ(times(two_calls().user("go on"), gemini_3()), 1) << "words beside results end no loop";
  EXPECT_EQ(times(two_calls().assistant({said("b")}).user("c"), gemini_3()), 0) << "an older loop";
  const Part foreign = thought("hm", "s", ReasoningOrigin::anthropic);
  EXPECT_EQ(times(two_calls().assistant({foreign}).user("c"), gemini_3()), 1)
      << "of another maker's thought nothing is written, so the words stand beside the results";
}

struct ResultCase {
  std::string_view name;
  std::vector<Part> parts;
  bool is_error;
  std::string_view response;
};

TEST(GeminiCall, WrapsResults) {
  const ResultCase cases[] = {
      {"an object", {said(R"({"a":1})")}, false, R"("response":{"a":1}})"},
      {"a list", {said(" [1,2]")}, false, R"("response":{"result":[1,2]}})"},
      {"a number", {said("42")}, false, R"("response":{"result":"42"}})"},
      {"no JSON", {said("{a")}, false, R"("response":{"result":"{a"}})"},
      {"nothing", {}, false, R"("response":{"result":""}})"},
      {"texts", {said("a"), said("b\"")}, false, R"("response":{"result":"a\nb\""}})"},
      {"an error", {said("bad")}, true, R"("response":{"error":"bad"}})"},
      {"an error that is an object",
       {said(R"({"a":1})")},
       true,
       R"("response":{"error":{"a":1}}})"},
      {"an image",
       {said("x"), image("image/png", "iVBO")},
       false,
       R"("response":{"result":"x"},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBO"}}]}})"},
      {"an image elsewhere",
       {media_at("https://x/a.png")},
       false,
       R"("response":{"result":""}}}]},{"role":"user","parts":[{"fileData":{"mimeType":"image/png")"},
  };
  for (const ResultCase& c : cases) {
    ChatBuilder chat;
    chat.user("a").assistant({called("1", "f", "{}")}).result("1", c.parts, c.is_error);
    EXPECT_NE(contents(chat).find(c.response), std::string::npos)
        << c.name << ": " << contents(chat);
  }
}

TEST(GeminiCall, ShowsImagesBehindResultsWhereTheyHaveNoPlaceInside) {
  ChatBuilder chat;
  chat.user("a")
      .assistant({called("1", "f", "{}"), called("2", "g", "{}")})
      .result("1", {image("image/png", "iVBO")})
      .result("2", {said("b")})
      .user("c");
  EXPECT_NE(
      contents(chat, gemini_25())
          .find(
              R"("response":{"result":"b"}}}]},{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBO"}},{"text":"c"}]}])"),
      std::string::npos)
      << contents(chat, gemini_25());
}

TEST(GeminiCall, RefusesWhatItCannotSay) {
  const auto refused = [](const ChatBuilder& chat, std::string_view part,
                          const ModelTraits& traits = gemini_3()) {
    const std::string message = contents(chat, traits);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  refused(ChatBuilder().user("a").assistant({called("1", "f", R"({"x":)")}), "no JSON object");
  refused(ChatBuilder().user("a").assistant({called("1", "f", "[1]")}), "no JSON object");
  refused(ChatBuilder().add(Role::user, {media_at("data:image/png,raw")}), "must be base64");
  refused(ChatBuilder().add(Role::user, {{.body = MediaPart{.source = MediaSource::file_id,
                                                            .data = text_of("file-abc")}}}),
          "\"file-abc\" is kept at another provider");
  refused(ChatBuilder(), "No message says anything");
  refused(ChatBuilder().user("a").other("modalities", R"(["text","audio"])"), "modalities: ");
  ModelTraits no_prefill;
  no_prefill.takes_prefill = false;
  refused(ChatBuilder().user("a").assistant({said("b")}), "end it with a user's message",
          no_prefill);
  ChatBuilder hosted;
  hosted.user("a").request.tools.push_back(
      {.kind = ToolKind::hosted, .name = text_of("bash"), .raw = R"({"type":"bash_20250124"})"});
  refused(hosted, "\"bash\" runs at another provider");
  ChatBuilder forced;
  forced.user("a").request.tool_choice.mode = ToolChoiceMode::required;
  refused(forced, "there is none");
  ModelTraits free;
  free.takes_forced_tool = false;
  refused(forced.tool("f", ""), "cannot be made to call", free);
}

constexpr std::string_view city =
    R"({"type":"object","properties":{"c":{"type":["string","null"]}},"additionalProperties":false})";

TEST(GeminiCall, DeclaresTools) {
  ChatBuilder chat;
  chat.user("a")
      .tool("f", city, "d")
      .tool("g", R"({"type":"object","properties":{}})")
      .tool("h", "");
  EXPECT_EQ(member(chat.request, "tools", gemini_3()),
            R"([{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":)" +
                std::string(city) + R"(},{"name":"g"},{"name":"h"}]}])");
  EXPECT_EQ(
      member(chat.request, "tools", gemini_15()),
      R"([{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"object","properties":{"c":{"type":"string","nullable":true}}}},{"name":"g"},{"name":"h"}]}])");
  EXPECT_EQ(member(chat.request, "toolConfig", gemini_3()), "");
}

TEST(GeminiCall, WrapsCustomTools) {
  ChatBuilder chat;
  chat.user("a").assistant({called("1", "run", "ls \"x\"")}).result("1", {said("b")});
  std::get<ToolCall>(chat.request.parts[1].body).is_custom = true;
  chat.request.tools.push_back({.kind = ToolKind::custom, .name = text_of("run")});
  EXPECT_NE(contents(chat).find(R"("args":{"input":"ls \"x\""})"), std::string::npos);
  EXPECT_NE(member(chat.request, "tools", gemini_3()).find(R"("properties":{"input")"),
            std::string::npos);
  EXPECT_EQ(write(chat.request, gemini_3())->asked.custom_tools, "run\n");
}

TEST(GeminiCall, SearchesWhereTheCallerDoes) {
  ChatBuilder hosted;
  hosted.user("a").request.tools.push_back(
      {.kind = ToolKind::hosted, .raw = R"({"type":"web_search_20250305","name":"web_search"})"});
  EXPECT_EQ(member(hosted.request, "tools", gemini_3()), R"([{"googleSearch":{}}])");
  EXPECT_TRUE(write(hosted.request, gemini_3())->asked.searches);
  ChatBuilder options;
  options.user("a").tool("f", "").other("web_search_options", "{}");
  EXPECT_EQ(member(options.request, "tools", gemini_3()),
            R"([{"functionDeclarations":[{"name":"f"}]},{"googleSearch":{}}])");
}

TEST(GeminiCall, ChangesNamesGoogleDoesNotTake) {
  ChatBuilder chat;
  chat.user("a")
      .assistant({called("1", "1 st", "{}")})
      .result("1", {said("b")})
      .tool("1 st", "")
      .tool("_1_st", "")
      .tool(std::string_view("1\xc3\xa9"), "");
  chat.request.tool_choice = {.mode = ToolChoiceMode::named, .name = text_of("1 st")};
  const auto call = write(chat.request, gemini_3());
  ASSERT_TRUE(call);
  ASSERT_EQ(call->asked.renamed_tools.size(), 2u);
  std::string sent;
  for (const RenamedTool& tool : call->asked.renamed_tools) {
    if (tool.name == "1 st") sent = tool.sent;
    if (tool.name == "1\xc3\xa9") {
      EXPECT_EQ(tool.sent, "_1__");
    }
  }
  EXPECT_TRUE(sent.starts_with("_1_st_")) << "another tool has the name " << sent;
  EXPECT_NE(contents(chat).find(R"("functionCall":{"id":"1","name":")" + sent), std::string::npos);
  EXPECT_NE(contents(chat).find(R"("functionResponse":{"id":"1","name":")" + sent),
            std::string::npos);
  EXPECT_NE(member(chat.request, "toolConfig", gemini_3()).find("[\"" + sent + "\"]"),
            std::string::npos);
}

struct ChoiceCase {
  std::string_view name;
  ToolChoice choice;
  bool strict;
  std::string_view config;  // of functionCallingConfig
};

TEST(GeminiCall, ChoosesTools) {
  const ChoiceCase cases[] = {
      {"nothing said", {}, false, ""},
      {"strict", {}, true, R"({"mode":"VALIDATED"})"},
      {"auto", {.mode = ToolChoiceMode::automatic}, false, R"({"mode":"AUTO"})"},
      {"auto, strict", {.mode = ToolChoiceMode::automatic}, true, R"({"mode":"VALIDATED"})"},
      {"none", {.mode = ToolChoiceMode::none}, true, R"({"mode":"NONE"})"},
      {"required", {.mode = ToolChoiceMode::required}, false, R"({"mode":"ANY"})"},
      {"named",
       {.mode = ToolChoiceMode::named, .name = text_of("g")},
       false,
       R"({"mode":"ANY","allowedFunctionNames":["g"]})"},
      {"some of them",
       {.mode = ToolChoiceMode::automatic, .allowed = {text_of("f")}},
       false,
       R"({"mode":"VALIDATED","allowedFunctionNames":["f"]})"},
      {"one of some",
       {.mode = ToolChoiceMode::required, .allowed = {text_of("f"), text_of("g")}},
       false,
       R"({"mode":"ANY","allowedFunctionNames":["f","g"]})"},
  };
  for (const ChoiceCase& c : cases) {
    ChatBuilder chat;
    chat.user("a").tool("f", "").tool("g", "");
    chat.request.tools[1].strict = c.strict;
    chat.request.tool_choice = c.choice;
    const std::string wanted =
        c.config.empty() ? "" : R"({"functionCallingConfig":)" + std::string(c.config) + "}";
    EXPECT_EQ(member(chat.request, "toolConfig", gemini_3()), wanted) << c.name;
  }
  ChatBuilder old;
  old.user("a").tool("f", "").tool("g", "");
  old.request.tools[0].strict = true;
  old.request.tool_choice = {.mode = ToolChoiceMode::automatic, .allowed = {text_of("f")}};
  EXPECT_EQ(member(old.request, "toolConfig", gemini_15()),
            R"({"functionCallingConfig":{"mode":"AUTO"}})");
  EXPECT_EQ(dropped(write(old.request, gemini_15())), "tool_choice.allowed_tools ");
}

TEST(GeminiCall, AsksForASchemaAsTheModelTakesIt) {
  ChatBuilder chat;
  chat.user("a");
  chat.request.output = {.kind = OutputKind::json_schema, .schema = city};
  EXPECT_EQ(
      member(chat.request, "generationConfig", gemini_25()),
      R"({"responseMimeType":"application/json","responseJsonSchema":)" + std::string(city) + "}");
  EXPECT_EQ(
      member(chat.request, "generationConfig", gemini_15()),
      R"({"responseMimeType":"application/json","responseSchema":{"type":"object","properties":{"c":{"type":"string","nullable":true}}}})");
  chat.request.output.kind = OutputKind::json_object;
  EXPECT_EQ(member(chat.request, "generationConfig", gemini_25()),
            R"({"responseMimeType":"application/json"})");
}

TEST(GeminiCall, AsksForASchemaBesideToolsAsAToolsWhereItMust) {
  ChatBuilder chat;
  chat.user("a").tool("f", "").tool("final_answer", "");
  chat.request.output = {.kind = OutputKind::json_schema, .schema = city};
  const auto native = write(chat.request, gemini_3());
  EXPECT_EQ(native->asked.output_tool, "");
  EXPECT_NE(native->body.find("responseJsonSchema"), std::string::npos);

  const auto by_tool = write(chat.request, gemini_25());
  const std::string name = by_tool->asked.output_tool;
  EXPECT_TRUE(name.starts_with("final_answer_")) << "a name that no tool has: " << name;
  EXPECT_EQ(by_tool->body.find("responseMimeType"), std::string::npos);
  EXPECT_NE(by_tool->body.find("{\"name\":\"" + name + "\""), std::string::npos);
  EXPECT_EQ(member(chat.request, "toolConfig", gemini_25()),
            R"({"functionCallingConfig":{"mode":"ANY"}})");
  chat.request.tool_choice.mode = ToolChoiceMode::required;
  EXPECT_EQ(
      member(chat.request, "toolConfig", gemini_25()),
      R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f","final_answer"]}})");
  chat.request.tool_choice.mode = ToolChoiceMode::none;
  EXPECT_NE(member(chat.request, "generationConfig", gemini_25()).find("responseJsonSchema"),
            std::string::npos);
  EXPECT_EQ(member(chat.request, "tools", gemini_25()), "");
  chat.request.tool_choice.mode = ToolChoiceMode::automatic;
  chat.request.output.kind = OutputKind::json_object;
  EXPECT_EQ(dropped(write(chat.request, gemini_25())), "response_format ");
  chat.request.tool_choice.mode = ToolChoiceMode::none;
  EXPECT_EQ(dropped(write(chat.request, gemini_25())), "");
  EXPECT_EQ(member(chat.request, "tools", gemini_25()), "") << "beside JSON they are a 400";
}

Number number(std::string_view raw, double value) { return {.raw = raw, .value = value}; }

TEST(GeminiCall, SaysHowToAnswer) {
  ChatBuilder chat;
  chat.user("a");
  ChatRequest& request = chat.request;
  request.temperature = number("0.70", 0.7);
  request.top_p = number("0.9", 0.9);
  request.top_k = number("40", 40);
  request.presence_penalty = number("1", 1);
  request.frequency_penalty = number("-1.5", -1.5);
  request.seed = number("7", 7);
  request.output_tokens_max = 100;
  request.choices = 2;
  request.stop = {text_of("\n"), text_of(""), text_of("END")};
  request.logprobs = true;
  request.top_logprobs = 3;
  EXPECT_EQ(
      member(request, "generationConfig", gemini_25()),
      R"({"temperature":0.70,"topP":0.9,"topK":40,"presencePenalty":1,"frequencyPenalty":-1.5,"seed":7,"maxOutputTokens":100,"candidateCount":2,"stopSequences":["\n","END"],"responseLogprobs":true,"logprobs":3})");
  ModelTraits plain;
  plain.takes_sampling = false;
  request.seed = number("3000000000", 3e9);
  EXPECT_EQ(dropped(write(request, plain)), "temperature top_p top_k seed ");
  request.stop = {text_of("1"), text_of("2"), text_of(""), text_of("3"),
                  text_of("4"), text_of("5"), text_of("6")};
  EXPECT_NE(write(request, {})->body.find(R"("stopSequences":["1","2","3","4","5"])"),
            std::string::npos);
  EXPECT_EQ(dropped(write(request, {})), "seed stop ");
}

struct ThinkingCase {
  std::string_view name;
  ReasoningWanted wanted;
  std::string_view budget, level;
};

TEST(GeminiCall, TellsHowMuchToThink) {
  const ThinkingCase cases[] = {
      {"nothing said", {}, "", ""},
      {"none",
       {.effort = Effort::none},
       R"({"thinkingBudget":0})",
       R"({"thinkingLevel":"minimal"})"},
      {"off", {.enabled = false}, R"({"thinkingBudget":0})", R"({"thinkingLevel":"minimal"})"},
      {"minimal",
       {.effort = Effort::minimal},
       R"({"thinkingBudget":1024,"includeThoughts":true})",
       R"({"thinkingLevel":"minimal","includeThoughts":true})"},
      {"low",
       {.effort = Effort::low},
       R"({"thinkingBudget":1024,"includeThoughts":true})",
       R"({"thinkingLevel":"low","includeThoughts":true})"},
      {"medium",
       {.effort = Effort::medium},
       R"({"thinkingBudget":8192,"includeThoughts":true})",
       R"({"thinkingLevel":"medium","includeThoughts":true})"},
      {"high",
       {.effort = Effort::high},
       R"({"thinkingBudget":24576,"includeThoughts":true})",
       R"({"thinkingLevel":"high","includeThoughts":true})"},
      {"xhigh",
       {.effort = Effort::xhigh},
       R"({"thinkingBudget":24576,"includeThoughts":true})",
       R"({"thinkingLevel":"high","includeThoughts":true})"},
      {"max, hidden",
       {.effort = Effort::max, .hidden = true},
       R"({"thinkingBudget":24576})",
       R"({"thinkingLevel":"high"})"},
      {"tokens",
       {.tokens_max = 2'000},
       R"({"thinkingBudget":2000,"includeThoughts":true})",
       R"({"thinkingLevel":"medium","includeThoughts":true})"},
      {"on",
       {.enabled = true},
       R"({"thinkingBudget":-1,"includeThoughts":true})",
       R"({"includeThoughts":true})"},
  };
  for (const ThinkingCase& c : cases) {
    ChatBuilder chat;
    chat.user("a");
    chat.request.reasoning = c.wanted;
    const auto config = [&](const ModelTraits& traits) {
      return member(chat.request, "generationConfig", traits);
    };
    const auto wanted = [](std::string_view thinking) {
      return thinking.empty() ? "" : R"({"thinkingConfig":)" + std::string(thinking) + "}";
    };
    EXPECT_EQ(config(gemini_25()), wanted(c.budget)) << c.name;
    EXPECT_EQ(config(gemini_3()), wanted(c.level)) << c.name;
    EXPECT_EQ(config(gemini_15()), "") << c.name;
    EXPECT_EQ(dropped(write(chat.request, gemini_15())),
              c.wanted.said() && !c.wanted.off() ? "reasoning_effort " : "")
        << c.name;
  }
  ModelTraits always = gemini_25();
  always.thinking_can_be_off = false;
  ChatBuilder chat;
  chat.user("a").request.reasoning.effort = Effort::none;
  EXPECT_EQ(member(chat.request, "generationConfig", always),
            R"({"thinkingConfig":{"thinkingBudget":128}})");
}

TEST(GeminiCall, TakesGooglesOwnMembersFromTheCaller) {
  ChatBuilder chat;
  chat.user("a")
      .other("safety_settings", R"([{"category":"X"}])")
      .other("modalities", R"(["text","image"])")
      .other(
          "extra_body",
          R"({"google":{"cached_content":"cachedContents/c","thinking_config":{"thinkingBudget":5},"thought_tag_marker":"x","odd":1},"other":2})");
  const auto call = write(chat.request, gemini_25());
  EXPECT_EQ(member(chat.request, "safetySettings", gemini_25()), R"([{"category":"X"}])");
  EXPECT_EQ(member(chat.request, "cachedContent", gemini_25()), R"("cachedContents/c")");
  EXPECT_EQ(member(chat.request, "generationConfig", gemini_25()),
            R"({"responseModalities":["TEXT","IMAGE"],"thinkingConfig":{"thinkingBudget":5}})");
  EXPECT_EQ(dropped(call), "extra_body.google.odd extra_body.other ");
}

TEST(GeminiCall, NamesWhatIsLeftOut) {
  ChatBuilder chat;
  chat.user("a")
      .tool("f", "")
      .other("logit_bias", R"({"1":2})")
      .other("logit_bias", R"({"1":2})")
      .other("store", "false")
      .other("verbosity", "null")
      .other("prediction", "{}")
      .other("stream_options", R"({"include_usage":true})");
  chat.request.tool_choice.parallel = false;
  chat.request.user = text_of("u");
  chat.request.metadata = R"({"a":"b"})";
  EXPECT_EQ(dropped(write(chat.request, gemini_25())),
            "logit_bias parallel_tool_calls metadata user ");
}

TEST(GeminiCall, WritesLabelsOnVertexAlone) {
  ChatBuilder chat;
  chat.user("a").request.metadata = R"({"team":"a-1"})";
  ModelTraits traits = gemini_25();
  traits.publisher = "google";
  EXPECT_EQ(member(chat.request, "labels", traits), R"({"team":"a-1"})");
  chat.request.metadata = R"({"team":"Not A Label"})";
  EXPECT_EQ(member(chat.request, "labels", traits), "");
  EXPECT_EQ(dropped(write(chat.request, traits)), "metadata ");
}

TEST(GeminiCall, AsksForATier) {
  const auto tier = [](std::string_view wanted) {
    ChatBuilder chat;
    chat.user("a").request.service_tier = text_of(wanted);
    return member(chat.request, "serviceTier", gemini_25());
  };
  EXPECT_EQ(tier("auto"), "");
  EXPECT_EQ(tier("default"), R"("standard")");
  EXPECT_EQ(tier("flex"), R"("flex")");
  EXPECT_EQ(tier("priority"), R"("priority")");
  EXPECT_EQ(tier("scale"), "");
}

}  // namespace
}  // namespace sluice::llm
