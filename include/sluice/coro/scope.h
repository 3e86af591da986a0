// Scope: the parent of tasks that run beside each other. It joins every one of them.
//
//   Scope scope;
//   scope.spawn(serve(connection, stop));
//   ...
//   co_await scope.join();      // before the scope's frame goes
//
// Invariant: a Scope is destroyed only when nothing runs in it; a task left behind is our bug and
// stops the process. One joiner at a time. Not thread-safe: a scope lives on one core.
#pragma once
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/coro/task.h"

namespace sluice {

class Scope {
 public:
  Scope() noexcept = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { SLUICE_ASSERT(running_ == 0); }

  /// Starts `task` at once; it runs until it first suspends. The scope owns its frame.
  void spawn(Task<void> task) {
    ++running_;
    run(*this, std::move(task));
  }

  /// How many tasks have started and not ended.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

  struct JoinAwaiter {
    Scope& scope;
    [[nodiscard]] bool await_ready() const noexcept { return scope.running_ == 0; }
    void await_suspend(std::coroutine_handle<> joiner) const noexcept {
      SLUICE_ASSERT(!scope.joiner_);
      scope.joiner_ = joiner;
    }
    void await_resume() const noexcept {}
  };
  /// Suspends until every task has ended, those spawned meanwhile included.
  [[nodiscard]] JoinAwaiter join() noexcept { return JoinAwaiter{*this}; }

 private:
  // The frame between the scope and a child: it frees itself and reports to the scope.
  struct Child {
    struct promise_type : CachedObject {
      Scope& scope;
      promise_type(Scope& parent, const Task<void>&) noexcept : scope(parent) {}
      struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(
            std::coroutine_handle<promise_type> self) const noexcept {
          Scope& parent = self.promise().scope;
          self.destroy();  // first, so that whoever joins finds every frame gone
          return parent.child_ended();
        }
        void await_resume() const noexcept {}
      };
      [[nodiscard]] Child get_return_object() const noexcept { return {}; }
      [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
      [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
  };
  static Child run(Scope&, Task<void> task) { co_await std::move(task); }

  std::coroutine_handle<> child_ended() noexcept {
    SLUICE_ASSERT(running_ > 0);
    if (--running_ != 0 || !joiner_) return std::noop_coroutine();
    return std::exchange(joiner_, {});
  }

  std::size_t running_ = 0;
  std::coroutine_handle<> joiner_;
};

}  // namespace sluice
