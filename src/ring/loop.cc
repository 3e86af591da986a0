#include "sluice/ring/loop.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::ring {
namespace {
// More than any request has: whoever passes boundaries for ever must not keep completions from
// being collected.
constexpr int stages_per_turn_max = 32;
}  // namespace

Loop::Loop(Backend& backend, std::uint64_t seed)
    : backend_(backend),
      random_(seed),
      now_(backend.now()),
      mono_base_(now_),
      wall_base_(backend.wall_now()),
      timers_(now_) {}

Loop::~Loop() { SLUICE_ASSERT(ready_.empty() && abreast_.empty()); }

void Loop::schedule(std::coroutine_handle<> coroutine) noexcept { ready_.push_back(coroutine); }

// What is scheduled while this batch runs belongs to the next one: a coroutine that reschedules
// itself must not keep completions from being collected.
void Loop::run_ready() {
  run_batch(ready_);
  for (int stage = 1; stage < stages_per_turn_max && !abreast_.empty(); ++stage)
    run_batch(abreast_);
}

void Loop::run_batch(std::vector<std::coroutine_handle<>>& batch) {
  running_.swap(batch);
  for (const std::coroutine_handle<> coroutine : running_) coroutine.resume();
  running_.clear();
}

void Loop::turn(MonotonicTime until) {
  run_ready();
  if (turn_end_) turn_end_();
  const bool idle = ready_.empty() && abreast_.empty();
  const MonotonicTime wakeup = idle ? std::min(until, timers_.next_wakeup()) : now_;
  backend_.wait(wakeup);
  now_ = backend_.now();
  timers_.advance(now_);
  // The wall clock may be set while we run; once a second is often enough to follow it.
  if (now_ - mono_base_ >= std::chrono::seconds(1)) {
    mono_base_ = now_;
    wall_base_ = backend_.wall_now();
  }
}

void Loop::run() {
  stopping_ = false;
  while (!stopping_) turn();
}

}  // namespace sluice::ring
