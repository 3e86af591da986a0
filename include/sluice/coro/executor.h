// Where a suspended coroutine waits for its turn: the loop, seen from above.
#pragma once
#include <coroutine>

namespace sluice {

class Executor {
 public:
  /// Resumes `coroutine` later on this core, never inside this call. The frame must stay alive
  /// until then.
  virtual void schedule(std::coroutine_handle<> coroutine) noexcept = 0;

 protected:
  ~Executor() = default;
};

}  // namespace sluice
