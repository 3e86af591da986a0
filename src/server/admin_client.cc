#include "sluice/server/admin_client.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/http/client_http1.h"
#include "sluice/net/connector.h"
#include "sluice/net/plain_stream.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/sleep.h"
#include "sluice/server/admin_handler.h"

namespace sluice::server {
namespace {

constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;

using Answer = std::expected<AdminAnswer, std::string>;

// Lifetime: who asks joins the task.
Task<void> exchange_with(ring::Loop& loop, ring::SocketAddress address, const std::string& target,
                         Answer& answer) {
  ring::Deadline deadline(loop, loop.now() + admin_patience, {});
  std::vector<ring::SocketAddress> addresses(1, address);
  Result<ring::Connection> connected = co_await net::connect_any(
      loop, std::move(addresses), net::ConnectorConfig{}, deadline.token());
  if (!connected) {
    answer = std::unexpected("nobody listens there");
    co_return;
  }
  http::ClientHttp1 connection(loop, std::make_unique<net::PlainStream>(std::move(*connected)),
                               http::ClientHttp1Config{});
  http::ClientHttp1::Exchange exchange(connection);
  const http::OutgoingRequest request{
      .method = "GET", .target = target, .authority = "localhost", .fields = {}};
  const auto head = co_await exchange.send(request, SliceChain(), deadline.token());
  if (!head || !(*head)->headers.value(explanation_field)) {
    answer = std::unexpected("what listens there gives no explanations");
    co_return;
  }
  const int status = (*head)->status;
  const Result<Slice> body = co_await exchange.read_whole_body(answer_bytes_max, deadline.token());
  if (!body) {
    answer = std::unexpected("the answer broke off");
    co_return;
  }
  answer = AdminAnswer{.status = status, .body = std::string(body->view())};
}

// Wakes the loop, whose last turn would find nothing left to wait for.
Task<void> ask(ring::Loop& loop, const ring::SocketAddress& address, const std::string& target,
               Answer& answer) {
  co_await exchange_with(loop, address, target, answer);
  loop.backend().wake();
}

}  // namespace

std::expected<AdminAnswer, std::string> ask_explanation(const ring::SocketAddress& address,
                                                        const std::string& query) {
  ring::KernelBackendConfig config;
  config.submissions = 16;
  config.completions = 64;
  config.buffers_start = 2;
  config.buffers_max = 16;
  auto backend = ring::make_kernel_backend(config);
  if (!backend) return std::unexpected(std::string(backend.error().what));
  ring::Loop loop(**backend, 1);
  Answer answer = std::unexpected("no answer came");
  const std::string target = "/explain?" + query;
  {
    Scope scope;
    scope.spawn(ask(loop, address, target, answer));
    while (scope.running() > 0) loop.turn();
  }
  const MonotonicTime limit = loop.now() + std::chrono::seconds(1);
  while (loop.closing_sockets() > 0 && loop.now() < limit) {
    loop.turn(loop.now() + std::chrono::milliseconds(10));
  }
  return answer;
}

}  // namespace sluice::server
