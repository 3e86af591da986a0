#include "sluice/http/server_http1.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gathering.h"
#include "sluice/base/assert.h"
#include "sluice/http/head_writer.h"
#include "sluice/ring/sleep.h"

namespace sluice::http {
namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t linger_bytes_max = 1024 * 1024;

// One connection; its exchanges use its input and its stream.
class Connection {
 public:
  Connection(ring::Loop& loop, net::Stream& stream, Handler& handler,
             const ServerHttp1Config& config, ServerStops stops)
      : loop_(loop),
        stream_(stream),
        handler_(handler),
        config_(config),
        stops_(stops),
        parser_(config.head) {}

  Task<void> run();

  ring::Loop& loop() noexcept { return loop_; }
  net::Stream& stream() noexcept { return stream_; }
  [[nodiscard]] const ServerHttp1Config& config() const noexcept { return config_; }
  [[nodiscard]] const ServerStops& stops() const noexcept { return stops_; }
  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  SliceChain& input() noexcept { return input_; }
  [[nodiscard]] MonotonicTime began_at() const noexcept { return began_at_; }
  [[nodiscard]] MonotonicTime head_at() const noexcept { return head_at_; }
  [[nodiscard]] std::size_t head_bytes() const noexcept { return head_bytes_.size(); }
  [[nodiscard]] bool last_request() const noexcept {
    return requests_ >= config_.requests_per_connection_max || stops_.drain.stop_requested();
  }
  /// The deadline of one part of a body.
  [[nodiscard]] MonotonicTime part_deadline(std::size_t size_bytes) const noexcept {
    return loop_.now() + config_.body_grace +
           std::chrono::milliseconds(size_bytes * 1'000 / config_.body_bytes_per_second_min);
  }

 private:
  enum class Next : std::uint8_t { again, close, linger };
  struct HeadOutcome {
    bool complete = false;
    bool rejected = false;  // else: the connection is over
    Rejection rejection{};
  };

  Task<bool> wait_for_request();
  Task<HeadOutcome> read_head();
  Task<Next> serve_one();
  Task<void> reject(Rejection rejection);
  Task<void> linger();

  ring::Loop& loop_;
  net::Stream& stream_;
  Handler& handler_;
  const ServerHttp1Config& config_;
  ServerStops stops_;
  RequestHeadParser parser_;
  RequestHead head_;
  Slice head_bytes_;  // what the head's views look into
  SliceChain input_;  // received, not yet consumed
  MonotonicTime began_at_{};
  MonotonicTime head_at_{};
  std::uint32_t requests_ = 0;
};

class Exchange final : public ServerExchange {
 public:
  Exchange(Connection& connection, const Framing& framing)
      : connection_(connection),
        framing_(framing),
        decoder_(connection.config().chunked),
        departed_(connection.stops().end),
        length_left_(framing.kind == BodyKind::length ? framing.length_bytes : 0),
        bytes_in_(connection.head_bytes()) {
    body_done_ =
        framing.kind == BodyKind::none || (framing.kind == BodyKind::length && length_left_ == 0);
    connection_.stream().watch_departure(&departed_);
  }
  ~Exchange() override { connection_.stream().watch_departure(nullptr); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const RequestHead& head() const noexcept override { return connection_.head(); }
  [[nodiscard]] const Framing& framing() const noexcept override { return framing_; }
  Task<Result<SliceChain>> read_body(StopToken stop) override;
  Task<Result<Slice>> read_whole_body(std::size_t bytes_max, StopToken stop) override;
  Task<Result<void>> respond(const OutgoingResponse& response, SliceChain body,
                             StopToken stop) override;
  Result<void> start(const OutgoingResponse& response,
                     std::optional<std::uint64_t> length_bytes) override;
  Task<Result<void>> write(SliceChain body, More more, StopToken stop) override;
  void abort() noexcept override { aborted_ = true; }

  [[nodiscard]] StopToken departed() noexcept override { return departed_.token(); }
  [[nodiscard]] bool started() const noexcept override { return started_; }
  [[nodiscard]] bool finished() const noexcept override { return finished_; }
  [[nodiscard]] const ring::SocketAddress& peer() const noexcept override {
    return connection_.stream().peer();
  }
  [[nodiscard]] bool is_tls() const noexcept override { return connection_.stream().is_tls(); }
  [[nodiscard]] MonotonicTime began_at() const noexcept override { return connection_.began_at(); }
  [[nodiscard]] MonotonicTime head_at() const noexcept override { return connection_.head_at(); }
  [[nodiscard]] std::uint64_t bytes_in() const noexcept override { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const noexcept override { return bytes_out_; }

  /// Whether the connection may serve another request once the unread body is out of the way.
  [[nodiscard]] bool keeps_connection() const noexcept { return keep_alive_ && !aborted_; }
  [[nodiscard]] bool aborted() const noexcept { return aborted_; }
  [[nodiscard]] bool body_done() const noexcept { return body_done_; }
  /// Reads what the handler left; false when the connection cannot be used any more.
  Task<bool> drain_body();

 private:
  Task<Result<void>> tell_to_continue(StopToken stop);
  Task<Result<void>> receive(std::size_t size_hint_bytes, StopToken stop);
  Task<Result<Slice>> read_known_length(StopToken stop);
  Result<SliceChain> take_length();
  Result<SliceChain> take_chunked();
  Result<Slice> write_head(const OutgoingResponse& response, BodyKind kind,
                           std::uint64_t length_bytes);
  [[nodiscard]] bool body_will_be_drained() const noexcept;

  Connection& connection_;
  Framing framing_;
  ChunkedDecoder decoder_;
  StopSource departed_;
  std::uint64_t length_left_;
  std::uint64_t bytes_in_;
  std::uint64_t bytes_out_ = 0;
  Slice pending_head_;  // of an answer begun, until its first write
  std::optional<std::uint64_t> answer_length_left_;
  bool answer_chunked_ = false;
  bool body_done_ = false;
  bool body_asked_ = false;  // the handler reads the body: 100 Continue was sent if awaited
  bool started_ = false;
  bool finished_ = false;
  bool aborted_ = false;
  bool keep_alive_ = false;  // decided when the answer starts
};

// --- the request's body ---

Task<Result<void>> Exchange::tell_to_continue(StopToken stop) {
  if (std::exchange(body_asked_, true) || !framing_.expects_continue) co_return Result<void>{};
  if (started_ || !connection_.input().empty()) co_return Result<void>{};
  SliceChain line;
  line.push(Slice::of_static(continue_line));
  co_return co_await connection_.stream().write(std::move(line), stop);
}

// Waits for more bytes, at the minimum rate.
Task<Result<void>> Exchange::receive(std::size_t size_hint_bytes, StopToken stop) {
  ring::Deadline deadline(connection_.loop(), connection_.part_deadline(size_hint_bytes), stop);
  Result<SliceChain> part = co_await connection_.stream().read(deadline.token());
  if (!part) {
    Error error = deadline.explain(part.error(), "the request body came too slowly");
    error.fault = Fault::client;
    co_return fail(error);
  }
  if (part->empty()) {
    co_return fail(Error{.kind = ErrorKind::connection_closed,
                         .fault = Fault::client,
                         .what = "the client left in the middle of its request body"});
  }
  connection_.input().append(std::move(*part));
  co_return Result<void>{};
}

Result<SliceChain> Exchange::take_length() {
  SliceChain part = take_front(connection_.input(), length_left_);
  length_left_ -= part.size_bytes();
  bytes_in_ += part.size_bytes();
  body_done_ = length_left_ == 0;
  return part;
}

Result<SliceChain> Exchange::take_chunked() {
  const std::size_t before = connection_.input().size_bytes();
  Result<SliceChain> part = decode_chunked(decoder_, connection_.input(), Fault::client);
  bytes_in_ += before - connection_.input().size_bytes();
  if (part && decoder_.is_complete()) body_done_ = true;
  return part;
}

Task<Result<SliceChain>> Exchange::read_body(StopToken stop) {
  if (body_done_) co_return SliceChain{};
  const Result<void> told = co_await tell_to_continue(stop);
  if (!told) co_return fail(told.error());
  while (true) {
    if (!connection_.input().empty()) {
      Result<SliceChain> part = framing_.kind == BodyKind::chunked ? take_chunked() : take_length();
      if (!part || !part->empty() || body_done_) co_return part;
    }
    const Result<void> received = co_await receive(0, stop);
    if (!received) co_return fail(received.error());
  }
}

Task<Result<Slice>> Exchange::read_whole_body(std::size_t bytes_max, StopToken stop) {
  if (framing_.kind == BodyKind::length) {
    if (length_left_ > bytes_max) co_return fail(body_too_large(Fault::client));
    const Result<void> told = co_await tell_to_continue(stop);
    if (!told) co_return fail(told.error());
    co_return co_await read_known_length(stop);
  }
  Gatherer gatherer(bytes_max);
  while (!body_done_) {
    Result<SliceChain> part = co_await read_body(stop);
    if (!part) co_return fail(part.error());
    if (!gatherer.add(*part)) co_return fail(body_too_large(Fault::client));
  }
  co_return std::move(gatherer).finish();
}

// In parts, each with its own deadline: a client must keep up the minimum rate all along.
Task<Result<Slice>> Exchange::read_known_length(StopToken stop) {
  constexpr std::size_t part_bytes_max = 256 * 1024;
  Block block(length_left_);
  const Result<SliceChain> here = take_length();
  for (const Slice& slice : *here) block.append(slice.view());
  while (length_left_ > 0) {
    const std::size_t part = std::min<std::size_t>(length_left_, part_bytes_max);
    ring::Deadline deadline(connection_.loop(), connection_.part_deadline(part), stop);
    const Result<void> read =
        co_await connection_.stream().read_exactly(block, part, deadline.token());
    if (!read) {
      Error error = deadline.explain(read.error(), "the request body came too slowly");
      error.fault = Fault::client;
      co_return fail(error);
    }
    length_left_ -= part;
    bytes_in_ += part;
  }
  body_done_ = true;
  co_return std::move(block).freeze();
}

bool Exchange::body_will_be_drained() const noexcept {
  if (body_done_) return true;
  // A client that was not told to continue may or may not send the body: nobody can know.
  if (framing_.expects_continue && !body_asked_) return false;
  return framing_.kind == BodyKind::length &&
         length_left_ <= connection_.config().unread_body_bytes_max;
}

Task<bool> Exchange::drain_body() {
  ring::Deadline deadline(connection_.loop(),
                          connection_.loop().now() + connection_.config().linger_timeout,
                          connection_.stops().end);
  while (!body_done_) {
    const Result<SliceChain> part = co_await read_body(deadline.token());
    if (!part) co_return false;
  }
  co_return true;
}

// --- the answer ---

Result<Slice> Exchange::write_head(const OutgoingResponse& response, BodyKind kind,
                                   std::uint64_t length_bytes) {
  const bool old_client = head().version == Version::http_1_0;
  keep_alive_ = framing_.keep_alive && kind != BodyKind::until_close &&
                !connection_.last_request() && body_will_be_drained();
  HeadWriter writer;
  writer.status_line(response.status, response.reason);
  writer.fields(response.fields);
  if (response.fields.forwarded == nullptr || !response.fields.forwarded->contains("date")) {
    writer.header("Date", format_http_date(connection_.loop().wall_now()).view());
  }
  // RFC 9110 8.6, 6.4.1: these have no content, and no framing field either.
  const bool bodiless = response.status == status::no_content ||
                        response.status == status::not_modified || response.status < 200;
  if (!bodiless) writer.framing(kind, length_bytes);
  if (!keep_alive_) {
    writer.header("Connection", "close");
  } else if (old_client) {
    writer.header("Connection", "keep-alive");
  }
  return writer.finish();
}

Task<Result<void>> Exchange::respond(const OutgoingResponse& response, SliceChain body,
                                     StopToken stop) {
  const Result<void> begun = start(response, body.size_bytes());
  if (!begun) co_return fail(begun.error());
  co_return co_await write(std::move(body), More::no, stop);
}

Result<void> Exchange::start(const OutgoingResponse& response,
                             std::optional<std::uint64_t> length_bytes) {
  SLUICE_ASSERT(!started_);
  BodyKind kind = BodyKind::length;
  if (!length_bytes) {
    kind = head().version == Version::http_1_0 ? BodyKind::until_close : BodyKind::chunked;
  }
  Result<Slice> head_slice = write_head(response, kind, length_bytes.value_or(0));
  if (!head_slice) return fail(head_slice.error());
  started_ = true;
  answer_chunked_ = kind == BodyKind::chunked;
  answer_length_left_ = length_bytes;
  pending_head_ = std::move(*head_slice);
  return {};
}

Task<Result<void>> Exchange::write(SliceChain body, More more, StopToken stop) {
  SLUICE_ASSERT(started_ && !finished_ && !aborted_);
  if (answer_length_left_) {
    SLUICE_ASSERT(body.size_bytes() <= *answer_length_left_);
    *answer_length_left_ -= body.size_bytes();
    SLUICE_ASSERT(more == More::yes || *answer_length_left_ == 0);
  }
  SliceChain out;
  out.push(std::move(pending_head_));
  if (head().method != Method::head) {
    const std::size_t body_bytes = body.size_bytes();
    const bool framed = answer_chunked_ && body_bytes > 0;
    if (framed) out.push(Slice::copy_of(ChunkPrefix(body_bytes).view()));
    out.append(std::move(body));
    if (framed) out.push(Slice::of_static(chunk_suffix));
    if (answer_chunked_ && more == More::no) out.push(Slice::of_static(last_chunk));
  }
  bytes_out_ += out.size_bytes();
  if (!out.empty()) {
    const Result<void> written = co_await connection_.stream().write(std::move(out), stop);
    if (!written) {
      aborted_ = true;  // how much went out is not known: the answer can only be broken off
      Error error = written.error();
      error.fault = Fault::client;
      co_return fail(error);
    }
  }
  finished_ = more == More::no;
  co_return Result<void>{};
}

// --- the connection ---

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

// False: the connection is over, with nothing to say.
Task<bool> Connection::wait_for_request() {
  head_bytes_.reset();
  head_.headers.release_memory();
  if (!input_.empty()) {
    began_at_ = loop_.now();
    co_return true;
  }
  ring::Deadline idle(loop_, loop_.now() + config_.idle_timeout, stops_.drain);
  Result<SliceChain> first = co_await stream_.read(idle.token());
  if (!first || first->empty()) co_return false;
  began_at_ = loop_.now();
  input_.append(std::move(*first));
  co_return true;
}

Task<Connection::HeadOutcome> Connection::read_head() {
  ring::Deadline deadline(loop_, began_at_ + config_.head_timeout, stops_.end);
  HeadGatherer gatherer;
  parser_.reset();
  head_.clear();
  while (true) {
    gatherer.add(input_);
    const HeadParse parse = parser_.parse(gatherer.view(), head_);
    switch (parse.status) {
      case ParseStatus::complete:
        head_bytes_ = std::move(gatherer).finish(parse.bytes_consumed, input_);
        head_at_ = loop_.now();
        co_return HeadOutcome{.complete = true};
      case ParseStatus::malformed:
        co_return HeadOutcome{.rejected = true, .rejection = parse.rejection};
      case ParseStatus::need_more: break;
    }
    Result<SliceChain> more = co_await stream_.read(deadline.token());
    if (!more) {
      if (!deadline.passed()) co_return HeadOutcome{};
      co_return HeadOutcome{
          .rejected = true,
          .rejection = {status::request_timeout, "the request head came too slowly"}};
    }
    if (more->empty()) co_return HeadOutcome{};  // left in the middle: nobody to answer
    input_.append(std::move(*more));
  }
}

Task<Connection::Next> Connection::serve_one() {
  const HeadOutcome outcome = co_await read_head();
  if (outcome.rejected) {
    co_await reject(outcome.rejection);
    co_return Next::linger;
  }
  if (!outcome.complete) co_return Next::close;
  const auto framing = request_framing(head_);
  if (!framing) {
    co_await reject(framing.error());
    co_return Next::linger;
  }
  ++requests_;
  Exchange exchange(*this, *framing);
  co_await handler_.handle(exchange);
  if (!exchange.finished() || exchange.aborted()) {
    if (exchange.started()) stream_.reset_on_close();
    co_return Next::close;
  }
  if (!exchange.keeps_connection()) {
    co_return exchange.body_done() && input_.empty() ? Next::close : Next::linger;
  }
  const bool drained = co_await exchange.drain_body();
  co_return drained ? Next::again : Next::close;
}

Task<void> Connection::reject(Rejection rejection) {
  const RejectionBody said = handler_.rejected(rejection, stream_.peer());
  HeadWriter writer;
  writer.status_line(rejection.answer);
  writer.header("Content-Type", said.content_type);
  writer.header("Date", format_http_date(loop_.wall_now()).view());
  writer.framing(BodyKind::length, said.body.size());
  writer.header("Connection", "close");
  Result<Slice> answer = writer.finish(said.body);
  if (!answer) co_return;
  SliceChain out;
  out.push(std::move(*answer));
  ring::Deadline deadline(loop_, loop_.now() + config_.linger_timeout, stops_.end);
  (void)co_await stream_.write(std::move(out), deadline.token());
}

// Closing with bytes unread would reset the connection and might take our answer away from the
// client (RFC 9112 9.6): end our side, then read and forget for a while.
Task<void> Connection::linger() {
  ring::Deadline deadline(loop_, loop_.now() + config_.linger_timeout, stops_.end);
  co_await stream_.finish(deadline.token());
  std::size_t forgotten = input_.size_bytes();
  input_.clear();
  while (forgotten <= linger_bytes_max) {
    const Result<SliceChain> part = co_await stream_.read(deadline.token());
    if (!part || part->empty()) co_return;
    forgotten += part->size_bytes();
  }
}

}  // namespace

Task<void> serve_http1(ring::Loop& loop, net::Stream& stream, Handler& handler,
                       const ServerHttp1Config& config, ServerStops stops) {
  Connection connection(loop, stream, handler, config, stops);
  co_await connection.run();
}

}  // namespace sluice::http
