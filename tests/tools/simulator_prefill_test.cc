// Chats that end with the assistant's own words: the simulator goes on where they stop; and what
// it refuses of a prompt, in each dialect's words.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dialect_client.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr std::uint32_t tokens = 60;

struct Spelling {
  const char* name;
  std::string path;
  std::string fields;
  std::string text_at;
  std::string before;   // the question
  std::string between;  // and the assistant's words as a JSON string
  std::string behind;
  bool takes_prefill = true;
};

std::vector<Spelling> spellings() {
  return {
      {"openai", "/v1/chat/completions", "", "choices.0.message.content",
       R"({"model":"m",%"messages":[{"role":"user","content":"hello"})",
       R"(,{"role":"assistant","content":)", "}]}"},
      {"openai, in parts", "/v1/chat/completions", "", "choices.0.message.content",
       R"({"model":"m",%"messages":[{"role":"user","content":"hello"})",
       R"(,{"role":"assistant","content":[{"type":"text","text":)", "}]}]}"},
      {"azure", "/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key: k\r\n",
       "choices.0.message.content", R"({%"messages":[{"role":"user","content":"hello"})",
       R"(,{"role":"assistant","content":)", "}]}"},
      {"anthropic", "/v1/messages", "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n",
       "content.0.text",
       R"({"model":"claude-sonnet-4-5","max_tokens":99,%"messages":[)"
       R"({"role":"user","content":"hello"})",
       R"(,{"role":"assistant","content":)", "}]}"},
      {"gemini", "/v1beta/models/g:generateContent", "x-goog-api-key: k\r\n",
       "candidates.0.content.parts.0.text",
       R"({"contents":[{"role":"user","parts":[{"text":"hello"}]})",
       R"(,{"role":"model","parts":[{"text":)", "}]}]}", false},
      {"bedrock", "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
       "authorization: Bearer k\r\n", "output.message.content.0.text",
       R"({"messages":[{"role":"user","content":[{"text":"hello"}]})",
       R"(,{"role":"assistant","content":[{"text":)", "}]}]}"},
  };
}

// `more`: members of the body, where the spelling has room for some.
std::string body_of(const Spelling& s, const std::string* begun, const std::string& more = "") {
  std::string body = s.before;
  if (begun != nullptr) body += s.between + json::quote(*begun);
  body += begun != nullptr ? s.behind : "]}";
  const std::size_t room = body.find('%');
  if (room != std::string::npos) body.replace(room, 1, more);
  return body;
}

TEST(SimulatorPrefill, GoesOnWhereTheAssistantsWordsStopInEveryDialect) {
  const std::string whole = text_of(seed_of("hello"), tokens, true);
  for (const Spelling& s : spellings()) {
    SCOPED_TRACE(s.name);
    SimulatorConfig config{.tokens = tokens};
    DialectClient client(config);
    const std::string begun = text_of(seed_of("hello"), 40, false);
    client.post(s.path, body_of(s, &begun), s.fields);
    EXPECT_EQ(client.status, s.takes_prefill ? 200 : 400) << client.body;
    if (!s.takes_prefill) continue;
    const Document answer(client.body);
    EXPECT_EQ(begun + answer.text(s.text_at), whole) << client.body;
    const Document anew(client.post(s.path, body_of(s, nullptr), s.fields));
    EXPECT_EQ(anew.text(s.text_at), whole);
    const std::string other = "Something that the answer does not begin with";
    const Document from_the_start(client.post(s.path, body_of(s, &other), s.fields));
    EXPECT_EQ(from_the_start.text(s.text_at), whole);
  }
}

TEST(SimulatorPrefill, GoesOnFromWithinATokenAndCountsWhatItSays) {
  SimulatorConfig config{.tokens = tokens};
  DialectClient client(config);
  const Spelling openai = spellings()[0];
  const std::string whole = text_of(seed_of("hello"), tokens, true);
  std::string begun = text_of(seed_of("hello"), 40, false);
  begun.resize(begun.size() - 1);
  while ((static_cast<unsigned char>(whole[begun.size()]) & 0xc0U) == 0x80U) begun.pop_back();
  const Document answer(client.post(openai.path, body_of(openai, &begun), ""));
  EXPECT_EQ(begun + answer.text(openai.text_at), whole);
  EXPECT_EQ(answer.number("usage.completion_tokens"), 21) << "the rest of a token is one";
}

TEST(SimulatorPrefill, IsCutByTheLimitOfWhatIsSaidAnew) {
  SimulatorConfig config{.tokens = tokens};
  DialectClient client(config);
  const Spelling openai = spellings()[0];
  const std::string begun = text_of(seed_of("hello"), 40, false);
  const Document answer(
      client.post(openai.path, body_of(openai, &begun, R"("max_tokens":5,)"), ""));
  EXPECT_EQ(begun + answer.text(openai.text_at), text_of(seed_of("hello"), 45, false));
  EXPECT_EQ(answer.text("choices.0.finish_reason"), "length");
  EXPECT_EQ(answer.number("usage.completion_tokens"), 5);
}

TEST(SimulatorPrefill, OfAWholeAnswerLeavesNothingToSay) {
  SimulatorConfig config{.tokens = tokens};
  DialectClient client(config);
  const Spelling openai = spellings()[0];
  const std::string begun = text_of(seed_of("hello"), tokens, true);
  const Document answer(client.post(openai.path, body_of(openai, &begun), ""));
  EXPECT_EQ(answer.text(openai.text_at), "");
  EXPECT_EQ(answer.text("choices.0.finish_reason"), "stop");
}

TEST(SimulatorPrefill, IsRefusedOnDemandAndNothingElseIs) {
  const std::string begun = "Once";
  for (const Spelling& s : spellings()) {
    SCOPED_TRACE(s.name);
    SimulatorConfig config;
    DialectClient client(config);
    const std::string fields = s.fields + "x-sim-fault: refuse-prefill\r\n";
    client.post(s.path, body_of(s, &begun), fields);
    EXPECT_EQ(client.status, 400) << client.body;
    EXPECT_NE(client.body.find("user"), std::string::npos) << client.body;
    client.post(s.path, body_of(s, nullptr), fields);
    EXPECT_EQ(client.status, 200) << client.body;
  }
}

TEST(SimulatorFault, RefusesAPromptInTheDialectsWords) {
  struct Words {
    const char* too_long;
    const char* filtered;
    int filtered_status = 400;
  };
  const Words openai{R"("code":"context_length_exceeded")", R"("code":"content_filter")"};
  const Words words[] = {openai,
                         openai,
                         openai,
                         {"prompt is too long: ", "Output blocked by content filtering policy"},
                         {"The input token count (", R"("blockReason": "PROHIBITED_CONTENT")", 200},
                         {"Input is too long", "Output blocked by content filtering policy"}};
  const auto* expected = std::begin(words);
  for (const Spelling& s : spellings()) {
    SCOPED_TRACE(s.name);
    SimulatorConfig config;
    DialectClient client(config);
    client.post(s.path, body_of(s, nullptr), s.fields + "x-sim-fault: context-length\r\n");
    EXPECT_EQ(client.status, 400);
    EXPECT_NE(client.body.find(expected->too_long), std::string::npos) << client.body;
    client.post(s.path, body_of(s, nullptr), s.fields + "x-sim-fault: content-filter\r\n");
    EXPECT_EQ(client.status, expected->filtered_status);
    EXPECT_NE(client.body.find(expected->filtered), std::string::npos) << client.body;
    ++expected;
  }
}

TEST(SimulatorFault, StreamsGooglesFilterAsOneEvent) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post("/v1beta/models/g:streamGenerateContent?alt=sse",
              R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}]})",
              "x-goog-api-key: k\r\nx-sim-fault: content-filter\r\n");
  ASSERT_EQ(client.events().size(), 1U) << client.body;
  EXPECT_NE(client.events()[0].data.find("PROHIBITED_CONTENT"), std::string::npos);
}

}  // namespace
}  // namespace sluice::simulator
