// Chats through the whole gateway to providers that speak another dialect than the caller.
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
using testing::stream_head;
using testing::with_length;

constexpr std::string_view asking = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view asking_stream =
    R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})";

// Provider i at port 9000 + i speaks the i-th dialect; model "m" is deployed on all of them.
std::string dialects(const std::vector<std::string_view>& names) {
  std::string text = "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += "[[provider]]\nname = \"p" + std::to_string(i) + "\"\ndialect = \"" +
            std::string(names[i]) +
            "\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + i) +
            "/base\"\nkeys = []\n";
  }
  text += "[[model]]\nname = \"m\"\n";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += "[[model.deployment]]\nprovider = \"p" + std::to_string(i) + "\"\nmodel = \"up-" +
            std::to_string(i) + "\"\nprice = { input = 1.0, output = 2.0 }\n";
  }
  return text;
}

struct SeenRequest {
  std::string target;
  std::string body;
  std::string content_type;
  std::string beta;
  bool accepts_encodings = false;
};

class GatewayTranslation : public testing::GatewayCases {
 protected:
  SeenAnswer through(const std::vector<std::string_view>& names,
                     const std::vector<std::string>& answers, const Asked& asked) {
    GatewayWorld gateway(world, dialects(names));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      gateway.add_raw_provider(i, saying(answers[i]));
    }
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    log = gateway.log_lines();
    odd_events = 0;
    for (const auto& provider : gateway.metrics().providers) {
      odd_events += provider.odd_events.value();
    }
    for (std::size_t i = 0; i < repairs.size(); ++i) {
      repairs[i] = 0;
      for (const auto& model : gateway.metrics().models) {
        repairs[i] += model.json_repairs[i].value();
      }
    }
    return seen;
  }

  std::uint64_t odd_events = 0;
  std::array<std::uint64_t, telemetry::json_repair_count> repairs =
      {};  // unneeded, repaired, failed

  SeenRequest sent_to(std::string_view dialect, const Asked& asked) {
    GatewayWorld gateway(world, dialects({dialect}));
    SeenRequest request;
    gateway.add_provider(
        0, [&](http::ServerExchange& exchange) -> Task<void> { return note(exchange, request); });
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    return request;
  }

  static Task<void> in_two(net::Stream& stream, const std::string& events, std::size_t cut,
                           StopToken stop) {
    const Result<SliceChain> request = co_await stream.read(stop);
    if (!request || request->empty()) co_return;
    (void)co_await testing::say(stream, stream_head + events.substr(0, cut), stop);
    (void)co_await testing::say(stream, events.substr(cut), stop);
  }

  static Task<void> note(http::ServerExchange& exchange, SeenRequest& out) {
    const http::RequestHead& head = exchange.head();
    out.target = head.target;
    out.content_type = head.headers.value("content-type").value_or("");
    out.beta = head.headers.value("anthropic-beta").value_or("");
    out.accepts_encodings = head.headers.contains("accept-encoding");
    const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, {});
    if (body) out.body = body->view();
    const http::OutgoingResponse response{.status = 500};
    (void)co_await exchange.respond(response, SliceChain(), {});
  }
};

const std::string anthropic_answer =
    with_length("200 OK", json_type + "request-id: req_up\r\n",
                R"({"id":"msg_1","type":"message","role":"assistant","model":"up","content":[)"
                R"({"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,)"
                R"("usage":{"input_tokens":10,"output_tokens":5}})");

std::string anthropic_event(std::string_view type, std::string_view rest) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" +
         std::string(rest) + "}\n\n";
}
const std::string anthropic_begin =
    anthropic_event("message_start",
                    R"(,"message":{"id":"msg_1","type":"message","role":"assistant",)"
                    R"("content":[],"model":"up","stop_reason":null,)"
                    R"("usage":{"input_tokens":10,"output_tokens":1}})") +
    anthropic_event("content_block_start",
                    R"(,"index":0,"content_block":{"type":"text","text":""})");
const std::string anthropic_text = anthropic_event(
    "content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"Hello"})");
const std::string anthropic_end =
    anthropic_event("content_block_stop", R"(,"index":0)") +
    anthropic_event("message_delta", R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                     R"("usage":{"output_tokens":5})") +
    anthropic_event("message_stop", "");

TEST_F(GatewayTranslation, SendsEachProviderWhatItUnderstands) {
  const SeenRequest claude = sent_to("anthropic", {.body = std::string(asking)});
  EXPECT_EQ(claude.target, "/base/messages");
  EXPECT_NE(claude.body.find(R"("model":"up-0")"), std::string::npos) << claude.body;
  EXPECT_NE(claude.body.find(R"("max_tokens":)"), std::string::npos);
  EXPECT_EQ(claude.content_type, "application/json");
  EXPECT_FALSE(claude.accepts_encodings);

  const SeenRequest gemini = sent_to("gemini", {.body = std::string(asking_stream)});
  EXPECT_EQ(gemini.target, "/base/models/up-0:streamGenerateContent?alt=sse");
  EXPECT_NE(gemini.body.find(R"("contents":[)"), std::string::npos) << gemini.body;

  const SeenRequest bedrock = sent_to("bedrock", {.body = std::string(asking)});
  EXPECT_EQ(bedrock.target, "/base/model/up-0/converse");
  EXPECT_NE(bedrock.body.find(R"("messages":[)"), std::string::npos) << bedrock.body;
}

TEST_F(GatewayTranslation, MarksPromptsForCachingWhereADeploymentIsToldTo) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":")" + std::string(5000, 'x') + R"("}]})";
  for (const bool told : {true, false}) {
    std::string config = dialects({"anthropic"});
    if (told) config += "traits = { automatic_cache_breakpoints = true }\n";
    GatewayWorld gateway(world, config);
    SeenRequest request;
    gateway.add_provider(
        0, [&](http::ServerExchange& exchange) -> Task<void> { return note(exchange, request); });
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, {.body = body}, seen), std::chrono::hours(1)), "");
    EXPECT_FALSE(request.body.empty());
    EXPECT_EQ(request.body.contains(R"("cache_control":{"type":"ephemeral"})"), told);
  }
}

TEST_F(GatewayTranslation, ForwardsTheBetaHeaderToAnthropicAlone) {
  const Asked asked{.body = std::string(asking),
                    .headers = {{"anthropic-beta", "one"}, {"accept-encoding", "gzip"}}};
  EXPECT_EQ(sent_to("anthropic", asked).beta, "one");
  EXPECT_EQ(sent_to("gemini", asked).beta, "");
}

TEST_F(GatewayTranslation, WritesAWholeAnswerInTheCallersDialect) {
  const SeenAnswer seen = through({"anthropic"}, {anthropic_answer}, {.body = std::string(asking)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_NE(seen.body.find(R"("object":"chat.completion")"), std::string::npos) << seen.body;
  EXPECT_NE(seen.body.find(R"("content":"Hello")"), std::string::npos);
  EXPECT_NE(seen.body.find(R"("model":"m")"), std::string::npos);
  EXPECT_NE(seen.body.find(R"("prompt_tokens":10,"completion_tokens":5)"), std::string::npos);
  EXPECT_NE(seen.body.find(R"("cost":2e-05)"), std::string::npos) << seen.body;
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_TRUE(logged(R"("outcome":"success")")) << log[0];
  EXPECT_TRUE(logged(R"("input_tokens":10)") || logged(R"("input":10)")) << log[0];
}

TEST_F(GatewayTranslation, WritesAStreamInTheCallersDialect) {
  const SeenAnswer seen =
      through({"anthropic"}, {stream_head + anthropic_begin + anthropic_text + anthropic_end},
              {.body = std::string(asking_stream)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"("delta":{"content":"Hello"})"), std::string::npos) << seen.body;
  EXPECT_NE(seen.body.find(R"("finish_reason":"stop")"), std::string::npos);
  EXPECT_EQ(seen.body.find("\"usage\""), std::string::npos) << "nobody asked for it";
  EXPECT_TRUE(seen.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(GatewayTranslation, LeadsToAnotherProviderBeforeTheFirstWord) {
  const std::string overloaded =
      anthropic_event("error", R"(,"error":{"type":"overloaded_error","message":"Overloaded"})");
  const SeenAnswer seen = through({"anthropic", "anthropic"},
                                  {stream_head + anthropic_begin + overloaded, anthropic_answer},
                                  {.body = std::string(asking_stream)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_NE(seen.body.find("Hello"), std::string::npos) << "a whole answer to a stream asked for";
  EXPECT_TRUE(seen.body.ends_with("data: [DONE]\n\n")) << seen.body;
}

TEST_F(GatewayTranslation, EndsACutStreamWithAnErrorAndNothingThatLooksComplete) {
  const SeenAnswer seen = through({"anthropic"}, {stream_head + anthropic_begin + anthropic_text},
                                  {.body = std::string(asking_stream)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_NE(seen.body.find("Hello"), std::string::npos);
  EXPECT_NE(seen.body.find("\"error\":{"), std::string::npos) << seen.body;
  EXPECT_EQ(seen.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(seen.body.find("\"finish_reason\":\"stop\""), std::string::npos);
}

TEST_F(GatewayTranslation, PutsAProvidersErrorIntoTheCallersWords) {
  const std::string refusal =
      with_length("400 Bad Request", json_type,
                  R"({"type":"error","error":{"type":"invalid_request_error",)"
                  R"("message":"prompt is too long: 9 tokens > 8 maximum"}})");
  const SeenAnswer seen = through({"anthropic"}, {refusal}, {.body = std::string(asking)});
  EXPECT_EQ(seen.status, 400);
  EXPECT_NE(seen.body.find(R"("code":"context_length_exceeded")"), std::string::npos) << seen.body;
  EXPECT_EQ(seen.body.find(R"("type":"error")"), std::string::npos);
}

TEST_F(GatewayTranslation, RefusesWhatCannotBeReadBeforeAnybodyIsAsked) {
  const SeenAnswer seen =
      through({"anthropic"}, {anthropic_answer},
              {.body = R"({"model":"m","messages":[{"role":"nobody","content":"hi"}]})"});
  EXPECT_EQ(seen.status, 400);
  EXPECT_NE(seen.body.find("messages[0].role"), std::string::npos) << seen.body;
}

TEST_F(GatewayTranslation, OffersOtherOperationsToProvidersOfTheCallersDialectAlone) {
  const SeenAnswer seen =
      through({"anthropic"}, {anthropic_answer},
              {.target = "/v1/embeddings", .body = R"({"model":"m","input":"a"})"});
  EXPECT_EQ(seen.status, 400);
  EXPECT_NE(seen.body.find("cannot do embeddings"), std::string::npos) << seen.body;
}

TEST_F(GatewayTranslation, AsksTheNextProviderForWhatOneCannotBeTold) {
  const std::string completion =
      with_length("200 OK", json_type,
                  R"({"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]})");
  const Asked two{.body = R"({"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]})"};
  EXPECT_EQ(through({"anthropic", "openai"}, {anthropic_answer, completion}, two).status, 200);
  // What did fail is the answer, not what was never asked.
  const std::string down = with_length("503 Down", json_type, "{}");
  EXPECT_EQ(through({"openai", "anthropic"}, {down, anthropic_answer}, two).status, 503);
  EXPECT_EQ(through({"anthropic"}, {anthropic_answer}, two).status, 400);
  EXPECT_TRUE(logged(R"("attempts":[])")) << log[0];
}

TEST_F(GatewayTranslation, AsksOnlyWhoHonoursEveryParameterWhereThatIsRequired) {
  const Asked seeded{.body = R"({"model":"m","seed":1,"messages":[{"role":"user","content":"hi"}],)"
                             R"("provider":{"require_parameters":true}})"};
  const std::string completion =
      with_length("200 OK", json_type,
                  R"({"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]})");
  EXPECT_EQ(through({"anthropic", "openai"}, {anthropic_answer, completion}, seeded).status, 200);
  const SeenAnswer refused = through({"anthropic"}, {anthropic_answer}, seeded);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find(R"("param":"seed","code":"unsupported_parameter")"),
            std::string::npos)
      << refused.body;
  // The same question without the demand is answered, and the header says what was left out.
  const Asked relaxed{.body =
                          R"({"model":"m","seed":1,"messages":[{"role":"user","content":"hi"}],)"
                          R"("provider":{"require_parameters":false}})"};
  EXPECT_EQ(through({"anthropic"}, {anthropic_answer}, relaxed).status, 200);
}

TEST_F(GatewayTranslation, CountsEventsThatNobodyDocumented) {
  const Asked asked{.body = std::string(asking_stream)};
  const std::string good = anthropic_begin + anthropic_text + anthropic_end;
  EXPECT_EQ(through({"anthropic"}, {stream_head + good}, asked).status, 200);
  EXPECT_EQ(odd_events, 0U);
  const std::string odd = anthropic_begin + anthropic_event("content_block_stop", R"(,"index":7)") +
                          anthropic_text + anthropic_end;
  const SeenAnswer seen = through({"anthropic"}, {stream_head + odd}, asked);
  EXPECT_EQ(seen.status, 200);
  EXPECT_NE(seen.body.find("Hello"), std::string::npos) << seen.body;
  EXPECT_EQ(odd_events, 1U);
}

// What the provider says, whole and as a stream.
std::pair<std::string, std::string> both_saying(std::string_view text) {
  return {with_length("200 OK", json_type,
                      R"({"choices":[{"index":0,"message":{"content":")" + std::string(text) +
                          R"("},"finish_reason":"stop"}]})"),
          stream_head + R"(data: {"choices":[{"index":0,"delta":{"content":")" + std::string(text) +
              "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"};
}

TEST_F(GatewayTranslation, CountsWhatBecameOfJsonThatWasToBeMended) {
  using Counts = std::array<std::uint64_t, 3>;
  const std::string mending = R"({"model":"m","messages":[{"role":"user","content":"hi"}],)"
                              R"("post_processing_steps":[{"type":"json-repair"}])";
  struct Case {
    std::string_view text;
    Counts counts;
  };
  for (const Case& c : {Case{R"({\"a\":1})", {1, 0, 0}}, Case{"{'a':1,", {0, 1, 0}},
                        Case{"no JSON at all", {0, 0, 1}}}) {
    const auto [whole, stream] = both_saying(c.text);
    (void)through({"openai"}, {whole}, {.body = mending + "}"});
    EXPECT_EQ(repairs, c.counts) << c.text;
    (void)through({"openai"}, {stream}, {.body = mending + R"(,"stream":true})"});
    EXPECT_EQ(repairs, c.counts) << c.text << ", streamed";
    (void)through({"openai"}, {whole}, {.body = std::string(asking)});
    EXPECT_EQ(repairs, (Counts{})) << "nobody asked for it";
  }
  // What failed at one provider is counted, and the next one's answer as well.
  (void)through({"openai", "openai"},
                {both_saying("no JSON").first, both_saying(R"({\"a\":1})").first},
                {.body = mending + "}"});
  EXPECT_EQ(repairs, (Counts{1, 0, 1}));
}

TEST_F(GatewayTranslation, CountsTokensAsTheProviderDoes) {
  const Asked count{.target = "/v1/messages/count_tokens",
                    .body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"};
  EXPECT_EQ(sent_to("gemini", count).target, "/base/models/up-0:countTokens");
  const SeenAnswer seen =
      through({"gemini"}, {with_length("200 OK", json_type, R"({"totalTokens":14})")}, count);
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, R"({"input_tokens":14})");
  EXPECT_TRUE(logged(R"("tokens":{"input":null)")) << log[0];  // nothing was spent

  const Asked other{.target = "/v1/responses/input_tokens",
                    .body = R"({"model":"m","input":"hi"})"};
  EXPECT_EQ(sent_to("anthropic", other).target, "/base/messages/count_tokens");
  EXPECT_EQ(
      through({"anthropic"}, {with_length("200 OK", json_type, R"({"input_tokens":8})")}, other)
          .body,
      R"({"object":"response.input_tokens","input_tokens":8})");
}

TEST_F(GatewayTranslation, EstimatesTokensWhereNobodyCountsThem) {
  const Asked count{.target = "/v1/messages/count_tokens",
                    .body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"};
  const SeenAnswer seen = through({"openai"}, {}, count);
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, R"({"input_tokens":5})");
  EXPECT_TRUE(logged(R"("attempts":[])")) << log[0];
  const Asked wrong{.target = "/v1/messages/count_tokens",
                    .body = R"({"model":"m","messages":[{"role":"robot","content":"hi"}]})"};
  EXPECT_EQ(through({"openai"}, {}, wrong).status, 400);
  const Asked streamed{.target = "/v1/messages/count_tokens",
                       .body = R"({"model":"m","stream":true,)"
                               R"("messages":[{"role":"user","content":"hi"}]})"};
  EXPECT_EQ(
      through({"gemini"}, {with_length("200 OK", json_type, R"({"totalTokens":14})")}, streamed)
          .body,
      R"({"input_tokens":14})");
  // Whoever refuses to count leaves it to us.
  const SeenAnswer instead =
      through({"gemini"}, {with_length("400 No", json_type, R"({"error":{"code":400}})")}, count);
  EXPECT_EQ(instead.status, 200);
  EXPECT_EQ(instead.body, R"({"input_tokens":5})");
  // Who can count is asked, wherever it stands.
  const SeenAnswer asked =
      through({"openai", "anthropic"},
              {"", with_length("200 OK", json_type, R"({"input_tokens":8})")}, count);
  EXPECT_TRUE(asked.body.starts_with(R"({"input_tokens":8)")) << asked.body;
}

TEST_F(GatewayTranslation, ShowsNothingOfAnotherDialectAsItIs) {
  const SeenAnswer seen = through({"bedrock"}, {stream_head + "data: {\"secret\":1}\n\n"},
                                  {.body = std::string(asking_stream)});
  EXPECT_EQ(seen.status, 502);
  EXPECT_EQ(seen.body.find("secret"), std::string::npos) << seen.body;
}

TEST_F(GatewayTranslation, NamesWhatWasDroppedInWordsFitForAHeader) {
  const SeenAnswer seen = through({"anthropic"}, {anthropic_answer},
                                  {.body = R"({"model":"m","a\r\nX-Evil: 1":1,)"
                                           R"("messages":[{"role":"user","content":"hi"}]})"});
  EXPECT_EQ(seen.status, 200) << seen.body;
}

// A schema as deep as may be is written one level deeper for such a host.
TEST_F(GatewayTranslation, RefusesWhatGetsTooDeepOnTheWay) {
  const std::size_t depth = 253;
  std::string schema;
  for (std::size_t i = 0; i < depth; ++i) schema += R"({"a":)";
  schema += "1" + std::string(depth, '}');
  const Asked deep{.target = "/v1/messages",
                   .body = R"({"model":"m","max_tokens":9,"messages":[{"role":"user",)"
                           R"("content":"hi"}],"tools":[{"name":"f","input_schema":)" +
                           schema + "}]}"};
  std::string config = dialects({"openai"});
  config.insert(config.find("keys = []"), "quirks = { takes_developer_role = false }\n");
  GatewayWorld gateway(world, config);
  gateway.add_raw_provider(0, saying(with_length("500 No", json_type, "{}")));
  SeenAnswer seen;
  EXPECT_EQ(world.run(run(gateway, deep, seen), std::chrono::hours(1)), "");
  EXPECT_EQ(seen.status, 400) << seen.body;
}

// The two bytes of a character and the two line ends come in reads of their own.
TEST_F(GatewayTranslation, SeesTheSameAnswerWhereverReadsAreCut) {
  const std::string all =
      anthropic_begin +
      anthropic_event("content_block_delta",
                      R"(,"index":0,"delta":{"type":"text_delta","text":"é"})") +
      anthropic_end;
  std::string whole;
  for (std::size_t cut = 0; cut <= all.size(); cut += 7) {
    GatewayWorld gateway(world, dialects({"anthropic"}));
    gateway.add_raw_provider(0, [&](net::Stream& stream, StopToken stop) -> Task<void> {
      return in_two(stream, all, cut, stop);
    });
    SeenAnswer seen;
    ASSERT_EQ(
        world.run(run(gateway, {.body = std::string(asking_stream)}, seen), std::chrono::hours(1)),
        "");
    // Id and time of the answer differ from request to request.
    const std::size_t from = seen.body.find("\"choices\"");
    ASSERT_NE(from, std::string::npos) << seen.body;
    std::string shown;
    for (std::size_t at = 0; (at = seen.body.find("\"delta\"", at)) != std::string::npos; ++at) {
      shown += seen.body.substr(at, seen.body.find('}', at) - at);
    }
    if (whole.empty()) whole = shown;
    EXPECT_EQ(shown, whole) << "cut at byte " << cut;
  }
}

}  // namespace
}  // namespace sluice::gateway
