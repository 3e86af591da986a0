#include "sluice/llm/cache_breakpoints.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace sluice::llm {
namespace {

const std::string filler(cacheable_bytes_min, 'x');
constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

struct Said {
  Role role;
  std::string_view text;
};

ChatRequest chat(const std::vector<Said>& messages, bool with_tools = false) {
  ChatRequest request;
  for (const auto& [role, text] : messages) {
    request.messages.push_back({.role = role,
                                .first_part = static_cast<std::uint32_t>(request.parts.size()),
                                .part_count = 1});
    request.parts.push_back({.body = TextPart{.text = {.bytes = text}}});
  }
  if (with_tools) {
    request.tools.push_back({.name = {.bytes = "f"}, .parameters = R"({"type":"object"})"});
    request.tools.push_back({.name = {.bytes = "g"},
                             .description = {.bytes = filler},
                             .parameters = R"({"type":"object"})"});
  }
  return request;
}

// A letter per place, in order: T the tools' end, S a system message, U a user's, A an assistant's;
// those marked in capitals.
std::string marks(ChatRequest& request, ChatDialect dialect = ChatDialect::anthropic,
                  std::string_view model = claude) {
  const ModelTraits traits;
  const CacheBreakpoints breakpoints(request, dialect, {.upstream_model = model, .traits = traits});
  std::string out;
  if (!request.tools.empty()) out += request.tools.back().cache == CacheMark::none ? 't' : 'T';
  for (const Message& message : request.messages) {
    static constexpr std::string_view letters = "sua";
    const char letter = letters[static_cast<std::size_t>(message.role)];
    const bool marked = request.parts[message.first_part].cache != CacheMark::none;
    out += marked ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return out;
}

const std::vector<Said> long_talk = {{Role::system, filler}, {Role::user, "1"},
                                     {Role::assistant, "2"}, {Role::user, "3"},
                                     {Role::assistant, "4"}, {Role::user, "5"}};

TEST(CacheBreakpoints, StandBehindToolsSystemAndTheUsersLastTwoTurns) {
  ChatRequest request = chat(long_talk, true);
  EXPECT_EQ(marks(request), "TSuaUaU");
  EXPECT_EQ(marks(request), "TSuaUaU") << "and are gone when they are no longer needed";
  for (const Part& part : request.parts) EXPECT_EQ(part.cache, CacheMark::none);
  EXPECT_EQ(request.tools.back().cache, CacheMark::none);
}

TEST(CacheBreakpoints, AreOfTurnsNotOfMessages) {
  ChatRequest request = chat({{Role::system, filler},
                              {Role::user, "1"},
                              {Role::user, "2"},
                              {Role::assistant, "3"},
                              {Role::user, "4"},
                              {Role::system, "5"},
                              {Role::user, "6"}});
  EXPECT_EQ(marks(request), "SuUausU");
}

TEST(CacheBreakpoints, StandOnlyBehindWhatIsLongEnough) {
  const struct {
    std::vector<Said> messages;
    std::string_view marked;
  } cases[] = {
      {{{Role::system, "brief"}, {Role::user, "hi"}}, "su"},
      {{{Role::system, "brief"}, {Role::user, filler}}, "sU"},
      {{{Role::user, "hi"}, {Role::assistant, "a"}, {Role::user, filler}}, "uaU"},
      {{{Role::user, filler}, {Role::assistant, "a"}, {Role::user, "hi"}}, "UaU"},
      {{{Role::system, filler}, {Role::user, ""}}, "Su"},
      {{}, ""},
  };
  for (const auto& c : cases) {
    ChatRequest request = chat(c.messages);
    EXPECT_EQ(marks(request), c.marked);
  }
}

TEST(CacheBreakpoints, AreNoneWhereTheCallerMarkedAnything) {
  for (int place = 0; place < 3; ++place) {
    ChatRequest request = chat(long_talk, true);
    if (place == 0) request.cache = CacheMark::one_hour;
    if (place == 1) request.tools[0].cache = CacheMark::five_minutes;
    if (place == 2) request.parts[2].cache = CacheMark::five_minutes;
    const ModelTraits traits;
    const CacheBreakpoints breakpoints(request, ChatDialect::anthropic,
                                       {.upstream_model = claude, .traits = traits});
    EXPECT_EQ(breakpoints.count(), 0U) << place;
  }
}

TEST(CacheBreakpoints, AreNoneWhereTheProviderTakesNone) {
  ChatRequest request = chat(long_talk, true);
  for (const ChatDialect dialect :
       {ChatDialect::openai, ChatDialect::responses, ChatDialect::gemini}) {
    EXPECT_EQ(marks(request, dialect), "tsuauau");
  }
  EXPECT_EQ(marks(request, ChatDialect::bedrock), "TSuaUaU");
  EXPECT_EQ(marks(request, ChatDialect::bedrock, "us.amazon.nova-2-lite-v1:0"), "tSuaUaU");
  EXPECT_EQ(marks(request, ChatDialect::bedrock, "openai.gpt-oss-120b-1:0"), "tsuauau");
}

// What the writers make of them: each mark in its place, and nothing dropped that nobody said.
TEST(CacheBreakpoints, AreWrittenInTheProvidersWords) {
  const ModelTraits traits;
  const std::array cases = {
      std::pair{ChatDialect::anthropic,
                std::string_view(R"("cache_control":{"type":"ephemeral"})")},
      std::pair{ChatDialect::bedrock, std::string_view(R"({"cachePoint":{"type":"default"}})")}};
  for (const auto& [dialect, mark] : cases) {
    ChatRequest request = chat(long_talk, true);
    const ChatTarget target{.upstream_model = claude, .traits = traits};
    const CacheBreakpoints breakpoints(request, dialect, target);
    json::Index index;
    const WrittenCall call = write_chat_call(dialect, request, target, index);
    ASSERT_TRUE(call.has_value());
    std::size_t count = 0;
    for (std::size_t at = 0; (at = call->body.find(mark, at)) != std::string::npos; ++at) ++count;
    EXPECT_EQ(count, 4U) << call->body.substr(call->body.size() - 600);
    EXPECT_TRUE(call->dropped.empty());
  }
}

}  // namespace
}  // namespace sluice::llm
