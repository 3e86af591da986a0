// Fuzzes a whole server connection: byte 0 chooses where the input is cut, the rest is what a
// client sends, to a handler that echoes each body. What the server answers is given to the client
// side.
//   1. every connection ends, in virtual time, and leaves nothing behind;
//   2. what the handler sees is what the parsers accept: no request behind one they refuse;
//   3. however the input is cut, the answers are the same bytes, but for the status of a refusal:
//      which of two faults is met first depends on the cut;
//   4. the answers are well-formed: the client side reads each to its end, one per request, and
//      nothing is left over but what a refusal says last.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server_fixture.h"
#include "sluice/base/assert.h"
#include "sluice/http/client_http1.h"

namespace {

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::testing;

struct Run {
  std::string answers;
  std::vector<SeenRequest> seen;
  std::size_t refused = 0;
};

Run run_of(std::string_view wire, std::size_t cut, std::size_t chunk_max) {
  ServerFixture fixture;
  fixture.config.head_timeout = std::chrono::milliseconds(100);
  fixture.config.idle_timeout = std::chrono::milliseconds(100);
  fixture.config.body_grace = std::chrono::milliseconds(100);
  fixture.pair.to_server->cut_at = cut;
  fixture.pair.to_server->chunk_max = chunk_max;
  fixture.pair.to_server->put(std::string(wire));
  const std::string report = fixture.world.run(fixture.serve(), std::chrono::hours(1));
  SLUICE_ASSERT(report.empty());
  SLUICE_ASSERT(fixture.pair.to_client->ended);
  return {.answers = std::move(fixture.pair.to_client->waiting),
          .seen = std::move(fixture.handler.seen),
          .refused = fixture.handler.rejections.size()};
}

// Property 2: the parsers alone, over the same bytes.
void assert_accepted(std::string_view wire, const Run& run) {
  for (const SeenRequest& request : run.seen) {
    RequestHead head;
    const HeadParse parse = parse_request_head(wire, head);
    SLUICE_ASSERT(parse.status == ParseStatus::complete);
    SLUICE_ASSERT(head.method_text == request.method && head.target == request.target);
    const auto framing = request_framing(head);
    SLUICE_ASSERT(framing.has_value());
    wire.remove_prefix(parse.bytes_consumed);
    if (!request.body_result) {  // the last one, whatever follows
      SLUICE_ASSERT(&request == &run.seen.back());
      return;
    }
    if (framing->kind == BodyKind::length) {
      SLUICE_ASSERT(framing->length_bytes <= wire.size());
      SLUICE_ASSERT(wire.substr(0, framing->length_bytes) == request.body);
      wire.remove_prefix(framing->length_bytes);
    } else if (framing->kind == BodyKind::chunked) {
      ChunkedDecoder decoder;
      std::string body;
      while (!decoder.is_complete()) {
        const ChunkedStep step = decoder.next(wire);
        SLUICE_ASSERT(step.status == ChunkedStatus::data || step.status == ChunkedStatus::complete);
        body += step.data;
        wire.remove_prefix(step.bytes_consumed);
      }
      SLUICE_ASSERT(body == request.body);
    }
  }
}

// Lifetime: the caller joins the task.
Task<void> read_answer(ClientHttp1& connection, std::string_view method, bool& whole) {
  ClientHttp1::Exchange exchange(connection);
  const auto head = co_await exchange.send(
      {.method = method == "HEAD" ? "HEAD" : "GET", .authority = "a"}, {}, {});
  if (!head) co_return;
  const Result<Slice> body = co_await exchange.read_whole_body(1 << 24, {});
  whole = body.has_value() && exchange.complete();
}

// The answer at the front of `answers`, and how long it is: cut off behind its own end.
std::size_t answer_bytes(std::string_view answers, std::string_view method) {
  ResponseHead head;
  const HeadParse parse = parse_response_head(answers, head);
  SLUICE_ASSERT(parse.status == ParseStatus::complete);
  if (head.is_interim()) {
    return parse.bytes_consumed + answer_bytes(answers.substr(parse.bytes_consumed), method);
  }
  const auto framing = response_framing(head, method_of(method));
  SLUICE_ASSERT(framing.has_value());
  SLUICE_ASSERT(framing->kind == BodyKind::length || framing->kind == BodyKind::none);
  const std::size_t size = parse.bytes_consumed + framing->length_bytes;
  SLUICE_ASSERT(size <= answers.size());
  return size;
}

void assert_read_back(const Run& run) {
  std::string_view rest = run.answers;
  for (std::size_t i = 0; i < run.seen.size() + run.refused; ++i) {
    const std::string_view method =
        i < run.seen.size() ? std::string_view(run.seen[i].method) : "GET";
    const std::size_t size = answer_bytes(rest, method);
    ring::sim::SimWorld world(1, ring::sim::SimConfig::calm());
    net::testing::MemoryPair pair(world.loop());
    pair.to_client->put(std::string(rest.substr(0, size)));
    pair.to_client->end(false);
    bool whole = false;
    {
      ClientHttp1 connection(world.loop(), std::move(pair.client), ClientHttp1Config{});
      const std::string report =
          world.run(read_answer(connection, method, whole), std::chrono::hours(1));
      SLUICE_ASSERT(report.empty());
    }
    SLUICE_ASSERT(whole);
    rest.remove_prefix(size);
  }
  SLUICE_ASSERT(rest.empty());
}

// Interim answers depend on what had come when the handler asked: they are not compared.
std::string comparable(const Run& run) {
  std::string text = run.answers;
  if (run.refused > 0) text.erase(text.rfind("HTTP/1.1 "));
  constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
  for (std::size_t at = 0; (at = text.find(line, at)) != std::string::npos;) {
    text.erase(at, line.size());
  }
  return without_dates(std::move(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0 || size_bytes > 64 * 1024) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const Run whole = run_of(wire, net::testing::MemoryPipe::no_limit, wire.size() + 1);
  assert_accepted(wire, whole);
  assert_read_back(whole);
  const Run cut = run_of(wire, data[0] * wire.size() / 256, wire.size() + 1);
  const Run pieces = run_of(wire, 0, data[0] % 7 + 1U);
  for (const Run* other : {&cut, &pieces}) {
    SLUICE_ASSERT(other->seen.size() == whole.seen.size());
    SLUICE_ASSERT(other->refused == whole.refused);
    SLUICE_ASSERT(comparable(*other) == comparable(whole));
  }
  return 0;
}
