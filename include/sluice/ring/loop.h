// The loop: one core's turn, over either back-end.
//
//   turn:  run what is ready -> wait for completions or the next timer -> fire timers
//
// Completions and timers only schedule coroutines; these run in the next turn's first step, so
// nothing runs inside a submit and all that one wait brought is seen together. One thread owns a
// loop; only wake() may be called from another.
//
// Requests that one wait brought go through their stages abreast ("cohort scheduling", Larus and
// Parkes, USENIX 2002): each calls next_stage() between two, and goes on when all others have come
// to a boundary of theirs. A request runs through 170 KB of code, five times a core's nearest
// instruction cache. Run to its end, each would fetch all of it anew: 2 700 lines. Abreast, a
// stage's code is fetched once for all: some 500 lines each, of 32 together. With 64 callers a chat
// takes 3.5 % less processor time so (bench/PROFILE.md).
#pragma once
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/random.h"
#include "sluice/coro/executor.h"
#include "sluice/ring/backend.h"
#include "sluice/ring/timer.h"

namespace sluice::ring {

class Loop final : public Executor {
 public:
  /// `seed` feeds random(): ids, jitter. The same seed on a simulated back-end repeats a run.
  Loop(Backend& backend, std::uint64_t seed);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void schedule(std::coroutine_handle<> coroutine) noexcept override;

  /// Suspends until all others that are ready in this turn have come to a boundary of theirs or
  /// wait for something else; not at all when the turn has nobody else. Nothing completes, expires
  /// or is sent meanwhile (but after 32 stages of one turn), yet other coroutines of this core run:
  /// what was scratch is not what it was, and what was free may be taken.
  [[nodiscard]] auto next_stage() noexcept { return StageBoundary{*this}; }

  /// The time at the start of this turn's work: one clock read per turn.
  [[nodiscard]] MonotonicTime now() const noexcept { return now_; }
  [[nodiscard]] WallTime wall_now() const noexcept { return wall_base_ + (now_ - mono_base_); }
  [[nodiscard]] Backend& backend() noexcept { return backend_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

  /// One turn. Waits at most until `until`, and not at all while something is ready.
  void turn(MonotonicTime until = MonotonicTime::max());
  /// Turns until stop() is called on this core.
  void run();
  void stop() noexcept { stopping_ = true; }

  /// Called once per turn after the ready coroutines have run: what batches per turn flushes here.
  /// Set once, before the first turn.
  void on_turn_end(std::function<void()> function) { turn_end_ = std::move(function); }

  /// Sockets whose owner is gone but whose operations have not all completed (see Connection).
  [[nodiscard]] std::size_t closing_sockets() const noexcept { return closing_sockets_; }
  void closing_socket_added() noexcept { ++closing_sockets_; }
  void closing_socket_removed() noexcept { --closing_sockets_; }

 private:
  struct StageBoundary {
    Loop& loop;
    [[nodiscard]] bool await_ready() const noexcept {
      return loop.running_.size() <= 1 && loop.abreast_.empty();
    }
    void await_suspend(std::coroutine_handle<> coroutine) const noexcept {
      loop.abreast_.push_back(coroutine);
    }
    void await_resume() const noexcept {}
  };

  void run_ready();
  void run_batch(std::vector<std::coroutine_handle<>>& batch);

  Backend& backend_;
  Random random_;
  MonotonicTime now_;
  MonotonicTime mono_base_;
  WallTime wall_base_;
  TimerWheel timers_;
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> abreast_;  // at the end of a stage
  std::vector<std::coroutine_handle<>> running_;  // the batch being run; its memory is reused
  std::function<void()> turn_end_;
  std::size_t closing_sockets_ = 0;
  bool stopping_ = false;
};

}  // namespace sluice::ring
