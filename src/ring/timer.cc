#include "sluice/ring/timer.h"

#include <algorithm>
#include <bit>

namespace sluice::ring {
namespace {
constexpr std::int64_t tick_ns = 1'000'000;
}

TimerWheel::TimerWheel(MonotonicTime start) noexcept : start_(start) {}

// Rounded up, so that a timer never fires before its deadline.
std::uint64_t TimerWheel::tick_of(MonotonicTime time) const noexcept {
  const std::int64_t since = (time - start_).count();
  if (since <= 0) return 0;
  const auto nanoseconds = static_cast<std::uint64_t>(since);
  return nanoseconds / tick_ns + (nanoseconds % tick_ns != 0 ? 1 : 0);
}

void TimerWheel::arm(Timer& timer, MonotonicTime deadline) noexcept {
  timer.unlink();
  timer.deadline_ = deadline;
  if (deadline == MonotonicTime::max()) return;  // never
  place(timer);
}

// The level is the highest 6-bit digit in which the timer's tick differs from now's: the slot with
// the tick's digit there is reached before the tick is.
void TimerWheel::place(Timer& timer) noexcept {
  const std::uint64_t tick = std::max(tick_of(timer.deadline_), now_tick_ + 1);
  const int highest_bit = 63 - std::countl_zero(tick ^ now_tick_);
  const int level = std::min(highest_bit / slot_bits, levels - 1);
  std::uint64_t digit = tick >> (level * slot_bits);
  // Farther away than the wheel reaches: the last slot before now's own, placed again from there.
  if (level == levels - 1 && digit - (now_tick_ >> (level * slot_bits)) >= slots) {
    digit = (now_tick_ >> (level * slot_bits)) + slots - 1;
  }
  const auto slot = static_cast<std::size_t>(digit & (slots - 1));
  const auto row = static_cast<std::size_t>(level);
  wheel_[row][slot].push_back(timer);
  occupied_[row] |= 1ULL << slot;
}

void TimerWheel::cascade(int level, int slot) noexcept {
  const auto row = static_cast<std::size_t>(level);
  IntrusiveList<Timer> moving;
  moving.splice_back(wheel_[row][static_cast<std::size_t>(slot)]);
  occupied_[row] &= ~(1ULL << slot);
  while (!moving.empty()) {
    Timer& timer = moving.pop_front();
    if (tick_of(timer.deadline_) <= now_tick_) {
      // Due in this very tick: level 0 of this tick is fired after the cascades.
      const auto now_slot = static_cast<std::size_t>(now_tick_ & (slots - 1));
      wheel_[0][now_slot].push_back(timer);
      occupied_[0] |= 1ULL << now_slot;
    } else {
      place(timer);
    }
  }
}

void TimerWheel::advance(MonotonicTime now) noexcept {
  // Rounded down: a tick is over only when its whole millisecond has passed.
  const std::int64_t since = (now - start_).count();
  const std::uint64_t target = since <= 0 ? 0 : static_cast<std::uint64_t>(since) / tick_ns;
  while (now_tick_ < target) {
    // Jump over ticks in which nothing can be due.
    const MonotonicTime next = next_wakeup();
    if (next == MonotonicTime::max()) {
      now_tick_ = target;
      return;
    }
    const auto next_tick = static_cast<std::uint64_t>((next - start_).count() / tick_ns);
    if (next_tick > target) {
      now_tick_ = target;
      return;
    }
    now_tick_ = std::max(next_tick, now_tick_ + 1);
    for (int level = levels - 1; level > 0; --level) {
      // A level's slot is entered when all lower digits are zero.
      if ((now_tick_ & ((1ULL << (level * slot_bits)) - 1)) != 0) continue;
      cascade(level, static_cast<int>((now_tick_ >> (level * slot_bits)) & (slots - 1)));
    }
    const auto slot = static_cast<std::size_t>(now_tick_ & (slots - 1));
    IntrusiveList<Timer> due;
    due.splice_back(wheel_[0][slot]);
    occupied_[0] &= ~(1ULL << slot);
    while (!due.empty()) due.pop_front().expired();
  }
}

MonotonicTime TimerWheel::next_wakeup() const noexcept {
  std::uint64_t earliest = ~0ULL;
  for (int level = 0; level < levels; ++level) {
    const std::uint64_t occupied = occupied_[static_cast<std::size_t>(level)];
    if (occupied == 0) continue;
    const std::uint64_t digit = now_tick_ >> (level * slot_bits);
    const int current = static_cast<int>(digit & (slots - 1));
    // Slots are met in the order current + 1, current + 2, ... around the wheel.
    const int ahead = std::countr_zero(std::rotr(occupied, (current + 1) % slots)) + 1;
    const std::uint64_t tick = (digit + static_cast<std::uint64_t>(ahead)) << (level * slot_bits);
    earliest = std::min(earliest, tick);
  }
  if (earliest == ~0ULL) return MonotonicTime::max();
  return start_ + Duration(static_cast<std::int64_t>(earliest) * tick_ns);
}

}  // namespace sluice::ring
