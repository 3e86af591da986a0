#include "sluice/llm/continuation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chat_builder.h"
#include "sluice/llm/answer_translation.h"

namespace sluice::llm {
namespace {

ChatRequest asked() {
  ChatBuilder builder;
  builder.system("Be brief.").user("Count.");
  return std::move(builder.request);
}

TEST(Continuation, PutsWhatWasSaidBehindTheConversation) {
  const ChatRequest request = asked();
  const ChatRequest rest = continued_request(request, "one, two");
  ASSERT_EQ(rest.messages.size(), 3U);
  EXPECT_EQ(rest.messages.back().role, Role::assistant);
  EXPECT_TRUE(rest.goes_on);
  const auto parts = rest.parts_of(rest.messages.back());
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(std::get<TextPart>(parts[0].body).text.equals("one, two"));
  EXPECT_EQ(request.messages.size(), 2U);
}

TEST(Continuation, AsksFromTheBeginningWhereNothingWasSaid) {
  const ChatRequest rest = continued_request(asked(), "");
  EXPECT_EQ(rest.messages.size(), 2U);
  EXPECT_FALSE(rest.goes_on);
}

TEST(Continuation, LeavesOnlyTheTokensThatAreLeft) {
  ChatRequest request = asked();
  request.output_tokens_max = 10;
  EXPECT_LT(continued_request(request, "one two three four").output_tokens_max, 10U);
  EXPECT_EQ(continued_request(request, std::string(1'000, 'a')).output_tokens_max, 1U);
  request.output_tokens_max.reset();
  EXPECT_EQ(continued_request(request, "one").output_tokens_max, std::nullopt);
}

TEST(Continuation, SwitchesThinkingOffWhereItWasAskedFor) {
  ChatRequest request = asked();
  EXPECT_FALSE(continued_request(request, "a").reasoning.said());
  request.reasoning.effort = Effort::high;
  EXPECT_TRUE(continued_request(request, "a").reasoning.off());
}

TEST(Continuation, IsForOneChoiceOfTextAlone) {
  EXPECT_TRUE(can_be_continued(asked()));
  ChatRequest request = asked();
  request.choices = 2;
  EXPECT_FALSE(can_be_continued(request)) << "several choices";
  request = asked();
  request.output.kind = OutputKind::json_object;
  EXPECT_FALSE(can_be_continued(request)) << "JSON is guided by a grammar from its first letter";
  request = asked();
  request.logprobs = true;
  EXPECT_FALSE(can_be_continued(request)) << "probabilities";
  request = asked();
  request.tools.push_back({.kind = ToolKind::hosted});
  EXPECT_FALSE(can_be_continued(request)) << "a tool that runs at one provider";
  ChatBuilder begun;
  begun.user("Count.").assistant({said("one")});
  EXPECT_FALSE(can_be_continued(begun.request)) << "the caller has begun the answer";
}

TEST(Continuation, KnowsWhoGoesOnWithWords) {
  const auto goes_on = [](ChatDialect dialect, const ModelTraits& traits) {
    return continues_answers(dialect, {.upstream_model = "m", .traits = traits});
  };
  EXPECT_TRUE(goes_on(ChatDialect::anthropic, {}));
  EXPECT_FALSE(goes_on(ChatDialect::anthropic, {.takes_prefill = false}));
  EXPECT_FALSE(goes_on(ChatDialect::openai, {})) << "it would answer its own words";
  EXPECT_TRUE(goes_on(ChatDialect::openai, {.prefill = Prefill::prefix}));
  EXPECT_FALSE(goes_on(ChatDialect::openai, {.prefill = Prefill::prefix, .takes_prefill = false}));
  EXPECT_TRUE(goes_on(ChatDialect::bedrock, {.publisher = "anthropic"}));
  EXPECT_FALSE(goes_on(ChatDialect::bedrock, {.publisher = "amazon"}));
  EXPECT_FALSE(goes_on(ChatDialect::gemini, {}));
  EXPECT_FALSE(goes_on(ChatDialect::responses, {}));
}

// --- what was said so far ---

ChatEvent text_event(std::string_view bytes, bool escaped = false) {
  return {.kind = ChatEventKind::text, .text = {.bytes = bytes, .escaped = escaped}};
}

// What of `pieces`, said by whoever goes on, is shown.
std::string shown(AnswerSoFar& answer, const std::vector<std::string_view>& pieces,
                  bool escaped = false) {
  std::string all;
  for (const std::string_view piece : pieces) {
    ChatEvent event = text_event(piece, escaped);
    if (answer.take(event)) json::append_plain(all, event.text);
  }
  return all;
}

struct SeamCase {
  const char* name;
  const char* first;
  const char* said;
  std::vector<std::string_view> second;
  const char* shown;
};

const std::vector<SeamCase> seam_cases = {
    {"words meet", "one,", "one,", {" two"}, " two"},
    {"a blank that was said is not said again", "one, ", "one,", {" two"}, "two"},
    {"nor in a piece of its own", "one,  ", "one,", {" ", " ", "two"}, "two"},
    {"another blank is no repetition", "one,\n", "one,", {" two"}, " two"},
    {"fewer blanks than were said", "one,  ", "one,", {" two"}, "two"},
    {"more blanks than were said", "one, ", "one,", {"  two"}, " two"},
    {"it begins with the word", "one, ", "one,", {"two"}, "two"},
    {"only blanks were said", "  ", "", {"  one"}, "one"},
    {"blanks later on are the answer's", "one, ", "one,", {" two", " three"}, "two three"},
};

TEST(AnswerSoFar, JoinsTwoAnswersWithoutSayingAnythingTwice) {
  for (const SeamCase& each : seam_cases) {
    SCOPED_TRACE(each.name);
    AnswerSoFar answer;
    EXPECT_EQ(shown(answer, {each.first}), each.first);
    EXPECT_EQ(answer.said(), each.said);
    answer.go_on();
    EXPECT_EQ(shown(answer, each.second), each.shown);
  }
}

TEST(AnswerSoFar, KnowsBlanksByTheirEscapes) {
  AnswerSoFar answer;
  EXPECT_EQ(shown(answer, {R"(one:\n\t)"}, true), "one:\n\t");
  EXPECT_EQ(answer.said(), "one:");
  answer.go_on();
  EXPECT_EQ(shown(answer, {R"(\n)", R"(\ttwo)"}, true), "two");
  EXPECT_EQ(answer.said(), "one:\n\ttwo");
}

TEST(AnswerSoFar, KeepsALetterThatLiesAcrossTwoPieces) {
  AnswerSoFar answer;
  (void)shown(answer, {R"(\ud83d)", R"(\ude00)"}, true);
  EXPECT_EQ(answer.said(), "\xF0\x9F\x98\x80");
}

TEST(AnswerSoFar, ShowsNeitherASecondStartNorASecondThought) {
  AnswerSoFar answer;
  for (const ChatEventKind kind :
       {ChatEventKind::started, ChatEventKind::reasoning, ChatEventKind::reasoning_signed}) {
    ChatEvent event{.kind = kind};
    EXPECT_TRUE(answer.take(event)) << to_string(kind);
  }
  answer.go_on();
  for (const ChatEventKind kind :
       {ChatEventKind::started, ChatEventKind::reasoning, ChatEventKind::reasoning_signed,
        ChatEventKind::reasoning_sealed}) {
    ChatEvent event{.kind = kind};
    EXPECT_FALSE(answer.take(event)) << to_string(kind);
  }
  ChatEvent usage{.kind = ChatEventKind::usage};
  EXPECT_TRUE(answer.take(usage));
}

TEST(AnswerSoFar, GoesOnWithTextAlone) {
  for (const ChatEventKind kind :
       {ChatEventKind::refusal, ChatEventKind::tool_call, ChatEventKind::tool_arguments,
        ChatEventKind::image, ChatEventKind::logprobs}) {
    AnswerSoFar answer;
    (void)shown(answer, {"one"});
    EXPECT_TRUE(answer.can_go_on());
    ChatEvent event{.kind = kind};
    EXPECT_TRUE(answer.take(event));
    EXPECT_FALSE(answer.can_go_on()) << to_string(kind);
  }
  AnswerSoFar other;
  ChatEvent second = text_event("one");
  second.choice = 1;
  (void)other.take(second);
  EXPECT_FALSE(other.can_go_on()) << "a second choice";
}

TEST(AnswerSoFar, IsFinishedWhenTheModelSaysSo) {
  AnswerSoFar answer;
  (void)shown(answer, {"one"});
  ChatEvent finished{.kind = ChatEventKind::finished};
  EXPECT_TRUE(answer.take(finished));
  EXPECT_TRUE(answer.is_finished());
  EXPECT_FALSE(answer.can_go_on());
}

TEST(AnswerSoFar, IsBounded) {
  AnswerSoFar answer;
  const std::string much(AnswerSoFar::text_bytes_max / 4, 'a');
  for (int i = 0; i < 4; ++i) {
    ChatEvent event = text_event(much);
    EXPECT_TRUE(answer.take(event));
  }
  EXPECT_TRUE(answer.can_go_on());
  ChatEvent event = text_event("a");
  EXPECT_TRUE(answer.take(event)) << "it is shown all the same";
  EXPECT_FALSE(answer.can_go_on());
  EXPECT_EQ(answer.said(), "");
}

// --- in each caller's dialect ---

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"id":"x","object":"chat.completion.chunk","created":1,"model":"up","choices":[{)"
         R"("index":0,"delta":)" +
         std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}";
}

// What a caller sees of an answer of two providers.
std::string joined(Operation operation) {
  json::Index index;
  const AnswerFrame frame{.request_id = "req_1", .provider = "a", .model = "m"};
  AnswerTranslation answer(make_chat_reader(ChatDialect::openai, {.provider = "a"}),
                           make_chat_writer(operation, true, frame), "a");
  answer.keep_in_mind();
  (void)answer.event("", chunk(R"({"role":"assistant","content":""})"), index);
  EXPECT_TRUE(answer.event("", chunk(R"({"content":"one, "})"), index).commits);
  std::string seen = answer.take_bytes();
  answer.go_on(make_chat_reader(ChatDialect::openai, {.provider = "b"}),
               {.provider = "b", .after = "upstream_failed"});
  EXPECT_FALSE(answer.event("", chunk(R"({"role":"assistant","content":""})"), index).commits);
  EXPECT_EQ(answer.take_bytes(), "") << "nothing until it goes on";
  EXPECT_TRUE(answer.event("", chunk(R"({"content":" two"})"), index).commits);
  (void)answer.event("", chunk("{}", R"("stop")"), index);
  EXPECT_TRUE(answer.event("", "[DONE]", index).ended);
  return seen + answer.take_bytes();
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t times = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + 1)) {
    ++times;
  }
  return times;
}

TEST(Continuation, IsOneAnswerToAnOpenaiCaller) {
  const std::string seen = joined(Operation::chat_completions);
  EXPECT_EQ(count(seen, R"("role":"assistant")"), 1U) << seen;
  EXPECT_EQ(count(seen, R"("content":"one, ")"), 1U) << seen;
  EXPECT_EQ(count(seen, R"("content":"two")"), 1U) << seen;
  EXPECT_EQ(count(seen, R"("finish_reason":"stop")"), 1U) << seen;
  EXPECT_EQ(
      count(seen,
            R"("choices":[],"sluice":{"continued":{"provider":"b","after":"upstream_failed"}}})"),
      1U)
      << seen;
  EXPECT_TRUE(seen.ends_with("data: [DONE]\n\n")) << seen;
}

TEST(Continuation, IsOneMessageToAnAnthropicCaller) {
  const std::string seen = joined(Operation::messages);
  EXPECT_EQ(count(seen, "event: message_start"), 1U) << seen;
  EXPECT_EQ(count(seen, "event: content_block_start"), 1U) << seen;
  EXPECT_EQ(count(seen, R"("text":"two")"), 1U) << seen;
  EXPECT_EQ(count(seen,
                  "event: sluice.continued\n"
                  R"(data: {"type":"sluice.continued","continued":{"provider":"b")"),
            1U)
      << seen;
  EXPECT_EQ(count(seen, "event: message_stop"), 1U) << seen;
}

TEST(Continuation, IsOneResponseToAResponsesCaller) {
  const std::string seen = joined(Operation::responses);
  EXPECT_EQ(count(seen, "event: response.created"), 1U) << seen;
  EXPECT_EQ(count(seen, "event: sluice.continued"), 1U) << seen;
  EXPECT_GE(count(seen, R"("text":"one, two")"), 1U) << "whole in what ends it: " << seen;
  EXPECT_EQ(count(seen, "event: response.completed"), 1U) << seen;
}

}  // namespace
}  // namespace sluice::llm
