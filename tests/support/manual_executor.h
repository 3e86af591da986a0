// An executor that runs what was scheduled when the test says so.
#pragma once
#include <deque>

#include "sluice/coro/executor.h"

namespace sluice::testing {

class ManualExecutor final : public Executor {
 public:
  void schedule(std::coroutine_handle<> coroutine) noexcept override {
    ready_.push_back(coroutine);
  }
  /// Runs until nothing is ready; returns how many were resumed.
  int run() {
    int resumed = 0;
    for (; !ready_.empty(); ++resumed) {
      const std::coroutine_handle<> next = ready_.front();
      ready_.pop_front();
      next.resume();
    }
    return resumed;
  }

 private:
  std::deque<std::coroutine_handle<>> ready_;
};

}  // namespace sluice::testing
