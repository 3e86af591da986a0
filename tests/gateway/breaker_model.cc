#include "breaker_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::gateway::testing::scripted {
namespace {

constexpr std::uint32_t rest_growth_max = 12;
constexpr milliseconds unsaid_wait{5'000};
constexpr milliseconds unsaid_wait_max{120'000};

}  // namespace

BreakerModel::BreakerModel(const Deployment& deployment, std::size_t number, MonotonicTime start,
                           std::span<const Attempt> attempts)
    : deployment_(deployment),
      number_(number),
      start_(start),
      attempts_(attempts),
      rest_ms_(deployment.rest_ms) {
  changes_.push_back({.at = start, .state = State::closed});
  for (const Happening& each : happenings()) {
    switch (each.what) {
      case Happening::What::begin: begin(*each.attempt); break;
      case Happening::What::commit: commit(*each.attempt, each.at); break;
      case Happening::What::end: end(*each.attempt, each.at); break;
    }
  }
}

std::vector<BreakerModel::Happening> BreakerModel::happenings() const {
  std::vector<Happening> all;
  for (const Attempt& each : attempts_) {
    const Try& last = *each.last;
    all.push_back({.at = each.began, .what = Happening::What::begin, .attempt = &each});
    if (last.content_at != MonotonicTime{}) {
      all.push_back({.at = last.content_at, .what = Happening::What::commit, .attempt = &each});
    }
    // What was all at once has an order all the same.
    const MonotonicTime ended =
        std::max({each.ended, each.began + Duration(1), last.content_at + Duration(1)});
    all.push_back({.at = ended, .what = Happening::What::end, .attempt = &each});
  }
  std::ranges::stable_sort(all, [](const Happening& a, const Happening& b) {
    return a.at != b.at ? a.at < b.at : a.what < b.what;
  });
  return all;
}

void BreakerModel::complain(const Attempt& attempt, const char* what) const {
  ADD_FAILURE() << "p" << number_ << " was asked by n" << attempt.last->ask << " at "
                << std::chrono::duration_cast<milliseconds>(attempt.began - start_).count() << ": "
                << what;
}

void BreakerModel::change(State state, MonotonicTime at) {
  state_ = state;
  changes_.push_back({.at = at, .state = state, .rested_at = opened_at_ + milliseconds(rest_ms_)});
}

void BreakerModel::open(MonotonicTime at, std::uint32_t rest_ms) {
  rest_ms_ = rest_ms;
  opened_at_ = at;
  era_min_ = era_max_ = at;
  failures_min_ = failures_max_ = 0;
  ++opened_;
  change(State::open, at);
}

void BreakerModel::close(MonotonicTime at) {
  failures_min_ = failures_max_ = 0;
  rest_ms_ = deployment_.rest_ms;
  change(State::closed, at);
}

bool BreakerModel::is_old(const Attempt& attempt) const { return attempt.began < era_min_ - slack; }
bool BreakerModel::may_be_old(const Attempt& attempt) const {
  return attempt.began < era_max_ + slack;
}

bool BreakerModel::any_other_ends_about(MonotonicTime at, const Attempt& attempt) const {
  return std::ranges::any_of(attempts_, [&](const Attempt& other) {
    if (&other == &attempt) return false;
    return (other.meaning == Meaning::success || other.meaning == Meaning::unknown) &&
           is_about(other.ended, at);
  });
}

bool BreakerModel::had_no_trouble_beside(const Attempt& attempt) const {
  return std::ranges::none_of(attempts_, [&](const Attempt& other) {
    return &other != &attempt && other.meaning != Meaning::success &&
           other.ended >= attempt.began - slack && other.ended <= attempt.ended + slack;
  });
}

// --- cooling ---

void BreakerModel::cool(const Attempt& attempt) {
  const Try& made = *attempt.last;
  const MonotonicTime at = attempt.ended;
  const bool is_sure = attempt.meaning == Meaning::limited || attempt.meaning == Meaning::failure;
  if (made.retry_after) {
    const MonotonicTime until = at + *made.retry_after;
    coolings_.push_back({.from = at, .until_min = is_sure ? until : at, .until_max = until});
  } else if (made.how == How::limited) {
    const bool may_cool = std::ranges::any_of(
        coolings_, [&](const Cooling& each) { return each.until_max + slack >= at; });
    const milliseconds most =
        std::min(unsaid_wait * (1U << std::min(unsaid_waits_++, 5U)), unsaid_wait_max);
    coolings_.push_back({.from = at,
                         .until_min = is_sure && !may_cool ? at + unsaid_wait : at,
                         .until_max = at + most});
  }
}

// --- what happens ---

void BreakerModel::begin(const Attempt& attempt) {
  const MonotonicTime at = attempt.began;
  for (const Cooling& each : coolings_) {
    if (at > each.from + slack && at < each.until_min - slack) {
      complain(attempt, "it had asked for time, which is not over");
    }
  }
  if (state_ == State::open) {
    if (at < opened_at_ + slack) return;  // on its way before
    if (at < opened_at_ + milliseconds(rest_ms_) - slack) {
      complain(attempt, "it rests");
      return;
    }
    trying_ = &attempt;
    change(State::trying, at);
  } else if (state_ == State::trying) {
    if (trying_ != nullptr) {
      complain(attempt, "one request alone is to try it");
    } else {
      trying_ = &attempt;
      change(State::trying, at);
    }
  }
}

void BreakerModel::commit(const Attempt& attempt, MonotonicTime at) {
  if (state_ != State::trying || trying_ != &attempt) return;
  // Whether it was seen is not known of what was given up, or broke, just then.
  const bool is_sure = attempt.meaning == Meaning::success ||
                       (attempt.meaning != Meaning::unknown && attempt.ended > at + slack);
  if (is_sure) {
    close(at);
  } else {
    change(State::unknown, at);
  }
}

void BreakerModel::end(const Attempt& attempt, MonotonicTime at) {
  cool(attempt);
  switch (state_) {
    case State::open: break;
    case State::trying: end_of_try(attempt, at); break;
    case State::closed: end_in_closed(attempt, at); break;
    case State::unknown:
      if (attempt.meaning == Meaning::success && had_no_trouble_beside(attempt)) {
        era_min_ = MonotonicTime{};
        era_max_ = attempt.began;
        close(at);
      }
      break;
  }
}

void BreakerModel::end_of_try(const Attempt& attempt, MonotonicTime at) {
  if (trying_ != &attempt) return;  // old news
  switch (attempt.meaning) {
    case Meaning::success: close(at); break;
    case Meaning::failure:
      open(at, std::min(2 * rest_ms_, rest_growth_max * deployment_.rest_ms));
      break;
    case Meaning::limited:
    case Meaning::abandoned:
      trying_ = nullptr;
      change(State::trying, at);
      break;
    case Meaning::unknown: change(State::unknown, at); break;
  }
}

void BreakerModel::end_in_closed(const Attempt& attempt, MonotonicTime at) {
  if (is_old(attempt)) return;
  switch (attempt.meaning) {
    case Meaning::success: succeed(attempt, at); break;
    case Meaning::failure: fail(attempt, at); break;
    case Meaning::unknown:
      failures_min_ = 0;
      ++failures_max_;
      break;
    case Meaning::limited:
    case Meaning::abandoned: break;
  }
  if (state_ == State::closed && failures_max_ >= deployment_.failures_to_open) {
    change(State::unknown, at);
  }
}

// What failed a moment ago may have failed after this.
void BreakerModel::succeed(const Attempt& attempt, MonotonicTime at) {
  failures_min_ = 0;
  if (may_be_old(attempt)) return;
  failures_max_ =
      static_cast<std::uint32_t>(std::ranges::count_if(attempts_, [&](const Attempt& other) {
        return (other.meaning == Meaning::failure || other.meaning == Meaning::unknown) &&
               other.ended <= at && is_about(other.ended, at);
      }));
}

void BreakerModel::fail(const Attempt& attempt, MonotonicTime at) {
  ++failures_max_;
  const bool is_sure = !may_be_old(attempt) && !any_other_ends_about(at, attempt);
  if (!is_sure) return;
  if (++failures_min_ >= deployment_.failures_to_open) open(at, deployment_.rest_ms);
}

// --- what is known ---

bool BreakerModel::is_surely_closed(MonotonicTime from, MonotonicTime until) const {
  const bool may_cool = std::ranges::any_of(coolings_, [&](const Cooling& each) {
    return each.from <= until + slack && each.until_max >= from - slack;
  });
  if (may_cool) return false;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const bool is_over = i + 1 < changes_.size() && changes_[i + 1].at < from - slack;
    const bool is_later = changes_[i].at > until + slack;
    if (!is_over && !is_later && changes_[i].state != State::closed) return false;
  }
  return true;
}

bool BreakerModel::is_surely_free(MonotonicTime moment) const {
  const bool may_cool = std::ranges::any_of(coolings_, [&](const Cooling& each) {
    return each.from <= moment + slack && each.until_max >= moment - slack;
  });
  if (may_cool) return false;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const bool is_over = i + 1 < changes_.size() && changes_[i + 1].at < moment - slack;
    const bool is_later = changes_[i].at > moment + slack;
    if (is_over || is_later || changes_[i].state == State::closed) continue;
    const bool has_rested =
        changes_[i].state == State::open && changes_[i].rested_at + slack < moment;
    if (!has_rested) return false;
  }
  return true;
}

}  // namespace sluice::gateway::testing::scripted
