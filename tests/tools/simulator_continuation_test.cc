// Chats that ask for the rest of an answer that was cut.
#include "simulator/continuation.h"

#include <gtest/gtest.h>

#include <string>

#include "dialect_client.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr std::uint32_t tokens = 60;

std::string answer_to(std::string_view asked, std::uint64_t count = tokens) {
  return text_of(seed_of(asked), count, count == tokens);
}

TEST(SimulatorContinuation, IsOfTheQuestionBeforeWhereTheLastAsksToContinue) {
  Turns turns;
  turns.user("hello");
  turns.assistant(answer_to("hello", 40));
  turns.user("Please CONTINUE exactly where you stopped.");
  EXPECT_EQ(turns.question(tokens).asked, "hello");
  EXPECT_EQ(turns.question(tokens).begun, answer_to("hello", 40));
  EXPECT_FALSE(turns.is_prefilled());
}

TEST(SimulatorContinuation, IsNoneOfAnotherQuestionOrOfAWholeAnswerOrOfOtherWords) {
  struct Case {
    const char* name;
    std::string said;
    const char* then;
  };
  for (const Case& c :
       {Case{"another question", answer_to("hello", 40), "And now?"},
        Case{"a whole answer", answer_to("hello"), "continue"},
        Case{"other words", "Once upon a time", "continue"}, Case{"no words", "", "continue"}}) {
    Turns turns;
    turns.user("hello");
    turns.assistant(c.said);
    turns.user(c.then);
    EXPECT_EQ(turns.question(tokens).asked, c.then) << c.name;
    EXPECT_EQ(turns.question(tokens).begun, "") << c.name;
  }
}

TEST(SimulatorContinuation, IsOfTheLastQuestionWhereTheAssistantsWordsComeLast) {
  Turns turns;
  EXPECT_FALSE(turns.is_prefilled());
  turns.user("hello");
  turns.assistant("Once");
  EXPECT_TRUE(turns.is_prefilled());
  EXPECT_EQ(turns.question(tokens).asked, "hello");
  EXPECT_EQ(turns.question(tokens).begun, "Once");
  turns.user("");  // the result of a tool
  EXPECT_FALSE(turns.is_prefilled());
  EXPECT_EQ(turns.question(tokens).asked, "hello");
  EXPECT_EQ(turns.question(tokens).begun, "");
}

TEST(SimulatorContinuation, IsGivenWhereAPrefillWouldBeRefused) {
  SimulatorConfig config{.tokens = tokens};
  DialectClient client(config);
  const std::string said = json::quote(answer_to("hello", 40));
  const Document chat(client.post("/v1/chat/completions",
                                  R"({"model":"m","messages":[{"role":"user","content":"hello"},)"
                                  R"({"role":"assistant","content":)" +
                                      said + R"(},{"role":"user","content":"continue"}]})",
                                  "x-sim-fault: refuse-prefill\r\n"));
  EXPECT_EQ(answer_to("hello", 40) + chat.text("choices.0.message.content"), answer_to("hello"));
  const Document gemini(client.post("/v1beta/models/g:generateContent",
                                    R"({"contents":[{"role":"user","parts":[{"text":"hello"}]},)"
                                    R"({"role":"model","parts":[{"text":)" +
                                        said +
                                        R"(}]},{"role":"user","parts":[{"text":"continue"}]}]})",
                                    "x-goog-api-key: k\r\n"));
  EXPECT_EQ(answer_to("hello", 40) + gemini.text("candidates.0.content.parts.0.text"),
            answer_to("hello"));
}

TEST(SimulatorContinuation, IsNotMistakenForTheChatBeforeIt) {
  SimulatorConfig config{.tokens = tokens};
  DialectClient client(config);
  const auto ask = [&](const char* last) {
    const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hello"},)"
                             R"({"role":"assistant","content":)" +
                             json::quote(answer_to("hello", 40)) +
                             R"(},{"role":"user","content":")" + last + R"("}]})";
    return Document(client.post("/v1/chat/completions", body, ""))
        .text("choices.0.message.content");
  };
  EXPECT_EQ(ask("whatever"), answer_to("whatever"));
  EXPECT_EQ(answer_to("hello", 40) + ask("continue"), answer_to("hello"));
  EXPECT_EQ(ask("whatever"), answer_to("whatever"));
}

}  // namespace
}  // namespace sluice::simulator
