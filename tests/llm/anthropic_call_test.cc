#include "sluice/llm/anthropic_call.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chat_builder.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

using Change = std::function<void(ChatRequest&)>;

constexpr std::string_view png = "iVBORw0KGgoAAAA";

WrittenCall write(const ChatRequest& request, const ModelTraits& traits = {}) {
  json::Index scratch;
  return write_anthropic_call(request, {.upstream_model = "claude", .traits = traits}, scratch);
}

ModelTraits traits_of(const std::function<void(ModelTraits&)>& change) {
  ModelTraits traits;
  change(traits);
  return traits;
}

ModelTraits thinks(ThinkingControl control) {
  return traits_of([&](ModelTraits& traits) {
    traits.thinking = control;
    traits.output_tokens_max = 64'000;
  });
}
const ModelTraits adaptive = thinks(ThinkingControl::adaptive);
const ModelTraits budget = thinks(ThinkingControl::budget);

// The members beside model and the one message "hi", one per line and sorted; what was dropped; or
// why there is no call.
std::string beside(const Change& change, const ModelTraits& traits = {}) {
  ChatBuilder builder;
  builder.user("hi");
  change(builder.request);
  const WrittenCall call = write(builder.request, traits);
  if (!call) return call.error().param + ": " + call.error().message;
  EXPECT_EQ(call->target, "/messages");
  json::Index index;
  EXPECT_TRUE(index.build(call->body)) << call->body;
  std::vector<std::string> lines;
  for (const json::Member member : json::root(index).members()) {
    const std::string name = *member.key.string();
    if (name == "messages" || name == "model") continue;
    if (name == "max_tokens" && member.value.raw() == "4096") continue;
    std::string line = name + " ";
    append_sorted(line, member.value);
    lines.push_back(std::move(line));
  }
  std::ranges::sort(lines);
  for (const std::string& name : call->dropped) lines.push_back("dropped " + name);
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// Who says what, one message per line; or why there is no call.
std::string messages(const ChatBuilder& builder, const ModelTraits& traits = {}) {
  const WrittenCall call = write(builder.request, traits);
  if (!call) return call.error().param + ": " + call.error().message;
  json::Index index;
  EXPECT_TRUE(index.build(call->body)) << call->body;
  std::string out;
  const auto system = json::root(index).find("system");
  if (system) append_sorted(out += "system ", *system);
  if (system) out += '\n';
  for (const json::Value message : json::root(index).find("messages")->elements()) {
    out += *message.find("role")->string() + " ";
    append_sorted(out, *message.find("content"));
    out += '\n';
  }
  return out;
}

std::string text_block(std::string_view text) {
  return R"({"text":)" + json::quote(text) + R"(,"type":"text"})";
}

// --- settings ---

struct SettingCase {
  const char* name;
  Change change;
  std::string_view written;
  ModelTraits traits = {};
};

Number number(std::string_view raw) { return {.raw = raw, .value = std::stod(std::string(raw))}; }

const ModelTraits no_sampling = traits_of([](ModelTraits& t) { t.takes_sampling = false; });
const ModelTraits one_of_both =
    traits_of([](ModelTraits& t) { t.takes_temperature_and_top_p = false; });
const ModelTraits known_maximum = traits_of([](ModelTraits& t) { t.output_tokens_max = 8192; });

const SettingCase setting_cases[] = {
    {"nothing", [](ChatRequest&) {}, ""},
    {"a stream", [](ChatRequest& r) { r.stream = true; }, "stream true\n"},
    {"tokens", [](ChatRequest& r) { r.output_tokens_max = 7; }, "max_tokens 7\n"},
    {"the model's own maximum", [](ChatRequest&) {}, "max_tokens 8192\n", known_maximum},
    {"more tokens than the model writes", [](ChatRequest& r) { r.output_tokens_max = 9000; },
     "max_tokens 8192\n", known_maximum},
    {"a temperature as it was spelled", [](ChatRequest& r) { r.temperature = number("0.70"); },
     "temperature 0.70\n"},
    {"a temperature above 1", [](ChatRequest& r) { r.temperature = number("1.5"); },
     "temperature 1\n"},
    {"both", [](ChatRequest& r) { r.temperature = number("0.5"), r.top_p = number("0.9"); },
     "temperature 0.5\ntop_p 0.9\n"},
    {"one of both", [](ChatRequest& r) { r.temperature = number("0.5"), r.top_p = number("0.9"); },
     "temperature 0.5\ndropped top_p\n", one_of_both},
    {"no sampling",
     [](ChatRequest& r) {
       r.temperature = number("0.5"), r.top_p = number("0.9"), r.top_k = number("5");
     },
     "dropped temperature\ndropped top_p\ndropped top_k\n", no_sampling},
    {"what is so anyway, and cannot be said",
     [](ChatRequest& r) {
       r.temperature = number("1.0"), r.top_p = number("1"), r.top_k = number("-1");
     },
     "", no_sampling},
    {"top_k", [](ChatRequest& r) { r.top_k = number("5"); }, "top_k 5\n"},
    {"stop sequences", [](ChatRequest& r) { r.stop = {text_of("a"), text_of("\n")}; },
     "stop_sequences [\"a\"]\ndropped stop\n"},
    {"a stop sequence of blanks", [](ChatRequest& r) { r.stop = {text_of(" \n")}; },
     "dropped stop\n"},
    {"a user", [](ChatRequest& r) { r.user = text_of("u"); }, "metadata {\"user_id\":\"u\"}\n"},
    {"labels", [](ChatRequest& r) { r.metadata = R"({"user_id":"u","team":"a"})"; },
     "metadata {\"user_id\":\"u\"}\ndropped metadata\n"},
    {"a service tier", [](ChatRequest& r) { r.service_tier = text_of("default"); },
     "service_tier \"standard_only\"\n"},
    {"the automatic one", [](ChatRequest& r) { r.service_tier = text_of("auto"); },
     "service_tier \"auto\"\n"},
    {"one that is not Anthropic's", [](ChatRequest& r) { r.service_tier = text_of("flex"); },
     "dropped service_tier\n"},
    {"a cache mark on all", [](ChatRequest& r) { r.cache = CacheMark::one_hour; },
     "cache_control {\"ttl\":\"1h\",\"type\":\"ephemeral\"}\n"},
    {"what merely tunes",
     [](ChatRequest& r) {
       r.presence_penalty = number("1"), r.frequency_penalty = number("1"), r.seed = number("1");
       r.prompt_cache_key = text_of("k");
       r.others = {{text_of("logit_bias"), "{}"},
                   {text_of("verbosity"), "\"low\""},
                   {text_of("modalities"), "[\"text\"]"},
                   {text_of("prediction"), "null"}};
     },
     "dropped presence_penalty\ndropped frequency_penalty\ndropped seed\n"
     "dropped prompt_cache_key\ndropped logit_bias\ndropped verbosity\n"},
    {"members of Anthropic's own",
     [](ChatRequest& r) {
       r.others = {{text_of("speed"), "\"fast\""}, {text_of("container"), "\"c\""}};
     },
     "container \"c\"\nspeed \"fast\"\n"},
    {"a search of the web",
     [](ChatRequest& r) {
       r.others = {
           {text_of("web_search_options"),
            R"({"user_location":{"type":"approximate","approximate":{"city":"Bern","country":"CH"}}})"}};
     },
     R"(tools [{"name":"web_search","type":"web_search_20250305","user_location":{"city":"Bern","country":"CH","type":"approximate"}}])"
     "\n"},
    {"several answers", [](ChatRequest& r) { r.choices = 2; },
     "n: This model gives one answer per request: leave n out, or send several requests."},
    {"log probabilities", [](ChatRequest& r) { r.logprobs = true; },
     "logprobs: This model tells no log probabilities: leave logprobs out, or use another model."},
    {"spoken answers", [](ChatRequest& r) { r.others = {{text_of("modalities"), "[\"audio\"]"}}; },
     "modalities: This model answers in text alone: leave \"audio\" out, or use another model."},
};

TEST(AnthropicCall, SaysEachSettingAsAnthropicHasIt) {
  for (const SettingCase& c : setting_cases) {
    EXPECT_EQ(beside(c.change, c.traits), c.written) << c.name;
  }
}

// --- thinking ---

const Change effort_low = [](ChatRequest& r) { r.reasoning.effort = Effort::low; };
const Change effort_high = [](ChatRequest& r) { r.reasoning.effort = Effort::high; };
const Change effort_xhigh = [](ChatRequest& r) { r.reasoning.effort = Effort::xhigh; };
const Change effort_none = [](ChatRequest& r) { r.reasoning.effort = Effort::none; };

const SettingCase thinking_cases[] = {
    {"adaptive", effort_high,
     "max_tokens 64000\noutput_config {\"effort\":\"high\"}\n"
     "thinking {\"display\":\"summarized\",\"type\":\"adaptive\"}\n",
     adaptive},
    {"adaptive, more than high", effort_xhigh,
     "max_tokens 64000\noutput_config {\"effort\":\"max\"}\n"
     "thinking {\"display\":\"summarized\",\"type\":\"adaptive\"}\n",
     adaptive},
    {"adaptive, by a budget and unseen",
     [](ChatRequest& r) { r.reasoning.tokens_max = 2000, r.reasoning.hidden = true; },
     "max_tokens 64000\noutput_config {\"effort\":\"low\"}\n"
     "thinking {\"display\":\"omitted\",\"type\":\"adaptive\"}\n",
     adaptive},
    {"adaptive, as it likes", [](ChatRequest& r) { r.reasoning.enabled = true; },
     "max_tokens 64000\nthinking {\"display\":\"summarized\",\"type\":\"adaptive\"}\n", adaptive},
    {"switched off", effort_none, "max_tokens 64000\nthinking {\"type\":\"disabled\"}\n", adaptive},
    {"not to be switched off", effort_none, "max_tokens 64000\ndropped reasoning_effort\n",
     traits_of([](ModelTraits& t) {
       t = adaptive;
       t.thinking_can_be_off = false;
     })},
    {"a budget", effort_low,
     "max_tokens 64000\nthinking {\"budget_tokens\":2048,\"type\":\"enabled\"}\n", budget},
    {"a budget above the tokens asked for",
     [](ChatRequest& r) { r.reasoning.effort = Effort::high, r.output_tokens_max = 1000; },
     "max_tokens 17384\nthinking {\"budget_tokens\":16384,\"type\":\"enabled\"}\n", budget},
    {"a budget above what the model writes",
     [](ChatRequest& r) { r.reasoning.tokens_max = 100'000; },
     "max_tokens 64000\nthinking {\"budget_tokens\":32000,\"type\":\"enabled\"}\n", budget},
    {"a budget too small", [](ChatRequest& r) { r.reasoning.tokens_max = 1; },
     "max_tokens 64000\nthinking {\"budget_tokens\":1024,\"type\":\"enabled\"}\n", budget},
    {"a model that does not think", effort_low, "dropped reasoning_effort\n"},
    {"a model that does not think need not be told", effort_none, ""},
    {"thinking leaves no temperature",
     [](ChatRequest& r) {
       effort_low(r);
       r.temperature = number("0.5"), r.top_p = number("0.97"), r.top_k = number("3");
     },
     "max_tokens 64000\nthinking {\"budget_tokens\":2048,\"type\":\"enabled\"}\ntop_p 0.97\n"
     "dropped temperature\ndropped top_k\n",
     budget},
    {"a forced call leaves no thinking",
     [](ChatRequest& r) {
       effort_low(r);
       r.tools = {{.name = text_of("f")}};
       r.tool_choice.mode = ToolChoiceMode::required;
     },
     "max_tokens 64000\ntool_choice {\"type\":\"any\"}\n"
     R"(tools [{"input_schema":{"properties":{},"type":"object"},"name":"f"}])"
     "\ndropped reasoning_effort\n",
     budget},
};

TEST(AnthropicCall, TellsTheModelHowToThink) {
  for (const SettingCase& c : thinking_cases) {
    EXPECT_EQ(beside(c.change, c.traits), c.written) << c.name;
  }
  ModelTraits newest = adaptive;
  newest.takes_sampling = false;
  EXPECT_TRUE(beside(effort_xhigh, newest).contains("\"effort\":\"xhigh\""));
}

TEST(AnthropicCall, AToolLoopBegunWithoutAThoughtGoesOnWithoutOne) {
  const auto dropped = [](const Part& thought_part) {
    ChatBuilder builder;
    builder.user("hi").assistant({thought_part, called("a", "f", "{}")}).result("a", {said("1")});
    builder.request.reasoning.effort = Effort::low;
    const WrittenCall call = write(builder.request, budget);
    EXPECT_TRUE(call);
    return call->dropped;
  };
  EXPECT_EQ(dropped(thought("hm", "sig")), std::vector<std::string>{"reasoning_effort"});
  EXPECT_TRUE(dropped(thought("hm", "sig", ReasoningOrigin::anthropic)).empty());
}

// --- messages ---

TEST(AnthropicCall, WritesTurnsWithResultsInFront) {
  ChatBuilder builder;
  builder.system("Be brief.")
      .user("Weather?")
      .assistant(
          {said("Let me see."), called("c1", "w", R"({"city":"Bern"})"), called("c2", "w", "")})
      .result("c2", {said("rain"), image("image/png", png)}, true)
      .result("c1", {})
      .user("And?");
  EXPECT_EQ(
      messages(builder),
      "system [" + text_block("Be brief.") + "]\n" + "user [" + text_block("Weather?") + "]\n" +
          "assistant [" + text_block("Let me see.") +
          R"(,{"id":"c1","input":{"city":"Bern"},"name":"w","type":"tool_use"})"
          R"(,{"id":"c2","input":{},"name":"w","type":"tool_use"}])"
          "\n"
          R"(user [{"content":"","tool_use_id":"c1","type":"tool_result"},)"
          R"({"content":[{"text":"rain","type":"text"},{"source":{"data":"iVBORw0KGgoAAAA","media_type":"image/png","type":"base64"},"type":"image"}],"is_error":true,"tool_use_id":"c2","type":"tool_result"},)" +
          text_block("And?") + "]\n");
}

TEST(AnthropicCall, PutsMediaOfResultsBehindThemWhereTheyMayNotBeInside) {
  ChatBuilder builder;
  builder.user("hi")
      .assistant({called("c", "w", "{}")})
      .result("c", {said("see"), image("image/png", png)});
  const std::string written =
      messages(builder, traits_of([](ModelTraits& t) { t.takes_media_in_results = false; }));
  EXPECT_TRUE(written.contains(
      R"([{"content":[{"text":"see","type":"text"}],"tool_use_id":"c","type":"tool_result"},{"source")"))
      << written;
}

TEST(AnthropicCall, ExchangesIllegalIdsAlikeInCallAndResult) {
  ChatBuilder builder;
  builder.user("hi")
      .assistant({called("functions.w:0", "w", "{}"), called("functions_w_0", "w", "{}")})
      .result("functions.w:0", {said("1")})
      .result("functions_w_0", {said("2")});
  const std::string written = messages(builder);
  EXPECT_FALSE(written.contains("functions.w:0"));
  const std::size_t at = written.find("call_");
  ASSERT_NE(at, written.npos);
  const std::string made = written.substr(at, 37);
  EXPECT_TRUE(written.contains("\"id\":\"" + made + "\"")) << written;
  EXPECT_TRUE(written.contains("\"tool_use_id\":\"" + made + "\"")) << written;
}

TEST(AnthropicCall, RefusesArgumentsThatAreNoObject) {
  for (const std::string_view arguments : {"{", "[1]", "7", "null", "{\"a\":}"}) {
    ChatBuilder builder;
    builder.user("hi").assistant({called("c", "w", arguments)}).result("c", {});
    EXPECT_TRUE(messages(builder).starts_with(
        "messages: The arguments of the tool call to \"w\" are no JSON object"))
        << messages(builder);
  }
}

TEST(AnthropicCall, UnescapesArgumentsThatCameInAString) {
  ChatBuilder builder;
  Part part = called("c", "w", R"({\"a\":\"\\u00e9\\n\",\"n\":1.50})");
  std::get<ToolCall>(part.body).arguments.escaped = true;
  builder.user("hi").assistant({part}).result("c", {});
  EXPECT_TRUE(messages(builder).contains(R"("input":{"a":"é\n","n":1.50})")) << messages(builder);
}

TEST(AnthropicCall, ReplaysThoughtsOfItsOwnAndNoOthers) {
  ChatBuilder builder;
  Part sealed{.body = ReasoningPart{.sealed = text_of("s"), .origin = ReasoningOrigin::anthropic}};
  Part foreign_sealed{.body = ReasoningPart{.sealed = text_of("f")}};
  builder.user("hi")
      .assistant({thought("own", "sig", ReasoningOrigin::anthropic), sealed,
                  thought("unknown", "sig2", ReasoningOrigin::unknown), thought("google", "sig3"),
                  thought("openai", "sig4", ReasoningOrigin::openai),
                  thought("unsigned", "", ReasoningOrigin::anthropic), foreign_sealed, said("yes")})
      .user("so");
  EXPECT_EQ(messages(builder),
            "user [" + text_block("hi") + "]\n" +
                R"(assistant [{"signature":"sig","thinking":"own","type":"thinking"},)"
                R"({"data":"s","type":"redacted_thinking"},)"
                R"({"signature":"sig2","thinking":"unknown","type":"thinking"},)" +
                text_block("yes") + "]\nuser [" + text_block("so") + "]\n");
}

TEST(AnthropicCall, LeavesOutWhatIsBlank) {
  ChatBuilder builder;
  builder.system(" ").user("hi").assistant({said("\n\n")}).add(Role::user, {said(" "), said("x")});
  EXPECT_EQ(messages(builder), "user [" + text_block("hi") + "]\nuser [" + text_block("x") + "]\n");
  ChatBuilder blank;
  blank.user(" ");
  EXPECT_EQ(messages(blank), "user [" + text_block(".") + "]\n");
}

TEST(AnthropicCall, TheSystemSpeaksWithinWhereTheModelTakesIt) {
  const ModelTraits inside = traits_of([](ModelTraits& t) { t.takes_system_inside = true; });
  ChatBuilder builder;
  builder.system("top").user("a").assistant({said("b")}).system("now").user("c");
  const std::string before = "system [" + text_block("top") + "]\nuser [" + text_block("a") +
                             "]\nassistant [" + text_block("b") + "]\n";
  EXPECT_EQ(messages(builder, inside),
            before + "user [" + text_block("c") + "]\nsystem [" + text_block("now") + "]\n");
  EXPECT_EQ(messages(builder),
            before + "user [" + text_block("<system>now</system>") + "," + text_block("c") + "]\n");
  ChatBuilder last;
  last.user("a").assistant({said("b")}).system("now");
  EXPECT_EQ(messages(last, inside), "user [" + text_block("a") + "]\nassistant [" +
                                        text_block("b") + "]\nuser [" + text_block(".") +
                                        "]\nsystem [" + text_block("now") + "]\n");
}

TEST(AnthropicCall, WritesAVeryLongConversationInPassing) {
  ChatBuilder builder;
  for (int turn = 0; turn < 30'000; ++turn) builder.user("a").system("b").assistant({said("c")});
  builder.user("end");
  for (int n = 0; n < 30'000; ++n) {
    builder.request.others.push_back(
        {text_of(builder.request.owned.emplace_back("m" + std::to_string(n))), "1"});
  }
  const WrittenCall call = write(builder.request);
  ASSERT_TRUE(call);
  EXPECT_LT(call->dropped.size(), 100U);
}

TEST(AnthropicCall, APrefillEndsWithoutBlanksWhereItIsTaken) {
  ChatBuilder builder;
  builder.user("hi").assistant({said("So: \n")});
  EXPECT_EQ(messages(builder),
            "user [" + text_block("hi") + "]\nassistant [" + text_block("So:") + "]\n");
  EXPECT_TRUE(messages(builder, traits_of([](ModelTraits& t) { t.takes_prefill = false; }))
                  .starts_with("messages: This model does not go on"));
  ChatBuilder calls;
  calls.user("hi").assistant({called("c", "w", "{}")});
  EXPECT_TRUE(messages(calls).starts_with("messages: The last message calls tools"));
}

struct MediaCase {
  const char* name;
  MediaPart media;
  std::string_view written;  // the block; or the begin of the error
};

const MediaCase media_cases[] = {
    {"an image",
     {.data = text_of("AA"), .media_type = text_of("image/JPG")},
     R"({"source":{"data":"AA","media_type":"image/jpeg","type":"base64"},"type":"image"})"},
    {"an image that does not say what it is",
     {.data = text_of(png)},
     R"({"source":{"data":"iVBORw0KGgoAAAA","media_type":"image/png","type":"base64"},"type":"image"})"},
    {"an image of another type",
     {.data = text_of("AA"), .media_type = text_of("image/tiff")},
     "messages: An image must be PNG"},
    {"an address",
     {.source = MediaSource::url, .data = text_of("https://a/b")},
     R"({"source":{"type":"url","url":"https://a/b"},"type":"image"})"},
    {"an address of a bucket",
     {.source = MediaSource::url, .data = text_of("gs://a/b")},
     "messages: This model's provider fetches"},
    {"a document",
     {.kind = MediaKind::document,
      .data = text_of("JVBERi0x"),
      .media_type = text_of("application/pdf"),
      .name = text_of("a.pdf")},
     R"({"source":{"data":"JVBERi0x","media_type":"application/pdf","type":"base64"},"title":"a.pdf","type":"document"})"},
    {"a text in base64",
     {.kind = MediaKind::document, .data = text_of("aGk="), .media_type = text_of("text/csv")},
     R"({"source":{"data":"hi","media_type":"text/plain","type":"text"},"type":"document"})"},
    {"a text",
     {.kind = MediaKind::document, .source = MediaSource::text, .data = text_of("hi")},
     R"({"source":{"data":"hi","media_type":"text/plain","type":"text"},"type":"document"})"},
    {"a document of another type",
     {.kind = MediaKind::document, .data = text_of("AA"), .media_type = text_of("a/b")},
     "messages: A document must be PDF"},
    {"a file at OpenAI",
     {.kind = MediaKind::document, .source = MediaSource::file_id, .data = text_of("file-1")},
     "messages: A file id is of use"},
    {"a file at Anthropic",
     {.kind = MediaKind::document, .source = MediaSource::file_id, .data = text_of("file_1")},
     R"({"source":{"file_id":"file_1","type":"file"},"type":"document"})"},
    {"a sound", {.kind = MediaKind::audio, .data = text_of("AA")}, "messages: This model takes no"},
};

TEST(AnthropicCall, WritesImagesAndDocuments) {
  for (const MediaCase& c : media_cases) {
    ChatBuilder builder;
    builder.add(Role::user, {{.body = c.media}});
    const std::string written = messages(builder);
    EXPECT_TRUE(written == "user [" + std::string(c.written) + "]\n" ||
                written.starts_with(c.written))
        << c.name << ": " << written;
  }
}

// --- cache marks ---

Part marked(std::string_view text, CacheMark mark) {
  Part part = said(text);
  part.cache = mark;
  return part;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++times;
  return times;
}

TEST(AnthropicCall, KeepsTheLastFourCacheMarks) {
  ChatBuilder builder;
  builder.tool("f", "{}");
  builder.request.tools[0].cache = CacheMark::five_minutes;
  builder.add(Role::system, {marked("s", CacheMark::five_minutes)});
  for (const char* text : {"1", "2", "3"}) {
    builder.add(Role::user, {marked(text, CacheMark::five_minutes)});
  }
  const WrittenCall call = write(builder.request);
  ASSERT_TRUE(call);
  EXPECT_EQ(count(call->body, "cache_control"), 4U) << call->body;
  EXPECT_FALSE(call->body.contains(R"("input_schema":{"type":"object"},"cache_control")"));
  EXPECT_EQ(call->dropped, std::vector<std::string>{"cache_control"});
  builder.request.cache = CacheMark::five_minutes;
  EXPECT_EQ(count(write(builder.request)->body, "cache_control"), 4U);
}

TEST(AnthropicCall, NoHourIsKeptBehindFiveMinutes) {
  ChatBuilder builder;
  builder.add(Role::system, {marked("s", CacheMark::one_hour)});
  builder.add(Role::user, {marked("1", CacheMark::five_minutes)});
  builder.add(Role::user, {marked("2", CacheMark::one_hour)});
  EXPECT_EQ(messages(builder),
            R"(system [{"cache_control":{"ttl":"1h","type":"ephemeral"},"text":"s","type":"text"}])"
            "\n"
            R"(user [{"cache_control":{"type":"ephemeral"},"text":"1","type":"text"},)"
            R"({"cache_control":{"type":"ephemeral"},"text":"2","type":"text"}])"
            "\n");
}

TEST(AnthropicCall, AMarkInsideAResultIsTheResults) {
  ChatBuilder builder;
  builder.user("hi").assistant({called("c", "w", "{}")});
  builder.result("c", {marked("1", CacheMark::five_minutes)});
  EXPECT_TRUE(messages(builder).contains(
      R"({"cache_control":{"type":"ephemeral"},"content":"1","tool_use_id":"c","type":"tool_result"})"))
      << messages(builder);
}

TEST(AnthropicCall, DoesNotThinkInALoopBehindWhichOnlyAForeignThoughtStands) {
  ChatBuilder builder;
  builder.user("a")
      .assistant({called("1", "f", "{}")})
      .result("1", {said("x")})
      .assistant({thought("hm", "s", ReasoningOrigin::google)})
      .user("go on");
  builder.tool("f", R"({"type":"object"})");
  builder.request.reasoning.effort = Effort::low;
  json::Index scratch;
  const ModelTraits traits{.output_tokens_max = 64'000, .thinking = ThinkingControl::budget};
  const WrittenCall call =
      write_anthropic_call(builder.request, {.upstream_model = "m", .traits = traits}, scratch);
  ASSERT_TRUE(call);
  EXPECT_FALSE(call->body.contains("\"thinking\"")) << call->body;
  EXPECT_EQ(call->dropped, std::vector<std::string>{"reasoning_effort"});
}

}  // namespace
}  // namespace sluice::llm
