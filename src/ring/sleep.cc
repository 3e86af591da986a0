#include "sluice/ring/sleep.h"

#include <coroutine>
#include <optional>

namespace sluice::ring {
namespace {

class Sleep final : public Timer {
 public:
  Sleep(Loop& loop, MonotonicTime deadline, StopToken stop) noexcept
      : loop_(loop), deadline_(deadline), stop_(stop) {}

  [[nodiscard]] bool await_ready() const noexcept { return stop_.stop_requested(); }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept {
    coroutine_ = coroutine;
    loop_.timers().arm(*this, deadline_);
    on_stop_.emplace(stop_, Leave{this});
  }
  [[nodiscard]] Result<void> await_resume() const noexcept {
    if (expired_) return {};
    return fail(Error{.kind = ErrorKind::cancelled, .what = "sleep cancelled"});
  }

 private:
  struct Leave {
    Sleep* self;
    void operator()() const noexcept {
      if (self->expired_) return;  // the clock was first
      TimerWheel::cancel(*self);
      self->loop_.schedule(self->coroutine_);
    }
  };
  void expired() noexcept override {
    expired_ = true;
    loop_.schedule(coroutine_);
  }

  Loop& loop_;
  MonotonicTime deadline_;
  StopToken stop_;
  std::coroutine_handle<> coroutine_;
  std::optional<StopCallback<Leave>> on_stop_;
  bool expired_ = false;
};

}  // namespace

Task<Result<void>> sleep_until(Loop& loop, MonotonicTime deadline, StopToken stop) {
  Sleep sleep(loop, deadline, stop);
  co_return co_await sleep;
}

Deadline::Deadline(Loop& loop, MonotonicTime deadline, StopToken parent)
    : loop_(loop), source_(parent) {
  loop_.timers().arm(*this, deadline);
}

void Deadline::extend(MonotonicTime deadline) noexcept {
  if (source_.stop_requested()) return;
  loop_.timers().arm(*this, deadline);
}

void Deadline::expired() noexcept {
  if (source_.stop_requested()) return;
  passed_ = true;
  source_.request_stop();
}

Error Deadline::explain(Error error, const char* what) const noexcept {
  if (!passed_ || error.kind != ErrorKind::cancelled) return error;
  error.kind = ErrorKind::deadline_exceeded;
  error.what = what;
  return error;
}

}  // namespace sluice::ring
