// Replays recorded traffic through the whole gateway: client -> gateway -> a provider that sends
// the recorded bytes, cut into reads in many ways. The client must see what it would have seen
// without a gateway in between, and the provider what it would have received, but for what is
// documented.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <span>

#include "gateway_world.h"
#include "recorded_oracle.h"
#include "recorded_traffic.h"
#include "recorded_wire.h"
#include "sluice/base/random.h"
#include "sluice/http/text.h"
#include "sluice/json/writer.h"

namespace sluice::gateway {
namespace {

using namespace testing;
using ring::sim::SimConfig;
using ring::sim::SimWorld;

// Answers that are not what they should be: what the client gets in their place. Status 0: the
// failure is met behind the commit point, so the stream ends in an error event.
struct Fault {
  std::string_view name;  // begin of the exchange's name
  int status;
};
constexpr Fault faults[] = {
    // An event that reports an error, behind content.
    {"openai-compat/groq/pydantic-ai__cases.pairs.jsonl:7 ", 0},
    {"openai-compat/groq/pydantic-ai__cases.pairs.jsonl:10 ", 0},
    {"openai-compat/openrouter/pydantic-ai__cases.pairs.jsonl:7 ", 0},
    {"synthetic/errors_and_stream_faults.pairs.jsonl:19 ", 0},
    // Cut off.
    {"synthetic/errors_and_stream_faults.pairs.jsonl:20 ", 0},
    // [DONE], but no reason and no count of tokens.
    {"synthetic/errors_and_stream_faults.pairs.jsonl:22 ", 0},
    // An event that reports an error, before any content.
    {"openai/responses/prism__stream-rate-limited-1.sse", 429},
    {"openai/responses/prism__stream-unknown-error-responses-1.sse", 502},
    {"openai/responses/vercel-ai__openai-error.1.chunks.txt", 429},
    {"synthetic/errors_and_stream_faults.pairs.jsonl:25 ", 502},
    // A 400 that says that the gateway's key is wrong.
    {"openai-compat/xai/ruby_llm__error_handling.pairs.jsonl:1 ", 502},
};

const Fault* fault_of(const RecordedExchange& exchange) {
  for (const Fault& fault : faults) {
    if (exchange.name.starts_with(fault.name)) return &fault;
  }
  return nullptr;
}

// --- the provider: reads one request, answers with the pieces set for it ---

struct Provider {
  std::vector<std::string> pieces;
  bool closes = false;
  std::string head;  // of the last request
  std::string body;
  std::uint64_t requests = 0;
};

std::size_t length_in(std::string_view head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == head.npos ? 0 : std::strtoul(std::string(head.substr(at + 16)).c_str(), nullptr, 10);
}

// The next request, its head and body; false when the connection ended.
Task<bool> read_request(net::Stream& stream, Provider& provider, StopToken stop) {
  std::string text;
  std::size_t head_end = text.npos;
  while (head_end == text.npos || text.size() < head_end + length_in(provider.head)) {
    Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return false;
    text += part->to_string();
    if (head_end != text.npos) continue;
    head_end = text.find("\r\n\r\n");
    if (head_end == text.npos) continue;
    head_end += 4;
    provider.head = text.substr(0, head_end);
  }
  provider.body = text.substr(head_end);
  ++provider.requests;
  co_return true;
}

Task<void> serve(net::Stream& stream, Provider& provider, StopToken stop, ring::Loop& loop) {
  while (true) {
    const bool asked = co_await read_request(stream, provider, stop);
    if (!asked) break;
    std::vector<std::string> pieces = std::move(provider.pieces);
    const bool closes = provider.closes;
    for (std::string& piece : pieces) {
      SliceChain bytes;
      bytes.push(Slice::take(std::move(piece)));
      const Result<void> sent = co_await stream.write(std::move(bytes), stop);
      if (!sent) co_return;
      // Long enough for each piece to arrive by itself.
      (void)co_await ring::sleep_until(loop, loop.now() + std::chrono::microseconds(100), stop);
    }
    if (closes) break;
  }
  co_await stream.finish(stop);
}

// --- the client ---

struct Seen {
  int status = 0;
  std::string body;
  bool complete = false;
  RecordedHeaders headers;

  [[nodiscard]] std::string header(std::string_view wanted) const {
    for (const auto& [name, value] : headers) {
      if (http::equal_ignoring_case(name, wanted)) return value;
    }
    return {};
  }
};

Task<Seen> replay(GatewayWorld& world, const RecordedExchange& exchange) {
  Seen seen;
  Result<std::unique_ptr<net::Stream>> stream = co_await world.connect();
  if (!stream) co_return seen;
  http::ClientHttp1 connection(world.loop(), std::move(*stream), {});
  http::ClientHttp1::Exchange client(connection);
  const std::string target = "/v1" + exchange.path;
  const std::array own = {http::Header{"Content-Type", exchange.content_type}};
  const http::OutgoingRequest request{
      .target = target, .authority = "gateway", .fields = {.own = own}};
  SliceChain body;
  body.push(Slice::copy_of(exchange.request_body));
  const Result<const http::ResponseHead*> head = co_await client.send(request, std::move(body), {});
  if (!head) co_return seen;
  seen.status = (*head)->status;
  for (const http::Header& header : (*head)->headers) {
    seen.headers.emplace_back(header.name, header.value);
  }
  while (true) {
    Result<SliceChain> part = co_await client.read_body({});
    if (!part) co_return seen;
    if (part->empty()) break;
    seen.body += part->to_string();
  }
  seen.complete = true;
  co_return seen;
}

// --- what must be so ---

void expect_request(const RecordedExchange& exchange, const Provider& provider) {
  EXPECT_TRUE(provider.head.starts_with("POST /v1" + exchange.path + " HTTP/1.1\r\n"))
      << provider.head;
  if (exchange.content_type.starts_with("multipart")) {
    EXPECT_EQ(provider.body, upstream_form(exchange));
  } else {
    EXPECT_EQ(provider.body, upstream_body(exchange));
  }
}

void expect_error(const Seen& seen, int status) {
  EXPECT_EQ(seen.status, status) << seen.body;
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_TRUE(is_rendered_error(seen.body, seen.header("x-request-id"))) << seen.body;
  EXPECT_EQ(seen.header("retry-after").empty(), status != 429 && status != 503);
}

void expect_headers(const RecordedExchange& exchange, const Seen& seen) {
  constexpr std::array<std::string_view, 7> dropped = {"openai-organization",
                                                       "openai-project",
                                                       "x-request-id",
                                                       "set-cookie",
                                                       "alt-svc",
                                                       "strict-transport-security",
                                                       "date"};
  EXPECT_EQ(seen.header("x-sluice-provider"), "p");
  for (const auto& [name, value] : exchange.response_headers) {
    if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) continue;
    EXPECT_EQ(seen.header(name), value) << name;
  }
}

void expect_stream(const RecordedExchange& exchange, const Seen& seen) {
  const ExpectedStream expected = expected_stream(exchange);
  std::string shown = without_tags(seen.body, seen.header("x-request-id"), "p");
  EXPECT_NE(fault_of(exchange) == nullptr, !expected.complete) << "is the table of faults right?";
  if (!expected.complete && !expected.error_shown) {
    // The last event is the error, in the gateway's own words.
    const std::size_t last = seen.body.rfind("data: ", seen.body.size() - 1);
    ASSERT_NE(last, seen.body.npos);
    const std::string event = seen.body.substr(last + 6);
    EXPECT_TRUE(event.ends_with("\n\n"));
    EXPECT_TRUE(is_rendered_error(event, seen.header("x-request-id"))) << event;
    shown = without_tags(seen.body.substr(0, last), seen.header("x-request-id"), "p");
  }
  EXPECT_EQ(shown, expected.bytes);
}

// The status of an error that the gateway puts in its own words.
int rendered_status(int upstream) {
  constexpr std::array kept = {400, 404, 409, 413, 415, 422, 429, 503};
  return std::find(kept.begin(), kept.end(), upstream) != kept.end() ? upstream : 502;
}

void expect_answer(const RecordedExchange& exchange, const Seen& seen) {
  EXPECT_TRUE(seen.complete);
  const std::string request_id = seen.header("x-request-id");
  EXPECT_NE(request_id, "");
  const Fault* fault = fault_of(exchange);
  if (fault != nullptr && fault->status != 0) {
    expect_error(seen, fault->status);
    return;
  }
  const bool is_success = exchange.status < 300;
  if (!is_success && !error_passes(exchange)) {
    expect_error(seen, rendered_status(exchange.status));
    return;
  }
  EXPECT_EQ(seen.status, exchange.status) << seen.body;
  expect_headers(exchange, seen);
  if (exchange.is_stream() && is_success) {
    expect_stream(exchange, seen);
  } else {
    EXPECT_EQ(without_tags(seen.body, request_id, "p"), exchange.response_body);
    // Some hosts' answers bear a request_id of their own, which stays.
    EXPECT_NE(seen.body.find("\"request_id\""), seen.body.npos);
  }
}

// --- one world per file ---

std::string config_for(const RecordedFile& file) {
  std::set<std::string> models;
  for (const RecordedExchange& exchange : file.exchanges) {
    const std::string model = model_of(exchange);
    models.insert(model.empty() ? "omni-moderation-latest" : model);
  }
  std::string text =
      "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n"
      // Each exchange stands for itself: nobody is asked again, or rests for those before.
      "[routing.retry]\nretries = 0\n[health]\nfailures_to_open = 1000000\n"
      "[[provider]]\nname = \"p\"\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:9000/v1\"\n"
      "keys = []\n";
  for (const std::string& model : models) {
    text += "[[model]]\nname = " + json::quote(model) +
            "\n[[model.deployment]]\nprovider = \"p\"\nmodel = " +
            json::quote(upstream_model_of(model)) + "\n";
  }
  return text;
}

struct Totals {
  std::uint64_t exchanges = 0;
  std::uint64_t replays = 0;
  std::uint64_t streams = 0;
};

int failures() {
  return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
}

void judge(const RecordedExchange& exchange, Cut cut, const Provider& provider, const Seen& seen) {
  SCOPED_TRACE(exchange.name + " cut " + std::to_string(static_cast<int>(cut)));
  EXPECT_EQ(provider.requests, 1U) << seen.body;
  expect_request(exchange, provider);
  expect_answer(exchange, seen);
}

// One exchange at every cut; after a failure the other cuts would say the same.
Task<void> replay_cuts(GatewayWorld& world, const RecordedExchange& exchange, Provider& provider,
                       std::span<const Cut> cuts, Totals& totals) {
  Random random(7);
  const int failures_before = failures();
  for (std::size_t i = 0; i < cuts.size() && failures() == failures_before; ++i) {
    Wire wire = wire_of(exchange, cuts[i], random);
    provider = Provider();
    provider.pieces = pieces_of(wire.bytes, cuts[i], random);
    provider.closes = wire.closes;
    if (provider.pieces.size() == 1 && cuts[i] != Cut::whole) continue;  // nothing to cut there
    Seen seen = co_await replay(world, exchange);
    judge(exchange, cuts[i], provider, seen);
    ++totals.replays;
    // Who says that it has had too much is left alone for a while.
    if (seen.status >= 300 || fault_of(exchange) != nullptr) {
      (void)co_await ring::sleep_until(world.loop(), world.loop().now() + std::chrono::minutes(11),
                                       {});
    }
  }
}

Task<void> replay_all(GatewayWorld& world, const RecordedFile& file, Provider& provider,
                      std::span<const Cut> cuts, Totals& totals) {
  for (const RecordedExchange& exchange : file.exchanges) {
    ++totals.exchanges;
    if (exchange.is_stream()) ++totals.streams;
    co_await replay_cuts(world, exchange, provider, cuts, totals);
  }
}

Task<void> run_and_stop(GatewayWorld& world, const RecordedFile& file, Provider& provider,
                        std::span<const Cut> cuts, Totals& totals) {
  world.start();
  co_await replay_all(world, file, provider, cuts, totals);
  co_await world.stop();
}

void replay_file(const RecordedFile& file, std::uint64_t seed, const SimConfig& network,
                 std::span<const Cut> cuts, Totals& totals) {
  SimWorld sim(seed, network);
  GatewayWorld world(sim, config_for(file));
  Provider provider;
  ring::Loop& loop = sim.loop();
  world.add_raw_provider(0, [&provider, &loop](net::Stream& stream, StopToken stop) {
    return serve(stream, provider, stop, loop);
  });
  EXPECT_EQ(sim.run(run_and_stop(world, file, provider, cuts, totals), std::chrono::hours(100)),
            "");
}

TEST(RecordedReplay, ClientAndProviderSeeWhatTheyWouldHaveSeenWithoutTheGateway) {
  Totals totals;
  std::size_t left_out = 0;
  for (const RecordedFile& file : recorded_files()) {
    EXPECT_FALSE(file.exchanges.empty() && file.left_out.empty()) << file.name << " is not used";
    for (const std::string& reason : file.left_out) std::printf("left out: %s\n", reason.c_str());
    left_out += file.left_out.size();
    if (!file.exchanges.empty()) replay_file(file, 1, SimConfig::calm(), all_cuts, totals);
  }
  std::printf("%llu recorded exchanges, %llu of them streams, replayed %llu times; %zu left out\n",
              static_cast<unsigned long long>(totals.exchanges),
              static_cast<unsigned long long>(totals.streams),
              static_cast<unsigned long long>(totals.replays), left_out);
  EXPECT_GT(totals.exchanges, 600U);
}

TEST(RecordedReplay, NothingChangesWhenTheNetworkSplitsAndDelays) {
  SimConfig network = SimConfig::calm();
  network.short_receive = 0.2;
  network.short_segment = 0.2;
  network.send_pause = 0.2;
  network.late_completion = 0.05;
  network.multishot_end = 0.05;
  network.no_buffers = 0.02;
  network.reorder = true;
  constexpr std::array one_cut = {Cut::whole};
  Totals totals;
  std::uint64_t seed = 0;
  for (const RecordedFile& file : recorded_files()) {
    if (!file.exchanges.empty()) replay_file(file, ++seed, network, one_cut, totals);
  }
  EXPECT_EQ(totals.replays, totals.exchanges);
}

}  // namespace
}  // namespace sluice::gateway
