// A one-shot operation that one coroutine awaits: submit it, then co_await it once.
//
//   CompletionWaiter waiter(loop, stop);            // `stop` has not stopped yet
//   backend.connect(waiter, fd, address);
//   const std::int32_t result = co_await waiter;   // after the final completion, whatever happens
//
// A stop asks the back-end to cancel and still waits for the final completion, so memory given to
// the operation may live in the awaiting frame.
#pragma once
#include <coroutine>

#include "sluice/coro/stop_token.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/operation.h"

namespace sluice::ring {

class CompletionWaiter final : public Operation {
 public:
  CompletionWaiter(Loop& loop, StopToken stop) noexcept
      : loop_(loop), on_stop_(stop, Cancel{this}) {}

  [[nodiscard]] bool await_ready() const noexcept { return !in_flight(); }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept { coroutine_ = coroutine; }
  [[nodiscard]] std::int32_t await_resume() const noexcept { return result_; }

 private:
  struct Cancel {
    CompletionWaiter* self;
    void operator()() const noexcept {
      if (self->in_flight()) self->loop_.backend().cancel(*self);
    }
  };
  void complete(Completion completion) noexcept override {
    result_ = completion.result;
    if (coroutine_) loop_.schedule(coroutine_);
  }

  Loop& loop_;
  std::int32_t result_ = 0;
  std::coroutine_handle<> coroutine_;
  StopCallback<Cancel> on_stop_;
};

}  // namespace sluice::ring
