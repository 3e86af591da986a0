#include "worker_listener.h"

#include "sluice/ring/sleep.h"

namespace sluice::server {

WorkerListener::WorkerListener(ConnectionContext& context, net::Listener listener, std::size_t slot,
                               bool proxy_protocol, std::shared_ptr<net::TlsServerContext> tls,
                               std::shared_ptr<const ConnectionLimits> limits)
    : context_(context),
      listener_(std::move(listener)),
      handler_(context.gateway, slot),
      slot_(slot),
      proxy_protocol_(proxy_protocol),
      tls_(std::move(tls)),
      limits_(std::move(limits)),
      drain_(context.drain) {}

void WorkerListener::start() { context_.connections.spawn(accept_all(shared_from_this())); }

void WorkerListener::use(std::shared_ptr<net::TlsServerContext> tls,
                         std::shared_ptr<const ConnectionLimits> limits) noexcept {
  listener_.use_tls(tls.get());
  tls_ = std::move(tls);
  limits_ = std::move(limits);
}

void WorkerListener::use_ticket_keys(
    const std::shared_ptr<const net::TlsTicketKeys>& keys) noexcept {
  if (tls_) tls_->use_ticket_keys(keys);
}

void WorkerListener::close() noexcept {
  if (std::exchange(closed_, true)) return;
  accepting_.request_stop();
  drain_.request_stop();
}

std::uint64_t WorkerListener::take_rests() noexcept {
  if (closed_) return 0;
  const std::uint64_t rests = listener_.rests();
  return rests - std::exchange(rests_seen_, rests);
}

// Lifetime: `self` keeps the listener; the context's scope joins this task.
Task<void> WorkerListener::accept_all([[maybe_unused]] std::shared_ptr<WorkerListener> self) {
  while (true) {
    const Result<int> socket = co_await listener_.accept(accepting_.token());
    if (!socket) break;
    context_.metrics.downstream_connections_accepted.add();
    if (context_.connections_open >= context_.connections_max) {
      context_.metrics.downstream_connections_refused.add();
      context_.loop.backend().close(*socket);
      continue;
    }
    context_.connections.spawn(serve(self, *socket));
  }
  // Moved out and destroyed: the socket is closed now, while handshakes under way still use the
  // rest of the listener.
  const net::Listener closing(std::move(listener_));
}

// The frame of every idle connection, so whatever ends with the handshake lies in establish()'s.
// Lifetime: as accept_all().
Task<void> WorkerListener::serve([[maybe_unused]] std::shared_ptr<WorkerListener> self,
                                 int socket) {
  ++context_.connections_open;
  context_.metrics.downstream_connections_open.add();
  {
    // Of the moment of accepting: a reload may replace them while this connection lives.
    const std::shared_ptr<const ConnectionLimits> limits = limits_;
    const std::unique_ptr<net::Stream> stream = co_await establish(socket, *limits);
    const http::ServerStops stops{.drain = drain_.token(), .end = context_.end};
    if (stream) {
      co_await http::serve_http1(context_.loop, *stream, handler_, limits->http, stops);
    }
  }
  context_.metrics.downstream_connections_open.subtract();
  --context_.connections_open;
}

// Null, and counted, when it failed. Lifetime: awaited by serve(), which keeps `limits`.
Task<std::unique_ptr<net::Stream>> WorkerListener::establish(int socket,
                                                             const ConnectionLimits& limits) {
  const std::shared_ptr<net::TlsServerContext> tls = tls_;  // of the moment of accepting, too
  ring::Deadline hello(context_.loop, context_.loop.now() + limits.hello_timeout, context_.end);
  std::optional<net::UnproxiedPeer> unproxied;
  Result<std::unique_ptr<net::Stream>> stream =
      co_await listener_.establish(socket, hello.token(), &unproxied);
  if (unproxied && !context_.end.stop_requested()) context_.unproxied.add(slot_, *unproxied);
  if (stream) co_return std::move(*stream);
  if (tls) {
    context_.metrics.downstream_tls_failed.add();
  } else {
    context_.metrics.downstream_requests_malformed.add();
  }
  co_return nullptr;
}

}  // namespace sluice::server
