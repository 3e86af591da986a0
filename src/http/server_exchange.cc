#include "server_exchange.h"

#include <algorithm>
#include <utility>

#include "failed.h"
#include "gathering.h"
#include "sluice/base/assert.h"
#include "sluice/http/head_writer.h"
#include "sluice/http/text.h"
#include "sluice/ring/sleep.h"

namespace sluice::http {
namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
// What one receive straight into place asks for, and so what one deadline is for.
constexpr std::size_t receive_part_bytes_max = 256 * 1024;
// The first block of a body of declared length. A larger one grows as the bytes come: who only
// declares much must not make us reserve much.
constexpr std::size_t first_block_bytes_max = 1024 * 1024;
// What one write stall is measured over: a client slower than this per stall timeout goes.
constexpr std::size_t send_part_bytes_max = 64 * 1024;

// The Date of this second, written once per second and core.
std::string_view date_of(WallTime now) noexcept {
  thread_local HttpDate date{};
  thread_local std::chrono::sys_seconds written{std::chrono::seconds(-1)};
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != written) {
    date = format_http_date(now);
    written = second;
  }
  return date.view();
}

bool forwards_date(const OutgoingFields& fields) noexcept {
  return fields.forwarded != nullptr && fields.forwarded->contains(FieldName::date) &&
         !fields.dropped.contains(FieldName::date);
}

Error of_client(Error error) noexcept {
  error.fault = Fault::client;
  return error;
}

}  // namespace

Duration BodyPace::worth(std::size_t size_bytes) const noexcept {
  constexpr std::uint64_t second_ns = 1'000'000'000;
  return Duration(
      static_cast<std::int64_t>(size_bytes * second_ns / config_.body_bytes_per_second_min));
}

MonotonicTime BodyPace::deadline(MonotonicTime now, std::size_t size_bytes) const noexcept {
  if (config_.body_bytes_per_second_min == 0) return MonotonicTime::max();
  return now + credit_ + worth(size_bytes);
}

void BodyPace::received(std::size_t size_bytes, Duration waited) noexcept {
  if (config_.body_bytes_per_second_min == 0) return;
  credit_ = std::min<Duration>(config_.body_grace, credit_ + worth(size_bytes) - waited);
}

ServerHttp1Exchange::ServerHttp1Exchange(ServerConnection& connection,
                                         const ReceivedRequest& request)
    : connection_(connection),
      request_(request),
      decoder_(connection.config.chunked),
      pace_(connection.config),
      departed_(connection.stops.end),
      length_left_(request.framing.kind == BodyKind::length ? request.framing.length_bytes : 0),
      bytes_in_(request.head_bytes.size()) {
  body_done_ = request.framing.kind == BodyKind::none ||
               (request.framing.kind == BodyKind::length && length_left_ == 0);
  connection_.stream.watch_departure(&departed_);
}

// --- the request's body ---

// Whether 100 Continue is due now; asked once, when the handler turns to the body.
bool ServerHttp1Exchange::ask_for_body() noexcept {
  if (std::exchange(body_asked_, true) || !request_.framing.expects_continue) return false;
  return !started_ && connection_.input.empty();
}

Task<Result<void>> ServerHttp1Exchange::tell_to_continue(StopToken stop) {
  SliceChain line;
  line.push(Slice::of_static(continue_line));
  return send(std::move(line), More::yes, stop);
}

// Waits for more bytes, at the minimum rate.
Task<Result<void>> ServerHttp1Exchange::receive(StopToken stop) {
  const MonotonicTime before = connection_.loop.now();
  ring::Deadline deadline(connection_.loop, pace_.deadline(before, 0), stop);
  const Result<std::size_t> count =
      co_await connection_.stream.read(connection_.input, deadline.token());
  if (!count) {
    const Error error =
        of_client(deadline.explain(count.error(), "the request body came too slowly"));
    body_lost_ |= error.kind != ErrorKind::cancelled;  // a cancelled read loses nothing
    co_return fail(error);
  }
  if (*count == 0) {
    body_lost_ = true;
    co_return fail(Error{.kind = ErrorKind::connection_closed,
                         .fault = Fault::client,
                         .what = "the client left in the middle of its request body"});
  }
  pace_.received(*count, connection_.loop.now() - before);
  co_return Result<void>{};
}

SliceChain ServerHttp1Exchange::take_length() {
  SliceChain part = take_front(connection_.input, length_left_);
  length_left_ -= part.size_bytes();
  bytes_in_ += part.size_bytes();
  body_done_ = length_left_ == 0;
  return part;
}

Result<SliceChain> ServerHttp1Exchange::take_chunked() {
  const std::size_t before = connection_.input.size_bytes();
  Result<SliceChain> part = decode_chunked(decoder_, connection_.input, Fault::client);
  if (!part) {
    body_lost_ = true;
    return part;
  }
  bytes_in_ += before - connection_.input.size_bytes();
  body_done_ = decoder_.is_complete();
  return part;
}

Result<SliceChain> ServerHttp1Exchange::take_body() {
  if (request_.framing.kind == BodyKind::chunked) return take_chunked();
  return take_length();
}

Task<Result<SliceChain>> ServerHttp1Exchange::read_body(StopToken stop) {
  if (body_done_) co_return SliceChain{};
  if (ask_for_body()) {
    const Result<void> told = co_await tell_to_continue(stop);
    if (!told) co_return fail(told.error());
  }
  while (true) {
    if (body_lost_) {
      co_return fail(Error{.kind = ErrorKind::connection_closed,
                           .fault = Fault::client,
                           .what = "the request body was broken off before"});
    }
    if (!connection_.input.empty()) {
      Result<SliceChain> part = take_body();
      if (!part || !part->empty() || body_done_) co_return part;
    }
    const Result<void> received = co_await receive(stop);
    if (!received) co_return fail(received.error());
  }
}

Task<Result<Slice>> ServerHttp1Exchange::read_whole_body(std::size_t bytes_max, StopToken stop) {
  if (request_.framing.kind == BodyKind::length && !body_lost_)
    return read_known_length(bytes_max, stop);
  return read_unknown_length(bytes_max, stop);
}

Task<Result<Slice>> ServerHttp1Exchange::read_unknown_length(std::size_t bytes_max,
                                                             StopToken stop) {
  Gatherer gatherer(bytes_max);
  while (!body_done_) {
    Result<SliceChain> part = co_await read_body(stop);
    if (!part) co_return fail(part.error());
    if (!gatherer.add(*part)) co_return fail(body_too_large(Fault::client));
  }
  co_return std::move(gatherer).finish();
}

// In parts, each with its own deadline: a client must keep up the minimum rate all along.
Task<Result<Slice>> ServerHttp1Exchange::read_known_length(std::size_t bytes_max, StopToken stop) {
  if (length_left_ > bytes_max) co_return fail(body_too_large(Fault::client));
  if (ask_for_body()) {
    const Result<void> told = co_await tell_to_continue(stop);
    if (!told) co_return fail(told.error());
  }
  const SliceChain here = take_length();
  Block block(std::max<std::size_t>(
      here.size_bytes(),
      std::min<std::uint64_t>(here.size_bytes() + length_left_, first_block_bytes_max)));
  for (const Slice& slice : here) block.append(slice.view());
  while (length_left_ > 0) {
    const std::size_t part = std::min<std::uint64_t>(length_left_, receive_part_bytes_max);
    if (block.free_bytes() < part) {
      const std::size_t capacity =
          std::min<std::uint64_t>(block.size() + length_left_, 4 * block.capacity());
      block = with_capacity(std::move(block), capacity);
    }
    const MonotonicTime before = connection_.loop.now();
    ring::Deadline deadline(connection_.loop, pace_.deadline(before, part), stop);
    const Result<void> read =
        co_await connection_.stream.read_exactly(block, part, deadline.token());
    if (!read) {
      body_lost_ = true;  // some of the part may be in the block, and nobody knows how much
      co_return fail(of_client(deadline.explain(read.error(), "the request body came too slowly")));
    }
    pace_.received(part, connection_.loop.now() - before);
    length_left_ -= part;
    bytes_in_ += part;
  }
  body_done_ = true;
  co_return std::move(block).freeze();
}

bool ServerHttp1Exchange::body_will_be_drained() const noexcept {
  if (body_done_) return true;
  if (body_lost_) return false;
  // A client that was not told to continue may or may not send the body: nobody can know.
  if (request_.framing.expects_continue && !body_asked_) return false;
  return request_.framing.kind == BodyKind::length &&
         length_left_ <= connection_.config.unread_body_bytes_max;
}

Task<bool> ServerHttp1Exchange::drain_body() {
  ring::Deadline deadline(connection_.loop,
                          connection_.loop.now() + connection_.config.linger_timeout,
                          connection_.stops.end);
  while (!body_done_) {
    const Result<SliceChain> part = co_await read_body(deadline.token());
    if (!part) co_return false;
  }
  co_return true;
}

// --- the answer ---

Result<Slice> ServerHttp1Exchange::write_head(const OutgoingResponse& response, BodyKind kind,
                                              std::uint64_t length_bytes) {
  const bool old_client = request_.head.version == Version::http_1_0;
  keep_alive_ = request_.framing.keep_alive && kind != BodyKind::until_close &&
                !connection_.last_request() && body_will_be_drained();
  HeadWriter writer;
  writer.status_line(response.status, response.reason);
  writer.fields(response.fields);
  if (!forwards_date(response.fields)) {
    writer.header("Date", date_of(connection_.loop.wall_now()));
  }
  writer.framing(kind, length_bytes);
  if (!keep_alive_) {
    writer.header("Connection", "close");
  } else if (old_client) {
    writer.header("Connection", "keep-alive");
  }
  return writer.finish();
}

Task<Result<void>> ServerHttp1Exchange::respond(const OutgoingResponse& response, SliceChain body,
                                                StopToken stop) {
  const Result<void> begun = start(response, body.size_bytes());
  if (!begun) return failed<void>(begun.error());
  return write(std::move(body), More::no, stop);
}

Result<void> ServerHttp1Exchange::start(const OutgoingResponse& response,
                                        std::optional<std::uint64_t> length_bytes) {
  SLUICE_ASSERT(!started_);
  if (response.status < 200 || response.status > 999) {
    return fail({.kind = ErrorKind::invalid, .what = "a status to be sent is not a final one"});
  }
  // RFC 9110 8.6, 6.4.1: these have no content, and no framing field either.
  const bool bodiless =
      response.status == status::no_content || response.status == status::not_modified;
  const bool to_head = request_.head.method == Method::head;
  BodyKind kind = BodyKind::length;
  if (bodiless) {
    kind = BodyKind::none;
  } else if (!length_bytes && request_.head.version != Version::http_1_0) {
    kind = BodyKind::chunked;
  } else if (!length_bytes) {
    kind = to_head ? BodyKind::none : BodyKind::until_close;
  }
  Result<Slice> head_slice = write_head(response, kind, length_bytes.value_or(0));
  if (!head_slice) return fail(head_slice.error());
  started_ = true;
  answer_chunked_ = kind == BodyKind::chunked;
  answer_has_body_ = !bodiless && !to_head;
  answer_length_left_ = length_bytes;
  pending_head_ = std::move(*head_slice);
  return {};
}

// A chunk of the body as it goes on the wire. The prefix is a view into this object: a write is
// over when it returns, and there is but one at a time.
void ServerHttp1Exchange::append_chunk(SliceChain& out, SliceChain body, More more) {
  if (!body.empty()) {
    const std::string_view prefix = chunk_prefix_.emplace(body.size_bytes()).view();
    out.push(Slice(prefix.data(), prefix.size(), nullptr));
    out.append(std::move(body));
    out.push(Slice::of_static(more == More::no ? chunk_suffix_and_last : chunk_suffix));
  } else if (more == More::no) {
    out.push(Slice::of_static(last_chunk));
  }
}

Task<Result<void>> ServerHttp1Exchange::write(SliceChain body, More more, StopToken stop) {
  SLUICE_ASSERT(started_ && !finished_);
  SliceChain out;
  out.push(std::move(pending_head_));
  if (answer_has_body_) {
    if (answer_length_left_) {
      SLUICE_ASSERT(body.size_bytes() <= *answer_length_left_);
      *answer_length_left_ -= body.size_bytes();
      SLUICE_ASSERT(more == More::yes || *answer_length_left_ == 0);
    }
    if (answer_chunked_) {
      append_chunk(out, std::move(body), more);
    } else {
      out.append(std::move(body));
    }
  }
  return send(std::move(out), more, stop);
}

// In parts, each with its own deadline: a client that reads nothing for long goes. More::no: these
// were the answer's last.
Task<Result<void>> ServerHttp1Exchange::send(SliceChain bytes, More more, StopToken stop) {
  if (aborted_) {
    co_return fail(Error{.kind = ErrorKind::connection_closed,
                         .fault = Fault::client,
                         .what = "the answer was broken off before"});
  }
  while (!bytes.empty()) {
    const std::size_t part_bytes = std::min(bytes.size_bytes(), send_part_bytes_max);
    ring::Deadline deadline(connection_.loop,
                            connection_.loop.now() + connection_.config.write_stall_timeout, stop);
    // In two steps, so that the frame holds no other chain while the writer's does.
    Task<Result<void>> writing =
        connection_.stream.write(take_front(bytes, part_bytes), deadline.token());
    const Result<void> written = co_await std::move(writing);
    if (!written) {
      aborted_ = true;  // how much went out is not known: the answer can only be broken off
      co_return fail(
          of_client(deadline.explain(written.error(), "the client reads its answer too slowly")));
    }
    bytes_out_ += part_bytes;
  }
  finished_ = more == More::no;
  co_return Result<void>{};
}

}  // namespace sluice::http
