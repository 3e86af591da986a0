#include "sluice/gateway/explain_query.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

TEST(ExplainQuery, EveryParameterIsRead) {
  const auto read = parse_explain_query(
      "model=a%2Fb%3Anitro+x&stream=true&region=EU&sort=latency&provider=p&key=team-a&"
      "prompt_tokens=1000&output_tokens=20&needs=tools,images&require_parameters=true&"
      "endpoint=messages&worker=3&format=text");
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->model, "a/b:nitro x");
  EXPECT_TRUE(read->stream);
  EXPECT_EQ(read->region, "eu");
  EXPECT_EQ(read->sort, llm::RouteSort::latency);
  EXPECT_EQ(read->provider, "p");
  EXPECT_EQ(read->key, "team-a");
  ASSERT_TRUE(read->needs.has_value());
  EXPECT_EQ(read->needs->input_tokens_likely, 1'000U);
  EXPECT_EQ(read->needs->output_tokens, 20U);
  EXPECT_TRUE(read->needs->tools);
  EXPECT_TRUE(read->needs->images);
  EXPECT_FALSE(read->needs->audio);
  EXPECT_TRUE(read->require_parameters);
  EXPECT_EQ(read->operation, llm::Operation::messages);
  EXPECT_EQ(read->worker, 3U);
  EXPECT_EQ(read->format, ExplainFormat::text);
}

TEST(ExplainQuery, AModelIsEnough) {
  const auto read = parse_explain_query("model=m");
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_FALSE(read->stream);
  EXPECT_FALSE(read->sort || read->needs || read->operation);
  EXPECT_EQ(read->format, ExplainFormat::json);
}

struct Wrong {
  std::string_view query, why;
};
const Wrong wrongs[] = {
    {"", "model=NAME"},
    {"stream=true", "model=NAME"},
    {"model=", "model is empty"},
    {"model", "model is empty"},
    {"model=m&model=n", "model is given twice"},
    {"model=m&stream=yes", "stream must be true or false"},
    {"model=m&sort=cheap", "sort must be order"},
    {"model=m&prompt_tokens=-1", "prompt_tokens must be a whole number"},
    {"model=m&prompt_tokens=1e3", "prompt_tokens must be a whole number"},
    {"model=m&prompt_tokens=99999999999999999999", "prompt_tokens must be a whole number"},
    {"model=m&output_tokens=x", "output_tokens must be a whole number"},
    {"model=m&needs=tools,wings", "needs must be some of tools"},
    {"model=m&endpoint=models", "endpoint must be one of chat_completions"},
    {"model=m&worker=5000", "worker must be a whole number"},
    {"model=m&format=xml", "format must be json or text"},
    {"model=%2", "two hexadecimal digits"},
    {"model=%zz", "two hexadecimal digits"},
    {"model=m&sk-abcdef0123456789=1", "a parameter is none of model, stream"},
};

TEST(ExplainQuery, WhatIsWrongIsNamedAndNoValueIsRepeated) {
  for (const Wrong& c : wrongs) {
    SCOPED_TRACE(c.query);
    const auto read = parse_explain_query(c.query);
    ASSERT_FALSE(read.has_value());
    EXPECT_NE(read.error().find(c.why), std::string::npos) << read.error();
    for (const std::string_view pasted : {"yes", "cheap", "wings", "xml", "abcdef"}) {
      EXPECT_EQ(read.error().find(pasted), std::string::npos) << read.error();
    }
  }
  EXPECT_FALSE(parse_explain_query("model=" + std::string(explain_query_bytes_max, 'a')));
}

TEST(ExplainQuery, WhatIsWrittenIsReadAgain) {
  std::string query;
  add_explain_parameter(query, "model", "a/b c&d=e%");
  add_explain_parameter(query, "region", "");
  add_explain_parameter(query, "key", "team-ä");
  const auto read = parse_explain_query(query);
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->model, "a/b c&d=e%");
  EXPECT_EQ(read->key, "team-ä");
  EXPECT_EQ(read->region, "");
}

TEST(ExplainQuery, WhatCanBeExplainedHasAnEndpoint) {
  for (int i = 0; i <= static_cast<int>(llm::Operation::model); ++i) {
    const auto operation = static_cast<llm::Operation>(i);
    const std::string_view path = explained_path(operation);
    if (path.empty()) continue;
    const auto endpoint = llm::find_endpoint("POST", path);
    ASSERT_TRUE(endpoint.has_value()) << path;
    EXPECT_EQ(endpoint->operation, operation) << path;
  }
  EXPECT_TRUE(explained_path(llm::Operation::models).empty());
}

}  // namespace
}  // namespace sluice::gateway
