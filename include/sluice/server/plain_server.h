// A small HTTP server beside the gateway: one listener, one Handler, a bound on connections. What
// the admin page and the simulated provider are served by.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "sluice/coro/scope.h"
#include "sluice/coro/stop_token.h"
#include "sluice/http/server.h"
#include "sluice/http/server_http1.h"
#include "sluice/net/listener.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/mailbox.h"

namespace sluice::server {

class PlainServer {
 public:
  /// Lifetime: `loop` and `handler` outlive the server, which outlives run().
  PlainServer(ring::Loop& loop, net::Listener listener, http::Handler& handler,
              std::size_t connections_max);

  /// Serves until `stop`, then breaks its connections and joins them.
  [[nodiscard]] Task<void> run(StopToken stop);

 private:
  Task<void> serve(int socket, StopToken stop);
  ring::Loop& loop_;
  net::Listener listener_;
  http::Handler& handler_;
  std::size_t connections_max_;
  http::ServerHttp1Config config_;
  Scope connections_;
};

/// Something that serves a listener, on a thread and a loop of its own.
class ServerThread {
 public:
  /// Serves until `stop`, and joins all it began. Lifetime: loop and listener outlive the task.
  using Serve = std::function<Task<void>(ring::Loop&, net::Listener&, StopToken)>;
  explicit ServerThread(Serve serve);
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  /// Ends and joins the thread.
  ~ServerThread();

  /// Serves on `address`. Returns once it listens, with the address bound to. Errors as
  /// Listener::open and make_kernel_backend.
  [[nodiscard]] Result<ring::SocketAddress> start(const ring::SocketAddress& address);

 private:
  using Tell = std::function<void(Result<ring::SocketAddress>)>;
  void run(const ring::SocketAddress& address, const Tell& tell);
  struct Stop {};
  Serve serve_;
  ring::Mailbox<Stop> orders_{1};
  std::thread thread_;
};

}  // namespace sluice::server
