// race(): several tasks start, the first to end wins, the others are stopped and joined.
//
//   auto winner = co_await race<Result<Slice>>(stop,
//       [&](StopToken s) { return read_primary(s); },
//       [&](StopToken s) { return read_hedge(s); });
//   use(winner.index, winner.value);
//
// When race() returns nothing of the losers runs any more; what they returned is destroyed. A
// loser may have succeeded all the same before it saw the stop: only the first to end counts.
#pragma once
#include <cstddef>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/coro/scope.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"

namespace sluice {

template <typename T>
struct RaceWinner {
  std::size_t index;  // position among the arguments, from 0
  T value;
};

namespace race_detail {
template <typename T>
struct State {
  explicit State(StopToken parent) noexcept : source(parent) {}
  StopSource source;
  std::optional<RaceWinner<T>> winner;
};

// Lifetime: race() owns `state` and joins this task.
template <typename T>
Task<void> run(State<T>& state, std::size_t index, Task<T> task) {
  T value = co_await std::move(task);
  if (!state.winner) {
    state.winner.emplace(RaceWinner<T>{index, std::move(value)});
    state.source.request_stop();
  }
}
}  // namespace race_detail

/// Each contender is called with a StopToken and returns a Task<T>. A stop of `stop` stops them
/// all; the winner is then whichever ends first. Lifetime: what the contenders refer to outlives
/// the returned task.
template <typename T, typename... Contenders>
Task<RaceWinner<T>> race(StopToken stop, Contenders... contenders) {
  static_assert(sizeof...(Contenders) >= 1);
  race_detail::State<T> state(stop);
  Scope scope;
  std::size_t index = 0;
  (scope.spawn(race_detail::run<T>(state, index++, contenders(state.source.token()))), ...);
  co_await scope.join();
  SLUICE_ASSERT(state.winner.has_value());
  co_return std::move(*state.winner);
}

}  // namespace sluice
