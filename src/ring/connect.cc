#include "sluice/ring/connect.h"

#include <cerrno>
#include <coroutine>
#include <optional>

#include "completion_waiter.h"

namespace sluice::ring {
namespace {

Error connect_error(int os_errno) noexcept {
  switch (os_errno) {
    case ECANCELED: return Error{.kind = ErrorKind::cancelled, .what = "connect cancelled"};
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:  // no free local port
      return Error{.kind = ErrorKind::exhausted,
                   .fault = Fault::gateway,
                   .retry = Retry::safe,
                   .os_errno = os_errno,
                   .what = "no descriptor, port or memory left for a connection"};
    default:  // refused, unreachable, timed out ...: the peer's side, and nothing was sent
      return Error{.kind = ErrorKind::connect_failed,
                   .fault = Fault::provider,
                   .retry = Retry::safe,
                   .os_errno = os_errno,
                   .what = "connecting failed"};
  }
}

// Closes the descriptor unless it was handed on.
class DescriptorGuard {
 public:
  DescriptorGuard(Backend& backend, int fd) noexcept : backend_(backend), fd_(fd) {}
  DescriptorGuard(const DescriptorGuard&) = delete;
  DescriptorGuard& operator=(const DescriptorGuard&) = delete;
  ~DescriptorGuard() {
    if (fd_ >= 0) backend_.close(fd_);
  }
  int hand_on() noexcept { return std::exchange(fd_, -1); }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  Backend& backend_;
  int fd_;
};

}  // namespace

Task<Result<Connection>> connect(Loop& loop, SocketAddress address, ConnectionConfig config,
                                 StopToken stop) {
  Backend& backend = loop.backend();
  if (stop.stop_requested()) co_return fail(connect_error(ECANCELED));
  const Result<int> opened = backend.open_socket(address.family());
  if (!opened) co_return fail(opened.error());
  DescriptorGuard socket(backend, *opened);

  CompletionWaiter waiter(loop, stop);
  backend.connect(waiter, socket.get(), address);
  const std::int32_t result = co_await waiter;
  if (result < 0) co_return fail(connect_error(-result));
  co_return Connection(loop, socket.hand_on(), config);
}

}  // namespace sluice::ring
