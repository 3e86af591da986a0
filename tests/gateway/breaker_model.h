// What must be known of one deployment's rests and cool-downs by anybody who sees its attempts: a
// second opinion on the gateway's breaker, made of the documented rules alone.
//
//   closed --failures in a row--> open --rest passed--> trying --it succeeds--> closed
//                                   ^------------ it fails: twice as long ---'
//   unknown: something happened of which it is not known how the gateway took it, until a success
//            with no trouble beside it
//
// It never claims more than follows: what happened at about the same time may have happened in
// either order. Requests where there must be none fail the test.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "health_attempts.h"

namespace sluice::gateway::testing::scripted {

class BreakerModel {
 public:
  /// `attempts` of the deployment alone, as they began; `number` names it in complaints.
  BreakerModel(const Deployment& deployment, std::size_t number, MonotonicTime start,
               std::span<const Attempt> attempts);

  /// Whether it neither rests nor cools nor tries at any moment between both.
  [[nodiscard]] bool is_surely_closed(MonotonicTime from, MonotonicTime until) const;
  /// Whether a request then must find it willing.
  [[nodiscard]] bool is_surely_free(MonotonicTime moment) const;
  /// Times it was seen to open.
  [[nodiscard]] std::size_t opened() const noexcept { return opened_; }

 private:
  enum class State : std::uint8_t { closed, open, trying, unknown };
  struct Change {
    MonotonicTime at;
    State state;
    MonotonicTime rested_at{};  // of open
  };
  struct Happening {
    MonotonicTime at;
    enum class What : std::uint8_t { end, commit, begin } what;
    const Attempt* attempt;
  };
  struct Cooling {
    MonotonicTime from, until_min, until_max;
  };

  [[nodiscard]] std::vector<Happening> happenings() const;
  void cool(const Attempt& attempt);
  void begin(const Attempt& attempt);
  void commit(const Attempt& attempt, MonotonicTime at);
  void end(const Attempt& attempt, MonotonicTime at);
  void end_of_try(const Attempt& attempt, MonotonicTime at);
  void end_in_closed(const Attempt& attempt, MonotonicTime at);
  void succeed(const Attempt& attempt, MonotonicTime at);
  void fail(const Attempt& attempt, MonotonicTime at);
  void open(MonotonicTime at, std::uint32_t rest_ms);
  void close(MonotonicTime at);
  void change(State state, MonotonicTime at);
  [[nodiscard]] bool is_old(const Attempt& attempt) const;
  [[nodiscard]] bool may_be_old(const Attempt& attempt) const;
  [[nodiscard]] bool any_other_ends_about(MonotonicTime at, const Attempt& attempt) const;
  [[nodiscard]] bool had_no_trouble_beside(const Attempt& attempt) const;
  void complain(const Attempt& attempt, const char* what) const;

  const Deployment& deployment_;
  std::size_t number_;
  MonotonicTime start_;
  std::span<const Attempt> attempts_;
  std::vector<Cooling> coolings_;
  std::vector<Change> changes_;

  State state_ = State::closed;
  std::uint32_t failures_min_ = 0, failures_max_ = 0;  // in a row, in closed
  std::uint32_t rest_ms_;                              // the current one, in open and trying
  MonotonicTime opened_at_{};
  const Attempt* trying_ = nullptr;      // in trying; null: who tried was abandoned
  MonotonicTime era_min_{}, era_max_{};  // what began before is old news; after it is not
  std::uint32_t unsaid_waits_ = 0;       // 429 without Retry-After
  std::size_t opened_ = 0;
};

}  // namespace sluice::gateway::testing::scripted
