#include "sluice/llm/conversation_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice::llm {
namespace {

constexpr std::uint64_t secret = 0x5EC2E7;

std::optional<std::uint64_t> key_of(std::string_view body, Operation operation,
                                    std::string_view model = "m", std::uint64_t key = secret) {
  Request request;
  request.operation = operation;
  request.model = model;
  json::Index index;
  EXPECT_TRUE(index.build(body).has_value()) << body;
  return conversation_key(request, json::root(index), key);
}

struct SameCase {
  std::string_view name;
  Operation operation;
  std::string_view one;
  std::string_view other;
};
const SameCase same_cases[] = {
    {"later turns", Operation::chat_completions,
     R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}]})",
     R"({"temperature":1,"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})"},
    {"a text and a part", Operation::chat_completions,
     R"({"messages":[{"role":"user","content":"a"}]})",
     R"({"messages":[{"content":[{"type":"text","text":"a"}],"role":"user"}]})"},
    {"marks that move", Operation::messages,
     R"({"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]})",
     R"({"system":"s","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})"},
    {"marks at images", Operation::messages,
     R"({"messages":[{"role":"user","content":[{"type":"image","source":{"u":1},"cache_control":{}}]}]})",
     R"({"messages":[{"role":"user","content":[{"type":"image","source":{"u":1}}]}]})"},
    {"input as items", Operation::responses, R"({"instructions":"s","input":"a"})",
     R"({"instructions":"s","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"role":"assistant","content":"b"}]})"},
    {"a conversation kept elsewhere", Operation::responses,
     R"({"conversation":"conv_1","input":"a"})", R"({"conversation":{"id":"conv_1"},"input":"b"})"},
};

TEST(ConversationKey, StaysTheSameWhileAConversationGoesOn) {
  for (const SameCase& c : same_cases) {
    const auto one = key_of(c.one, c.operation);
    ASSERT_TRUE(one.has_value()) << c.name;
    EXPECT_EQ(one, key_of(c.other, c.operation)) << c.name;
  }
}

TEST(ConversationKey, AnotherBeginningIsAnotherConversation) {
  const std::string_view bodies[] = {
      R"({"messages":[{"role":"user","content":"a"}]})",
      R"({"messages":[{"role":"user","content":"b"}]})",
      R"({"messages":[{"role":"user","content":"ab"}]})",
      R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]})",
      R"({"messages":[{"role":"developer","content":"b"},{"role":"user","content":"a"}]})",
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})",
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]})",
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"v"}}]}]})",
  };
  std::set<std::uint64_t> keys;
  for (const std::string_view body : bodies) {
    keys.insert(key_of(body, Operation::chat_completions).value());
  }
  // of two texts in a row those that could be one another, seven of eight
  EXPECT_EQ(keys.size(), std::size(bodies) - 1);
  keys.insert(key_of(bodies[0], Operation::chat_completions, "other model").value());
  keys.insert(key_of(bodies[0], Operation::chat_completions, "m", secret + 1).value());
  EXPECT_EQ(keys.size(), std::size(bodies) + 1);
}

TEST(ConversationKey, GoesByNothingWhereThereAreNoWords) {
  const std::pair<std::string_view, Operation> cases[] = {
      {R"({"messages":[]})", Operation::chat_completions},
      {R"({"messages":"no list"})", Operation::chat_completions},
      {R"({"messages":[{"role":"user","content":""}]})", Operation::chat_completions},
      {R"({"messages":[5,{"role":"user","content":"a"}]})", Operation::messages},
      {R"({"previous_response_id":"r","instructions":"s","input":"a"})", Operation::responses},
      {R"({"conversation":null})", Operation::responses},
      {R"({"input":"a"})", Operation::embeddings},
  };
  for (const auto& [body, operation] : cases) {
    EXPECT_FALSE(key_of(body, operation).has_value()) << body;
  }
}

TEST(ConversationKey, TheCallersNameGoesBeforeTheWords) {
  const std::string_view body = R"({"messages":[{"role":"user","content":"a"}]})";
  json::Index index;
  ASSERT_TRUE(index.build(body).has_value());
  Request request;
  request.user = "u";
  EXPECT_EQ(conversation_key(request, json::root(index), secret), conversation_key("u", secret));
  request.session = "s";
  EXPECT_EQ(conversation_key(request, json::root(index), secret), conversation_key("s", secret));
  EXPECT_NE(conversation_key("s", secret), conversation_key("u", secret));
  EXPECT_NE(conversation_key("s", secret), conversation_key("s", secret + 1));
}

TEST(ConversationKey, OnlyTheBeginningOfALongTextCounts) {
  const auto body = [](std::string_view text) {
    return R"({"messages":[{"role":"user","content":")" + std::string(text) + R"("}]})";
  };
  const std::string long_text(4'096, 'x');
  const auto key = key_of(body(long_text + "a"), Operation::chat_completions);
  EXPECT_EQ(key, key_of(body(long_text + "b"), Operation::chat_completions));
  EXPECT_NE(key, key_of(body("y" + long_text), Operation::chat_completions));
}

TEST(ConversationKey, KeysAreSpreadOverAllTheirBits) {
  std::uint64_t ones[64] = {};
  for (int n = 0; n < 4'096; ++n) {
    const std::uint64_t key = conversation_key(std::to_string(n), secret);
    for (unsigned bit = 0; bit < 64; ++bit) ones[bit] += (key >> bit) & 1U;
  }
  // Six deviations of 32 each: a fair hash stays within on all bits.
  for (const std::uint64_t count : ones) {
    EXPECT_GT(count, 2'048U - 192U);
    EXPECT_LT(count, 2'048U + 192U);
  }
}

}  // namespace
}  // namespace sluice::llm
