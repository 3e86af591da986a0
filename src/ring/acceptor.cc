#include "sluice/ring/acceptor.h"

#include <cerrno>
#include <chrono>

namespace sluice::ring {
namespace {
// Long enough not to spin on EMFILE, short enough that a freed descriptor is soon used.
constexpr auto rest_after_exhaustion = std::chrono::milliseconds(50);
}  // namespace

// Owns the listening socket and outlives the Acceptor until its accept has ended.
class Acceptor::State final : private Operation, private Timer {
 public:
  State(Loop& loop, int fd) : loop_(loop), fd_(fd), arrived_(loop) { start(); }

  void orphan() noexcept {
    closing_ = true;
    TimerWheel::cancel(*this);
    for (; !accepted_.empty(); accepted_.pop_front()) loop_.backend().close(accepted_.front());
    if (in_flight()) {
      loop_.closing_socket_added();
      loop_.backend().cancel(*this);
    } else {
      loop_.backend().close(fd_);
      delete this;
    }
  }

  Task<Result<int>> accept(StopToken stop) {
    while (accepted_.empty()) {
      arrived_.reset();
      const Result<void> waited = co_await arrived_.wait(stop);
      if (!waited) co_return fail(waited.error());
    }
    const int fd = accepted_.front();
    accepted_.pop_front();
    co_return fd;
  }

  [[nodiscard]] Result<SocketAddress> local_address() const {
    return loop_.backend().local_address(fd_);
  }
  [[nodiscard]] std::uint64_t rests() const noexcept { return rests_; }

 private:
  ~State() = default;

  void start() noexcept { loop_.backend().accept(*this, fd_); }

  void complete(Completion completion) noexcept override {
    if (closing_) {
      if (completion.result >= 0) loop_.backend().close(completion.result);
      if (!completion.more) {
        loop_.backend().close(fd_);
        loop_.closing_socket_removed();
        delete this;
      }
      return;
    }
    if (completion.result >= 0) {
      accepted_.push_back(completion.result);
      arrived_.set();
    }
    if (completion.more) return;
    // Ended by itself after a success, or a connection that died in the backlog: just go on.
    if (completion.result >= 0 || completion.result == -ECONNABORTED) {
      start();
      return;
    }
    // EMFILE, ENFILE, ENOBUFS, ENOMEM, or something that would come back at once.
    ++rests_;
    loop_.timers().arm(*this, loop_.now() + rest_after_exhaustion);
  }
  void expired() noexcept override { start(); }

  Loop& loop_;
  int fd_;
  Event arrived_;
  std::deque<int> accepted_;
  std::uint64_t rests_ = 0;
  bool closing_ = false;
};

Result<Acceptor> Acceptor::listen(Loop& loop, const SocketAddress& address,
                                  const ListenOptions& options) {
  const Result<int> fd = loop.backend().open_listener(address, options);
  if (!fd) return fail(fd.error());
  return Acceptor(new State(loop, *fd));
}

Acceptor& Acceptor::operator=(Acceptor&& other) noexcept {
  if (this != &other) {
    if (state_ != nullptr) state_->orphan();
    state_ = std::exchange(other.state_, nullptr);
  }
  return *this;
}

Acceptor::~Acceptor() {
  if (state_ != nullptr) state_->orphan();
}

Task<Result<int>> Acceptor::accept(StopToken stop) { return state_->accept(stop); }
Result<SocketAddress> Acceptor::local_address() const { return state_->local_address(); }
std::uint64_t Acceptor::rests() const noexcept { return state_->rests(); }

}  // namespace sluice::ring
