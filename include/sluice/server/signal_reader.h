// Signals as something a coroutine waits for, by signalfd on the loop.
//
// Reads SIGTERM, SIGINT, SIGHUP and SIGUSR1, which block_signals() has blocked. One reader per
// process; one next() at a time.
#pragma once
#include <memory>

#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"

namespace sluice::server {

class SignalReader {
 public:
  /// Errors: exhausted (no descriptor). Lifetime: `loop` outlives the reader.
  [[nodiscard]] static Result<std::unique_ptr<SignalReader>> make(ring::Loop& loop);
  ~SignalReader();
  SignalReader(const SignalReader&) = delete;
  SignalReader& operator=(const SignalReader&) = delete;

  /// The number of the next signal. Errors: cancelled, io.
  [[nodiscard]] Task<Result<int>> next(StopToken stop);

 private:
  class Poll;
  SignalReader(ring::Loop& loop, int fd);
  ring::Loop& loop_;
  int fd_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace sluice::server
