// Event: something one coroutine waits for and another makes happen. Level-triggered.
//
// set() lets every waiter go on, by way of the executor; the event stays set until reset().
// Not thread-safe: both sides live on one core.
#pragma once
#include <coroutine>
#include <optional>

#include "sluice/base/intrusive_list.h"
#include "sluice/base/result.h"
#include "sluice/coro/executor.h"
#include "sluice/coro/stop_token.h"

namespace sluice {

class Event {
 public:
  explicit Event(Executor& executor) noexcept : executor_(executor) {}

  void set() noexcept {
    set_ = true;
    while (!waiters_.empty()) executor_.schedule(waiters_.pop_front().coroutine);
  }
  void reset() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  class Awaiter : public IntrusiveLink {
   public:
    Awaiter(Event& event, StopToken stop) noexcept : event_(event), stop_(stop) {}
    [[nodiscard]] bool await_ready() const noexcept {
      return event_.set_ || stop_.stop_requested();
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      coroutine = handle;
      event_.waiters_.push_back(*this);
      on_stop_.emplace(stop_, Leave{this});
    }
    /// Fails with ErrorKind::cancelled when the token stopped before the event was set.
    [[nodiscard]] Result<void> await_resume() noexcept {
      if (event_.set_) return {};
      if (stop_.stop_requested()) {
        return fail(Error{.kind = ErrorKind::cancelled, .what = "wait cancelled"});
      }
      return {};  // set, and reset again before our turn came
    }
    std::coroutine_handle<> coroutine;

   private:
    struct Leave {
      Awaiter* self;
      void operator()() const noexcept {
        if (!self->is_linked()) return;  // set() was first
        self->unlink();
        self->event_.executor_.schedule(self->coroutine);
      }
    };
    Event& event_;
    StopToken stop_;
    std::optional<StopCallback<Leave>> on_stop_;
  };
  /// Suspends until set() or until `stop` stops.
  [[nodiscard]] Awaiter wait(StopToken stop) noexcept { return Awaiter(*this, stop); }

 private:
  Executor& executor_;
  IntrusiveList<Awaiter> waiters_;
  bool set_ = false;
};

}  // namespace sluice
