// Tools, the choice among them, and the form of the answer, as a Messages request says them.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "chat_builder.h"
#include "sluice/llm/anthropic_call.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

using Change = std::function<void(ChatRequest&)>;

struct Written {
  std::string said = {};  // tools, tool_choice, output_config and system, sorted; or the error
  AskedFor asked = {};
  std::vector<std::string> dropped = {};
};

Written write(const Change& change, const ModelTraits& traits = {}) {
  ChatBuilder builder;
  builder.user("hi");
  change(builder.request);
  json::Index index;
  WrittenCall call =
      write_anthropic_call(builder.request, {.upstream_model = "m", .traits = traits}, index);
  if (!call) return {.said = call.error().param + ": " + call.error().message};
  EXPECT_TRUE(index.build(call->body)) << call->body;
  Written written{.asked = std::move(call->asked), .dropped = std::move(call->dropped)};
  for (const std::string_view name : {"tools", "tool_choice", "output_config", "system"}) {
    const auto value = json::root(index).find(name);
    if (!value) continue;
    written.said += std::string(name) + " ";
    append_sorted(written.said, *value);
    written.said += '\n';
  }
  return written;
}

constexpr std::string_view two_tools =
    R"(tools [{"input_schema":{"type":"object"},"name":"f"},{"input_schema":{"type":"object"},"name":"g"}])"
    "\n";

void add_tools(ChatRequest& request) {
  for (const std::string_view name : {"f", "g"}) {
    request.tools.push_back({.name = text_of(name), .parameters = R"({"type":"object"})"});
  }
}

struct ChoiceCase {
  const char* name;
  ToolChoice choice;
  std::string_view tools;
  std::string_view written;
};

const ChoiceCase choice_cases[] = {
    {"nothing said", {}, two_tools, ""},
    {"automatic", {.mode = ToolChoiceMode::automatic}, two_tools, R"({"type":"auto"})"},
    {"none", {.mode = ToolChoiceMode::none}, two_tools, R"({"type":"none"})"},
    {"none, one at a time",
     {.mode = ToolChoiceMode::none, .parallel = false},
     two_tools,
     R"({"type":"none"})"},
    {"required", {.mode = ToolChoiceMode::required}, two_tools, R"({"type":"any"})"},
    {"named",
     {.mode = ToolChoiceMode::named, .name = text_of("g")},
     two_tools,
     R"({"name":"g","type":"tool"})"},
    {"one at a time",
     {.parallel = false},
     two_tools,
     R"({"disable_parallel_tool_use":true,"type":"auto"})"},
    {"one at a time, required",
     {.mode = ToolChoiceMode::required, .parallel = false},
     two_tools,
     R"({"disable_parallel_tool_use":true,"type":"any"})"},
    {"several at a time", {.parallel = true}, two_tools, ""},
    {"allowed ones",
     {.mode = ToolChoiceMode::required, .allowed = {text_of("g")}},
     "tools [{\"input_schema\":{\"type\":\"object\"},\"name\":\"g\"}]\n",
     R"({"type":"any"})"},
};

TEST(AnthropicCallTools, SaysEveryChoice) {
  for (const ChoiceCase& c : choice_cases) {
    const std::string choice =
        c.written.empty() ? "" : "tool_choice " + std::string(c.written) + "\n";
    EXPECT_EQ(write([&](ChatRequest& r) { add_tools(r), r.tool_choice = c.choice; }).said,
              std::string(c.tools) + choice)
        << c.name;
  }
  EXPECT_EQ(write([](ChatRequest& r) { r.tool_choice.mode = ToolChoiceMode::automatic; }).said, "");
}

TEST(AnthropicCallTools, AModelThatCannotBeForcedIsNot) {
  ModelTraits traits;
  traits.takes_forced_tool = false;
  EXPECT_TRUE(
      write([](ChatRequest& r) { add_tools(r), r.tool_choice.mode = ToolChoiceMode::required; },
            traits)
          .said.starts_with("tool_choice: This model cannot be made"));
}

struct ToolCase {
  const char* name;
  Tool tool;
  std::string_view written;
};

const ToolCase tool_cases[] = {
    {"a function",
     {.name = text_of("f"),
      .description = text_of("d"),
      .parameters = R"({"type":"object","properties":{"a":{}}})"},
     R"({"description":"d","input_schema":{"properties":{"a":{}},"type":"object"},"name":"f"})"},
    {"no parameters",
     {.name = text_of("f")},
     R"({"input_schema":{"properties":{},"type":"object"},"name":"f"})"},
    {"parameters without a type",
     {.name = text_of("f"), .parameters = R"({"properties":{}})"},
     R"({"input_schema":{"properties":{},"type":"object"},"name":"f"})"},
    {"empty parameters",
     {.name = text_of("f"), .parameters = "{ }"},
     R"({"input_schema":{"type":"object"},"name":"f"})"},
    {"a strict one",
     {.name = text_of("f"),
      .parameters = R"({"type":"object","properties":{"a":{"type":"integer","minimum":1}}})",
      .strict = true},
     R"({"input_schema":{"additionalProperties":false,"properties":{"a":{"description":"{minimum: 1}","type":"integer"}},"type":"object"},"name":"f","strict":true})"},
    {"a strict one without a type",
     {.name = text_of("f"),
      .parameters = R"({"properties":{"a":{"type":"null"}}})",
      .strict = true},
     R"({"input_schema":{"additionalProperties":false,"properties":{"a":{"type":"null"}},"type":"object"},"name":"f","strict":true})"},
    {"one that is not strict",
     {.name = text_of("f"), .strict = false},
     R"({"input_schema":{"properties":{},"type":"object"},"name":"f"})"},
    {"one marked for the cache",
     {.name = text_of("f"), .cache = CacheMark::five_minutes},
     R"({"cache_control":{"type":"ephemeral"},"input_schema":{"properties":{},"type":"object"},"name":"f"})"},
    {"one of Anthropic's own",
     {.kind = ToolKind::hosted,
      .raw = R"({"type":"web_search_20250305","name":"web_search","max_uses":3})"},
     R"({"max_uses":3,"name":"web_search","type":"web_search_20250305"})"},
};

TEST(AnthropicCallTools, WritesEveryKind) {
  for (const ToolCase& c : tool_cases) {
    EXPECT_EQ(write([&](ChatRequest& r) { r.tools = {c.tool}; }).said,
              "tools [" + std::string(c.written) + "]\n")
        << c.name;
  }
}

TEST(AnthropicCallTools, RefusesWhatIsNoToolHere) {
  for (const std::string_view raw :
       {R"({"type":"web_search_preview"})", R"({"type":"web_search_preview_2025_03_11"})",
        R"({"type":"code_interpreter"})", R"({"googleSearch":{}})"}) {
    EXPECT_TRUE(write([&](ChatRequest& r) {
                  r.tools = {{.kind = ToolKind::hosted, .raw = raw}};
                }).said.starts_with("tools: This tool runs at another provider"))
        << raw;
  }
  EXPECT_TRUE(write([&](ChatRequest& r) {
                r.tools = {{.name = text_of("f"), .parameters = R"({"type":"string"})"}};
              }).said.starts_with("tools: The parameters of the tool \"f\" must be"));
}

TEST(AnthropicCallTools, ACustomToolTakesOneText) {
  const Written written = write([](ChatRequest& r) {
    r.tools = {{.kind = ToolKind::custom,
                .name = text_of("sh"),
                .description = text_of("runs"),
                .parameters = R"({"type":"text"})"}};
  });
  EXPECT_EQ(written.asked.custom_tools, "sh\n");
  EXPECT_EQ(
      written.said,
      R"(tools [{"description":"runs\n\nThe input must have this format: {\"type\":\"text\"}","input_schema":{"properties":{"input":{"type":"string"}},"required":["input"],"type":"object"},"name":"sh"}])"
      "\n");
}

TEST(AnthropicCallTools, AToolWithAnIllegalNameGoesByAnother) {
  const Written written = write([](ChatRequest& r) {
    r.tools = {{.name = text_of("my.tool")}};
    r.tool_choice = {.mode = ToolChoiceMode::named, .name = text_of("my.tool")};
  });
  ASSERT_EQ(written.asked.renamed_tools.size(), 1U);
  const std::string sent = written.asked.renamed_tools[0].sent;
  EXPECT_EQ(written.asked.renamed_tools[0].name, "my.tool");
  EXPECT_TRUE(sent.starts_with("my_tool_")) << sent;
  EXPECT_TRUE(written.said.contains("tool_choice {\"name\":\"" + sent + "\"")) << written.said;
}

// --- the form of the answer ---

constexpr std::string_view person =
    R"({"type":"object","properties":{"age":{"type":"integer","minimum":0}},"required":["age"]})";
constexpr std::string_view of_any_members =
    R"({"type":"object","additionalProperties":{"type":"string"}})";

Change wants(std::string_view schema) {
  return [schema](ChatRequest& r) {
    r.output = {.kind = OutputKind::json_schema, .name = text_of("person"), .schema = schema};
  };
}

ModelTraits without_schemas() {
  ModelTraits traits;
  traits.takes_output_schema = false;
  return traits;
}

TEST(AnthropicCallTools, ASchemaIsSaidNatively) {
  EXPECT_EQ(
      write(wants(person)).said,
      R"(output_config {"format":{"schema":{"additionalProperties":false,"properties":{"age":{"description":"{minimum: 0}","type":"integer"}},"required":["age"],"type":"object"},"type":"json_schema"}})"
      "\n");
}

TEST(AnthropicCallTools, ASchemaThatCannotBeIsAToolsToo) {
  const Written old = write(wants(person), without_schemas());
  EXPECT_EQ(old.asked.output_tool, "person");
  EXPECT_EQ(
      old.said,
      R"(tools [{"input_schema":{"properties":{"age":{"minimum":0,"type":"integer"}},"required":["age"],"type":"object"},"name":"person"}])"
      "\n"
      R"(tool_choice {"disable_parallel_tool_use":true,"name":"person","type":"tool"})"
      "\n");
  EXPECT_EQ(write(wants(of_any_members)).asked.output_tool, "person");
}

TEST(AnthropicCallTools, TheAnswersToolStandsBesideOthers) {
  const Written written = write(
      [](ChatRequest& r) {
        wants(person)(r);
        add_tools(r);
        r.tools[0].name = text_of("person");
      },
      without_schemas());
  EXPECT_EQ(written.asked.output_tool, "person_1");
  EXPECT_TRUE(written.said.contains("tool_choice {\"type\":\"any\"}\n")) << written.said;
  const Written none = write(
      [](ChatRequest& r) {
        wants(person)(r);
        add_tools(r);
        r.tool_choice.mode = ToolChoiceMode::none;
      },
      without_schemas());
  EXPECT_FALSE(none.said.contains("\"name\":\"f\"")) << none.said;
}

TEST(AnthropicCallTools, AModelThatCannotBeForcedIsAskedInWords) {
  ModelTraits traits = without_schemas();
  traits.takes_forced_tool = false;
  const Written written = write(wants(person), traits);
  EXPECT_TRUE(written.said.contains("Give your answer by calling the tool person."))
      << written.said;
  EXPECT_FALSE(written.said.contains("tool_choice")) << written.said;
}

TEST(AnthropicCallTools, AnyObjectIsAskedForInWords) {
  EXPECT_EQ(write([](ChatRequest& r) { r.output.kind = OutputKind::json_object; }).said,
            "system [{\"text\":\"Answer with one JSON object and nothing else: no words around "
            "it, no Markdown.\",\"type\":\"text\"}]\n");
}

}  // namespace
}  // namespace sluice::llm
