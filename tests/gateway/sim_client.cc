#include "sim_client.h"

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "sim_answer_reader.h"
#include "sluice/ring/sleep.h"

namespace sluice::gateway::testing {
namespace {

using std::chrono::milliseconds;

Kind draw_kind(Random& random) {
  constexpr Kind rare[] = {Kind::bad_json,     Kind::unknown_model, Kind::no_path,
                           Kind::wrong_method, Kind::models,        Kind::health,
                           Kind::head_health};
  if (random.chance(0.2)) return rare[random.below(std::size(rare))];
  return random.chance(0.6) ? Kind::stream : Kind::chat;
}

struct Outgoing {
  std::size_t number = 0;
  std::string head;
  std::string body;  // framed
  bool expects = false;
  bool to_head = false;
};

std::string request_line(Kind kind, Random& random) {
  const std::string host = random.chance(0.1) ? "http://gateway" : "";
  switch (kind) {
    case Kind::models: return "GET " + host + "/v1/models HTTP/1.1\r\n";
    case Kind::health: return "GET " + host + "/healthz HTTP/1.1\r\n";
    case Kind::head_health: return "HEAD " + host + "/readyz HTTP/1.1\r\n";
    case Kind::no_path:
      return "POST " + (host.empty() ? "/nothing" : host) + "?q=/v1/chat HTTP/1.1\r\n";
    case Kind::wrong_method: return "GET " + host + "/v1/chat/completions HTTP/1.1\r\n";
    case Kind::chat:
    case Kind::stream:
    case Kind::bad_json:
    case Kind::unknown_model: return "POST " + host + "/v1/chat/completions HTTP/1.1\r\n";
  }
  __builtin_unreachable();
}

class Client {
 public:
  Client(GatewayWorld& world, Ledger& ledger, Random& random, ClientMood mood)
      : world_(world), loop_(world.loop()), ledger_(ledger), random_(random), mood_(mood) {}

  Task<void> run() {
    const std::size_t connections = 1 + random_.below(2);
    for (std::size_t i = 0; i < connections; ++i) {
      co_await pause(random_.below(2'000), {});
      co_await run_connection();
    }
  }

 private:
  Task<void> pause(std::uint64_t ms, StopToken stop) {
    (void)co_await ring::sleep_until(loop_, loop_.now() + milliseconds(ms), stop);
  }

  Task<void> run_connection() {
    Result<std::unique_ptr<net::Stream>> stream = co_await world_.connect();
    if (!stream) co_return;
    const bool leaves = random_.chance(mood_.leaves);
    const MonotonicTime leave_at =
        leaves ? loop_.now() + milliseconds(random_.below(random_.chance(0.5) ? 300 : 8'000))
               : MonotonicTime::max();
    ring::Deadline leaving(loop_, leave_at, {});
    AnswerReader reader(
        loop_, **stream, random_,
        random_.chance(0.2) ? 1 + static_cast<std::uint32_t>(random_.below(500)) : 0);
    std::vector<Outgoing> batch = draw_batch();
    // Before anything is known of them: a connection that breaks excuses what it leaves unanswered
    // only when its client left.
    if (batch.size() > 1 && random_.chance(0.3)) {
      co_await pipeline(**stream, reader, batch, leaving.token());
    } else {
      co_await in_turn(**stream, reader, batch, leaving.token());
    }
    if (leaving.passed()) {
      for (const Outgoing& request : batch) {
        if (!ledger_.seen[request.number].complete) ledger_.seen[request.number].excused = true;
      }
      if (random_.chance(0.5)) (*stream)->reset_on_close();
    } else if (ledger_.seen[batch.back().number].complete) {
      EXPECT_EQ(reader.leftovers(), "") << "more than was asked for";
    }
  }

  std::vector<Outgoing> draw_batch() {
    std::vector<Outgoing> batch;
    const std::size_t count = 1 + random_.below(4);
    for (std::size_t i = 0; i < count; ++i) batch.push_back(draw_request());
    return batch;
  }

  Outgoing draw_request() {
    const Kind kind = draw_kind(random_);
    Outgoing request;
    request.number = ledger_.add({.kind = kind, .body = {}});
    request.to_head = kind == Kind::head_health;
    const std::string nonce = nonce_of(request.number);
    std::string body;
    if (kind != Kind::models && kind != Kind::health && kind != Kind::head_health &&
        kind != Kind::wrong_method && kind != Kind::no_path) {
      const bool large = random_.chance(mood_.large) && goes_upstream(kind);
      body = chat_body(nonce, kind == Kind::stream,
                       large ? 60'000 + random_.below(60'000) : random_.below(300));
    }
    if (kind == Kind::bad_json) body.insert(body.size() - 1, ",");
    if (kind == Kind::unknown_model) body.replace(body.find(R"("m")"), 3, R"("zz")");
    ledger_.asks[request.number].body = body;
    frame(kind, nonce, std::move(body), request);
    return request;
  }

  void frame(Kind kind, const std::string& nonce, std::string body, Outgoing& request) {
    request.head = request_line(kind, random_) + "Host: gateway\r\nX-Request-Id: " + nonce +
                   "\r\nX-Client-Request-Id: " + nonce +
                   "\r\nCookie: canary\r\nX-Internal: canary\r\n";
    if (!body.empty()) {
      request.head += "Content-Type: application/json\r\n";
      request.expects = random_.chance(0.1);
      if (request.expects) request.head += "Expect: 100-continue\r\n";
      if (random_.chance(0.3)) {
        request.head += "Transfer-Encoding: chunked\r\n";
        request.body = chunked(body);
      } else {
        request.head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        request.body = std::move(body);
      }
    }
    request.head += "\r\n";
  }

  std::string chunked(std::string_view body) {
    std::string out;
    while (!body.empty()) {
      const std::size_t size = 1 + random_.below(body.size());
      char digits[20];
      out.append(digits, std::to_chars(digits, digits + sizeof(digits), size, 16).ptr);
      out += random_.chance(0.2) ? ";x=y\r\n" : "\r\n";
      out += std::string(body.substr(0, size)) + "\r\n";
      body.remove_prefix(size);
    }
    return out + (random_.chance(0.2) ? "0\r\nX-Trailer: canary\r\n\r\n" : "0\r\n\r\n");
  }

  Task<bool> write(net::Stream& stream, std::string_view bytes, StopToken stop) {
    const bool in_pieces = random_.chance(0.4);
    while (!bytes.empty()) {
      const std::size_t size =
          in_pieces ? std::min<std::size_t>(bytes.size(), 1 + random_.below(5'000)) : bytes.size();
      SliceChain piece;
      piece.push(Slice::copy_of(bytes.substr(0, size)));
      const Result<void> sent = co_await stream.write(std::move(piece), stop);
      if (!sent) co_return false;
      bytes.remove_prefix(size);
      if (in_pieces) co_await pause(random_.below(50), stop);
    }
    co_return true;
  }

  Task<void> in_turn(net::Stream& stream, AnswerReader& reader, std::vector<Outgoing>& batch,
                     StopToken stop) {
    bool open = true;
    for (Outgoing& request : batch) {
      if (!open) {
        seen_of(request).excused = true;
        continue;
      }
      open = co_await write(stream, request.head, stop);
      bool body_wanted = true;
      if (open && request.expects) {
        open = co_await reader.read(seen_of(request), request.to_head, true, stop);
        body_wanted = seen_of(request).status == 0;
      }
      if (open && body_wanted) {
        open = co_await write(stream, request.body, stop);
        seen_of(request).sent = open;
        // What the gateway said before it stopped listening is worth reading all the same.
        const bool answered = co_await reader.read(seen_of(request), request.to_head, false, stop);
        open = open && answered;
      }
      if (open && random_.chance(0.3)) co_await pause(random_.below(3'000), stop);
    }
  }

  Task<void> pipeline(net::Stream& stream, AnswerReader& reader, std::vector<Outgoing>& batch,
                      StopToken stop) {
    std::string all;
    for (Outgoing& request : batch) {
      all += request.head + request.body;
    }
    bool open = co_await write(stream, all, stop);
    bool answered = true;
    for (Outgoing& request : batch) {
      seen_of(request).sent = open;
      if (!answered) {
        seen_of(request).excused = true;
        continue;
      }
      answered = co_await reader.read(seen_of(request), request.to_head, false, stop);
    }
  }

  Seen& seen_of(const Outgoing& request) { return ledger_.seen[request.number]; }

  GatewayWorld& world_;
  ring::Loop& loop_;
  Ledger& ledger_;
  Random& random_;
  ClientMood mood_;
};

}  // namespace

Task<void> simulated_client(GatewayWorld& world, Ledger& ledger, Random& random, ClientMood mood) {
  Client client(world, ledger, random, mood);
  co_await client.run();
}

}  // namespace sluice::gateway::testing
