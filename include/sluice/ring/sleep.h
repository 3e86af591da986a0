// Waiting for a moment, and ending other work at one.
#pragma once
#include "sluice/coro/event.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"

namespace sluice::ring {

/// Suspends until `deadline`; ErrorKind::cancelled when `stop` stopped before.
[[nodiscard]] Task<Result<void>> sleep_until(Loop& loop, MonotonicTime deadline, StopToken stop);

/// A StopSource that also stops at a moment.
///
///   Deadline deadline(loop, loop.now() + config.connect, stop);
///   auto made = co_await connect(loop, address, deadline.token());
///   if (!made) co_return fail(deadline.explain(made.error(), "connecting took too long"));
class Deadline : private Timer {
 public:
  /// Arms at once; MonotonicTime::max() never expires.
  Deadline(Loop& loop, MonotonicTime deadline, StopToken parent);
  [[nodiscard]] StopToken token() noexcept { return source_.token(); }
  /// Whether the moment came before the parent's stop.
  [[nodiscard]] bool passed() const noexcept { return passed_; }
  /// Moves the moment; no effect once stopped.
  void extend(MonotonicTime deadline) noexcept;

  /// `error`, or deadline_exceeded with `what` when it is a cancellation that this deadline caused.
  [[nodiscard]] Error explain(Error error, const char* what) const noexcept;

 private:
  void expired() noexcept override;
  Loop& loop_;
  StopSource source_;
  bool passed_ = false;
};

}  // namespace sluice::ring
