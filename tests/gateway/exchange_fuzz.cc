// Arbitrary bytes from a client and arbitrary bytes as its provider's answer, through the whole
// gateway on a calm simulated network, cut as the input says: everything ends, nothing is left, no
// answer looks complete unless the provider's was, and what a provider receives is one well framed
// request for each attempt the gateway knows of: no client smuggles one in.
//
//   client's bytes %%%% provider's bytes %%%% cuts %%%% the providers' dialect
//
// Without the last part, and where it names none, the dialect is OpenAI's. Bytes of a provider of
// another dialect are translated, so what looks complete is of our making.
//
// Each byte of the cuts is the size of the next piece in both directions, 0 for all that is left;
// where there are no more, the rest goes in one piece.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway_world.h"
#include "sim_answer_reader.h"
#include "sluice/base/assert.h"
#include "sluice/http/framing.h"
#include "sluice/http/head_parser.h"
#include "sluice/json/value.h"

namespace sluice::gateway {
namespace {

using testing::GatewayWorld;
using testing::Seen;

constexpr std::string_view separator = "\n%%%%\n";
constexpr std::string_view settings =
    "[timeouts]\nfirst_byte_ms = 5000\nfirst_content_ms = 8000\nidle_ms = 2000\ntotal_ms = 20000\n"
    "[server]\nbody_bytes_max = 65536\n"
    "[streaming]\nevent_bytes_max = 65536\nheld_bytes_max = 4096\n";

struct Input {
  std::string_view client;
  std::string_view provider;
  std::string_view cuts;
  std::string_view dialect = "openai";
};

Input split(std::string_view text) {
  Input input;
  const std::size_t first = text.find(separator);
  input.client = text.substr(0, first);
  if (first == std::string_view::npos) return input;
  text.remove_prefix(first + separator.size());
  const std::size_t second = text.find(separator);
  input.provider = text.substr(0, second);
  if (second == std::string_view::npos) return input;
  text.remove_prefix(second + separator.size());
  const std::size_t third = text.find(separator);
  input.cuts = text.substr(0, third);
  if (third == std::string_view::npos) return input;
  for (const std::string_view name : {"anthropic", "gemini", "bedrock"}) {
    if (text.substr(third + separator.size()).starts_with(name)) input.dialect = name;
  }
  return input;
}

Task<bool> write_in_pieces(net::Stream& stream, std::string_view bytes, std::string_view cuts,
                           StopToken stop) {
  while (!bytes.empty()) {
    std::size_t size = cuts.empty() ? 0 : static_cast<unsigned char>(cuts.front());
    if (!cuts.empty()) cuts.remove_prefix(1);
    if (size == 0 || size > bytes.size()) size = bytes.size();
    SliceChain piece;
    piece.push(Slice::copy_of(bytes.substr(0, size)));
    const Result<void> sent = co_await stream.write(std::move(piece), stop);
    if (!sent) co_return false;
    bytes.remove_prefix(size);
  }
  co_return true;
}

// Takes a request off the front of what one connection brought; false: there is none.
bool take_request(std::string_view& received) {
  if (received.empty()) return false;
  http::RequestHeadParser parser{http::HeadLimits{}};
  http::RequestHead head;
  const http::HeadParse parse = parser.parse(received, head);
  // A connection may be closed in the middle of a request, but that is how it must begin.
  SLUICE_ASSERT(parse.status != http::ParseStatus::malformed);
  if (parse.status == http::ParseStatus::need_more) return false;
  const auto framing = http::request_framing(head);
  SLUICE_ASSERT(framing.has_value());
  SLUICE_ASSERT(head.target.starts_with("/v1/"));
  SLUICE_ASSERT(framing->kind == http::BodyKind::none || framing->kind == http::BodyKind::length);
  received.remove_prefix(parse.bytes_consumed);
  const std::string_view body = received.substr(0, framing->length_bytes);
  received.remove_prefix(body.size());
  const auto type = head.headers.value(http::FieldName::content_type);
  if (body.size() == framing->length_bytes && !body.empty() && type == "application/json") {
    json::Index index({.depth_max = 256});
    SLUICE_ASSERT(index.build(body).has_value());
  }
  return true;
}

// `requests` counts what came.
Task<void> answer(net::Stream& stream, const Input& input, std::size_t& requests, StopToken stop) {
  std::string received;
  bool answered = false;
  while (true) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) break;
    received += part->to_string();
    if (answered) continue;
    // At the first bytes, for an answer may come early; then all that the gateway still sends.
    answered = true;
    const bool written = co_await write_in_pieces(stream, input.provider, input.cuts, stop);
    if (!written) break;
    co_await stream.finish(stop);
  }
  for (std::string_view rest = received; take_request(rest);) ++requests;
}

// Tries as the access log has them, and those on a second connection for a first one that was gone.
std::size_t attempts_of(GatewayWorld& world) {
  std::size_t count = world.metrics().upstream_retries.value();
  for (const std::string& line : world.log_lines()) {
    for (std::size_t at = line.find("\"outcome\":"); at != line.npos;
         at = line.find("\"outcome\":", at + 1)) {
      ++count;
    }
  }
  return count;
}

// A request to HEAD, or of HTTP/1.0, has an answer that only who asked can frame.
bool answers_can_be_framed(std::string_view client) {
  return client.find("HEAD") == std::string_view::npos &&
         client.find("HTTP/1.0") == std::string_view::npos;
}

void check(const Seen& seen, const Input& input) {
  EXPECT_TRUE(seen.status != 500) << seen.body;
  const bool of_provider = seen.headers.contains("x-sluice-provider");
  if (!of_provider || !seen.complete || seen.status != 200) return;
  const auto type = seen.headers.find("content-type");
  const bool is_json = type != seen.headers.end() && type->second == "application/json";
  if (is_json && !seen.headers.contains("content-encoding")) {
    json::Index index;
    EXPECT_TRUE(index.build(seen.body).has_value()) << seen.body;
  }
  // What ends in [DONE] was ended so by the provider, or finished at least.
  if (seen.body.find("[DONE]") != std::string::npos && input.dialect == "openai") {
    EXPECT_TRUE(input.provider.find("[DONE]") != std::string_view::npos ||
                input.provider.find("finish_reason") != std::string_view::npos);
  }
  // Of deletions and sounds the body is opaque: only its framing says whether it is whole.
  const bool opaque = input.client.find("/audio/") != std::string_view::npos ||
                      input.client.find("DELETE") != std::string_view::npos;
  const bool is_stream = !opaque && type != seen.headers.end() &&
                         type->second == "text/event-stream" &&
                         !seen.headers.contains("content-encoding");
  if (is_stream && seen.body.find("\"choices\"") != std::string::npos) {
    EXPECT_TRUE(seen.body.find("[DONE]") != std::string::npos ||
                seen.body.find("data: {\"error\":") != std::string::npos)
        << "a cut stream looks complete: " << seen.body;
  }
}

Task<void> run(GatewayWorld& world, const Input& input, Random& random) {
  world.start();
  Result<std::unique_ptr<net::Stream>> stream = co_await world.connect();
  SLUICE_ASSERT(stream.has_value());
  (void)co_await write_in_pieces(**stream, input.client, input.cuts, {});
  if (answers_can_be_framed(input.client)) {
    testing::AnswerReader reader(world.loop(), **stream, random, 0);
    bool goes_on = true;
    while (goes_on) {
      Seen seen;
      goes_on = co_await reader.read(seen, false, false, {});
      check(seen, input);
    }
  } else {
    bool goes_on = true;
    while (goes_on) {
      const Result<SliceChain> part = co_await (*stream)->read({});
      goes_on = part && !part->empty();
    }
  }
  stream->reset();
  co_await world.stop();
}

}  // namespace
}  // namespace sluice::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using namespace sluice;
  if (size_bytes > 64 * 1024) return 0;
  const gateway::Input input = gateway::split({reinterpret_cast<const char*>(data), size_bytes});
  ring::sim::SimWorld world(1, ring::sim::SimConfig::calm());
  Random random(1);
  std::string config = gateway::testing::config_text(2, gateway::settings);
  for (std::size_t at = 0; (at = config.find("\"openai\"", at)) != std::string::npos; ++at) {
    config.replace(at + 1, 6, input.dialect);
  }
  gateway::GatewayWorld gateway(world, config);
  std::size_t requests = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    gateway.add_raw_provider(i, [&input, &requests](net::Stream& stream, StopToken stop) {
      return gateway::answer(stream, input, requests, stop);
    });
  }
  const std::string report = world.run(gateway::run(gateway, input, random), std::chrono::hours(1));
  SLUICE_ASSERT(requests <= gateway::attempts_of(gateway));
  const bool failed = ::testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed();
  if (report.empty() && !failed) return 0;
  std::fprintf(stderr, "%s\n", report.c_str());
  std::abort();
}
