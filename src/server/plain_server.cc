#include "sluice/server/plain_server.h"

#include <future>
#include <utility>

#include "sluice/ring/kernel_backend.h"
#include "sluice/server/process.h"

namespace sluice::server {

PlainServer::PlainServer(ring::Loop& loop, net::Listener listener, http::Handler& handler,
                         std::size_t connections_max)
    : loop_(loop),
      listener_(std::move(listener)),
      handler_(handler),
      connections_max_(connections_max) {}

Task<void> PlainServer::run(StopToken stop) {
  while (true) {
    const Result<int> socket = co_await listener_.accept(stop);
    if (!socket) break;
    if (connections_.running() >= connections_max_) {
      loop_.backend().close(*socket);
    } else {
      connections_.spawn(serve(*socket, stop));
    }
  }
  co_await connections_.join();
}

// Lifetime: run() joins this task.
Task<void> PlainServer::serve(int socket, StopToken stop) {
  Result<std::unique_ptr<net::Stream>> stream = co_await listener_.establish(socket, stop);
  if (!stream) co_return;
  co_await http::serve_http1(loop_, **stream, handler_, config_, {.drain = stop, .end = stop});
}

namespace {
// Lifetime: the thread's loop runs until this task has ended, and would then wait for nothing.
Task<void> wake_after(Task<void> serving, ring::Backend& backend) {
  co_await std::move(serving);
  backend.wake();
}
}  // namespace

ServerThread::ServerThread(Serve serve) : serve_(std::move(serve)) {}

ServerThread::~ServerThread() {
  (void)orders_.post({});
  if (thread_.joinable()) thread_.join();
}

Result<ring::SocketAddress> ServerThread::start(const ring::SocketAddress& address) {
  std::promise<Result<ring::SocketAddress>> started;
  std::future<Result<ring::SocketAddress>> listening = started.get_future();
  thread_ = std::thread([this, address, &started] {
    run(address,
        [&started](Result<ring::SocketAddress> result) { started.set_value(std::move(result)); });
  });
  return listening.get();
}

void ServerThread::run(const ring::SocketAddress& address, const Tell& tell) {
  name_this_thread("sluice-aside");
  auto backend = ring::make_kernel_backend({});
  if (!backend) return tell(fail(backend.error()));
  ring::Loop loop(**backend, 1);
  net::ListenerConfig config;
  config.address = address;
  auto listener = net::Listener::open(loop, config);
  if (!listener) return tell(fail(listener.error()));
  orders_.attach(**backend);
  tell(listener->local_address());
  {
    net::Listener serving = std::move(*listener);  // closed before the last turns below
    StopSource stop;
    Scope scope;
    scope.spawn(wake_after(serve_(loop, serving, stop.token()), **backend));
    while (scope.running() > 0) {
      loop.turn();
      if (orders_.take()) stop.request_stop();
    }
  }
  const MonotonicTime limit = loop.now() + std::chrono::seconds(5);
  while (loop.closing_sockets() > 0 && loop.now() < limit) {
    loop.turn(loop.now() + std::chrono::milliseconds(10));
  }
  orders_.leave();
}

}  // namespace sluice::server
