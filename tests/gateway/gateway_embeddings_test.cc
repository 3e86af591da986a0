// Embeddings, asked for as OpenAI has them, through the whole gateway to Google.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using testing::Asked;
using testing::GatewayWorld;
using testing::json_type;
using testing::saying;
using testing::SeenAnswer;
using testing::with_length;

// Provider i at port 9000 + i speaks the i-th dialect; model "m" is deployed on all of them.
std::string deployed_on(const std::vector<std::string_view>& dialects) {
  std::string text = "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
  std::string deployments;
  for (std::size_t i = 0; i < dialects.size(); ++i) {
    const std::string name = "p" + std::to_string(i);
    text += "[[provider]]\nname = \"" + name + "\"\ndialect = \"" + std::string(dialects[i]) +
            "\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + i) +
            "/base\"\nkeys = []\n";
    deployments += "[[model.deployment]]\nprovider = \"" + name +
                   "\"\nmodel = \"up\"\nprice = { input = 2.0 }\n";
  }
  return text + "[[model]]\nname = \"m\"\n" + deployments;
}

const std::string two_vectors =
    with_length("200 OK", json_type + "x-request-id: up\r\n",
                "{\n \"embeddings\": [{\"values\": [ 0.5,\n 1e-3 ]}, {\"values\": [2, 3]}],"
                "\"usageMetadata\": {\"promptTokenCount\": 7}}");
const std::string uncounted =
    with_length("200 OK", json_type, R"({"embeddings":[{"values":[0.5]},{"values":[2]}]})");
constexpr std::string_view asking = R"({"model":"m","input":["hello","you"],"user":"u"})";

class GatewayEmbeddings : public testing::GatewayCases {
 protected:
  SeenAnswer through(const std::vector<std::string_view>& dialects,
                     const std::vector<std::string>& answers, std::string body) {
    GatewayWorld gateway(world, deployed_on(dialects));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      gateway.add_raw_provider(i, saying(answers[i]));
    }
    SeenAnswer seen;
    const Asked asked{.target = "/v1/embeddings", .body = std::move(body)};
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    log = gateway.log_lines();
    tokens = gateway.metrics().providers[1].tokens[0].value();
    unseen = gateway.metrics().usage_unseen.value();
    return seen;
  }
  std::uint64_t tokens = 0;
  std::uint64_t unseen = 0;
};

TEST_F(GatewayEmbeddings, AreOpenAisListAndCountedAndPriced) {
  const SeenAnswer seen = through({"gemini"}, {two_vectors}, std::string(asking));
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.body.starts_with(
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1e-3]},)"
      R"({"object":"embedding","index":1,"embedding":[2,3]}],"model":"m","usage":)"
      R"({"prompt_tokens":7,"total_tokens":7,"cost":)"))
      << seen.body;
  EXPECT_NE(seen.body.find(R"("provider":"p0")"), std::string::npos) << seen.body;
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.header("x-sluice-dropped"), "user");
  EXPECT_EQ(seen.header("x-sluice-estimated"), "");
  EXPECT_TRUE(logged(R"("tokens":{"input":7)")) << log[0];
  EXPECT_TRUE(logged(R"("cost_usd":0.000014)")) << log[0];
  EXPECT_EQ(tokens, 7U);
}

TEST_F(GatewayEmbeddings, SayWhereTheirCountIsAnEstimateAndCountItNowhere) {
  const SeenAnswer seen = through({"gemini"}, {uncounted}, std::string(asking));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.header("x-sluice-estimated"), "prompt_tokens");
  EXPECT_NE(seen.body.find(R"("usage":{"prompt_tokens":3,"total_tokens":3})"), std::string::npos)
      << seen.body;
  EXPECT_TRUE(logged(R"("tokens":{"input":null)")) << log[0];
  EXPECT_EQ(tokens, 0U);
}

TEST_F(GatewayEmbeddings, ComeAsBase64WhereTheClientWantsThem) {
  const SeenAnswer seen = through({"gemini"}, {uncounted},
                                  R"({"model":"m","input":["a","b"],"encoding_format":"base64"})");
  EXPECT_NE(seen.body.find(R"("index":0,"embedding":"AAAAPw=="})"), std::string::npos) << seen.body;
}

TEST_F(GatewayEmbeddings, AreAskedOfTheNextProviderWhereOneCannotBeAsked) {
  const std::string list = with_length(
      "200 OK", json_type,
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]}],"usage":)"
      R"({"prompt_tokens":2,"total_tokens":2}})");
  const std::string ids = R"({"model":"m","input":[1,2,3]})";
  EXPECT_EQ(through({"gemini", "openai"}, {two_vectors, list}, ids).status, 200);
  EXPECT_EQ(through({"anthropic", "openai"}, {two_vectors, list}, ids).status, 200);
  const SeenAnswer refused = through({"gemini"}, {two_vectors}, ids);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("token ids"), std::string::npos) << refused.body;
  EXPECT_TRUE(logged(R"("attempts":[])")) << log[0];
}

TEST_F(GatewayEmbeddings, ThatAreNoneLetTheNextDeploymentServe) {
  const std::string one = with_length("200 OK", json_type, R"({"embeddings":[{"values":[0.5]}]})");
  EXPECT_EQ(through({"gemini", "gemini"}, {one, two_vectors}, std::string(asking)).status, 200);
  EXPECT_EQ(through({"gemini"}, {one}, std::string(asking)).status, 502);
  const std::string quota = with_length(
      "429 Too Many", json_type,
      R"({"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}})");
  const SeenAnswer limited = through({"gemini"}, {quota}, std::string(asking));
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(limited.body.find("\"error\":{\"message\""), std::string::npos) << limited.body;
}

}  // namespace
}  // namespace sluice::gateway
