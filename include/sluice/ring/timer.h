// Timers: a hierarchical timing wheel (Varghese and Lauck 1987). Arm and cancel are O(1).
//
//   level 0: 64 slots of 1 ms        level 1: 64 slots of 64 ms      ... 6 levels: about 2 years
//
// A timer never fires early; it fires within 1 ms of its deadline as the loop turns. Timers of a
// higher level fall to lower ones as time comes near. No clock is read here: advance() is told.
#pragma once
#include <array>
#include <cstdint>

#include "sluice/base/clock.h"
#include "sluice/base/intrusive_list.h"

namespace sluice::ring {

/// One deadline. Belongs to who arms it; destroyed while armed, it is cancelled.
class Timer : public IntrusiveLink {
 public:
  Timer() noexcept = default;
  [[nodiscard]] bool armed() const noexcept { return is_linked(); }
  [[nodiscard]] MonotonicTime deadline() const noexcept { return deadline_; }

 protected:
  virtual ~Timer() = default;
  /// Called from the loop's turn; must not resume a coroutine. The timer is idle and may be armed
  /// again or destroyed.
  virtual void expired() noexcept = 0;

 private:
  friend class TimerWheel;
  MonotonicTime deadline_{};
};

class TimerWheel {
 public:
  explicit TimerWheel(MonotonicTime start) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Arms or re-arms; a deadline in the past fires when the next millisecond is over, never in the
  /// advance() under way: what arms itself anew cannot keep the loop.
  void arm(Timer& timer, MonotonicTime deadline) noexcept;
  static void cancel(Timer& timer) noexcept { timer.unlink(); }

  /// Fires everything due at `now`, earliest millisecond first.
  void advance(MonotonicTime now) noexcept;

  /// When advance() has to be called next: at or before the earliest deadline;
  /// MonotonicTime::max() when nothing is armed.
  [[nodiscard]] MonotonicTime next_wakeup() const noexcept;

 private:
  static constexpr int levels = 7;
  static constexpr int slot_bits = 6;
  static constexpr int slots = 1 << slot_bits;

  void place(Timer& timer) noexcept;
  void cascade(int level, int slot) noexcept;
  [[nodiscard]] std::uint64_t tick_of(MonotonicTime time) const noexcept;

  MonotonicTime start_;
  std::uint64_t now_tick_ = 0;  // every timer due at or before it has fired
  std::array<std::array<IntrusiveList<Timer>, slots>, levels> wheel_;
  std::array<std::uint64_t, levels> occupied_{};  // bit: the slot may hold timers
};

}  // namespace sluice::ring
