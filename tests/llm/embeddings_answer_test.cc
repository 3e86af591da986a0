#include "sluice/llm/embeddings_answer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base64.h"
#include "recorded.h"

namespace sluice::llm {
namespace {

EmbeddingsRequest of_count(std::size_t count, bool base64 = false) {
  return {.inputs = std::vector<json::Text>(count, json::Text{.bytes = "some text"}),
          .base64 = base64};
}

std::optional<double> dollars(const void*, const Usage& usage) {
  return static_cast<double>(*usage.input) / 8;
}

std::expected<EmbeddingsAnswer, ApiError> answer(const EmbeddingsRequest& request,
                                                 std::string_view body, bool priced = false) {
  json::Index index;
  AnswerFrame frame{.request_id = "r", .provider = "p", .model = "m\""};
  if (priced) frame.cost.of = dollars;
  return write_embeddings_answer(request, frame, body, index);
}

TEST(EmbeddingsAnswer, KeepsTheNumbersAsTheyAreSpelled) {
  const auto seen = answer(of_count(2),
                           "{\n \"embeddings\": [ {\"values\": [ -0.10,\n 1e-3 ] },"
                           "{\"values\":[3]}], \"usageMetadata\":"
                           "{\"promptTokenCount\": 4}}");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->body,
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[-0.10,1e-3]},)"
            R"({"object":"embedding","index":1,"embedding":[3]}],"model":"m\"",)"
            R"("usage":{"prompt_tokens":4,"total_tokens":4},"request_id":"r","provider":"p"})");
  EXPECT_EQ(seen->usage.input, 4U);
  EXPECT_FALSE(seen->is_estimated());
}

TEST(EmbeddingsAnswer, PacksFloatsAsBase64WhereThatIsAskedFor) {
  const auto seen = answer(of_count(1, true), R"({"embedding":{"values":[1,-2.5,0.1]}})");
  ASSERT_TRUE(seen);
  constexpr std::string_view before = R"("embedding":")";
  const std::size_t at = seen->body.find(before) + before.size();
  const auto bytes =
      decode_base64(std::string_view(seen->body).substr(at, seen->body.find('"', at) - at));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0\xcd\xcc\xcc\x3d", 12));
}

TEST(EmbeddingsAnswer, AddsUpTheStatisticsOfVertex) {
  const auto seen =
      answer(of_count(2),
             R"({"predictions":[{"embeddings":{"statistics":{"token_count":5},"values":[1]}},)"
             R"({"embeddings":{"values":[2],"statistics":{"token_count":6}}}]})",
             true);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->usage.input, 11U);
  EXPECT_NE(seen->body.find(R"("prompt_tokens":11,"total_tokens":11,"cost":1.375})"),
            std::string::npos)
      << seen->body;
}

TEST(EmbeddingsAnswer, EstimatesWhatNobodyCountedAndPricesItNot) {
  const EmbeddingsRequest request = of_count(2);
  const std::string estimate = std::to_string(estimate_tokens(request));
  for (
      const std::string_view body : {
          R"({"embeddings":[{"values":[1]},{"values":[2]}]})",
          R"({"error":null,"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{}})",
          R"({"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":-1}})",
          R"({"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":5}}},{"embeddings":{"values":[2]}}]})",
          R"({"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":5}}},{"embeddings":{"values":[2],"statistics":{"token_count":9e15}}}]})",
      }) {
    SCOPED_TRACE(body);
    const auto seen = answer(request, body, true);
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->is_estimated());
    EXPECT_NE(seen->body.find(R"("usage":{"prompt_tokens":)" + estimate + R"(,"total_tokens":)" +
                              estimate + "}"),
              std::string::npos)
        << seen->body;
  }
}

struct Broken {
  std::string_view body, says;
};
const Broken broken[] = {
    {"", "not JSON"},
    {"[]", "no embeddings"},
    {"{}", "no embeddings"},
    {R"({"embeddings":{"values":[1]}})", "no embeddings"},
    {R"({"embeddings":[]})", "another number of vectors"},
    {R"({"embeddings":[{"values":[1]}]})", "another number of vectors"},
    {R"({"embeddings":[{"values":[1]},{"values":[1]},{"values":[1]}]})", "more vectors"},
    {R"({"embeddings":[{"values":[1]},{"values":[]}]})", "no array of numbers"},
    {R"({"embeddings":[{"values":[1]},{"values":["1"]}]})", "no array of numbers"},
    {R"({"embeddings":[{"values":[1]},{}]})", "no array of numbers"},
    {R"({"embeddings":[{"values":[1]},7]})", "no array of numbers"},
    {R"({"predictions":[{"embeddings":{"values":[1]}},{"embedding":{"values":[1]}}]})",
     "no array of numbers"},
    {R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}})",
     "limits the rate of requests"},
};

TEST(EmbeddingsAnswer, IsAnErrorWhereItCanBeNoSuccess) {
  for (const Broken& c : broken) {
    SCOPED_TRACE(c.body);
    const auto seen = answer(of_count(2), c.body);
    ASSERT_FALSE(seen);
    EXPECT_NE(seen.error().message.find(c.says), std::string::npos) << seen.error().message;
    EXPECT_NE(seen.error().fault, Fault::client);
  }
  EXPECT_FALSE(answer(of_count(1, true), R"({"embedding":{"values":[1e39]}})")) << "no float";
  EXPECT_FALSE(answer(of_count(1, true), R"({"embedding":{"values":[1e999]}})"));
  EXPECT_TRUE(answer(of_count(1, true), R"({"embedding":{"values":[1e-999,3.4e38]}})"));
}

// The numbers of an answer, wherever they stand, in their order.
void collect_numbers(json::Value value, std::vector<double>& out) {
  if (value.is(json::Kind::number)) out.push_back(*value.number());
  for (const json::Value element : value.elements()) collect_numbers(element, out);
}

TEST(EmbeddingsAnswer, SaysWhatEveryRecordedOneDid) {
  std::size_t compared = 0;
  for (const RecordedExchange& each :
       recorded_exchanges({"gemini/embeddings", "vertex/embeddings"})) {
    if (each.status != 200) continue;
    SCOPED_TRACE(each.name);
    json::Index index;
    ASSERT_TRUE(index.build(each.body));
    std::vector<double> expected;
    std::size_t count = 0;
    for (const std::string_view list : {"embeddings", "predictions"}) {
      const auto found = json::root(index).find(list);
      if (!found) continue;
      for (const json::Value one : found->elements()) {
        const auto inner = one.find("embeddings");
        collect_numbers(*inner.value_or(one).find("values"), expected);
        ++count;
      }
    }
    for (const bool base64 : {false, true}) {
      const auto seen = answer(of_count(count, base64), each.body);
      ASSERT_TRUE(seen) << seen.error().message;
      json::Index written;
      ASSERT_TRUE(written.build(seen->body));
      std::vector<double> numbers;
      for (const json::Value one : json::root(written).find("data")->elements()) {
        const json::Value vector = *one.find("embedding");
        if (!base64) {
          collect_numbers(vector, numbers);
          continue;
        }
        const auto bytes = decode_base64(*vector.string());
        ASSERT_TRUE(bytes);
        for (std::size_t at = 0; at + 4 <= bytes->size(); at += 4) {
          float value = 0;
          std::memcpy(&value, bytes->data() + at, sizeof value);
          numbers.push_back(static_cast<double>(value));
        }
      }
      ASSERT_EQ(numbers.size(), expected.size());
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double wanted = base64 ? double{static_cast<float>(expected[i])} : expected[i];
        EXPECT_EQ(numbers[i], wanted);
      }
    }
    const bool counted = each.name.find("gemini-embedding-001") == std::string::npos;
    EXPECT_EQ(answer(of_count(count), each.body)->is_estimated(), !counted);
    ++compared;
  }
  EXPECT_EQ(compared, 4U);
}

}  // namespace
}  // namespace sluice::llm
