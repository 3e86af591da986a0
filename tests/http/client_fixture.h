// A client connection over a stream in memory, with a provider that the test plays, in virtual
// time.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/memory_stream.h"
#include "sluice/coro/scope.h"
#include "sluice/http/client_http1.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::http::testing {

using net::testing::chain_of;

/// What came of one exchange.
struct Outcome {
  Result<void> sent{};  // send()
  StatusCode status = 0;
  std::string body;
  Result<void> read{};  // read_body() to the end
  bool complete = false;
  bool reusable = false;  // right after it
};

class ClientFixture {
 public:
  explicit ClientFixture(const ClientHttp1Config& config = {})
      : pair(world.loop()), connection(world.loop(), std::move(pair.client), config) {}

  /// One exchange; the body is read part by part, or whole with `whole_bytes_max`.
  Task<void> exchange(Outcome& outcome, std::string body, StopToken stop = {},
                      std::string_view method = "POST",
                      std::optional<std::size_t> whole_bytes_max = std::nullopt) {
    {
      ClientHttp1::Exchange exchange(connection);
      co_await talk(exchange, outcome, std::move(body), stop, method, whole_bytes_max);
      outcome.complete = exchange.complete();
    }
    outcome.reusable = connection.reusable();
  }

  /// One exchange with a provider that has `answer` ready and then, perhaps, ends.
  Outcome outcome_of(std::string answer, bool ends, std::string_view method = "GET",
                     std::optional<std::size_t> whole_bytes_max = std::nullopt) {
    if (!answer.empty()) pair.to_client->put(std::move(answer));
    if (ends) pair.to_client->end(false);
    Outcome outcome;
    run(exchange(outcome, method == "POST" ? "question" : "", {}, method, whole_bytes_max));
    return outcome;
  }

  void run(Task<void> task) { EXPECT_EQ(world.run(std::move(task), std::chrono::hours(24)), ""); }
  [[nodiscard]] ring::Loop& loop() { return world.loop(); }
  /// What the provider has been sent.
  [[nodiscard]] std::string& request() { return pair.to_server->waiting; }

  ring::sim::SimWorld world{1, ring::sim::SimConfig::calm()};
  net::testing::MemoryPair pair;
  ClientHttp1 connection;

 private:
  static Task<void> talk(ClientHttp1::Exchange& exchange, Outcome& outcome, std::string body,
                         StopToken stop, std::string_view method,
                         std::optional<std::size_t> whole_bytes_max) {
    const OutgoingRequest request{.method = method, .target = "/v1", .authority = "host"};
    const auto head = co_await exchange.send(request, chain_of(std::move(body)), stop);
    if (!head) {
      outcome.sent = fail(head.error());
      co_return;
    }
    outcome.status = (*head)->status;
    if (whole_bytes_max) {
      const Result<Slice> whole = co_await exchange.read_whole_body(*whole_bytes_max, stop);
      if (whole) outcome.body = std::string(whole->view());
      if (!whole) outcome.read = fail(whole.error());
      co_return;
    }
    while (true) {
      const Result<SliceChain> part = co_await exchange.read_body(stop);
      if (!part) outcome.read = fail(part.error());
      if (!part || part->empty()) co_return;
      outcome.body += part->to_string();
    }
  }
};

}  // namespace sluice::http::testing
