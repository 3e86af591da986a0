#include "sluice/http/client_http1.h"

#include <utility>

#include "failed.h"
#include "gathering.h"
#include "sluice/base/assert.h"
#include "sluice/coro/scope.h"
#include "sluice/http/head_writer.h"

namespace sluice::http {
namespace {

Error cut_off() noexcept {
  return Error{.kind = ErrorKind::connection_closed,
               .fault = Fault::provider,
               .what = "the connection ended in the middle of the answer"};
}

// A peer that stopped listening may have answered before, so its answer is read all the same. Of
// any other failure it knows nothing, and would never answer.
bool may_have_answered(const Error& error) noexcept {
  return error.kind == ErrorKind::connection_closed || error.kind == ErrorKind::connection_reset;
}

}  // namespace

ClientHttp1::ClientHttp1(ring::Loop& loop, std::unique_ptr<net::Stream> stream,
                         const ClientHttp1Config& config)
    : loop_(loop), stream_(std::move(stream)), config_(config) {}

ClientHttp1::~ClientHttp1() { SLUICE_ASSERT(!busy_); }

bool ClientHttp1::reusable() const noexcept {
  return !busy_ && clean_ && !stream_->peer_gone() && !stream_->has_input();
}

ClientHttp1::Exchange::Exchange(ClientHttp1& connection)
    : connection_(connection),
      chunked_(connection.config_.chunked),
      reused_(connection.exchanges_ > 0) {
  SLUICE_ASSERT(!connection.busy_ && connection.clean_);
  connection.busy_ = true;
  connection.clean_ = false;  // until this exchange has been read to its end
  ++connection.exchanges_;
}

ClientHttp1::Exchange::~Exchange() {
  connection_.busy_ = false;
  connection_.head_.headers.release_memory();
}

// A kept-alive connection that the peer closed in passing: nothing of the request was answered, so
// it may be sent again on a fresh one.
Error ClientHttp1::Exchange::broken(Error error) const noexcept {
  error.fault = error.kind == ErrorKind::cancelled ? error.fault : Fault::provider;
  const bool connection_lost =
      error.kind == ErrorKind::connection_closed || error.kind == ErrorKind::connection_reset;
  error.retry = connection_lost && reused_ && bytes_in_ == 0 ? Retry::if_reused : Retry::never;
  return error;
}

// A request on its way while its answer is awaited; each may end the other.
struct ClientHttp1::Exchange::Sending {
  explicit Sending(StopToken parent) : write_stop(parent), read_stop(parent) {}
  StopSource write_stop;
  StopSource read_stop;
  Result<void> result{};
};

Task<void> ClientHttp1::Exchange::send_bytes(SliceChain bytes, Sending& sending) {
  Task<Result<void>> writing =
      connection_.stream_->write(std::move(bytes), sending.write_stop.token());
  sending.result = co_await std::move(writing);
  if (!sending.result && !may_have_answered(sending.result.error())) {
    sending.read_stop.request_stop();
  }
}

// The request's bytes, or why it must not go out.
Result<SliceChain> ClientHttp1::Exchange::serialize(const OutgoingRequest& request,
                                                    SliceChain body) {
  SLUICE_ASSERT(!head_done_ && bytes_out_ == 0);
  method_ = method_of(request.method);
  const bool has_body = !body.empty() || method_ == Method::post || method_ == Method::put ||
                        method_ == Method::patch;
  HeadWriter writer;
  writer.request_line(request.method, request.target);
  writer.header("Host", request.authority);
  writer.fields(request.fields);
  if (has_body) writer.framing(BodyKind::length, body.size_bytes());
  Result<Slice> head = writer.finish();
  if (!head) {
    connection_.clean_ = true;  // nothing was sent: as if the exchange had never been
    --connection_.exchanges_;
    return fail(head.error());
  }
  SliceChain out;
  out.push(std::move(*head));
  out.append(std::move(body));
  bytes_out_ = out.size_bytes();
  return out;
}

// Not every byte of the request went out: the peer waits for the rest, so whatever it answered,
// this was the last exchange.
void ClientHttp1::Exchange::cut_short() noexcept {
  framing_.keep_alive = false;
  connection_.clean_ = false;
}

// No coroutine itself, so that the request's bytes lie in nobody's frame but the writer's.
Task<Result<const ResponseHead*>> ClientHttp1::Exchange::send(const OutgoingRequest& request,
                                                              SliceChain body, StopToken stop) {
  Result<SliceChain> out = serialize(request, std::move(body));
  if (!out) return failed<const ResponseHead*>(out.error());
  if (bytes_out_ >= connection_.config_.concurrent_send_bytes_min) {
    return send_beside_answer(std::move(*out), stop);
  }
  return send_then_read(connection_.stream_->write(std::move(*out), stop), stop);
}

// One write, then the answer.
Task<Result<const ResponseHead*>> ClientHttp1::Exchange::send_then_read(Task<Result<void>> writing,
                                                                        StopToken stop) {
  // Of its own, so that the writer and what it sent are gone when the long wait for an answer
  // begins.
  const Result<void> written = co_await Task<Result<void>>(std::move(writing));
  if (!written && !may_have_answered(written.error())) {
    cut_short();
    co_return fail(broken(written.error()));
  }
  const Result<const ResponseHead*> answer = co_await read_head(stop);
  if (!written) cut_short();
  co_return answer;
}

// A large body goes out beside the wait for the answer: a peer that refuses it early may read no
// further, and would otherwise keep us sending for ever.
Task<Result<const ResponseHead*>> ClientHttp1::Exchange::send_beside_answer(SliceChain bytes,
                                                                            StopToken stop) {
  Sending sending(stop);
  Scope scope;
  scope.spawn(send_bytes(std::move(bytes), sending));
  const Result<const ResponseHead*> answer = co_await read_head(sending.read_stop.token());
  const bool write_failed = sending.read_stop.stop_requested() && !stop.stop_requested();
  sending.write_stop.request_stop();
  co_await scope.join();
  if (sending.result) co_return answer;
  cut_short();
  if (!answer && write_failed) co_return fail(broken(sending.result.error()));
  co_return answer;
}

Task<Result<const ResponseHead*>> ClientHttp1::Exchange::read_head(StopToken stop) {
  ResponseHead& head = connection_.head_;
  ResponseHeadParser parser(connection_.config_.head);
  std::uint32_t interim = 0;
  HeadGatherer gatherer;
  head.clear();
  while (true) {
    const Result<std::size_t> count = co_await connection_.stream_->read(pending_, stop);
    if (!count) co_return fail(broken(count.error()));
    if (*count == 0) co_return fail(broken(cut_off()));
    if (bytes_in_ == 0) first_byte_at_ = connection_.loop_.now();
    bytes_in_ += *count;
    while (!pending_.empty()) {
      gatherer.add(pending_);
      const HeadParse parse = parser.parse(gatherer.view(), head);
      if (parse.status == ParseStatus::malformed) {
        co_return fail(to_error(parse.rejection, Fault::provider));
      }
      if (parse.status == ParseStatus::need_more) continue;
      head_bytes_ = std::move(gatherer).finish(parse.bytes_consumed, pending_);
      if (!head.is_interim()) {
        const Result<void> accepted = accept_head();
        if (!accepted) co_return fail(accepted.error());
        co_return &head;
      }
      if (++interim > connection_.config_.interim_responses_max) {
        co_return fail(Error{.kind = ErrorKind::malformed,
                             .fault = Fault::provider,
                             .what = "too many interim responses"});
      }
      gatherer = HeadGatherer{};
      parser.reset();
      head.clear();
    }
  }
}

Result<void> ClientHttp1::Exchange::accept_head() {
  const auto framing = response_framing(connection_.head_, method_);
  if (!framing) return fail(to_error(framing.error(), Fault::provider));
  framing_ = *framing;
  if (connection_.head_.status == status::switching_protocols) {
    return fail(Error{.kind = ErrorKind::malformed,
                      .fault = Fault::provider,
                      .what = "the provider switched protocols unasked"});
  }
  head_done_ = true;
  length_left_ = framing_.kind == BodyKind::length ? framing_.length_bytes : 0;
  const bool empty =
      framing_.kind == BodyKind::none || (framing_.kind == BodyKind::length && length_left_ == 0);
  if (empty) end_of_body(std::exchange(pending_, SliceChain{}));
  return {};
}

void ClientHttp1::Exchange::end_of_body(SliceChain left_over) noexcept {
  complete_ = true;
  // Bytes behind the answer to our only request were not asked for: never trust that connection.
  connection_.clean_ = framing_.keep_alive && left_over.empty();
}

// What there is of the body now; empty: there must be more, or this was the end of it.
Result<SliceChain> ClientHttp1::Exchange::take_body() {
  switch (framing_.kind) {
    case BodyKind::until_close: return std::exchange(pending_, SliceChain{});
    case BodyKind::length: {
      SliceChain body = take_front(pending_, length_left_);
      length_left_ -= body.size_bytes();
      if (length_left_ == 0) end_of_body(std::exchange(pending_, SliceChain{}));
      return body;
    }
    case BodyKind::chunked: {
      Result<SliceChain> body = decode_chunked(chunked_, pending_, Fault::provider);
      if (!body) {
        lost_ = true;
        pending_.clear();
      } else if (chunked_.is_complete()) {
        end_of_body(std::exchange(pending_, SliceChain{}));
      }
      return body;
    }
    case BodyKind::none: break;
  }
  return SliceChain{};
}

Task<Result<SliceChain>> ClientHttp1::Exchange::read_body(StopToken stop) {
  SLUICE_ASSERT(head_done_);
  if (lost_) co_return fail(cut_off());
  while (!complete_) {
    if (!pending_.empty()) {
      Result<SliceChain> body = take_body();
      if (!body || !body->empty() || complete_) co_return body;
    }
    const Result<std::size_t> count = co_await connection_.stream_->read(pending_, stop);
    if (!count) co_return fail(broken(count.error()));
    if (*count == 0) {
      if (framing_.kind != BodyKind::until_close) co_return fail(cut_off());
      end_of_body({});
    }
    bytes_in_ += *count;
  }
  co_return SliceChain{};
}

Task<Result<Slice>> ClientHttp1::Exchange::read_whole_body(std::size_t bytes_max, StopToken stop) {
  if (framing_.kind == BodyKind::length && !complete_ && !lost_) {
    if (length_left_ > bytes_max) co_return fail(body_too_large(Fault::provider));
    Block block(length_left_);
    const SliceChain here = take_front(pending_, length_left_);
    for (const Slice& slice : here) block.append(slice.view());
    length_left_ -= here.size_bytes();
    if (length_left_ > 0) {
      const Result<void> read =
          co_await connection_.stream_->read_exactly(block, length_left_, stop);
      if (!read) {
        lost_ = true;
        co_return fail(broken(read.error()));
      }
      bytes_in_ += length_left_;
      length_left_ = 0;
    }
    end_of_body(std::exchange(pending_, SliceChain{}));
    co_return std::move(block).freeze();
  }
  Gatherer gatherer(bytes_max);
  while (!complete_) {
    Result<SliceChain> part = co_await read_body(stop);
    if (!part) co_return fail(part.error());
    if (!gatherer.add(*part)) co_return fail(body_too_large(Fault::provider));
  }
  co_return std::move(gatherer).finish();
}

}  // namespace sluice::http
