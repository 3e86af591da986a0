#include "load/generator.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "sluice/coro/scope.h"
#include "sluice/http/sse.h"
#include "sluice/ring/sleep.h"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;

// Timers fire up to a millisecond late; an arrival that nobody kept waiting is not late for that.
constexpr Duration timer_slack = milliseconds(2);
constexpr std::size_t answer_bytes_max = 64 << 20;

// No error: the exchange is settled, right or wrong.
constexpr Error settled{.kind = ErrorKind::not_found};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Generator::Generator(ring::Loop& loop, net::Connector& connector, const Scenario& scenario,
                     const GeneratorConfig& config)
    : loop_(loop),
      connector_(connector),
      scenario_(scenario),
      config_(config),
      answer_check_(scenario.config()) {
  if (scenario.method() == "POST") fields_.push_back({"content-type", "application/json"});
  fields_.push_back(
      {"accept", scenario.config().stream ? "text/event-stream" : "application/json"});
  for (const auto& [name, value] : config.headers) fields_.push_back({name, value});
}

Task<void> Generator::run() {
  begin_ = loop_.backend().now();
  measured_from_ = begin_ + config_.warmup;
  last_counted_ = measured_from_;
  const bool endless = config_.requests != 0;  // it is their number that ends it
  end_ = endless ? MonotonicTime::max() : measured_from_ + config_.duration;
  arrivals_end_ = endless ? MonotonicTime::max() : end_ + config_.cooldown;
  Scope connections;
  for (std::uint32_t i = 0; i < config_.connections; ++i) connections.spawn(drive());
  co_await connections.join();
  results_.seconds = std::chrono::duration<double>(last_counted_ - measured_from_).count();
  results_.cpu_seconds = cpu_seconds();
}

bool Generator::next_arrival(Arrival& arrival) noexcept {
  const std::uint64_t index = issued_;
  arrival.nonce = Random(config_.seed + index).next();
  arrival.due = begin_;
  if (config_.requests != 0 && index >= config_.requests) return false;
  if (config_.rate > 0) {
    arrival.due +=
        Duration(static_cast<Duration::rep>(static_cast<double>(index) * 1e9 / config_.rate));
    if (arrival.due >= arrivals_end_) return false;
  } else if (loop_.now() >= arrivals_end_) {
    return false;
  }
  ++issued_;
  return true;
}

// Open loop: sleeps until the arrival is due. Leaves in `due` the moment latency counts from.
Task<bool> Generator::wait_for(Arrival& arrival) {
  if (config_.rate <= 0) co_return true;
  if (arrival.due > loop_.now()) {
    const Result<void> slept = co_await ring::sleep_until(loop_, arrival.due, {});
    if (!slept) co_return false;
    const MonotonicTime now = loop_.now();
    if (now - arrival.due < timer_slack) arrival.due = now;
  }
  co_return true;
}

Task<bool> Generator::connect(std::unique_ptr<http::ClientHttp1>& connection) {
  ring::Deadline deadline(loop_, loop_.now() + config_.timeout, {});
  Result<net::Connected> made = co_await connector_.connect(config_.endpoint, deadline.token());
  if (!made) {
    fail_with(fmt::format("connect: {}", to_string(made.error().kind)), true);
    // Whoever refuses is not to be asked again at once.
    const Result<void> slept =
        co_await ring::sleep_until(loop_, loop_.now() + milliseconds(50), {});
    static_cast<void>(slept);
    co_return false;
  }
  ++results_.connects;
  connection = std::make_unique<http::ClientHttp1>(loop_, std::move(made->stream),
                                                   http::ClientHttp1Config{});
  co_return true;
}

// One connection's life: takes arrivals until there are none.
Task<void> Generator::drive() {
  std::unique_ptr<http::ClientHttp1> connection;
  std::uint64_t served = 0;  // on it
  Arrival arrival{};
  while (next_arrival(arrival)) {
    const bool due = co_await wait_for(arrival);
    if (!due) co_return;
    const Prepared prepared = scenario_.prepare(arrival.nonce);
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (connection == nullptr || !connection->reusable()) {
        connection.reset();
        served = 0;
        const bool connected = co_await connect(connection);
        if (!connected) break;
      }
      const MonotonicTime now = loop_.backend().now();
      const MonotonicTime start = config_.rate > 0 ? arrival.due : now;
      const Measured measured{start, start >= measured_from_ && start < end_};
      const Error error = co_await exchange(*connection, prepared, measured);
      if (error == settled) {
        if (++served == config_.requests_per_connection) connection.reset();
        break;
      }
      connection.reset();
      if (error.retry == Retry::if_reused && attempt == 0) {
        ++results_.retries;
        continue;
      }
      const bool late = error.kind == ErrorKind::cancelled;
      fail_with(late ? "timeout" : to_string(error.kind), measured.counts);
      break;
    }
  }
}

Task<Error> Generator::exchange(http::ClientHttp1& connection, const Prepared& prepared,
                                Measured measured) {
  ring::Deadline deadline(loop_, loop_.now() + config_.timeout, {});
  http::ClientHttp1::Exchange exchange(connection);
  const http::OutgoingRequest request{.method = scenario_.method(),
                                      .target = scenario_.target(),
                                      .authority = config_.authority,
                                      .fields = {.own = fields_}};
  SliceChain body;
  body.push(prepared.body.share());
  const Result<const http::ResponseHead*> head =
      co_await exchange.send(request, std::move(body), deadline.token());
  if (!head) co_return head.error();
  const http::StatusCode status = (*head)->status;
  const std::string_view type = (*head)->headers.value("content-type").value_or("");
  Error error = settled;
  if (status != http::status::ok || config_.expected_status != http::status::ok) {
    const Result<Slice> read =
        co_await exchange.read_whole_body(answer_bytes_max, deadline.token());
    if (!read) co_return read.error();
    if (status == config_.expected_status) {
      error = settle(nullptr, measured);
    } else if (status == http::status::ok) {
      error = settle("an answer came where a refusal is due", measured);
    } else {
      fail_with(fmt::format("status {}", status), measured.counts);
    }
  } else if (!type.starts_with(scenario_.config().stream ? "text/event-stream"
                                                         : "application/json")) {
    // Unread, so the connection is not used again.
    error = settle("the answer has a wrong content type", measured);
  } else if (scenario_.config().stream) {
    error = co_await read_stream(exchange, prepared, measured, deadline.token());
  } else {
    error = co_await read_answer(exchange, prepared, measured, deadline.token());
  }
  if (measured.counts) {
    results_.bytes_in += exchange.bytes_in();
    results_.bytes_out += exchange.bytes_out();
  }
  co_return error;
}

Task<Error> Generator::read_answer(http::ClientExchange& exchange, const Prepared& prepared,
                                   Measured measured, StopToken stop) {
  const Result<Slice> body = co_await exchange.read_whole_body(answer_bytes_max, stop);
  if (!body) co_return body.error();
  co_return settle(answer_check_.wrong(body->view(), prepared.seed), measured);
}

// One stream under way.
struct Generator::Reading {
  StreamCheck check;
  http::SseParser parser{};
  const char* wrong = nullptr;
  MonotonicTime last{};  // the last text event came
};

Task<Error> Generator::read_stream(http::ClientExchange& exchange, const Prepared& prepared,
                                   Measured measured, StopToken stop) {
  Reading reading{.check = {prepared.seed, scenario_.config().tokens,
                            scenario_.config().include_usage, stream_memory_}};
  while (true) {
    if (config_.read_pause.count() > 0) {
      const Result<void> paused =
          co_await ring::sleep_until(loop_, loop_.now() + config_.read_pause, stop);
      if (!paused) co_return paused.error();
    }
    Result<SliceChain> part = co_await exchange.read_body(stop);
    if (!part) co_return part.error();
    if (part->empty()) break;
    for (std::size_t i = 0; i < part->count(); ++i) read_events(reading, (*part)[i], measured);
  }
  if (reading.wrong == nullptr && reading.parser.held_bytes() != 0)
    reading.wrong = "the stream ends inside an event";
  co_return settle(reading.wrong == nullptr ? reading.check.finish() : reading.wrong, measured);
}

// What one read brought. The check knows the events that are due by their bytes; what stands
// between them goes through the parser, an event at a time.
void Generator::read_events(Reading& reading, const Slice& bytes, Measured measured) {
  http::SseEvent event;
  Slice rest = bytes.share();
  while (reading.wrong == nullptr && !rest.empty()) {
    const std::uint64_t tokens_before = reading.check.tokens();
    if (reading.parser.held_bytes() == 0) rest.remove_prefix(reading.check.take_due(rest.view()));
    if (rest.empty()) rest.reset();
    const std::size_t end = rest.view().find("\n\n");
    const std::size_t fed = end == std::string_view::npos ? rest.size() : end + 2;
    reading.parser.feed(rest.share(0, fed));
    rest.remove_prefix(fed);
    while (reading.wrong == nullptr && reading.parser.next(event) == http::SseStatus::event) {
      if (event.kind == http::SseKind::event) reading.wrong = reading.check.event(event.data);
    }
    count_events(reading, tokens_before, measured);
  }
}

// Records the time of the text events just taken.
void Generator::count_events(Reading& reading, std::uint64_t tokens_before, Measured measured) {
  const std::uint64_t count = reading.check.tokens() - tokens_before;
  results_.all_events += count;
  if (count == 0 || !measured.counts) return;
  const MonotonicTime now = loop_.now();
  results_.events += count;
  // Between those that one turn of the loop brought there was no time.
  tokens_before == 0 ? results_.first.record(now - measured.start)
                     : results_.gap.record(now - reading.last);
  results_.gap.record(Duration{}, count - 1);
  reading.last = now;
}

Error Generator::settle(const char* wrong, Measured measured) {
  if (wrong != nullptr) {
    // A wrong answer is wrong in the warm-up too.
    ++results_.wrong;
    fail_with(fmt::format("wrong: {}", wrong), true);
    return settled;
  }
  ++results_.all_requests;
  ++results_.all_right;
  if (!measured.counts) return settled;
  ++results_.requests;
  ++results_.right;
  last_counted_ = loop_.now();
  results_.latency.record(last_counted_ - measured.start);
  return settled;
}

void Generator::fail_with(std::string_view kind, bool counts) {
  ++results_.all_requests;
  if (!counts) return;
  last_counted_ = loop_.now();
  ++results_.requests;
  results_.count_error(kind);
}

}  // namespace sluice::load
