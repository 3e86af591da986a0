// Chats that name files by URLs, through the whole gateway to providers that fetch nothing.
#include "media_fetches.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using namespace std::string_view_literals;
using telemetry::MediaFetch;
using testing::Asked;
using testing::GatewayWorld;
using testing::json_type;
using testing::RawProviderScript;
using testing::say;
using testing::SeenAnswer;
using testing::with_length;

const auto public_one = ring::SocketAddress::ipv4({93, 184, 216, 34}, 80);
const auto public_two = ring::SocketAddress::ipv4({151, 101, 1, 1}, 80);
const auto private_one = ring::SocketAddress::ipv4({10, 0, 0, 5}, 80);

const std::string png = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv) + std::string(100, 'p');
const std::string pdf = "%PDF-1.7\n" + std::string(200, 'd');

std::string base64_of(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

const std::string converse_answer =
    with_length("200 OK", json_type,
                R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},)"
                R"("stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1}})");

std::string file(std::string_view type, std::string_view bytes) {
  return with_length("200 OK", "Content-Type: " + std::string(type) + "\r\n", bytes);
}

std::string redirect(std::string_view to) {
  return with_length("302 Found", "Location: " + std::string(to) + "\r\n", "");
}

// A chat of OpenAI's dialect that shows these.
Asked showing(const std::vector<std::string_view>& urls) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":[)";
  for (const std::string_view url : urls) {
    body += R"({"type":"image_url","image_url":{"url":")" + std::string(url) + R"("}},)";
  }
  return {.body = body + R"({"type":"text","text":"What is it?"}]}]})",
          .headers = {{"authorization", "Bearer canary"}, {"cookie", "canary=1"}}};
}

// What one server was asked, in order, heads and bodies.
using Requests = std::vector<std::string>;

Task<std::string> read_request(net::Stream& stream, StopToken stop) {
  std::string request;
  while (true) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return request;
    request += part->to_string();
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const std::size_t length = request.find("Content-Length: ");
    const std::size_t body = length < head ? std::stoul(request.substr(length + 16)) : 0;
    if (request.size() >= head + 4 + body) co_return request;
  }
}

Task<void> answer(net::Stream& stream, std::string bytes, Requests& requests, StopToken stop) {
  std::string request = co_await read_request(stream, stop);
  if (request.empty()) co_return;
  requests.push_back(std::move(request));
  (void)co_await say(stream, bytes, stop);
}

RawProviderScript answering(std::string bytes, Requests& requests) {
  return [bytes = std::move(bytes), &requests](net::Stream& stream, StopToken stop) {
    return answer(stream, bytes, requests, stop);
  };
}

// Says a first part, then nothing more, until the other side has gone.
Task<void> stall(net::Stream& stream, std::string bytes, int& gone, StopToken stop) {
  const std::string request = co_await read_request(stream, stop);
  (void)co_await say(stream, bytes, stop);
  const Result<SliceChain> more = co_await stream.read(stop);
  if (!stop.stop_requested()) ++gone;
}

class GatewayMedia : public testing::GatewayCases {
 protected:
  static std::string config_of(const std::vector<std::string_view>& names, std::string_view media) {
    std::string text = "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
    text += "[routing.retry]\nretries = 0\n";  // so that each provider has one request
    text += media;
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += "[[provider]]\nname = \"p" + std::to_string(i) + "\"\ndialect = \"" +
              std::string(names[i]) +
              "\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + i) +
              "/base\"\nkeys = []\n";
    }
    text += "[[model]]\nname = \"m\"\n";
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += "[[model.deployment]]\nprovider = \"p" + std::to_string(i) + "\"\nmodel = \"up\"\n";
    }
    return text;
  }

  // One provider of that dialect behind a gateway that fetches; `hosts` are set up by the test.
  void open(const std::vector<std::string_view>& names = {"bedrock"}, std::string_view media = on) {
    gateway = std::make_unique<GatewayWorld>(world, config_of(names, media));
  }
  SeenAnswer seen_after(const Asked& asked) {
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(*gateway, asked, seen), std::chrono::hours(1)), "");
    log = gateway->log_lines();
    EXPECT_EQ(held(), held_by_others) << "what is over holds nothing";
    return seen;
  }
  std::int64_t held_by_others = 0;

  [[nodiscard]] std::uint64_t fetches(MediaFetch outcome) const {
    return gateway->metrics().media_fetches[static_cast<std::size_t>(outcome)].value();
  }
  [[nodiscard]] std::int64_t held() const { return gateway->metrics().media_bytes_held.value(); }

  // Of a fetch that fails: the provider is not asked, and the client is told why.
  void fails(std::string_view url, int status, std::string_view says, MediaFetch outcome) {
    gateway->add_raw_provider(0, answering(converse_answer, provider));
    const SeenAnswer seen = seen_after(showing({url}));
    EXPECT_EQ(seen.status, status) << seen.body;
    EXPECT_NE(seen.body.find(says), std::string::npos) << seen.body;
    EXPECT_NE(seen.body.find("media 1 of the request"), std::string::npos) << seen.body;
    EXPECT_EQ(seen.body.find("secret"), std::string::npos) << seen.body;
    EXPECT_EQ(fetches(outcome), 1U);
    EXPECT_TRUE(provider.empty());
  }

  static constexpr std::string_view on = "[media]\nfetch = true\nallow_http = true\n";
  std::unique_ptr<GatewayWorld> gateway;
  Requests provider;
  Requests host;
};

TEST_F(GatewayMedia, FetchesOverARedirectAndSendsTheBytes) {
  open();
  Requests other;
  gateway->add_host("a.example", public_one, answering(redirect("//b.example/p?x=2"), host));
  gateway->add_host("b.example", public_two, answering(file("image/png", png), other));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen = seen_after(showing({"http://a.example/p.png?secret=1"}));
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(provider.size(), 1U);
  EXPECT_NE(provider[0].find(R"({"image":{"format":"png","source":{"bytes":")" + base64_of(png)),
            std::string::npos)
      << provider[0];
  ASSERT_EQ(host.size(), 1U);
  EXPECT_TRUE(host[0].starts_with("GET /p.png?secret=1 HTTP/1.1\r\n")) << host[0];
  EXPECT_NE(host[0].find("Host: a.example\r\n"), std::string::npos) << host[0];
  EXPECT_NE(host[0].find("Accept-Encoding: identity\r\n"), std::string::npos) << host[0];
  ASSERT_EQ(other.size(), 1U);
  EXPECT_TRUE(other[0].starts_with("GET /p?x=2 HTTP/1.1\r\n")) << other[0];
  for (const std::string& request : {host[0], other[0]}) {
    EXPECT_EQ(request.find("canary"), std::string::npos) << "nothing of the caller's goes along";
  }
  EXPECT_EQ(fetches(MediaFetch::fetched), 1U);
  EXPECT_EQ(gateway->metrics().media_bytes_received.value(), png.size());
  EXPECT_TRUE(logged(R"("media":)")) << log[0];
}

TEST_F(GatewayMedia, TakesABodyInChunksAndWithoutALength) {
  for (const bool chunked : {true, false}) {
    open();
    std::string bytes = "HTTP/1.1 200 OK\r\n";
    if (chunked) {
      bytes += "Transfer-Encoding: chunked\r\n\r\n";
      for (std::size_t at = 0; at < png.size(); at += 10) {
        const std::string piece = png.substr(at, 10);
        bytes +=
            (piece.size() == 10 ? "a" : std::to_string(piece.size())) + "\r\n" + piece + "\r\n";
      }
      bytes += "0\r\n\r\n";
    } else {
      bytes += "\r\n" + png;
    }
    provider.clear();
    gateway->add_host("a.example", public_one, answering(bytes, host));
    gateway->add_raw_provider(0, answering(converse_answer, provider));
    EXPECT_EQ(seen_after(showing({"http://a.example/"})).status, 200);
    ASSERT_EQ(provider.size(), 1U);
    EXPECT_NE(provider[0].find(base64_of(png)), std::string::npos) << provider[0];
  }
}

TEST_F(GatewayMedia, RefusesWhatSaysThatItIsTooLarge) {
  open({"bedrock"}, "[media]\nfetch = true\nallow_http = true\nbytes_max = 50\n");
  gateway->add_host("a.example", public_one,
                    answering("HTTP/1.1 200 OK\r\nContent-Length: 51\r\n\r\n", host));
  fails("http://a.example/?secret", 400, "larger than the 50 bytes", MediaFetch::too_large);
}

TEST_F(GatewayMedia, RefusesWhatProvesTooLargeWithoutSaying) {
  open({"bedrock"}, "[media]\nfetch = true\nallow_http = true\nbytes_max = 50\n");
  int gone = 0;
  gateway->add_host("a.example", public_one, [&](net::Stream& stream, StopToken stop) {
    return stall(stream, "HTTP/1.1 200 OK\r\n\r\n" + png, gone, stop);
  });
  fails("http://a.example/?secret", 400, "larger than the 50 bytes", MediaFetch::too_large);
  EXPECT_EQ(gone, 1) << "it is not listened to any longer";
}

TEST_F(GatewayMedia, BoundsAllFilesOfARequestTogether) {
  open({"bedrock"},
       "[media]\nfetch = true\nallow_http = true\nbytes_max = 150\ntotal_bytes_max = 200\n");
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen = seen_after(showing({"http://a.example/1", "http://a.example/2"}));
  EXPECT_EQ(seen.status, 400) << seen.body;
  EXPECT_NE(seen.body.find("larger than the 200 bytes"), std::string::npos) << seen.body;
}

TEST_F(GatewayMedia, BoundsWhatAllRequestsHoldTogether) {
  open({"bedrock"},
       "[media]\nfetch = true\nallow_http = true\nbytes_max = 90\ntotal_bytes_max = 210\n"
       "held_bytes_max = 280\n");
  held_by_others = 200;
  gateway->metrics().media_bytes_held.add(held_by_others);
  gateway->add_host("a.example", public_one,
                    answering("HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n", host));
  fails("http://a.example/?secret", 502, "as many fetched files as it may", MediaFetch::failed);
}

TEST_F(GatewayMedia, BoundsTheirNumber) {
  open({"bedrock"}, "[media]\nfetch = true\nallow_http = true\nitems_max = 1\n");
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen = seen_after(showing({"http://a.example/1", "http://a.example/2"}));
  EXPECT_EQ(seen.status, 400) << seen.body;
  EXPECT_NE(seen.body.find("at most 1 files"), std::string::npos) << seen.body;
  EXPECT_TRUE(host.empty()) << "before anything is asked for";
}

TEST_F(GatewayMedia, GivesUpOnAServerThatIsTooSlow) {
  open({"bedrock"}, "[media]\nfetch = true\nallow_http = true\ntimeout_ms = 700\n");
  int gone = 0;
  gateway->add_host("a.example", public_one, [&](net::Stream& stream, StopToken stop) {
    return stall(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + png, gone, stop);
  });
  fails("http://a.example/?secret", 504, "was not there after 700 ms", MediaFetch::timed_out);
  EXPECT_EQ(gone, 1);
}

TEST_F(GatewayMedia, StaysWithinTheTimeOfTheExchange) {
  open({"bedrock"}, "[timeouts]\ntotal_ms = 500\n[media]\nfetch = true\nallow_http = true\n");
  int gone = 0;
  gateway->add_host("a.example", public_one, [&](net::Stream& stream, StopToken stop) {
    return stall(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", gone, stop);
  });
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen = seen_after(showing({"http://a.example/"}));
  EXPECT_EQ(seen.status, 504) << seen.body;
  EXPECT_EQ(fetches(MediaFetch::cancelled), 1U);
  EXPECT_TRUE(logged(R"("attempts":[])")) << log[0];
}

TEST_F(GatewayMedia, NeverConnectsToAnAddressThatIsNotPublic) {
  open();
  gateway->add_host("inside.example", private_one, answering(file("image/png", png), host));
  fails("http://inside.example/?secret", 400, "The image at inside.example", MediaFetch::refused);
  EXPECT_TRUE(host.empty());
}

TEST(HeldMedia, HoldsNothingOfWhatWasThereBefore) {
  const auto metrics = std::make_unique<telemetry::Metrics>();
  HeldMedia held(*metrics);
  held.add("abcd");
  held.clear();
  EXPECT_EQ(metrics->media_bytes_held.value(), 0);
  held.add("abc");
  held.finish();
  EXPECT_EQ(held.view(), "YWJj");
  EXPECT_EQ(metrics->media_bytes_held.value(), 4);
}

TEST_F(GatewayMedia, NeverConnectsToOneThatIsWrittenOut) {
  for (const std::string_view url :
       {"http://10.0.0.5/", "http://[::ffff:10.0.0.5]/", "http://[64:ff9b::a00:5]/",
        "http://169.254.169.254/latest/meta-data", "http://127.0.0.1:8080/", "http://0/",
        "http://167772165/", "http://0x0a000005/", "http://10.0.0.5./", "http://localhost/"}) {
    open({"bedrock"}, "[media]\nfetch = true\nallow_http = true\nports = [8080]\n");
    gateway->add_host("inside.example", private_one, answering(file("image/png", png), host));
    gateway->add_host("localhost", ring::SocketAddress::ipv4({127, 0, 0, 1}, 80), nullptr);
    gateway->add_raw_provider(0, answering(converse_answer, provider));
    const SeenAnswer seen = seen_after(showing({url}));
    EXPECT_EQ(seen.status, 400) << url << ": " << seen.body;
    EXPECT_EQ(fetches(MediaFetch::refused), 1U) << url;
    EXPECT_TRUE(host.empty() && provider.empty()) << url;
    EXPECT_EQ(log.size(), 1U) << url << ": the gateway asked itself";
  }
}

TEST_F(GatewayMedia, IsNotLedInsideByARedirect) {
  for (const std::string_view to :
       {"http://inside.example/", "http://10.0.0.5/", "//[::ffff:10.0.0.5]/"}) {
    open();
    Requests inside;
    gateway->add_host("a.example", public_one, answering(redirect(to), host));
    gateway->add_host("inside.example", private_one, answering(file("image/png", png), inside));
    fails("http://a.example/?secret", 400, "redirects to another place", MediaFetch::refused);
    EXPECT_TRUE(inside.empty());
  }
}

TEST_F(GatewayMedia, AsksOnlyThePublicOnesOfAHostsAddresses) {
  open();
  Requests inside;
  gateway->add_host("a.example", private_one, answering(file("image/png", png), inside));
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  EXPECT_EQ(seen_after(showing({"http://a.example/"})).status, 200);
  EXPECT_EQ(host.size(), 1U);
  EXPECT_TRUE(inside.empty());
}

TEST_F(GatewayMedia, ConnectsInsideWhereTheConfigurationSaysSo) {
  open({"bedrock"},
       "[media]\nfetch = true\nallow_http = true\nhosts = [\"inside.example\"]\n"
       "allow_private = [\"10.0.0.0/24\"]\n");
  gateway->add_host("inside.example", private_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  EXPECT_EQ(seen_after(showing({"http://inside.example/"})).status, 200);
  EXPECT_EQ(host.size(), 1U);
}

TEST_F(GatewayMedia, GoesOnlyWhereTheConfigurationLetsIt) {
  const struct {
    std::string_view media, url, says;
  } cases[] = {{"[media]\nfetch = true\n", "http://a.example/", "does not begin with https://"},
               {on, "http://a.example:8080/", "does not connect to that port"},
               {"[media]\nfetch = true\nallow_http = true\nhosts = [\"b.example\"]\n",
                "http://a.example/", "does not fetch from that host"},
               {on, "http://canary@a.example/", "a user or a password"}};
  for (const auto& c : cases) {
    open({"bedrock"}, c.media);
    gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
    fails(c.url, 400, c.says, MediaFetch::refused);
    EXPECT_TRUE(host.empty()) << c.url;
  }
}

TEST_F(GatewayMedia, RefusesAServersErrorsAndWhatIsNoImage) {
  const struct {
    std::string answer;
    int status;
    std::string_view says;
    MediaFetch outcome;
  } cases[] = {
      {file("text/html", "<html>" + std::string(99, ' ')), 400, "it is text/html",
       MediaFetch::wrong_type},
      {file("image/png", "<html>"), 400, "of no known kind of image", MediaFetch::wrong_type},
      {file("image/png", ""), 400, "it is empty", MediaFetch::wrong_type},
      {with_length("404 Not Found", json_type, "{}"), 400, "status 404", MediaFetch::failed},
      {with_length("503 Down", json_type, "{}"), 502, "status 503", MediaFetch::failed},
      {with_length("304 Not Modified", "", ""), 400, "status 304", MediaFetch::failed},
      {with_length("302 Found", "", ""), 400, "status 302", MediaFetch::failed},
      {redirect("http://a.example/again"), 400, "redirects more often", MediaFetch::failed},
      {with_length("200 OK", "Content-Encoding: gzip\r\n", png), 400, "compresses",
       MediaFetch::failed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + png, 502, "broke off",
       MediaFetch::failed},
      {"nonsense\r\n\r\n", 502, "no valid HTTP", MediaFetch::failed}};
  for (const auto& c : cases) {
    open();
    gateway->add_host("a.example", public_one, answering(c.answer, host));
    fails("http://a.example/?secret", c.status, c.says, c.outcome);
  }
}

TEST_F(GatewayMedia, SaysThatAHostCannotBeReached) {
  open();
  fails("http://nowhere.example/?secret", 502, "could not be resolved", MediaFetch::unreachable);
  open();
  gateway->add_host("a.example", public_one, {});
  fails("http://a.example/?secret", 502, "no connection", MediaFetch::unreachable);
}

TEST_F(GatewayMedia, IsOffUnlessItIsConfigured) {
  open({"bedrock"}, "");
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen = seen_after(showing({"http://a.example/"}));
  EXPECT_EQ(seen.status, 400);
  EXPECT_NE(seen.body.find("data URL"), std::string::npos) << seen.body;
  EXPECT_TRUE(host.empty() && provider.empty());
}

TEST_F(GatewayMedia, FetchesOnceForTwoAttempts) {
  open({"bedrock", "bedrock"});
  Requests second;
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(with_length("503 Down", json_type, "{}"), provider));
  gateway->add_raw_provider(1, answering(converse_answer, second));
  EXPECT_EQ(seen_after(showing({"http://a.example/"})).status, 200);
  EXPECT_EQ(host.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(provider[0].find(base64_of(png)), std::string::npos) << provider[0];
  EXPECT_NE(second[0].find(base64_of(png)), std::string::npos) << second[0];
}

TEST_F(GatewayMedia, FailsOnceForTwoAttempts) {
  open({"bedrock", "bedrock"});
  gateway->add_host("a.example", public_one, answering(file("text/html", "<html>"), host));
  EXPECT_EQ(seen_after(showing({"http://a.example/"})).status, 400);
  EXPECT_EQ(host.size(), 1U);
}

TEST_F(GatewayMedia, LeavesTheUrlToAProviderThatFetchesItself) {
  open({"anthropic", "bedrock", "anthropic"});
  Requests second;
  Requests third;
  const std::string down = with_length("503 Down", json_type, "{}");
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(down, provider));
  gateway->add_raw_provider(1, answering(down, second));
  gateway->add_raw_provider(2, answering(down, third));
  EXPECT_EQ(seen_after(showing({"http://a.example/"})).status, 503);
  ASSERT_TRUE(provider.size() == 1 && second.size() == 1 && third.size() == 1);
  for (const std::string& request : {provider[0], third[0]}) {
    EXPECT_NE(request.find(R"({"type":"url","url":"http://a.example/"})"), std::string::npos);
  }
  EXPECT_NE(second[0].find(base64_of(png)), std::string::npos) << second[0];
}

TEST_F(GatewayMedia, FetchesNothingForARelay) {
  open({"anthropic"});
  const std::string body =
      R"({"model":"up","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image",)"
      R"("source":{"type":"url","url":"http:\/\/a.example\/"}}]}]})";
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_raw_provider(0, answering(with_length("503 Down", json_type, "{}"), provider));
  Asked asked{.target = "/v1/messages", .body = body};
  asked.body.replace(asked.body.find("\"up\""), 4, "\"m\"");
  (void)seen_after(asked);
  ASSERT_EQ(provider.size(), 1U);
  EXPECT_TRUE(provider[0].ends_with(body)) << provider[0];
  EXPECT_TRUE(host.empty());
}

TEST_F(GatewayMedia, FetchesAUrlOnceHoweverOftenItIsNamedAndSeveralBesideEachOther) {
  open();
  Requests other;
  gateway->add_host("a.example", public_one, answering(file("image/png", png), host));
  gateway->add_host("b.example", public_two, answering(file("application/pdf", pdf), other));
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const SeenAnswer seen =
      seen_after(showing({"http://a.example/", "http://b.example/", "http:\\/\\/a.example\\/"}));
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_TRUE(host.size() == 1 && other.size() == 1);
  ASSERT_EQ(provider.size(), 1U);
  EXPECT_NE(provider[0].find(R"("document":{"format":"pdf")"), std::string::npos)
      << "it is what it is: " << provider[0];
  const std::size_t first = provider[0].find(base64_of(png));
  EXPECT_NE(provider[0].find(base64_of(png), first + 1), std::string::npos) << provider[0];
}

Task<void> leave_while_fetching(GatewayWorld& gateway, std::string body, int& gone) {
  gateway.start();
  {
    auto stream = co_await gateway.connect();
    EXPECT_TRUE(stream.has_value());
    const std::string request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: "
        "application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    (void)co_await say(**stream, request, {});
    const MonotonicTime later = gateway.loop().now() + std::chrono::milliseconds(200);
    (void)co_await ring::sleep_until(gateway.loop(), later, {});
    EXPECT_EQ(gone, 0);
  }
  const MonotonicTime soon = gateway.loop().now() + std::chrono::milliseconds(100);
  (void)co_await ring::sleep_until(gateway.loop(), soon, {});
  EXPECT_EQ(gone, 1) << "the host is let go at once";
  EXPECT_EQ(gateway.gateway().exchanges_in_flight(), 0U);
  co_await gateway.stop();
}

TEST_F(GatewayMedia, EndsEverythingWhenTheClientLeaves) {
  open();
  int gone = 0;
  gateway->add_host("a.example", public_one, [&](net::Stream& stream, StopToken stop) {
    return stall(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + png, gone, stop);
  });
  gateway->add_raw_provider(0, answering(converse_answer, provider));
  const std::string body = showing({"http://a.example/"}).body;
  EXPECT_EQ(world.run(leave_while_fetching(*gateway, body, gone), std::chrono::hours(1)), "");
  log = gateway->log_lines();
  EXPECT_EQ(fetches(MediaFetch::cancelled), 1U);
  EXPECT_EQ(held(), held_by_others);
  EXPECT_TRUE(provider.empty());
  EXPECT_TRUE(logged(R"("reason":"the client left")")) << log[0];
}

// Whatever the network does: the right bytes, or an error that says so.
TEST_F(GatewayMedia, SendsTheRightBytesOrNoneOverAnyNetwork) {
  int whole = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    ring::sim::SimWorld rough(seed, ring::sim::SimConfig::draw(random));
    GatewayWorld rough_gateway(rough, config_of({"bedrock"}, on));
    Requests asked;
    Requests fetched;
    rough_gateway.add_host("a.example", public_one,
                           answering(redirect("http://b.example/1"), fetched));
    rough_gateway.add_host("b.example", public_two, answering(file("image/png", png), fetched));
    rough_gateway.add_raw_provider(0, answering(converse_answer, asked));
    SeenAnswer seen;
    const Asked request = showing({"http://a.example/1", "http://b.example/2"});
    EXPECT_EQ(rough.run(run(rough_gateway, request, seen), std::chrono::hours(1)), "");
    for (const std::string& call : asked) {
      const std::size_t first = call.find(base64_of(png));
      EXPECT_NE(call.find(base64_of(png), first + 1), std::string::npos) << call;
    }
    EXPECT_EQ(rough_gateway.metrics().media_bytes_held.value(), 0);
    whole += seen.status == 200 ? 1 : 0;
  }
  EXPECT_GT(whole, 10);
}

}  // namespace
}  // namespace sluice::gateway
