#include "sluice/http/server_http1.h"

#include <algorithm>
#include <utility>

#include "gathering.h"
#include "server_exchange.h"
#include "sluice/http/head_writer.h"
#include "sluice/ring/sleep.h"

namespace sluice::http {
namespace {

class Connection {
 public:
  Connection(ring::Loop& loop, net::Stream& stream, Handler& handler,
             const ServerHttp1Config& config, ServerStops stops)
      : state_{.loop = loop, .stream = stream, .config = config, .stops = stops},
        handler_(handler),
        parser_(config.head),
        accepted_at_(loop.now()),
        idle_stop_(stops.drain),
        on_end_(stops.end, EndIdle{this}) {}

  Task<void> run();

 private:
  enum class Next : std::uint8_t {
    again,   // the next request
    close,   // break off: the peer is gone, or must not take what it got for an answer
    linger,  // the peer has its whole answer, and must be able to read it
  };
  struct HeadOutcome {
    enum class Kind : std::uint8_t { need_more, complete, rejected, over } kind;
    Rejection rejection{};  // of rejected
  };
  struct EndIdle {
    Connection* self;
    void operator()() const noexcept { self->idle_stop_.request_stop(); }
  };

  [[nodiscard]] bool is_first() const noexcept { return state_.requests == 0; }
  [[nodiscard]] MonotonicTime first_byte_due() const noexcept;
  [[nodiscard]] MonotonicTime head_due() const noexcept;
  Task<bool> wait_for_request();
  HeadOutcome parse_head();
  Task<HeadOutcome> read_head();
  Task<Next> serve_one();
  Task<Next> reject(Rejection rejection);
  Task<void> linger();

  ServerConnectionState state_;
  Handler& handler_;
  RequestHeadParser parser_;
  HeadGatherer gatherer_;      // of the head under way
  MonotonicTime accepted_at_;  // when we began to listen: behind a TLS handshake
  StopSource idle_stop_;       // either of the server's stops
  StopCallback<EndIdle> on_end_;
};

Task<void> Connection::run() {
  while (true) {
    const bool ready = co_await wait_for_request();
    if (!ready) co_return;
    const Next next = co_await serve_one();
    if (next == Next::again) continue;
    if (next == Next::linger) co_await linger();
    co_return;
  }
}

// Whoever connects has something to ask: the pause that a client may make between two requests is
// no present to one that never sent any.
MonotonicTime Connection::first_byte_due() const noexcept {
  const ServerHttp1Config& config = state_.config;
  return is_first() ? accepted_at_ + std::min(config.head_timeout, config.idle_timeout)
                    : state_.loop.now() + config.idle_timeout;
}

MonotonicTime Connection::head_due() const noexcept {
  return (is_first() ? accepted_at_ : state_.began_at) + state_.config.head_timeout;
}

// False: the connection is over, with nothing to say.
Task<bool> Connection::wait_for_request() {
  state_.head_bytes.reset();
  state_.head.headers.release_memory();
  if (!state_.input.empty()) {
    state_.began_at = state_.loop.now();
    co_return true;
  }
  ring::Deadline idle(state_.loop, first_byte_due(), idle_stop_.token());
  Result<SliceChain> first = co_await state_.stream.read(idle.token());
  if (!first || first->empty()) {
    // Our orderly end: a TLS peer must hear of it.
    if (!first && first.error().kind == ErrorKind::cancelled &&
        !state_.stops.end.stop_requested()) {
      ring::Deadline deadline(state_.loop, state_.loop.now() + state_.config.linger_timeout,
                              state_.stops.end);
      co_await state_.stream.finish(deadline.token());
    }
    co_return false;
  }
  state_.began_at = state_.loop.now();
  state_.input.append(std::move(*first));
  co_return true;
}

// Takes from the input what there is of the head.
Connection::HeadOutcome Connection::parse_head() {
  while (!state_.input.empty()) {
    gatherer_.add(state_.input);
    const HeadParse parse = parser_.parse(gatherer_.view(), state_.head);
    switch (parse.status) {
      case ParseStatus::complete:
        state_.head_bytes = std::move(gatherer_).finish(parse.bytes_consumed, state_.input);
        state_.head_at = state_.loop.now();
        return {.kind = HeadOutcome::Kind::complete};
      case ParseStatus::malformed:
        return {.kind = HeadOutcome::Kind::rejected, .rejection = parse.rejection};
      case ParseStatus::need_more: break;
    }
  }
  return {.kind = HeadOutcome::Kind::need_more};
}

// Waits for the rest of a head that did not come whole.
Task<Connection::HeadOutcome> Connection::read_head() {
  ring::Deadline deadline(state_.loop, head_due(), state_.stops.end);
  HeadOutcome outcome{.kind = HeadOutcome::Kind::need_more};
  while (outcome.kind == HeadOutcome::Kind::need_more) {
    Result<SliceChain> more = co_await state_.stream.read(deadline.token());
    if (!more) {
      if (!deadline.passed() || more.error().kind != ErrorKind::cancelled) {
        co_return HeadOutcome{.kind = HeadOutcome::Kind::over};
      }
      co_return HeadOutcome{
          .kind = HeadOutcome::Kind::rejected,
          .rejection = {status::request_timeout, "the request head came too slowly"}};
    }
    // Left in the middle: nobody to answer.
    if (more->empty()) co_return HeadOutcome{.kind = HeadOutcome::Kind::over};
    state_.input.append(std::move(*more));
    outcome = parse_head();
  }
  co_return outcome;
}

Task<Connection::Next> Connection::serve_one() {
  parser_.reset();
  state_.head.clear();
  gatherer_ = HeadGatherer{};
  HeadOutcome outcome = parse_head();
  if (outcome.kind == HeadOutcome::Kind::need_more) outcome = co_await read_head();
  if (outcome.kind == HeadOutcome::Kind::rejected) co_return co_await reject(outcome.rejection);
  if (outcome.kind != HeadOutcome::Kind::complete) co_return Next::close;
  const auto framing = request_framing(state_.head);
  if (!framing) co_return co_await reject(framing.error());
  ++state_.requests;
  ServerHttp1Exchange exchange(state_, *framing);
  co_await handler_.handle(exchange);
  if (!exchange.answered()) {
    if (exchange.started()) state_.stream.reset_on_close();
    co_return Next::close;
  }
  if (!exchange.keeps_connection()) co_return Next::linger;
  if (exchange.body_done()) co_return Next::again;
  const bool drained = co_await exchange.drain_body();
  co_return drained ? Next::again : Next::linger;
}

Task<Connection::Next> Connection::reject(Rejection rejection) {
  const RejectionBody said = handler_.rejected(rejection, state_.stream.peer());
  HeadWriter writer;
  writer.status_line(rejection.answer);
  writer.header("Content-Type", said.content_type);
  if (!said.request_id.empty()) writer.header("x-request-id", said.request_id);
  writer.header("Date", format_http_date(state_.loop.wall_now()).view());
  writer.framing(BodyKind::length, said.body.size());
  writer.header("Connection", "close");
  Result<Slice> answer = writer.finish(said.body);
  if (!answer) co_return Next::close;
  SliceChain out;
  out.push(std::move(*answer));
  ring::Deadline deadline(state_.loop, state_.loop.now() + state_.config.linger_timeout,
                          state_.stops.end);
  const Result<void> written = co_await state_.stream.write(std::move(out), deadline.token());
  co_return written ? Next::linger : Next::close;
}

// Closing with bytes unread would reset the connection and might take our answer away from the
// client (RFC 9112 9.6), and no one can know what is still on its way: so end our side, then read
// and forget until the client has ended its own. Bounded by time alone, for a client that is told
// "too large" often sends all of its body before it reads.
Task<void> Connection::linger() {
  ring::Deadline deadline(state_.loop, state_.loop.now() + state_.config.linger_timeout,
                          state_.stops.end);
  co_await state_.stream.finish(deadline.token());
  state_.input.clear();
  while (true) {
    const Result<SliceChain> part = co_await state_.stream.read(deadline.token());
    if (!part || part->empty() || deadline.passed()) co_return;
  }
}

}  // namespace

Task<void> serve_http1(ring::Loop& loop, net::Stream& stream, Handler& handler,
                       const ServerHttp1Config& config, ServerStops stops) {
  Connection connection(loop, stream, handler, config, stops);
  co_await connection.run();
}

}  // namespace sluice::http
