// Files that chats name by https URLs, fetched over TLS from a host with a certificate of the
// tests' own authority, or with another one.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "gateway_cases.h"
#include "sluice/base/base64.h"
#include "sluice/net/tls_context.h"

namespace sluice::gateway {
namespace {

using namespace std::string_view_literals;
using telemetry::MediaFetch;
using testing::Asked;
using testing::GatewayWorld;
using testing::json_type;
using testing::say;
using testing::SeenAnswer;
using testing::with_length;

const auto public_one = ring::SocketAddress::ipv4({93, 184, 216, 34}, 443);
const std::string png = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv) + std::string(9'000, 'p');

constexpr std::string_view config =
    "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n[media]\nfetch = true\n"
    "[[provider]]\nname = \"p0\"\ndialect = \"bedrock\"\nbase_url = \"http://127.0.0.1:9000\"\n"
    "keys = []\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = \"p0\"\nmodel = \"up\"\n";

std::string cert_path(const std::string& file) {
  return std::string(SLUICE_TEST_CERTS) + "/" + file;
}

std::shared_ptr<const net::TlsClientContext> trusting_the_tests_authority() {
  return std::shared_ptr<const net::TlsClientContext>(
      net::TlsClientContext::make({.trust = net::TlsTrust::load(cert_path("ca.crt")).value()})
          .value());
}

std::unique_ptr<net::TlsServerContext> showing_itself_as(const std::string& name) {
  net::TlsServerConfig shown;
  shown.certificates.push_back(
      net::TlsCertificate::load(cert_path(name + ".crt"), cert_path(name + ".key")).value());
  return net::TlsServerContext::make(std::move(shown), net::TlsTicketKeys::generate()).value();
}

// One request of a connection: its head, until the empty line; all of a body, where there is one.
Task<void> answer(net::Stream& stream, const std::string* bytes, std::vector<std::string>* heard,
                  StopToken stop) {
  std::string request;
  while (true) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return;
    request += part->to_string();
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const std::size_t length = request.find("Content-Length: ");
    const std::size_t body = length < head ? std::stoul(request.substr(length + 16)) : 0;
    if (request.size() >= head + 4 + body) break;
  }
  heard->push_back(std::move(request));
  (void)co_await say(stream, *bytes, stop);
}

struct Case {
  std::string_view certificate, url;
  bool fetched;
};

class GatewayMediaTls : public testing::GatewayCases {
 protected:
  SeenAnswer see_picture(const Case& c) {
    ring::sim::SimWorld own(1, ring::sim::SimConfig::calm());
    const auto tls = showing_itself_as(std::string(c.certificate));
    GatewayWorld gateway(own, std::string(config), trusting_the_tests_authority());
    const std::string file = with_length("200 OK", "Content-Type: image/png\r\n", png);
    const std::string said =
        with_length("200 OK", json_type,
                    R"({"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},)"
                    R"("stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1}})");
    host.clear();
    provider.clear();
    gateway.add_tls_host(
        "api.example.test", public_one, *tls,
        [&](net::Stream& stream, StopToken stop) { return answer(stream, &file, &host, stop); });
    gateway.add_raw_provider(0, [&](net::Stream& stream, StopToken stop) {
      return answer(stream, &said, &provider, stop);
    });
    const Asked asked{.body = R"({"model":"m","messages":[{"role":"user","content":[)"
                              R"({"type":"image_url","image_url":{"url":")" +
                              std::string(c.url) + R"("}}]}]})"};
    SeenAnswer seen;
    EXPECT_EQ(own.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    const auto& fetches = gateway.metrics().media_fetches;
    fetched = fetches[static_cast<std::size_t>(MediaFetch::fetched)].value();
    unreachable = fetches[static_cast<std::size_t>(MediaFetch::unreachable)].value();
    return seen;
  }

  std::vector<std::string> host, provider;  // what each was asked
  std::uint64_t fetched = 0;
  std::uint64_t unreachable = 0;
};

TEST_F(GatewayMediaTls, IsFetchedFromWhoIsWhoTheUrlSays) {
  for (const Case& c : {Case{"api", "https://api.example.test/p.png", true},
                        Case{"localhost", "https://api.example.test:443/p.png", true},
                        Case{"stranger", "https://api.example.test/p.png", false},
                        Case{"self", "https://api.example.test/p.png", false},
                        Case{"expired", "https://api.example.test/p.png", false}}) {
    SCOPED_TRACE(c.certificate);
    const SeenAnswer seen = see_picture(c);
    EXPECT_EQ(fetched, c.fetched ? 1U : 0U);
    EXPECT_EQ(unreachable, c.fetched ? 0U : 1U);
    EXPECT_EQ(host.size(), fetched) << "nothing is asked of a stranger";
    if (c.fetched) {
      EXPECT_EQ(seen.status, 200) << seen.body;
      EXPECT_TRUE(host.at(0).starts_with("GET /p.png HTTP/1.1\r\n")) << host[0];
      EXPECT_NE(host[0].find("Host: api.example.test\r\n"), std::string::npos) << host[0];
      std::string base64;
      append_base64(base64, png);
      ASSERT_EQ(provider.size(), 1U);
      EXPECT_NE(provider[0].find(base64), std::string::npos);
    } else {
      EXPECT_EQ(seen.status, 502) << seen.body;
      EXPECT_NE(seen.body.find("the certificate of its host is not trusted"), std::string::npos)
          << seen.body;
      EXPECT_TRUE(provider.empty());
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
