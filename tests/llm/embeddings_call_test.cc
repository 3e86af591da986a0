#include "sluice/llm/embeddings_call.h"

#include <gtest/gtest.h>

#include "recorded.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

EmbeddingsRequest of_texts(std::vector<std::string_view> texts) {
  EmbeddingsRequest request;
  for (const std::string_view text : texts) request.inputs.push_back({.bytes = text});
  return request;
}

TEST(EmbeddingsCall, AsksEachOfGooglesHousesInItsWay) {
  EmbeddingsRequest two = of_texts({"a \"b\"", "c"});
  EmbeddingsRequest one = of_texts({"a"});
  const ModelTraits google{.publisher = "google"};
  ModelTraits single = google;
  single.embeds_in_batches = false;

  const auto batch = write_embeddings_call(two, {.upstream_model = "g/1", .traits = single});
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->target, "/models/g%2F1:batchEmbedContents");
  EXPECT_EQ(batch->body,
            R"({"requests":[{"model":"models/g/1","content":{"parts":[{"text":"a \"b\""}]}},)"
            R"({"model":"models/g/1","content":{"parts":[{"text":"c"}]}}]})");

  const ChatTarget on_vertex{.upstream_model = "text-1", .traits = google, .on_vertex = true};
  const auto predict = write_embeddings_call(two, on_vertex);
  ASSERT_TRUE(predict);
  EXPECT_EQ(predict->target, "/publishers/google/models/text-1:predict");
  EXPECT_EQ(predict->body, R"({"instances":[{"content":"a \"b\""},{"content":"c"}]})");

  const ChatTarget one_each{.upstream_model = "g-2", .traits = single, .on_vertex = true};
  const auto content = write_embeddings_call(one, one_each);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->target, "/publishers/google/models/g-2:embedContent");
  EXPECT_EQ(content->body, R"({"content":{"role":"user","parts":[{"text":"a"}]}})");

  one.dimensions = two.dimensions = 8;
  EXPECT_NE(write_embeddings_call(two, {.upstream_model = "g", .traits = google})
                ->body.find(R"(]},"outputDimensionality":8},{)"),
            std::string::npos);
  EXPECT_NE(write_embeddings_call(two, on_vertex)
                ->body.find(R"(],"parameters":{"outputDimensionality":8}})"),
            std::string::npos);
  EXPECT_NE(write_embeddings_call(one, one_each)
                ->body.find(R"("embedContentConfig":{"outputDimensionality":8}})"),
            std::string::npos);
}

TEST(EmbeddingsCall, RefusesMoreTextsThanGoInOneRequest) {
  const ModelTraits google{.publisher = "google"};
  ModelTraits single = google;
  single.embeds_in_batches = false;
  struct Case {
    ChatTarget target;
    std::size_t most;
    std::string_view says;
  };
  for (const Case& c : {
           Case{{.upstream_model = "m", .traits = google}, 100, "at most 100 texts"},
           Case{{.upstream_model = "m", .traits = google, .on_vertex = true}, 250, "at most 250"},
           Case{{.upstream_model = "m", .traits = single, .on_vertex = true}, 1, "takes one text"},
       }) {
    EmbeddingsRequest request = of_texts(std::vector<std::string_view>(c.most, "a"));
    EXPECT_TRUE(write_embeddings_call(request, c.target));
    request.inputs.push_back({.bytes = "a"});
    const auto call = write_embeddings_call(request, c.target);
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().status, 400);
    EXPECT_EQ(call.error().param, "input");
    EXPECT_NE(call.error().message.find(c.says), std::string::npos) << call.error().message;
  }
}

TEST(EmbeddingsCall, HandsOnWhatIsLeftOut) {
  EmbeddingsRequest request = of_texts({"a"});
  request.dropped = {"user"};
  const ModelTraits traits;
  EXPECT_EQ(write_embeddings_call(request, {.upstream_model = "m", .traits = traits})->dropped,
            request.dropped);
}

// What was recorded of Google's own clients, asked for in OpenAI's way, is asked for likewise.
TEST(EmbeddingsCall, AsksAsWasRecorded) {
  std::size_t compared = 0;
  for (const RecordedExchange& each : recorded_exchanges({"gemini/embeddings"})) {
    if (each.status != 200) continue;
    json::Index index;
    ASSERT_TRUE(index.build(each.request_body)) << each.name;
    EmbeddingsRequest request;
    std::string model;
    for (const json::Value one : json::root(index).find("requests")->elements()) {
      const json::Value part = *one.find("content")->find("parts")->elements().begin();
      request.inputs.push_back(json::raw_text(*part.find("text")));
      request.dimensions = static_cast<std::uint64_t>(*one.find("outputDimensionality")->integer());
      model = one.find("model")->string()->substr(std::string_view("models/").size());
    }
    const ModelTraits traits;
    const auto call = write_embeddings_call(request, {.upstream_model = model, .traits = traits});
    ASSERT_TRUE(call) << each.name;
    EXPECT_EQ(sorted_json(call->body), sorted_json(each.request_body)) << each.name;
    EXPECT_TRUE(each.url.ends_with("/v1beta" + call->target)) << each.url;
    ++compared;
  }
  EXPECT_EQ(compared, 3U);
}

}  // namespace
}  // namespace sluice::llm
