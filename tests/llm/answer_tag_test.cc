#include "sluice/llm/answer_tag.h"

#include <gtest/gtest.h>

#include <string>

#include "recorded.h"
#include "sluice/json/index.h"

namespace sluice::llm {
namespace {

TagPlace place_in(std::string_view body) {
  json::Index index;
  EXPECT_TRUE(index.build(body).has_value()) << body;
  return find_tag_place(json::root(index));
}

std::string tagged(std::string_view body, const TagPlace& place) {
  return tag_answer(place, body.size(), "req_1", "acme").apply(Slice::copy_of(body)).to_string();
}

std::string tagged(std::string_view body) { return tagged(body, place_in(body)); }

TEST(AnswerTag, AddsWhoServedWhereItIsNotSaid) {
  EXPECT_EQ(tagged(R"({"id":"a"})"), R"({"id":"a","request_id":"req_1","provider":"acme"})");
  EXPECT_EQ(tagged("{}"), R"({"request_id":"req_1","provider":"acme"})");
  EXPECT_EQ(tagged(R"({"provider":"OpenAI"})"), R"({"provider":"OpenAI","request_id":"req_1"})");
  EXPECT_EQ(tagged(R"({"provider":null,"request_id":"x"})"),
            R"({"provider":null,"request_id":"x"})");
  EXPECT_EQ(tagged(R"({"pr\u006fvider":"p"})"), R"({"pr\u006fvider":"p","request_id":"req_1"})");
  EXPECT_EQ(tagged(" {\"a\" : 1 } "),
            " {\"a\" : 1,\"request_id\":\"req_1\",\"provider\":\"acme\" } ");
}

TEST(AnswerTag, APlaceServesAnswersOfAnotherLength) {
  const TagPlace place = place_in(R"({"id":"a","n":1})");
  EXPECT_EQ(tagged(R"({"id":"a longer one","n":1})", place),
            R"({"id":"a longer one","n":1,"request_id":"req_1","provider":"acme"})");
}

TEST(AnswerTag, LeavesEveryRecordedAnswerValid) {
  std::size_t count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "azure"})) {
    json::Index index;
    if (!index.build(exchange.body) || !json::root(index).is(json::Kind::object)) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    const std::string after = tagged(exchange.body);
    ASSERT_TRUE(index.build(after).has_value());
    EXPECT_TRUE(json::root(index).find("request_id").has_value());
    EXPECT_TRUE(json::root(index).find("provider").has_value());
  }
  EXPECT_GE(count, 20U);
}

}  // namespace
}  // namespace sluice::llm
