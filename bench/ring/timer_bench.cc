// Questions: what does it cost to arm and cancel a timer, to put off a deadline, and to let time
// pass, beside tens of thousands of armed timers? Corpus: none; spans of 1 ms to 60 s as a gateway
// has them (gaps of streams, idle connections, deadlines), drawn from a fixed seed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/ring/timer.h"

namespace sluice::ring {
namespace {

const MonotonicTime start{std::chrono::hours(7)};

// What all timers of a benchmark share: the wheel, time as it passes, and what came of them.
struct World {
  Duration draw() {
    return std::chrono::microseconds(static_cast<std::int64_t>(random.between(1'000, 60'000'000)));
  }
  TimerWheel wheel{start};
  MonotonicTime now = start;
  Random random{1};
  std::int64_t fired = 0;
  std::int64_t fired_wrongly = 0;  // early, or more than the tick late
};

// Arms itself anew as it fires, so that as many stay armed.
class Recurring final : public Timer {
 public:
  explicit Recurring(World& world) noexcept : world_(world) {}
  void expired() noexcept override {
    ++world_.fired;
    const Duration late = world_.now - deadline();
    if (late < Duration(0) || late >= std::chrono::milliseconds(2)) ++world_.fired_wrongly;
    world_.wheel.arm(*this, world_.now + world_.draw());
  }

 private:
  World& world_;
};

using Timers = std::vector<std::unique_ptr<Recurring>>;

Timers armed_timers(World& world, std::int64_t count) {
  Timers timers;
  for (std::int64_t i = 0; i < count; ++i) {
    timers.push_back(std::make_unique<Recurring>(world));
    world.wheel.arm(*timers.back(), world.now + world.draw());
  }
  return timers;
}

void BM_ArmAndCancel(benchmark::State& state) {
  World world;
  const Timers others = armed_timers(world, state.range(0));
  Recurring timer(world);
  const MonotonicTime deadline = world.now + std::chrono::seconds(10);
  for (auto _ : state) {
    world.wheel.arm(timer, deadline);
    benchmark::DoNotOptimize(timer);
    TimerWheel::cancel(timer);
  }
  world.now += std::chrono::seconds(1);
  world.wheel.advance(world.now);
  if (timer.armed() || (!others.empty() && world.fired == 0)) {
    state.SkipWithError("a timer cancelled in vain, or never fired: the time is void");
  }
}
BENCHMARK(BM_ArmAndCancel)->ArgName("armed")->Arg(0)->Arg(50'000);

// As each event of a stream puts off its idle deadline; each time another stream, as caches see it.
void BM_PutOff(benchmark::State& state) {
  World world;
  const Timers timers = armed_timers(world, state.range(0));
  const MonotonicTime deadline = world.now + std::chrono::seconds(61);
  std::size_t next = 0;
  for (auto _ : state) {
    world.wheel.arm(*timers[next], deadline);
    next = (next + 7'919) % timers.size();  // a prime: all have their turn
  }
  if (timers[0]->deadline() != deadline || !timers[0]->armed()) {
    state.SkipWithError("a deadline was not put off: the time is void");
  }
}
BENCHMARK(BM_PutOff)->ArgName("armed")->Arg(50'000);

// One millisecond passes: what is due fires and arms itself anew, some fall a level.
void BM_AdvanceOneMillisecond(benchmark::State& state) {
  World world;
  const Timers timers = armed_timers(world, state.range(0));
  for (auto _ : state) {
    world.now += std::chrono::milliseconds(1);
    world.wheel.advance(world.now);
  }
  bool all_armed = true;
  for (const auto& timer : timers) all_armed = all_armed && timer->armed();
  if (!all_armed || world.fired_wrongly != 0) {
    state.SkipWithError("a timer was lost, early or late: the time is void");
  }
  state.counters["fired"] =
      benchmark::Counter(static_cast<double>(world.fired), benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_AdvanceOneMillisecond)->ArgName("armed")->Arg(1'000)->Arg(50'000);

// What a loop asks before each wait.
void BM_NextWakeup(benchmark::State& state) {
  World world;
  const Timers timers = armed_timers(world, state.range(0));
  MonotonicTime next{};
  for (auto _ : state) {
    next = world.wheel.next_wakeup();
    benchmark::DoNotOptimize(next);
  }
  MonotonicTime earliest = MonotonicTime::max();
  for (const auto& timer : timers) earliest = std::min(earliest, timer->deadline());
  if (next <= world.now || next > earliest + std::chrono::milliseconds(1)) {
    state.SkipWithError("it would wake too late: the time is void");
  }
}
BENCHMARK(BM_NextWakeup)->ArgName("armed")->Arg(50'000);

}  // namespace
}  // namespace sluice::ring
