// Drives the load: connections on one loop, each sending one request after the other.
//
//   closed loop   a connection sends when its last answer has come
//   open loop     arrivals are due at a fixed rate, whoever is free takes the next; latency counts
//                 from the moment it was due, so a stall is felt by all who had to wait
//                 (no coordinated omission)
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "load/answer_check.h"
#include "load/results.h"
#include "load/scenario.h"
#include "load/stream_check.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/client_http1.h"
#include "sluice/net/connector.h"
#include "sluice/ring/loop.h"

namespace sluice::load {

struct GeneratorConfig {
  net::Endpoint endpoint{};
  std::string authority{};  // the Host field
  std::uint32_t connections = 16;
  double rate = 0;             // arrivals per second; 0: closed loop
  std::uint64_t requests = 0;  // in all; 0: until `duration`
  Duration duration = std::chrono::seconds(10);
  Duration warmup{};    // in front of it, not counted
  Duration cooldown{};  // behind it: arrivals go on, so that what counts ends under full load
  Duration timeout = std::chrono::seconds(60);  // of one request
  std::uint64_t requests_per_connection = 0;    // then it is closed; 0: never
  Duration read_pause{};                        // of a slow reader, before each read of a stream
  http::StatusCode expected_status =
      http::status::ok;    // another than 200: its body is not looked at
  std::uint64_t seed = 1;  // of the nonces
  std::vector<std::pair<std::string, std::string>> headers{};
};

class Generator {
 public:
  /// Lifetime: all arguments outlive the generator.
  Generator(ring::Loop& loop, net::Connector& connector, const Scenario& scenario,
            const GeneratorConfig& config);

  /// Runs to the end of the duration or the requests, and joins every connection.
  [[nodiscard]] Task<void> run();

  [[nodiscard]] const Results& results() const noexcept { return results_; }

 private:
  struct Arrival {
    std::uint64_t nonce;
    MonotonicTime due;  // open loop only
  };
  struct Measured {
    MonotonicTime start;
    bool counts;  // not in the warm-up
  };
  bool next_arrival(Arrival& arrival) noexcept;
  Task<void> drive();
  Task<bool> wait_for(Arrival& arrival);
  Task<bool> connect(std::unique_ptr<http::ClientHttp1>& connection);
  Task<Error> exchange(http::ClientHttp1& connection, const Prepared& prepared, Measured measured);
  Task<Error> read_answer(http::ClientExchange& exchange, const Prepared& prepared,
                          Measured measured, StopToken stop);
  Task<Error> read_stream(http::ClientExchange& exchange, const Prepared& prepared,
                          Measured measured, StopToken stop);
  struct Reading;
  void read_events(Reading& reading, const Slice& bytes, Measured measured);
  void count_events(Reading& reading, std::uint64_t tokens_before, Measured measured);
  Error settle(const char* wrong, Measured measured);
  void fail_with(std::string_view kind, bool counts);

  ring::Loop& loop_;
  net::Connector& connector_;
  const Scenario& scenario_;
  const GeneratorConfig& config_;
  std::vector<http::Header> fields_;
  AnswerCheck answer_check_;
  StreamMemory stream_memory_;
  Results results_;
  MonotonicTime begin_{};
  MonotonicTime measured_from_{};
  MonotonicTime end_{};           // of what counts
  MonotonicTime arrivals_end_{};  // the cool-down's
  MonotonicTime last_counted_{};  // was settled then
  std::uint64_t issued_ = 0;
};

}  // namespace sluice::load
