// The explain desk: where the admin page's questions wait for a worker's answer.
//
//   GET /explain --ask()--> post --order--> worker
//                  ^ waits     <--report-- take()
//
// What a worker knows is for it alone to read, so it is the worker who answers, between two turns
// of serving. Bounded in questions that wait and in how long they do. Lives on the keeper's loop.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

#include "sluice/coro/event.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"
#include "sluice/server/worker.h"

namespace sluice::server {

class ExplainDesk {
 public:
  static constexpr std::size_t questions_max = 16;
  /// A worker answers within a turn; one that does not is busy beyond measure, or has ended.
  static constexpr std::chrono::milliseconds patience{2'000};

  /// Hands an order to a worker. False: it takes none.
  using Post = std::function<bool(std::uint32_t worker, Explain order)>;
  /// Lifetime: `loop` outlives the desk, and the desk every ask().
  ExplainDesk(ring::Loop& loop, Post post) : loop_(loop), post_(std::move(post)) {}
  ExplainDesk(const ExplainDesk&) = delete;
  ExplainDesk& operator=(const ExplainDesk&) = delete;

  struct Page {
    gateway::ExplainAnswer answer{};
    gateway::ExplainFormat format = gateway::ExplainFormat::json;
  };
  /// `query`: of the target, without its question mark; `workers`: how many there are. A worker
  /// that does not answer, and too many questions at once, are a 503.
  [[nodiscard]] Task<Page> ask(std::string query, std::uint32_t workers, StopToken stop);
  /// An answer that is no longer waited for is dropped.
  void take(ExplainReport report);

 private:
  struct Question {
    explicit Question(ring::Loop& loop) : answered(loop) {}
    Event answered;
    gateway::ExplainAnswer answer;
  };

  ring::Loop& loop_;
  Post post_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Question*> waiting_;  // each lives in its ask()
};

}  // namespace sluice::server
