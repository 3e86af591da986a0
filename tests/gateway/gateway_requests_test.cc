// Requests off the beaten path: who may ask, and in what form.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_cases.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::gateway {
namespace {

using testing::Asked;
using testing::chat;
using testing::chat_body;
using testing::completion;
using testing::config_text;
using testing::GatewayWorld;
using testing::json_type;
using testing::say;
using testing::saying;
using testing::SeenAnswer;
using testing::with_length;

class GatewayRequests : public testing::GatewayCases {};

Task<void> run_raw(GatewayWorld& gateway, std::string request, std::string& answer) {
  gateway.start();
  {
    Result<std::unique_ptr<net::Stream>> stream = co_await gateway.connect();
    const bool said = co_await say(**stream, request, {});
    while (said) {
      const Result<SliceChain> part = co_await (*stream)->read({});
      if (!part || part->empty()) break;
      for (const Slice& slice : *part) answer += slice.view();
    }
  }
  co_await gateway.stop();
}

TEST_F(GatewayRequests, WithoutKeysAPageInABrowserIsNotServed) {
  const std::string anybody = config_text(1);
  std::string local = anybody;
  const std::string said = "anonymous = true\n";
  local.erase(local.find(said), said.size());
  const auto status_of = [this](const std::string& config, const std::string& fields) {
    GatewayWorld gateway(world, config);
    gateway.add_raw_provider(0, saying(with_length("200 OK", json_type, completion)));
    std::string answer;
    const std::string request = "POST " + std::string(chat) + " HTTP/1.1\r\n" + fields +
                                "Connection: close\r\nContent-Type: text/plain\r\n" +
                                "Content-Length: " + std::to_string(chat_body.size()) + "\r\n\r\n" +
                                std::string(chat_body);
    EXPECT_EQ(world.run(run_raw(gateway, request, answer), std::chrono::hours(1)), "");
    return answer.substr(0, 12);
  };
  const std::string page = "Host: 127.0.0.1:8080\r\nOrigin: https://evil.example\r\n";
  const std::string rebound = "Host: evil.example:8080\r\n";
  const std::string program = "Host: localhost:8080\r\n";
  const std::string own_page = "Host: localhost:8080\r\nOrigin: http://localhost:3000\r\n";
  // text/plain is what a page may send unasked; whoever comes so far is told that it is none.
  EXPECT_EQ(status_of(local, page), "HTTP/1.1 403");
  EXPECT_EQ(status_of(local, rebound), "HTTP/1.1 403");
  EXPECT_EQ(status_of(local, program), "HTTP/1.1 415");
  EXPECT_EQ(status_of(local, own_page), "HTTP/1.1 415");
  EXPECT_EQ(status_of(anybody, page), "HTTP/1.1 415");
  EXPECT_EQ(status_of(anybody, rebound), "HTTP/1.1 415");
}

TEST_F(GatewayRequests, WhoCallsFromAnotherPlaceIsCountedAsThat) {
  std::string config = config_text(1);
  const std::string open = "anonymous = true\n";
  config.erase(config.find(open), open.size());
  GatewayWorld gateway(world, config);
  SeenAnswer seen;
  EXPECT_EQ(world.run(run(gateway, {}, seen), std::chrono::hours(1)), "");  // its Host is "gateway"
  EXPECT_EQ(seen.status, 403);
  const auto& failures = gateway.metrics().key_failures;
  EXPECT_EQ(failures[static_cast<std::size_t>(telemetry::KeyFailure::origin)].value(), 1U);
  EXPECT_EQ(failures[static_cast<std::size_t>(telemetry::KeyFailure::missing)].value(), 0U);
}

TEST_F(GatewayRequests, KeysThatCannotBeReadAreToldWhatIsWrongWithThem) {
  const auto said = [&](const std::vector<std::pair<std::string, std::string>>& headers,
                        std::string_view text) {
    const SeenAnswer seen = see({saying("")}, {.headers = headers});
    EXPECT_TRUE(seen.status == 400 || seen.status == 401) << seen.status;
    EXPECT_NE(seen.body.find(text), std::string::npos) << seen.body;
  };
  said({{"Authorization", "Bearer one"}, {"x-api-key", "two"}}, "two different keys");
  said({{"x-sluice-provider-key", "sk-1"}}, "must be <provider>=<key>");
  said({{"x-sluice-provider-key", "nobody=sk-1"}}, "not configured here. GET /v1/models lists");
}

TEST_F(GatewayRequests, AKeyPinnedToARegionSeesOnlyWhatItReaches) {
  const policy::NewKey key = *policy::generate_key();
  const std::string config = config_text(2) +
                             "region = \"eu\"\n[[model]]\nname = \"elsewhere\"\n"
                             "[[model.deployment]]\nprovider = \"p0\"\nmodel = \"x\"\n" +
                             "[[key]]\nname = \"k\"\nhash = \"" + key.hash +
                             "\"\nregions = [\"eu\"]\n";
  const auto get = [&](std::string target) {
    GatewayWorld gateway(world, config);
    SeenAnswer seen;
    const Asked asked{.method = "GET",
                      .target = std::move(target),
                      .body = "",
                      .headers = {{"Authorization", "Bearer " + std::string(key.key.reveal())}}};
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    return seen;
  };
  const std::string list = get("/v1/models").body;
  EXPECT_NE(list.find(R"("id":"m")"), std::string::npos) << list;
  EXPECT_NE(list.find(R"("providers":["p1"],"regions":["eu"])"), std::string::npos) << list;
  EXPECT_EQ(list.find("elsewhere"), std::string::npos) << list;
  EXPECT_NE(get("/v1/models/m").body.find(R"("providers":["p1"])"), std::string::npos);
  EXPECT_EQ(get("/v1/models/elsewhere").status, 403);
}

TEST_F(GatewayRequests, AListenersPinHoldsForWhatIsListedAndListsShowTheirReachableMembers) {
  const policy::NewKey key = *policy::generate_key();
  const std::string more =
      "[[model]]\nname = \"far\"\n[[model.deployment]]\nprovider = \"p0\"\nmodel = \"x\"\n"
      "[[model]]\nname = \"auto\"\nmembers = [\"far\", \"m\"]\n"
      "[[model]]\nname = \"away\"\nmembers = [\"far\"]\n";
  const auto get = [&](const std::string& config, std::string target) {
    GatewayWorld gateway(world, config);
    SeenAnswer seen;
    const Asked asked{.method = "GET",
                      .target = std::move(target),
                      .body = "",
                      .headers = {{"Authorization", "Bearer " + std::string(key.key.reveal())}}};
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    return seen;
  };
  const std::string pin = "regions = [\"eu\"]\n";
  const std::string plain = config_text(2) + "region = \"eu\"\n" + more;
  const std::string key_stanza = "[[key]]\nname = \"k\"\nhash = \"" + key.hash + "\"\n";
  std::string by_listener = plain + key_stanza;
  by_listener.insert(by_listener.find("anonymous = true\n"), pin);
  std::string by_host = plain + key_stanza;
  by_host.insert(by_host.find("anonymous = true\n"), "hosts = { \"gateway\" = [\"eu\"] }\n");
  for (const std::string& config : {by_listener, by_host, plain + key_stanza + pin}) {
    const std::string list = get(config, "/v1/models").body;
    EXPECT_NE(list.find(R"("id":"m")"), std::string::npos) << list;
    EXPECT_NE(list.find(R"("members":["m"])"), std::string::npos) << list;
    EXPECT_EQ(list.find("far"), std::string::npos) << list;
    EXPECT_EQ(list.find("away"), std::string::npos) << list;
    EXPECT_NE(get(config, "/v1/models/m").body.find(R"("regions":["eu"])"), std::string::npos);
    EXPECT_NE(get(config, "/v1/models/auto").body.find(R"("members":["m"])"), std::string::npos);
    EXPECT_EQ(get(config, "/v1/models/away").status, 403);
  }
  const std::string unpinned = get(plain + key_stanza, "/v1/models").body;
  EXPECT_NE(unpinned.find(R"("members":["far","m"])"), std::string::npos) << unpinned;
}

TEST_F(GatewayRequests, ABodyOnDeleteIsTakenAndGoesNowhere) {
  const SeenAnswer seen =
      see({saying(with_length("200 OK", json_type, R"({"id":"resp_1","deleted":true})"))},
          {.method = "DELETE", .target = "/v1/responses/resp_1", .body = "{}"});
  EXPECT_EQ(seen.status, 200);
}

TEST_F(GatewayRequests, TargetsInAbsoluteFormAreOursWhateverTheyLack) {
  const auto answer = saying(with_length("200 OK", json_type, completion));
  EXPECT_EQ(see({answer}, {.target = "http://gateway/v1/chat/completions"}).status, 200);
  EXPECT_EQ(see({answer}, {.target = "http://gateway/v1/chat/completions?a=b"}).status, 200);
  EXPECT_EQ(see({answer}, {.target = "http://gateway"}).status, 404);
  EXPECT_EQ(see({answer}, {.target = "http://gateway?a=/v1/chat/completions"}).status, 404);
}

TEST_F(GatewayRequests, ARequestIdOfTheClientsIsKeptUnlessItIsNoFitOne) {
  const auto answer = saying(with_length("200 OK", json_type, completion));
  EXPECT_EQ(see({answer}, {.headers = {{"x-request-id", "abc-1"}}}).request_id, "abc-1");
  EXPECT_NE(see({answer}, {.headers = {{"x-request-id", "a b\"c"}}}).request_id, "a b\"c");
}

TEST_F(GatewayRequests, AWrongMethodIsLoggedWithThePathsOperation) {
  EXPECT_EQ(see({saying("")}, {.method = "GET", .body = ""}).status, 405);
  EXPECT_TRUE(logged(R"("endpoint":"chat_completions")")) << log[0];
  EXPECT_EQ(see({saying("")}, {.method = "GET", .target = "/v1/nothing", .body = ""}).status, 404);
  EXPECT_TRUE(logged(R"("endpoint":null)")) << log[0];
}

}  // namespace
}  // namespace sluice::gateway
