// A server connection over a stream in memory, in virtual time, for tests: bytes in, bytes out, and
// what its handler saw.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/memory_stream.h"
#include "sluice/coro/scope.h"
#include "sluice/http/server_http1.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::http::testing {

using net::testing::chain_of;

/// What a handler saw of one request.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string body;
  Result<void> body_result{};
  Result<void> answer_result{};
  bool departed = false;  // when the handler ended
};

/// Answers by a function of the test's choosing and keeps what came.
class RecordingHandler final : public Handler {
 public:
  using Act = std::function<Task<void>(ServerExchange&, SeenRequest&)>;
  explicit RecordingHandler(Act function) : act(std::move(function)) {}

  Task<void> handle(ServerExchange& exchange) override {
    SeenRequest request{.method = std::string(exchange.head().method_text),
                        .target = std::string(exchange.head().target),
                        .body = {}};
    co_await act(exchange, request);
    request.departed = exchange.departed().stop_requested();
    seen.push_back(std::move(request));
  }
  RejectionBody rejected(const Rejection& rejection, const ring::SocketAddress&) override {
    rejections.push_back(rejection);
    return {"application/json", R"({"error":"refused"})"};
  }

  Act act;
  std::vector<SeenRequest> seen;
  std::vector<Rejection> rejections;
};

inline Task<void> answer(ServerExchange& exchange, SeenRequest& request, StatusCode status,
                         std::string body) {
  request.answer_result =
      co_await exchange.respond({.status = status}, chain_of(std::move(body)), exchange.departed());
}

/// Reads the whole body and answers with what came.
inline Task<void> echo(ServerExchange& exchange, SeenRequest& request) {
  Result<Slice> body = co_await exchange.read_whole_body(16 * 1024 * 1024, exchange.departed());
  if (!body) {
    request.body_result = fail(body.error());
    co_await answer(exchange, request, status::bad_request, body.error().what);
    co_return;
  }
  request.body = std::string(body->view());
  co_await answer(exchange, request, status::ok, request.body);
}

/// Answers at once and leaves the body where it is.
inline Task<void> ignore_body(ServerExchange& exchange, SeenRequest& request) {
  co_await answer(exchange, request, status::content_too_large, "no");
}

/// Date lines out of answers, for comparisons.
inline std::string without_dates(std::string text) {
  for (std::size_t at = 0; (at = text.find("Date: ", at)) != std::string::npos;) {
    text.erase(at, text.find("\r\n", at) + 2 - at);
  }
  return text;
}

inline std::string ok_answer(std::string_view body, bool closes = false) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         (closes ? "Connection: close\r\n" : "") + "\r\n" + std::string(body);
}

class ServerFixture {
 public:
  explicit ServerFixture(RecordingHandler::Act act = echo)
      : handler(std::move(act)), pair(world.loop()) {}

  /// Serves until the connection ends.
  Task<void> serve() {
    co_await serve_http1(loop(), *pair.server, handler, config,
                         {.drain = drain.token(), .end = end.token()});
    ended_at = loop().now();
    pair.server.reset();
  }
  /// Serves, with `client` beside it, until both have ended.
  void run(Task<void> client) {
    EXPECT_EQ(world.run(both(std::move(client)), std::chrono::hours(24)), "");
  }
  /// What a client gets that sends `wire` and then nothing more; dates left out.
  std::string answers_to(std::string wire) {
    pair.to_server->put(std::move(wire));
    EXPECT_EQ(world.run(serve(), std::chrono::hours(24)), "");
    return received();
  }
  /// What the client has not read yet.
  [[nodiscard]] std::string received() const { return without_dates(pair.to_client->waiting); }
  [[nodiscard]] bool was_reset() const { return pair.to_client->reset; }
  [[nodiscard]] ring::Loop& loop() { return world.loop(); }

  /// Steps of a client.
  void send(std::string bytes) { pair.to_server->put(std::move(bytes)); }
  void leave() { pair.to_server->end(false); }
  Task<void> pause(Duration length) {
    static_cast<void>(co_await ring::sleep_until(loop(), loop().now() + length, {}));
  }
  /// Until the client was sent something that holds `text`; false: the connection ended first.
  Task<bool> until_received(std::string_view text) {
    while (pair.to_client->waiting.find(text) == std::string::npos) {
      if (pair.to_client->ended) co_return false;
      pair.to_client->changed.reset();
      static_cast<void>(co_await pair.to_client->changed.wait({}));
    }
    co_return true;
  }

  ring::sim::SimWorld world{1, ring::sim::SimConfig::calm()};
  RecordingHandler handler;
  ServerHttp1Config config;
  StopSource end;
  StopSource drain{end.token()};
  net::testing::MemoryPair pair;
  MonotonicTime ended_at{};

 private:
  // Lifetime: the fixture outlives the task.
  Task<void> both(Task<void> client) {
    Scope scope;
    scope.spawn(serve());
    scope.spawn(std::move(client));
    co_await scope.join();
  }
};

}  // namespace sluice::http::testing
