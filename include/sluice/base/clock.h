// Types of time. Nobody but the ring reads a clock: time is an argument everywhere else, which is
// what lets parsers, policies and whole gateways run in virtual time.
#pragma once
#include <chrono>
#include <cstdint>

namespace sluice {

using Duration = std::chrono::nanoseconds;

/// The tag of a clock that only runs forward and means nothing outside this process.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

/// A moment for deadlines and intervals.
using MonotonicTime = MonotonicClock::time_point;

/// A moment for people and logs: nanoseconds since 1970-01-01 UTC.
using WallTime = std::chrono::sys_time<Duration>;

}  // namespace sluice
