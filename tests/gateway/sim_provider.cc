#include "sim_provider.h"

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "sluice/ring/sleep.h"

namespace sluice::gateway::testing {
namespace {

using std::chrono::milliseconds;

// What goes on the wire for one answer, and how it goes on.
struct Answer {
  Try attempt;
  std::string bytes;
  milliseconds head_delay{0};
  bool closes = false;  // ends the connection behind it
  bool resets = false;  // ... by breaking it
  bool early = false;   // sent before the request's body is read
  bool never = false;   // says nothing until the gateway leaves
  bool longer = false;  // than it announces

  /// What an answer is worth behind bytes that an earlier one did not announce. The gateway took
  /// the connection again before they came, so they stand in front of this one, whatever it is: it
  /// must not be found behind them, and as it may have been served, it is not asked for here once
  /// more.
  void stand_behind_leftovers() {
    attempt.verdict = Verdict::before;
    attempt.status = 0;
    attempt.is_stream = attempt.whole = false;
    attempt.shown.clear();
  }
};

std::string head_of(int status, std::string_view type, std::string_view framing) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: ";
  head += type;
  head += "\r\nSet-Cookie: secret-of-provider\r\n";
  if (status == 429 || status == 503) head += "Retry-After: 7\r\n";
  head += framing;
  return head + "\r\n";
}

std::string length_field(std::size_t length) {
  return "Content-Length: " + std::to_string(length) + "\r\n";
}

std::string chunk_of(std::string_view bytes) {
  char digits[20];
  char* const end = std::to_chars(digits, digits + sizeof(digits), bytes.size(), 16).ptr;
  return std::string(&digits[0], end) + "\r\n" + std::string(bytes) + "\r\n";
}

class Actor {
 public:
  Actor(Random& random, std::string nonce, std::size_t provider, std::size_t try_index)
      : random_(random),
        nonce_(std::move(nonce)),
        mark_(nonce_ + "." + std::to_string(try_index)),
        provider_(provider) {
    answer_.attempt.provider = provider;
    answer_.attempt.mark = mark_;
  }

  Answer draw(Kind kind, const ProviderMood& mood) {
    const bool bad = random_.chance(mood.bad);
    if (random_.chance(mood.unhurried)) answer_.head_delay = milliseconds(random_.below(8'000));
    if (bad && random_.chance(0.5)) {
      fail_early();
    } else if (kind == Kind::stream && !random_.chance(0.03)) {
      stream(bad);
    } else {
      whole(bad);
    }
    return std::move(answer_);
  }

 private:
  // --- answers that never become one ---

  void fail_early() {
    switch (random_.below(6)) {
      case 0:
        answer_.never = true;
        answer_.attempt.verdict = Verdict::before;
        break;
      case 1:
        answer_.closes = true;
        answer_.resets = random_.chance(0.5);
        answer_.attempt.verdict = Verdict::before;
        break;
      case 2:
        status_answer(503);
        answer_.early = answer_.closes = true;
        break;
      case 3:
        answer_.attempt.verdict = Verdict::before;
        answer_.bytes = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n";
        answer_.attempt.status = 0;
        answer_.closes = true;
        break;
      default: {
        constexpr int statuses[] = {301, 400, 401, 403, 429, 500, 503, 529};
        status_answer(statuses[random_.below(std::size(statuses))]);
      }
    }
  }

  void status_answer(int status) {
    const std::string body = R"({"error":{"message":"no )" + mark_ +
                             R"(","type":"invalid_request_error","param":"n","code":null}})";
    answer_.attempt.status = status;
    answer_.attempt.verdict = Verdict::before;
    if (status == 400) {
      answer_.attempt.verdict = Verdict::passes;
      std::string shown = body;
      shown.insert(shown.size() - 1, R"(,"request_id":")" + nonce_ + "\"");
      answer_.attempt.shown.push_back(std::move(shown));
      answer_.attempt.whole = true;
    }
    answer_.bytes = head_of(status, "application/json", length_field(body.size())) + body;
  }

  // --- whole answers ---

  std::string completion(bool may_be_large) {
    return R"({"id":"c","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,)"
           R"("message":{"role":"assistant","content":")" +
           mark_ + " " +
           std::string(random_.below(may_be_large && random_.chance(0.1) ? 60'000 : 300), 'y') +
           R"("},"finish_reason":"stop"}],)"
           R"("usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})";
  }

  void whole(bool bad) {
    std::string body = completion(!bad);
    answer_.attempt.status = 200;
    if (bad) {
      whole_but_bad(std::move(body));
      return;
    }
    answer_.attempt.verdict = Verdict::good;
    answer_.attempt.whole = true;
    if (random_.chance(0.1)) {  // compressed, though no client here asks for that: no answer
      answer_.attempt.verdict = Verdict::before;
      answer_.attempt.whole = false;
      answer_.bytes = head_of(200, "application/json",
                              "Content-Encoding: gzip\r\n" + length_field(body.size())) +
                      body;
      return;
    }
    // Too large to be held, it is shown as it comes.
    answer_.attempt.shown.push_back(body.size() > held_bytes_max ? body
                                                                 : tagged(body, nonce_, provider_));
    switch (random_.below(4)) {
      case 0:
        answer_.bytes = head_of(200, "application/json", framing_chunked) + chunked(body);
        break;
      case 1:
        answer_.bytes = head_of(200, "application/json", "Connection: close\r\n") + body;
        answer_.closes = true;
        break;
      default:
        answer_.bytes =
            head_of(200, "application/json; charset=utf-8", length_field(body.size())) + body;
        answer_.closes = random_.chance(0.2);  // without a word
    }
  }

  void whole_but_bad(std::string body) {
    answer_.attempt.verdict = Verdict::before;
    switch (random_.below(6)) {
      case 0:  // longer than said
        answer_.bytes = head_of(200, "application/json", length_field(body.size() - 1)) + body;
        answer_.longer = true;
        break;
      case 1:  // shorter than said
        answer_.bytes = head_of(200, "application/json", length_field(body.size() + 1)) + body;
        answer_.closes = true;
        break;
      case 2:
        body = "<html>" + mark_;
        answer_.bytes = head_of(200, "text/html", length_field(body.size())) + body;
        break;
      case 3: body = R"({"error":{"message":"in a 200"}})"; [[fallthrough]];
      case 4:
        body.insert(body.size() - 1, ",");
        answer_.bytes = head_of(200, "application/json", length_field(body.size())) + body;
        break;
      default:
        answer_.bytes = head_of(200, "application/json", framing_chunked) + chunked(body);
        answer_.bytes.resize(answer_.bytes.size() - 1 - random_.below(body.size()));
        answer_.closes = true;
    }
  }

  std::string chunked(std::string_view body) {
    std::string out;
    while (!body.empty()) {
      const std::size_t size = 1 + random_.below(body.size());
      out += chunk_of(body.substr(0, size));
      body.remove_prefix(size);
    }
    return out + "0\r\n\r\n";
  }

  // --- streams ---

  std::string event(std::string_view data) {
    const std::string end = crlf_ ? "\r\n" : "\n";
    return (blank_ ? "data: " : "data:") + std::string(data) + end + end;
  }
  std::string chunk_json(std::string_view delta, std::string_view finish) {
    return R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)"
           R"("choices":[{"index":0,"delta":{)" +
           std::string(delta) + R"(},"finish_reason":)" + std::string(finish) + "}]}";
  }

  void add(std::string data, bool shown = true) {
    wire_.push_back(event(data));
    if (!shown) return;
    // The first event carries the tags.
    shown_.push_back(shown_.empty() ? event(tagged(std::move(data), nonce_, provider_))
                                    : wire_.back());
  }

  void make_events() {
    crlf_ = random_.chance(0.2);
    blank_ = random_.chance(0.8);
    contents_ = 1 + random_.below(random_.chance(0.1) ? 60 : 8);
    add(chunk_json(R"("role":"assistant","content":"")", "null"));
    for (std::size_t i = 0; i < contents_; ++i) {
      const std::size_t pad = random_.below(random_.chance(0.05) ? 20'000 : 40);
      add(chunk_json(R"("content":")" + mark_ + "." + std::to_string(i) +
                         " \u00e9\u6f22\U0001f642" + std::string(pad, 'z') + "\"",
                     "null"));
    }
    add(chunk_json("", "\"stop\""));
    add(R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"x","choices":[],)"
        R"("usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})",
        false);
    wire_.push_back(event("[DONE]"));
    shown_.push_back(wire_.back());
  }

  void stream(bool bad) {
    make_events();
    answer_.attempt.status = 200;
    answer_.attempt.is_stream = true;
    answer_.attempt.verdict = Verdict::good;
    answer_.attempt.whole = true;
    if (bad) spoil();
    answer_.attempt.shown = shown_;
    const bool until_close = answer_.closes ? !cut_ && random_.chance(0.3) : random_.chance(0.2);
    std::string body;
    std::string all;
    for (const std::string& part : wire_) all += part;
    if (until_close) {
      answer_.closes = true;
      body = all;
    } else {
      for (std::string_view rest = all; !rest.empty();) {
        const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random_.below(400));
        body += chunk_of(rest.substr(0, size));
        rest.remove_prefix(size);
      }
      if (!cut_) body += "0\r\n\r\n";
    }
    answer_.bytes = head_of(200, "text/event-stream; charset=utf-8",
                            until_close ? "Connection: close\r\n" : framing_chunked) +
                    body;
  }

  // Breaks the stream at event `at`: nothing from there on may be shown.
  void spoil() {
    const std::size_t at = random_.below(contents_ + 2);  // the role, a content, the finish
    const std::string there = wire_[at];
    answer_.attempt.whole = false;
    answer_.attempt.verdict = at <= 1 ? Verdict::before : Verdict::after;
    wire_.resize(at);
    shown_.resize(at);
    switch (random_.below(6)) {
      case 0:  // cut, perhaps in the middle of an event
        cut_ = answer_.closes = true;
        // The CR of the empty line ends an event, so that one is not cut without it.
        wire_.push_back(there.substr(0, random_.below(there.size() - (crlf_ ? 1 : 0))));
        break;
      case 1:
        cut_ = answer_.closes = answer_.resets = true;
        answer_.attempt.verdict = Verdict::unknown;  // a reset may overtake what was said
        break;
      case 2: break;  // an orderly end without [DONE]
      case 3: wire_.push_back(event("{oops")); break;
      case 4:
        wire_.push_back(event(R"({"error":{"message":"boom","type":"server_error"}})"));
        break;
      default: wire_.push_back(event("\"" + std::string(70'000, 'h') + "\"")); break;
    }
  }

  static constexpr std::size_t held_bytes_max = 32'768;  // the run's whole_response_bytes_max
  static constexpr const char* framing_chunked = "Transfer-Encoding: chunked\r\n";

  Random& random_;
  std::string nonce_;
  std::string mark_;
  std::size_t provider_;
  Answer answer_;
  std::vector<std::string> wire_;
  std::vector<std::string> shown_;
  std::size_t contents_ = 0;
  bool crlf_ = false;
  bool blank_ = true;
  bool cut_ = false;
};

struct Incoming {
  std::string nonce;
  std::size_t length = 0;
};

// The gateway's own requests are of one form; anything else is its fault.
std::optional<Incoming> read_head(std::string_view head, std::size_t index) {
  Incoming incoming;
  EXPECT_TRUE(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")) << head;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const auto value = [&](std::string_view name) -> std::optional<std::string_view> {
      if (!line.starts_with(name)) return std::nullopt;
      return line.substr(name.size());
    };
    if (const auto host = value("Host: ")) {
      ++hosts;
      EXPECT_EQ(*host, "127.0.0.1:" + std::to_string(9000 + index));
    }
    if (const auto length = value("Content-Length: ")) {
      ++lengths;
      std::from_chars(length->data(), length->data() + length->size(), incoming.length);
    }
    if (const auto nonce = value("X-Client-Request-Id: ")) incoming.nonce = *nonce;
  }
  EXPECT_EQ(hosts, 1U) << head;
  EXPECT_EQ(lengths, 1U) << head;
  EXPECT_FALSE(head.contains("Transfer-Encoding")) << head;
  EXPECT_FALSE(head.contains("canary")) << "a secret crossed: " << head;
  EXPECT_FALSE(incoming.nonce.empty()) << head;
  if (incoming.nonce.empty()) return std::nullopt;
  return incoming;
}

class Session {
 public:
  Session(ring::Loop& loop, Ledger& ledger, Random& random, std::size_t index, ProviderMood mood,
          net::Stream& stream, StopToken stop)
      : loop_(loop),
        ledger_(ledger),
        random_(random),
        index_(index),
        mood_(mood),
        stream_(stream),
        stop_(stop) {}

  Task<void> run() {
    while (true) {
      const bool goes_on = co_await serve_one();
      if (!goes_on) co_return;
    }
  }

 private:
  Task<bool> fill() {
    const Result<SliceChain> part = co_await stream_.read(stop_);
    if (!part || part->empty()) co_return false;
    input_ += part->to_string();
    co_return true;
  }

  Task<void> pause(milliseconds length) {
    (void)co_await ring::sleep_until(loop_, loop_.now() + length, stop_);
  }

  Task<bool> serve_one() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      const bool filled = co_await fill();
      if (!filled) co_return false;
    }
    const auto incoming = read_head(std::string_view(input_).substr(0, end), index_);
    if (!incoming) co_return false;
    input_.erase(0, end + 4);
    const std::size_t number = number_of(ledger_, incoming->nonce);
    EXPECT_NE(number, std::string_view::npos) << incoming->nonce;
    if (number == std::string_view::npos) co_return false;
    Actor actor(random_, incoming->nonce, index_, ledger_.tries[number].size());
    Answer answer = actor.draw(ledger_.asks[number].kind, mood_);
    if (leftovers_) answer.stand_behind_leftovers();
    leftovers_ = answer.longer;
    const std::size_t position = ledger_.tries[number].size();
    ledger_.tries[number].push_back(answer.attempt);
    if (!answer.early) {
      while (input_.size() < incoming->length) {
        const bool filled = co_await fill();
        if (!filled) co_return false;
      }
      const std::string body = input_.substr(0, incoming->length);
      EXPECT_EQ(body, upstream_body(ledger_.asks[number], index_));
      EXPECT_EQ(input_.size(), incoming->length) << "more than one request at a time";
      input_.clear();
      ledger_.tries[number][position].body_came = true;
    }
    co_return co_await say(answer);
  }

  Task<bool> say(const Answer& answer) {
    if (answer.never) {
      bool there = true;
      while (there) there = co_await fill();
      co_return false;
    }
    if (answer.head_delay.count() > 0) co_await pause(answer.head_delay);
    const bool in_pieces = random_.chance(0.5);
    std::string_view rest = answer.bytes;
    while (!rest.empty()) {
      const std::size_t size =
          in_pieces ? std::min<std::size_t>(rest.size(), 1 + random_.below(600)) : rest.size();
      SliceChain piece;
      piece.push(Slice::copy_of(rest.substr(0, size)));
      const Result<void> sent = co_await stream_.write(std::move(piece), stop_);
      if (!sent) co_return false;
      rest.remove_prefix(size);
      if (in_pieces && random_.chance(mood_.unhurried)) {
        co_await pause(milliseconds(random_.below(120)));
      }
    }
    if (answer.resets) stream_.reset_on_close();
    if (answer.closes && !answer.resets && !answer.early && random_.chance(0.5)) {
      co_await pause(milliseconds(random_.below(3'000)));  // kept alive, then closed in passing
    }
    if (!answer.closes && stop_.stop_requested()) co_return false;
    co_return !answer.closes;
  }

  ring::Loop& loop_;
  Ledger& ledger_;
  Random& random_;
  std::size_t index_;
  ProviderMood mood_;
  net::Stream& stream_;
  StopToken stop_;
  std::string input_;
  bool leftovers_ = false;  // the answer before this one was longer than it announced
};

Task<void> run_session(ring::Loop& loop, Ledger& ledger, Random& random, std::size_t index,
                       ProviderMood mood, net::Stream& stream, StopToken stop) {
  Session session(loop, ledger, random, index, mood, stream, stop);
  co_await session.run();
}

}  // namespace

RawProviderScript simulated_provider(ring::Loop& loop, Ledger& ledger, Random& random,
                                     std::size_t index, ProviderMood mood) {
  return [&loop, &ledger, &random, index, mood](net::Stream& stream, StopToken stop) {
    return run_session(loop, ledger, random, index, mood, stream, stop);
  };
}

}  // namespace sluice::gateway::testing
