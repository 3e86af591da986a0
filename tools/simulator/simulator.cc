#include "simulator/simulator.h"

#include <fmt/format.h>

#include <optional>

#include "sluice/coro/scope.h"
#include "sluice/http/chunked.h"
#include "sluice/ring/sleep.h"

namespace sluice::simulator {
namespace {

void add(std::atomic<std::uint64_t>& count, std::uint64_t change = 1) noexcept {
  // Single writer: no locked instruction is needed.
  count.store(count.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}
void subtract(std::atomic<std::uint64_t>& count) noexcept {
  add(count, ~std::uint64_t{0});  // modulo 2^64
}

class Open {
 public:
  explicit Open(std::atomic<std::uint64_t>& count) noexcept : count_(count) { add(count_); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() { subtract(count_); }

 private:
  std::atomic<std::uint64_t>& count_;
};

SliceChain chain_of(Slice slice) {
  SliceChain chain;
  chain.push(std::move(slice));
  return chain;
}

Slice joined(Slice first, SliceChain rest) {
  if (first.empty() && rest.count() == 1) return std::move(rest[0]);
  Block block(first.size() + rest.size_bytes());
  block.append(first.view());
  for (const Slice& slice : rest) block.append(slice.view());
  return std::move(block).freeze();
}

}  // namespace

SimulatorCounts& SimulatorBoard::add() {
  const std::lock_guard lock(mutex_);
  return counts_.emplace_back();
}

std::string SimulatorBoard::to_json() const {
  const std::lock_guard lock(mutex_);
  const auto sum = [&](std::atomic<std::uint64_t> SimulatorCounts::* field) {
    std::uint64_t total = 0;
    for (const SimulatorCounts& counts : counts_)
      total += (counts.*field).load(std::memory_order_relaxed);
    return total;
  };
  return fmt::format(
      R"({{"connections":{},"connections_open":{},"requests":{},"answers":{},)"
      R"("requests_open":{},"aborted_by_client":{},"broken_by_us":{},"refused":{},"faults":{}}})",
      sum(&SimulatorCounts::connections), sum(&SimulatorCounts::connections_open),
      sum(&SimulatorCounts::requests), sum(&SimulatorCounts::answers),
      sum(&SimulatorCounts::requests_open), sum(&SimulatorCounts::aborted_by_client),
      sum(&SimulatorCounts::broken_by_us), sum(&SimulatorCounts::refused), occasions_.to_json());
}

// One connection: reads requests, performs scripts.
class Simulator::Conversation {
 public:
  Conversation(Simulator& simulator, net::Stream& stream, StopToken stop)
      : simulator_(simulator), stream_(stream), stop_(stop), departed_(stop) {
    stream_.watch_departure(&departed_);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() { stream_.watch_departure(nullptr); }

  // Lifetime: the caller joins this task before the conversation goes.
  Task<void> run() {
    while (true) {
      if (input_.empty()) {
        head_bytes_.reset();  // an idle connection keeps no buffer from the others
        Result<SliceChain> more = co_await stream_.read(stop_);
        if (!more || more->empty()) co_return;
        input_ = joined(std::move(input_), std::move(*more));
      }
      Provider::Alike alike = provider().answer_like_the_last(input_.view(), now());
      // Not in the condition itself: GCC 12 suspends there and never starts the task.
      bool again = false;
      if (alike.request_bytes != 0) {
        // Here and not in a task of its own, whose frame would be a tenth of what this takes.
        add(counts().requests);
        const Open open(counts().requests_open);
        take(alike.request_bytes);
        const Result<void> written =
            co_await stream_.write(chain_of(std::move(alike.bytes)), departed_.token());
        again = written ? answered() : left();
      } else {
        again = co_await exchange();
      }
      if (!again) co_return;
    }
  }

 private:
  enum class Read : std::uint8_t { done, ended, refused };

  // One request and its answer; whether another may follow.
  Task<bool> exchange() {
    const Read read = co_await read_head();
    if (read == Read::ended) co_return false;
    add(counts().requests);
    const Open open(counts().requests_open);
    if (read == Read::refused) co_return co_await refuse();
    const auto framing = http::request_framing(head_);
    if (!framing) {
      rejection_ = framing.error();
      co_return co_await refuse();
    }
    if (Provider::answers_early(head_)) {
      // The script closes: what is left of the body is never a request.
      co_await perform(provider().answer(head_, *framing, {}, now()));
      co_return false;
    }
    Result<Slice> body = Slice();
    if (!take_body_at_hand(*framing, *body)) body = co_await read_body(*framing);
    if (!body) {
      if (body.error().kind != ErrorKind::too_large && body.error().kind != ErrorKind::malformed) {
        add(counts().aborted_by_client);
        co_return false;
      }
      rejection_ = {body.error().kind == ErrorKind::too_large ? http::status::content_too_large
                                                              : http::status::bad_request,
                    body.error().what};
      co_return co_await refuse();
    }
    const bool stats = head_.path == "/sim/stats";
    Script script =
        stats ? provider().page(simulator_.board_.to_json(), *framing, now())
              : provider().answer(head_, *framing, body->view(), now(), head_bytes_.view());
    co_return co_await perform(std::move(script));
  }

  Task<Read> read_head() {
    http::RequestHeadParser parser;
    head_.clear();
    head_bytes_.reset();
    while (true) {
      if (!input_.empty()) {
        const http::HeadParse parse = parser.parse(input_.view(), head_);
        if (parse.status == http::ParseStatus::malformed) {
          rejection_ = parse.rejection;
          co_return Read::refused;
        }
        if (parse.status == http::ParseStatus::complete) {
          head_bytes_ = input_.share(0, parse.bytes_consumed);
          take(parse.bytes_consumed);
          co_return Read::done;
        }
      }
      Result<SliceChain> more = co_await stream_.read(stop_);
      if (!more || more->empty()) co_return Read::ended;
      input_ = joined(std::move(input_), std::move(*more));
    }
  }

  void take(std::size_t count) {
    input_.remove_prefix(count);
    if (input_.empty()) input_.reset();
  }

  // Whether nothing need be read for the body, which is the rule: it came with the head.
  bool take_body_at_hand(const http::Framing& framing, Slice& body) {
    using http::BodyKind;
    if (framing.kind == BodyKind::none || framing.kind == BodyKind::until_close) return true;
    if (framing.kind != BodyKind::length || framing.length_bytes > input_.size() ||
        framing.length_bytes > simulator_.config_.body_bytes_max) {
      return false;
    }
    body = input_.share(0, static_cast<std::size_t>(framing.length_bytes));
    take(body.size());
    return true;
  }

  Task<Result<Slice>> read_body(http::Framing framing) {
    using http::BodyKind;
    if (framing.kind == BodyKind::length &&
        framing.length_bytes > simulator_.config_.body_bytes_max) {
      co_return too_large();
    }
    if (framing.expects_continue && input_.empty()) {
      const Result<void> sent = co_await stream_.write(
          chain_of(Slice::of_static("HTTP/1.1 100 Continue\r\n\r\n")), departed_.token());
      if (!sent) co_return fail(sent.error());
    }
    if (framing.kind == BodyKind::chunked) co_return co_await read_chunked();
    Block block(static_cast<std::size_t>(framing.length_bytes));
    block.append(input_.view());
    take(input_.size());
    const std::size_t missing = block.free_bytes();
    const Result<void> got = co_await stream_.read_exactly(block, missing, stop_);
    if (!got) co_return fail(got.error());
    co_return std::move(block).freeze();
  }

  Task<Result<Slice>> read_chunked() {
    http::ChunkedDecoder decoder;
    std::string body;
    while (true) {
      const http::ChunkedStep step = decoder.next(input_.view());
      body += step.data;
      take(step.bytes_consumed);
      switch (step.status) {
        case http::ChunkedStatus::complete: co_return Slice::take(std::move(body));
        case http::ChunkedStatus::malformed:
          co_return fail({.kind = ErrorKind::malformed,
                          .fault = sluice::Fault::client,
                          .what = step.rejection.reason});
        case http::ChunkedStatus::data:
          if (body.size() > simulator_.config_.body_bytes_max) co_return too_large();
          break;
        case http::ChunkedStatus::need_more: {
          Result<SliceChain> more = co_await stream_.read(stop_);
          if (!more) co_return fail(more.error());
          if (more->empty()) {
            co_return fail({.kind = ErrorKind::connection_closed, .fault = sluice::Fault::client});
          }
          input_ = joined(std::move(input_), std::move(*more));
          break;
        }
      }
    }
  }

  static Result<Slice> too_large() {
    return fail({.kind = ErrorKind::too_large,
                 .fault = sluice::Fault::client,
                 .what = "The request body is larger than the simulator takes."});
  }

  Task<bool> refuse() {
    add(counts().refused);
    co_await perform(provider().refuse(rejection_, now()));
    co_return false;
  }

  // Sends what the script says, when it says; whether another request may follow.
  Task<bool> perform(Script script) {
    const Slice bytes = Slice::take(std::move(script.bytes));
    const MonotonicTime start = simulator_.loop_.now();
    std::size_t sent = 0;
    for (std::size_t i = 0; i < script.steps.size(); ++i) {
      const MonotonicTime due = start + script.steps[i].at;
      if (due > simulator_.loop_.now()) {
        const Result<void> slept =
            co_await ring::sleep_until(simulator_.loop_, due, departed_.token());
        if (!slept) co_return left();
      }
      // What is due by now goes out together.
      while (i + 1 < script.steps.size() && !script.steps[i + 1].apart &&
             start + script.steps[i + 1].at <= simulator_.loop_.now()) {
        ++i;
      }
      const std::size_t end = script.steps[i].end;
      if (end == sent) continue;
      const Result<void> written =
          co_await stream_.write(chain_of(bytes.share(sent, end - sent)), departed_.token());
      if (!written) co_return left();
      sent = end;
    }
    co_return co_await end_with(script.end);
  }

  Task<bool> end_with(Script::End end) {
    switch (end) {
      case Script::End::keep_alive: co_return answered();
      case Script::End::close:
        add(counts().answers);
        co_await stream_.finish(departed_.token());
        co_await linger();
        co_return false;
      case Script::End::reset:
        add(counts().broken_by_us);
        stream_.reset_on_close();
        co_return false;
      case Script::End::hang: {
        add(counts().broken_by_us);
        Event never(simulator_.loop_);
        static_cast<void>(co_await never.wait(departed_.token()));
        co_return left();
      }
    }
    co_return false;
  }

  // Reads what the client still sends, for a moment: a close with unread bytes would be a reset,
  // which could take the answer back out of the client's hands (RFC 9112 9.6).
  Task<void> linger() {
    ring::Deadline deadline(simulator_.loop_, simulator_.loop_.now() + std::chrono::seconds(1),
                            stop_);
    input_.reset();
    while (true) {
      const Result<SliceChain> more = co_await stream_.read(deadline.token());
      if (!more || more->empty()) co_return;
    }
  }

  bool answered() noexcept {
    add(counts().answers);
    return true;
  }
  bool left() noexcept {
    if (!stop_.stop_requested()) add(counts().aborted_by_client);
    return false;
  }

  SimulatorCounts& counts() noexcept { return simulator_.counts_; }
  Provider& provider() noexcept { return simulator_.provider_; }
  [[nodiscard]] WallTime now() const noexcept { return simulator_.loop_.wall_now(); }

  Simulator& simulator_;
  net::Stream& stream_;
  StopToken stop_;
  StopSource departed_;  // the client left, or we are to end
  http::RequestHead head_;
  Slice head_bytes_;  // what head_ looks into
  Slice input_;       // received behind it
  http::Rejection rejection_{};
};

Simulator::Simulator(ring::Loop& loop, const SimulatorConfig& config, const Recordings* recordings,
                     SimulatorBoard& board, std::uint64_t seed)
    : loop_(loop),
      config_(config),
      board_(board),
      counts_(board.add()),
      provider_(config, recordings, board.occasions(), seed) {}

Task<void> Simulator::serve(net::Stream& stream, StopToken stop) {
  add(counts_.connections);
  const Open open(counts_.connections_open);
  Conversation conversation(*this, stream, stop);
  co_await conversation.run();
}

Task<void> Simulator::serve_socket(net::Listener& listener, int socket, StopToken stop) {
  Result<std::unique_ptr<net::Stream>> stream = co_await listener.establish(socket, stop);
  if (stream) co_await serve(**stream, stop);
}

Task<void> Simulator::run(net::Listener& listener, StopToken stop) {
  Scope connections;
  while (true) {
    const Result<int> socket = co_await listener.accept(stop);
    if (!socket) break;
    connections.spawn(serve_socket(listener, *socket, stop));
  }
  co_await connections.join();
}

}  // namespace sluice::simulator
