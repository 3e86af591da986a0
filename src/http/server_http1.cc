#include "sluice/http/server_http1.h"

#include <algorithm>
#include <utility>

#include "gathering.h"
#include "server_exchange.h"
#include "sluice/http/head_writer.h"
#include "sluice/ring/sleep.h"

namespace sluice::http {
namespace {

enum class Next : std::uint8_t {
  again,   // the next request
  close,   // break off: the peer is gone, or must not take what it got for an answer
  linger,  // the peer has its whole answer, and must be able to read it
};

// --- the head ---

// Reads one request's head, and sees how its body is framed. Lifetime: the connection and the
// request outlive it.
class HeadReader {
 public:
  struct Outcome {
    enum class Kind : std::uint8_t { need_more, complete, rejected, over } kind;
    Rejection rejection{};  // of rejected
  };

  HeadReader(ServerConnection& connection, ReceivedRequest& request)
      : connection_(connection), request_(request), parser_(connection.config.head) {}

  // Takes from the input what there is of the head.
  Outcome parse();
  // Waits for the rest of a head that did not come whole, until `due`.
  Task<Outcome> read_rest(MonotonicTime due);

 private:
  Outcome accept(std::size_t head_bytes);

  ServerConnection& connection_;
  ReceivedRequest& request_;
  RequestHeadParser parser_;
  HeadGatherer gatherer_;
};

HeadReader::Outcome HeadReader::parse() {
  while (!connection_.input.empty()) {
    gatherer_.add(connection_.input);
    const HeadParse parse = parser_.parse(gatherer_.view(), request_.head);
    switch (parse.status) {
      case ParseStatus::complete: return accept(parse.bytes_consumed);
      case ParseStatus::malformed:
        return {.kind = Outcome::Kind::rejected, .rejection = parse.rejection};
      case ParseStatus::need_more: break;
    }
  }
  return {.kind = Outcome::Kind::need_more};
}

HeadReader::Outcome HeadReader::accept(std::size_t head_bytes) {
  request_.head_bytes = std::move(gatherer_).finish(head_bytes, connection_.input);
  request_.head_at = connection_.loop.now();
  const auto framing = request_framing(request_.head);
  if (!framing) return {.kind = Outcome::Kind::rejected, .rejection = framing.error()};
  request_.framing = *framing;
  return {.kind = Outcome::Kind::complete};
}

Task<HeadReader::Outcome> HeadReader::read_rest(MonotonicTime due) {
  ring::Deadline deadline(connection_.loop, due, connection_.stops.end);
  Outcome outcome{.kind = Outcome::Kind::need_more};
  while (outcome.kind == Outcome::Kind::need_more) {
    const Result<std::size_t> more =
        co_await connection_.stream.read(connection_.input, deadline.token());
    if (!more) {
      if (!deadline.passed() || more.error().kind != ErrorKind::cancelled) {
        co_return Outcome{.kind = Outcome::Kind::over};
      }
      co_return Outcome{.kind = Outcome::Kind::rejected,
                        .rejection = {status::request_timeout, "the request head came too slowly"}};
    }
    // Left in the middle: nobody to answer.
    if (*more == 0) co_return Outcome{.kind = Outcome::Kind::over};
    outcome = parse();
  }
  co_return outcome;
}

// --- the steps of a connection ---
// Lifetime of these tasks: serve() owns the connection and awaits them.

Task<Next> reject(ServerConnection& connection, Handler& handler, Rejection rejection) {
  const RejectionBody said = handler.rejected(rejection, connection.stream.peer());
  HeadWriter writer;
  writer.status_line(rejection.answer);
  writer.header("Content-Type", said.content_type);
  if (!said.request_id.empty()) writer.header("x-request-id", said.request_id);
  writer.header("Date", format_http_date(connection.loop.wall_now()).view());
  writer.framing(BodyKind::length, said.body.size());
  writer.header("Connection", "close");
  Result<Slice> answer = writer.finish(said.body);
  if (!answer) co_return Next::close;
  SliceChain out;
  out.push(std::move(*answer));
  ring::Deadline deadline(connection.loop, connection.loop.now() + connection.config.linger_timeout,
                          connection.stops.end);
  const Result<void> written = co_await connection.stream.write(std::move(out), deadline.token());
  co_return written ? Next::linger : Next::close;
}

// `head_due`: when the head must be whole.
Task<Next> serve_one(ServerConnection& connection, Handler& handler, MonotonicTime head_due) {
  ReceivedRequest request{.began_at = connection.loop.now()};
  HeadReader reader(connection, request);
  HeadReader::Outcome outcome = reader.parse();
  if (outcome.kind == HeadReader::Outcome::Kind::need_more) {
    outcome = co_await reader.read_rest(head_due);
  }
  if (outcome.kind == HeadReader::Outcome::Kind::rejected) {
    co_return co_await reject(connection, handler, outcome.rejection);
  }
  if (outcome.kind != HeadReader::Outcome::Kind::complete) co_return Next::close;
  ++connection.requests;
  co_await connection.loop.next_stage();
  ServerHttp1Exchange exchange(connection, request);
  co_await handler.handle(exchange);
  if (!exchange.answered()) {
    if (exchange.started()) connection.stream.reset_on_close();
    co_return Next::close;
  }
  if (!exchange.keeps_connection()) co_return Next::linger;
  if (exchange.body_done()) co_return Next::again;
  const bool drained = co_await exchange.drain_body();
  co_return drained ? Next::again : Next::linger;
}

// Our orderly end of a connection that nobody used any more: a TLS peer must hear of it.
Task<void> say_goodbye(ServerConnection& connection) {
  if (connection.stops.end.stop_requested()) co_return;
  ring::Deadline deadline(connection.loop, connection.loop.now() + connection.config.linger_timeout,
                          connection.stops.end);
  co_await connection.stream.finish(deadline.token());
}

// Closing with bytes unread would reset the connection and might take our answer away from the
// client (RFC 9112 9.6), and no one can know what is still on its way: so end our side, then read
// and forget until the client has ended its own. Bounded by time alone, for a client that is told
// "too large" often sends all of its body before it reads.
Task<void> linger(ServerConnection& connection) {
  ring::Deadline deadline(connection.loop, connection.loop.now() + connection.config.linger_timeout,
                          connection.stops.end);
  co_await connection.stream.finish(deadline.token());
  while (true) {
    connection.input.clear();
    const Result<std::size_t> count =
        co_await connection.stream.read(connection.input, deadline.token());
    if (!count || *count == 0 || deadline.passed()) co_return;
  }
}

// Whoever connects has something to ask: the pause that a client may make between two requests is
// no present to one that never sent any. `since`: it was accepted, or had its last answer.
MonotonicTime first_byte_due(const ServerConnection& connection, MonotonicTime since) noexcept {
  const ServerHttp1Config& config = connection.config;
  if (connection.requests > 0) return since + config.idle_timeout;
  return since + std::min(config.head_timeout, config.idle_timeout);
}

MonotonicTime head_due(const ServerConnection& connection, MonotonicTime since) noexcept {
  return (connection.requests > 0 ? connection.loop.now() : since) + connection.config.head_timeout;
}

// The whole life of a connection. An idle one waits in this frame, as ten thousand others may: what
// a step needs beside the wait lies in a frame of its own.
Task<void> serve(ServerConnection connection, Handler& handler) {
  MonotonicTime since = connection.loop.now();  // we begin to listen: behind a TLS handshake
  while (true) {
    if (connection.input.empty()) {
      ring::Deadline idle(connection.loop, first_byte_due(connection, since),
                          connection.stops.drain);
      const Result<std::size_t> first =
          co_await connection.stream.read(connection.input, idle.token());
      if (!first && first.error().kind == ErrorKind::cancelled) co_await say_goodbye(connection);
      if (!first || *first == 0) co_return;
    }
    const Next next = co_await serve_one(connection, handler, head_due(connection, since));
    if (next == Next::linger) co_await linger(connection);
    if (next != Next::again) co_return;
    since = connection.loop.now();
  }
}

}  // namespace

Task<void> serve_http1(ring::Loop& loop, net::Stream& stream, Handler& handler,
                       const ServerHttp1Config& config, ServerStops stops) {
  return serve({.loop = loop, .stream = stream, .config = config, .stops = stops}, handler);
}

}  // namespace sluice::http
