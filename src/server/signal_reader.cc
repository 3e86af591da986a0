#include "sluice/server/signal_reader.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sluice/coro/event.h"

namespace sluice::server {

class SignalReader::Poll final : public ring::Operation {
 public:
  explicit Poll(ring::Loop& loop) noexcept : done(loop) {}
  Event done;

 private:
  void complete(ring::Completion) noexcept override { done.set(); }
};

SignalReader::SignalReader(ring::Loop& loop, int fd)
    : loop_(loop), fd_(fd), poll_(std::make_unique<Poll>(loop)) {}

SignalReader::~SignalReader() { ::close(fd_); }

Result<std::unique_ptr<SignalReader>> SignalReader::make(ring::Loop& loop) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, number);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    return fail(Error{
        .kind = ErrorKind::exhausted, .os_errno = errno, .what = "no descriptor for signals"});
  }
  return std::unique_ptr<SignalReader>(new SignalReader(loop, fd));
}

Task<Result<int>> SignalReader::next(StopToken stop) {
  while (true) {
    signalfd_siginfo info{};
    const ssize_t got = ::read(fd_, &info, sizeof info);
    if (got == static_cast<ssize_t>(sizeof info)) co_return static_cast<int>(info.ssi_signo);
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      co_return fail(Error{.os_errno = errno, .what = "signals cannot be read"});
    }
    poll_->done.reset();
    loop_.backend().poll(*poll_, fd_, POLLIN);
    const Result<void> waited = co_await poll_->done.wait(stop);
    if (!waited) {
      loop_.backend().cancel(*poll_);
      while (poll_->in_flight()) (void)co_await poll_->done.wait({});
      co_return fail(waited.error());
    }
  }
}

}  // namespace sluice::server
