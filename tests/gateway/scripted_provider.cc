#include "scripted_provider.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <utility>

#include "sluice/ring/sleep.h"

namespace sluice::gateway::testing::scripted {
namespace {

struct Piece {
  milliseconds pause{0};  // before it
  std::string bytes;
  bool is_content = false;
};

enum class After : std::uint8_t { keep, close, reset, hang };

// What goes on the wire for one request, and how it ends.
struct Answer {
  std::vector<Piece> pieces;
  After after = After::keep;
  How how = How::good;
};

std::string length_head(int status, std::string_view type, std::size_t length,
                        std::string_view more = {}) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n", status,
                     type, more, length);
}

std::string chunk_of(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string event(std::string_view data) { return chunk_of(fmt::format("data: {}\n\n", data)); }

std::string delta(std::string_view members, std::string_view finish = "null") {
  return event(fmt::format(R"({{"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)"
                           R"("choices":[{{"index":0,"delta":{{{}}},"finish_reason":{}}}]}})",
                           members, finish));
}

constexpr std::string_view stream_head =
    "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

// Makes the answer to one try.
class Author {
 public:
  Author(Random& random, const Scenario& scenario, Try& made)
      : random_(random),
        rules_(scenario.rules),
        deployment_(scenario.deployments[made.deployment]),
        try_(made) {}

  Answer write() {
    think_ = milliseconds(1 + random_.below(static_cast<std::uint64_t>(deployment_.pace.count())));
    switch (behaviour()) {
      case Behaviour::slow: think_ = milliseconds(in_time()); break;
      case Behaviour::failing: fail(); return std::move(answer_);
      case Behaviour::overloaded: overload(); return std::move(answer_);
      case Behaviour::limited: limit(); return std::move(answer_);
      case Behaviour::silent: answer_.after = After::hang; return std::move(answer_);
      case Behaviour::resetting:
        answer_.pieces.push_back({.pause = think_, .bytes = ""});
        break_off();
        return std::move(answer_);
      case Behaviour::wrong: err(); return std::move(answer_);
      case Behaviour::well:
      case Behaviour::flapping:
      case Behaviour::stalling:
      case Behaviour::cut:
      case Behaviour::down: break;
    }
    succeed();
    if (try_.behaviour == Behaviour::stalling) spoil(After::hang);
    if (try_.behaviour == Behaviour::cut) cut();
    return std::move(answer_);
  }

 private:
  Behaviour behaviour() {
    const bool fails = try_.behaviour == Behaviour::flapping && random_.chance(0.5);
    return fails ? Behaviour::failing : try_.behaviour;
  }

  std::uint64_t in_time() {
    const auto most = static_cast<std::uint64_t>(rules_.first_byte.count());
    return random_.between(most / 4, most - 300);
  }

  void whole(int status, std::string_view type, std::string_view body, std::string_view more = {}) {
    answer_.pieces.push_back(
        {.pause = think_, .bytes = length_head(status, type, body.size(), more)});
    answer_.pieces.back().bytes += body;
    try_.status = status;
  }

  void fail() {
    constexpr int statuses[] = {500, 502, 503, 529};
    whole(statuses[random_.below(std::size(statuses))], "application/json",
          R"({"error":{"message":"no","type":"server_error"}})");
    answer_.how = How::failed;
  }

  std::string retry_after() {
    try_.retry_after = deployment_.wait;
    if (!deployment_.wait) return {};
    return random_.chance(0.3)
               ? fmt::format("retry-after-ms: {}\r\n", deployment_.wait->count())
               : fmt::format("Retry-After: {}\r\n", deployment_.wait->count() / 1'000);
  }

  void overload() {
    whole(503, "application/json", R"({"error":{"message":"no","type":"overloaded_error"}})",
          retry_after());
    answer_.how = How::failed;
  }

  void limit() {
    whole(429, "application/json", R"({"error":{"message":"no","type":"rate_limit_error"}})",
          retry_after());
    answer_.how = How::limited;
  }

  void break_off() {
    answer_.after = random_.chance(0.5) ? After::reset : After::close;
    answer_.how = How::broke;
  }

  void err() {
    answer_.how = How::wrong;
    switch (random_.below(try_.is_stream ? 6 : 4)) {
      case 0: whole(200, "text/html", "<html>"); break;
      case 1: whole(200, "application/json", ""); break;
      case 2: whole(200, "application/json", R"({"choices":[)"); break;
      case 3:
        whole(200, "application/json", R"({"error":{"message":"no","type":"server_error"}})");
        break;
      case 4: stream_of(event("{oops")); break;
      default: stream_of(event(R"({"error":{"message":"no","type":"server_error"}})"));
    }
  }
  void stream_of(std::string_view events) {
    answer_.pieces.push_back({.pause = think_, .bytes = std::string(stream_head)});
    answer_.pieces.push_back({.pause = {}, .bytes = std::string(events) + "0\r\n\r\n"});
    try_.status = 200;
  }

  std::string usage() {
    try_.input = 5 + random_.below(100);
    try_.output = 1 + random_.below(100);
    return fmt::format(R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                       try_.input, try_.output, try_.input + try_.output);
  }

  void succeed() {
    if (try_.is_stream) return succeed_streaming();
    whole(200, "application/json",
          fmt::format(R"({{"id":"c","object":"chat.completion","created":1,"model":"x",)"
                      R"("choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},)"
                      R"("finish_reason":"stop"}}],{}}})",
                      try_.text, usage()));
  }

  void succeed_streaming() {
    try_.status = 200;
    answer_.pieces.push_back({.pause = think_, .bytes = std::string(stream_head)});
    answer_.pieces.back().bytes += delta(R"("role":"assistant","content":"")");
    const std::size_t parts = random_.between(1, 5);
    const std::size_t step = try_.text.size() / parts + 1;
    for (std::size_t at = 0; at < try_.text.size(); at += step) {
      answer_.pieces.push_back(
          {.pause = think_ / 8,
           .bytes = delta(fmt::format(R"("content":"{}")", try_.text.substr(at, step))),
           .is_content = true});
    }
    answer_.pieces.push_back({.pause = think_ / 8, .bytes = delta("", "\"stop\"")});
    answer_.pieces.back().bytes +=
        event(fmt::format(R"({{"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)"
                          R"("choices":[],{}}})",
                          usage()));
    answer_.pieces.back().bytes += event("[DONE]") + "0\r\n\r\n";
  }

  // What goes out is the beginning of a good answer, and never what it cost.
  void spoil(After after) {
    if (answer_.pieces.size() > 1) {
      answer_.pieces.resize(random_.between(2, answer_.pieces.size() - 1));
    } else {
      std::string& bytes = answer_.pieces.back().bytes;
      bytes.resize(bytes.find("\r\n\r\n") + 4 + random_.below(40));
    }
    answer_.after = after;
    answer_.how = How::broke;
  }

  void cut() {
    const bool says_so = try_.is_stream && random_.chance(0.3);
    spoil(random_.chance(0.5) ? After::close : After::reset);
    if (!says_so) return;
    answer_.pieces.push_back(
        {.pause = think_ / 8,
         .bytes = event(R"({"error":{"message":"no","type":"server_error"}})") + "0\r\n\r\n"});
    answer_.after = After::close;
    answer_.how = How::failed;
  }

  Random& random_;
  const Rules& rules_;
  const Deployment& deployment_;
  Try& try_;
  milliseconds think_{0};
  Answer answer_;
};

std::size_t number_behind(std::string_view text, std::string_view mark) {
  std::size_t number = Try::nobodys;
  const std::size_t at = text.find(mark);
  if (at == text.npos) return number;
  std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
  return number;
}

class Session {
 public:
  Session(ring::Loop& loop, HealthLedger& ledger, Random& random, const Scenario& scenario,
          std::size_t index, net::Stream& stream, StopToken stop)
      : loop_(loop),
        ledger_(ledger),
        random_(random),
        scenario_(scenario),
        index_(index),
        stream_(stream),
        stop_(stop) {}

  Task<void> run() {
    if (phase().behaviour == Behaviour::down) {
      stream_.reset_on_close();
      Try& broken = note_try(Try::nobodys);
      broken.how = How::broke;
      broken.ended = loop_.now();
      co_return;
    }
    ++ledger_.connections_open;
    while (true) {
      const bool goes_on = co_await serve_one();
      if (!goes_on) break;
      is_reused_ = true;
    }
    --ledger_.connections_open;
  }

 private:
  [[nodiscard]] const Phase& phase() const {
    return scenario_.deployments[index_].phase_at(ledger_.since_start(loop_.now()));
  }

  Try& note_try(std::size_t ask) {
    return ledger_.tries.emplace_back(Try{.deployment = index_,
                                          .ask = ask,
                                          .behaviour = phase().behaviour,
                                          .is_reused = is_reused_,
                                          .came = loop_.now()});
  }

  // The next moment at which idle connections break.
  [[nodiscard]] MonotonicTime down_at() const {
    const milliseconds now = ledger_.since_start(loop_.now());
    for (const Phase& each : scenario_.deployments[index_].phases) {
      if (each.behaviour == Behaviour::down && each.from > now) return ledger_.start + each.from;
    }
    return MonotonicTime::max();
  }

  // Reads until `moment`; false once the gateway has gone.
  Task<bool> listen_until(MonotonicTime moment) {
    ring::Deadline deadline(loop_, moment, stop_);
    while (!deadline.passed()) {
      const Result<SliceChain> part = co_await stream_.read(deadline.token());
      if (deadline.passed()) break;
      if (!part || part->empty()) co_return false;
      input_ += part->to_string();
    }
    co_return true;
  }

  // Nothing: the gateway has closed it, or the provider is down.
  Task<std::optional<std::string>> read_request() {
    ring::Deadline down(loop_, down_at(), stop_);
    while (true) {
      const std::size_t head_end = input_.find("\r\n\r\n");
      if (head_end != input_.npos) {
        const std::size_t length =
            number_behind(std::string_view(input_).substr(0, head_end), "Content-Length: ");
        if (input_.size() >= head_end + 4 + length) {
          EXPECT_EQ(input_.size(), head_end + 4 + length) << "more than one request at a time";
          co_return std::exchange(input_, {});
        }
      }
      const Result<SliceChain> part = co_await stream_.read(down.token());
      if (!part || part->empty()) break;
      input_ += part->to_string();
    }
    if (down.passed()) stream_.reset_on_close();
    co_return std::nullopt;
  }

  Task<bool> serve_one() {
    const std::optional<std::string> request = co_await read_request();
    if (!request) co_return false;
    const std::size_t ask = number_behind(*request, ask_mark);
    EXPECT_LT(ask, scenario_.asks.size()) << *request;
    if (ask >= scenario_.asks.size()) co_return false;
    Try& made = note_try(ask);
    made.is_stream = request->contains(R"("stream":true)");
    // Its first words tell it from all others.
    made.text = fmt::format("{}@n{} by p{}, and all the rest", ledger_.tries.size(), ask, index_);
    const Answer answer = Author(random_, scenario_, made).write();
    const bool goes_on = co_await say(answer, made);
    if (made.sent_at == MonotonicTime{}) made.status = 0;
    made.ended = loop_.now();
    co_return goes_on;
  }

  Task<bool> say(const Answer& answer, Try& made) {
    made.how = How::left;
    for (const Piece& piece : answer.pieces) {
      if (piece.pause > milliseconds(0)) {
        const bool is_there = co_await listen_until(loop_.now() + piece.pause);
        if (!is_there) co_return false;
      }
      if (piece.bytes.empty()) continue;
      SliceChain chain;
      chain.push(Slice::copy_of(piece.bytes));
      const Result<void> sent = co_await stream_.write(std::move(chain), stop_);
      if (!sent) co_return false;
      made.sent_at = loop_.now();
      if (piece.is_content && made.content_at == MonotonicTime{}) made.content_at = loop_.now();
    }
    if (answer.after == After::hang) {
      (void)co_await listen_until(MonotonicTime::max());
      co_return false;
    }
    made.how = answer.how;
    if (answer.after == After::reset) stream_.reset_on_close();
    co_return answer.after == After::keep;
  }

  ring::Loop& loop_;
  HealthLedger& ledger_;
  Random& random_;
  const Scenario& scenario_;
  std::size_t index_;
  net::Stream& stream_;
  StopToken stop_;
  std::string input_;
  bool is_reused_ = false;
};

Task<void> run_session(ring::Loop& loop, HealthLedger& ledger, Random& random,
                       const Scenario& scenario, std::size_t index, net::Stream& stream,
                       StopToken stop) {
  Session session(loop, ledger, random, scenario, index, stream, stop);
  co_await session.run();
}

}  // namespace

RawProviderScript scripted_provider(ring::Loop& loop, HealthLedger& ledger, Random& random,
                                    const Scenario& scenario, std::size_t index) {
  return [&loop, &ledger, &random, &scenario, index](net::Stream& stream, StopToken stop) {
    return run_session(loop, ledger, random, scenario, index, stream, stop);
  };
}

}  // namespace sluice::gateway::testing::scripted
