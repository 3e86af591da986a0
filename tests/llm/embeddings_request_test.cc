#include "sluice/llm/embeddings_request.h"

#include <gtest/gtest.h>

#include "recorded.h"
#include "sluice/llm/token_estimate.h"

namespace sluice::llm {
namespace {

std::expected<EmbeddingsRequest, ApiError> read(std::string_view body) {
  json::Index index;
  return read_embeddings(body, index);
}

std::vector<std::string> texts_of(const EmbeddingsRequest& request) {
  std::vector<std::string> texts;
  for (const json::Text text : request.inputs) json::append_plain(texts.emplace_back(), text);
  return texts;
}

TEST(EmbeddingsRequest, IsOneTextOrSeveral) {
  const auto one = read(R"({"model":"m","input":"say \"hi\""})");
  ASSERT_TRUE(one);
  EXPECT_EQ(texts_of(*one), (std::vector<std::string>{"say \"hi\""}));
  EXPECT_FALSE(one->base64);
  EXPECT_FALSE(one->dimensions);
  EXPECT_TRUE(one->dropped.empty());
  const auto several = read(
      R"({"inp\u0075t":["a","","\u00e9"],"dimensions":256,"encoding_format":"base64","user":null})");
  ASSERT_TRUE(several);
  EXPECT_EQ(texts_of(*several), (std::vector<std::string>{"a", "", "é"}));
  EXPECT_EQ(several->dimensions, 256U);
  EXPECT_TRUE(several->base64);
  EXPECT_TRUE(several->dropped.empty());
}

TEST(EmbeddingsRequest, NamesWhatOtherProvidersAreNotTold) {
  const auto request = read(
      R"({"model":"m","input":"a","user":"u","input_type":"query","provider":{},"encoding_format":"float"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->dropped, (std::vector<std::string>{"user", "input_type"}))
      << "what the gateway alone understands is not left out, but obeyed";
}

struct Refused {
  std::string_view body, param, says;
};
const Refused refused[] = {
    {R"({"input":[1,2]})", "input[0]", "token ids"},
    {R"({"input":[[1,2],[3]]})", "input[0]", "token ids"},
    {R"({"input":["a",[3]]})", "input[1]", "token ids"},
    {R"({"input":["a",{"type":"text"}]})", "input[1]", "string"},
    {R"({"input":["a",null]})", "input[1]", "string"},
    {R"({"input":[]})", "input", "empty"},
    {R"({"input":"a","dimensions":0})", "dimensions", "between"},
    {R"({"input":"a","dimensions":65537})", "dimensions", "between"},
    {R"({"input":"a","dimensions":"256"})", "dimensions", "number"},
    {R"({"input":"a","encoding_format":"int8"})", "encoding_format", "float or base64"},
    {R"({"input":"a","encoding_format":1})", "encoding_format", "float or base64"},
};

TEST(EmbeddingsRequest, SaysWhatIsWrongAndWhere) {
  for (const Refused& c : refused) {
    SCOPED_TRACE(c.body);
    const auto request = read(c.body);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().status, 400);
    EXPECT_EQ(request.error().param, c.param);
    EXPECT_NE(request.error().message.find(c.says), std::string::npos) << request.error().message;
  }
}

TEST(EmbeddingsRequest, HoldsAsManyTextsAsOpenAisOwn) {
  const auto of_count = [](std::size_t count) {
    std::string body = R"({"input":["a")";
    for (std::size_t i = 1; i < count; ++i) body += R"(,"a")";
    return body + "]}";
  };
  const std::string most = of_count(embedding_inputs_max);
  EXPECT_TRUE(read(most));
  const std::string more = of_count(embedding_inputs_max + 1);
  const auto request = read(more);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().param, "input");
}

TEST(EmbeddingsRequest, IsEstimatedByAllItsTexts) {
  const std::string body = R"({"input":["four letters make about one token","und noch einer"]})";
  const auto request = read(body);
  ASSERT_TRUE(request);
  EXPECT_EQ(estimate_tokens(*request), estimate_tokens("four letters make about one token") +
                                           estimate_tokens("und noch einer"));
}

TEST(EmbeddingsRequest, IsReadOfEveryRecordedOne) {
  std::size_t read_count = 0;
  for (const RecordedExchange& each :
       recorded_exchanges({"openai/embeddings", "azure/embeddings"})) {
    if (each.request_body.empty()) continue;
    const auto request = read(each.request_body);
    EXPECT_TRUE(request) << each.name;
    read_count += request.has_value();
  }
  EXPECT_GE(read_count, 8U);
}

}  // namespace
}  // namespace sluice::llm
