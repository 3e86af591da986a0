// Cancellation: a StopSource asks, StopTokens carry the question, StopCallbacks act on it.
//
//   StopSource exchange(connection_stop);     // stops when its parent stops, or by itself
//   co_await relay(upstream, downstream, exchange.token());
//
// A request to stop is sticky and comes once. Callbacks run inside request_stop(), in no promised
// order, and must not resume a coroutine: they cancel operations and schedule resumptions. All of
// it lives on one core; a token must not outlive its source, which structure guarantees: sources
// live in the frames of parents, tokens in those of children.
#pragma once
#include <utility>

#include "sluice/base/intrusive_list.h"

namespace sluice {

namespace stop_detail {
struct CallbackBase : IntrusiveLink {
  using Invoke = void (*)(CallbackBase&) noexcept;
  explicit CallbackBase(Invoke function) noexcept : invoke(function) {}
  Invoke invoke;
};
}  // namespace stop_detail

class StopSource;

class StopToken {
 public:
  /// A token that never stops.
  StopToken() noexcept = default;
  [[nodiscard]] bool stop_requested() const noexcept;
  /// False when no stop can ever be requested through it.
  [[nodiscard]] bool can_stop() const noexcept { return source_ != nullptr; }

 private:
  friend class StopSource;
  template <typename F>
  friend class StopCallback;
  explicit StopToken(StopSource* source) noexcept : source_(source) {}
  StopSource* source_ = nullptr;
};

/// Calls `function()` when the token's source is stopped: inside the constructor if it already is.
/// Destroyed before that, it is never called.
template <typename F>
class StopCallback : private stop_detail::CallbackBase {
 public:
  StopCallback(StopToken token, F function) noexcept;
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  static void call(stop_detail::CallbackBase& base) noexcept {
    static_cast<StopCallback&>(base).function_();
  }
  F function_;
};

class StopSource {
 public:
  StopSource() noexcept : parent_link_(StopToken{}, Forward{this}) {}
  /// Stops when `parent` does.
  explicit StopSource(StopToken parent) noexcept;
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  [[nodiscard]] StopToken token() noexcept { return StopToken(this); }
  [[nodiscard]] bool stop_requested() const noexcept { return stopped_; }

  /// Runs every callback, once. Later calls do nothing.
  void request_stop() noexcept {
    if (std::exchange(stopped_, true)) return;
    while (!callbacks_.empty()) {
      stop_detail::CallbackBase& callback = callbacks_.pop_front();
      callback.invoke(callback);  // may destroy itself or any other callback
    }
  }

 private:
  template <typename F>
  friend class StopCallback;
  struct Forward {
    StopSource* self;
    void operator()() const noexcept { self->request_stop(); }
  };
  IntrusiveList<stop_detail::CallbackBase> callbacks_;
  bool stopped_ = false;
  StopCallback<Forward> parent_link_;
};

inline bool StopToken::stop_requested() const noexcept {
  return source_ != nullptr && source_->stop_requested();
}

template <typename F>
StopCallback<F>::StopCallback(StopToken token, F function) noexcept
    : CallbackBase(&StopCallback::call), function_(std::move(function)) {
  if (token.source_ == nullptr) return;
  if (token.stop_requested()) {
    function_();
  } else {
    token.source_->callbacks_.push_back(*this);
  }
}

inline StopSource::StopSource(StopToken parent) noexcept : parent_link_(parent, Forward{this}) {}

}  // namespace sluice
