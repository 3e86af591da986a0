// Task<T>: one coroutine and its result. Lazy, move-only, awaited exactly once.
//
//   Task<Result<Slice>> read_all(Stream& stream, StopToken stop);
//   Result<Slice> body = co_await read_all(stream, stop);
//
// The awaiting coroutine owns the child's frame through the Task, so a child never outlives its
// parent. A child runs inside the parent's await until it first suspends; when it ends without
// suspending, the parent just goes on. Depth of the machine stack is therefore the depth of the
// calls, however long a loop of ready awaits runs, with any compiler and at any optimisation.
//
// Parameters are values, or references explained in a `Lifetime:` line. No exception crosses a
// Task: one that tries ends the process.
#pragma once
#include <coroutine>
#include <exception>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <type_traits>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/base/cached_object.h"

namespace sluice {

template <typename T>
class Task;

namespace task_detail {

// A lock held across a suspension would be held while other coroutines of this core run.
template <typename T>
inline constexpr bool is_lock = false;
template <typename M>
inline constexpr bool is_lock<std::lock_guard<M>> = true;
template <typename M>
inline constexpr bool is_lock<std::unique_lock<M>> = true;
template <typename M>
inline constexpr bool is_lock<std::shared_lock<M>> = true;
template <typename... M>
inline constexpr bool is_lock<std::scoped_lock<M...>> = true;

struct PromiseBase : CachedObject {
  // inline_start: the parent is inside await_suspend, below us on the stack, and looks at
  // `finished` when we return to it; resuming it from here would run it twice.
  std::coroutine_handle<> continuation;
  bool inline_start = false;
  bool finished = false;

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      PromiseBase& promise = self.promise();
      promise.finished = true;
      return promise.inline_start ? std::noop_coroutine() : promise.continuation;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  template <typename... Parameters>
  explicit Promise(const Parameters&...) noexcept {
    static_assert((!is_lock<std::remove_cvref_t<Parameters>> && ...),
                  "a Task must not hold a lock across a suspension");
  }
  Task<T> get_return_object() noexcept;
  template <typename U = T>
  void return_value(U&& result) noexcept(std::is_nothrow_constructible_v<T, U&&>) {
    value.emplace(std::forward<U>(result));
  }
  T take() noexcept {
    SLUICE_ASSERT(value.has_value());
    return std::move(*value);
  }
  std::optional<T> value;
};

template <>
struct Promise<void> : PromiseBase {
  template <typename... Parameters>
  explicit Promise(const Parameters&...) noexcept {
    static_assert((!is_lock<std::remove_cvref_t<Parameters>> && ...),
                  "a Task must not hold a lock across a suspension");
  }
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace task_detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { destroy(); }

  struct Awaiter {
    Handle handle;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) const noexcept {
      promise_type& promise = handle.promise();
      SLUICE_ASSERT(!promise.continuation);  // awaited once
      promise.continuation = parent;
      promise.inline_start = true;
      handle.resume();
      if (promise.finished) return false;
      promise.inline_start = false;
      return true;
    }
    T await_resume() const noexcept { return handle.promise().take(); }
  };
  Awaiter operator co_await() && noexcept {
    SLUICE_ASSERT(handle_);
    return Awaiter{handle_};
  }

 private:
  friend promise_type;
  explicit Task(Handle handle) noexcept : handle_(handle) {}
  void destroy() noexcept {
    if (handle_) handle_.destroy();
  }
  Handle handle_;
};

template <typename T>
Task<T> task_detail::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> task_detail::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace sluice
