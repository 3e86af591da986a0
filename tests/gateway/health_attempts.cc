#include "health_attempts.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::gateway::testing::scripted {
namespace {

// A kept-alive connection that breaks before anything of an answer was seen: a reset overtakes what
// was said just before.
bool may_be_sent_again(const Try& made) noexcept {
  const bool may_be_unseen = made.sent_at == MonotonicTime{} || is_about(made.sent_at, made.ended);
  return made.is_reused && made.how == How::broke && may_be_unseen;
}

class Judgement {
 public:
  Judgement(const Scenario& scenario, const HealthLedger& ledger)
      : scenario_(scenario), ledger_(ledger), by_ask_(ledger.clients.size()) {
    for (const Try& made : ledger.tries) {
      if (made.ask != Try::nobodys) by_ask_[made.ask].push_back(&made);
    }
  }

  std::vector<Attempt> run() {
    std::vector<Attempt> attempts;
    for (const Try& made : ledger_.tries) {
      if (was_sent_again(made)) continue;
      attempts.push_back({.last = &made,
                          .began = began_at(made),
                          .ended = ended_at(made),
                          .meaning = meaning_of(made)});
    }
    std::ranges::stable_sort(attempts, {}, &Attempt::began);
    return attempts;
  }

 private:
  // Or nobody knows what became of it; where it was not sent again the exchange was over.
  bool was_sent_again(const Try& made) const {
    if (!may_be_sent_again(made)) return false;
    if (made.sent_at == MonotonicTime{}) return true;
    return std::ranges::any_of(ledger_.tries, [&](const Try& other) {
      if (other.deployment != made.deployment || other.came < made.ended) return false;
      if (!is_about(other.came, made.ended)) return false;
      return other.ask == Try::nobodys || sent_before(other) == &made;
    });
  }

  const Try* sent_before(const Try& made) const {
    if (made.is_reused || made.ask == Try::nobodys) return nullptr;
    for (const Try* other : by_ask_[made.ask]) {
      const bool is_it = other->deployment == made.deployment && may_be_sent_again(*other) &&
                         made.came >= other->ended && is_about(made.came, other->ended);
      if (is_it) return other;
    }
    return nullptr;
  }

  [[nodiscard]] MonotonicTime began_at(const Try& made) const {
    const Try* const before = sent_before(made);
    return before != nullptr ? before->came : made.came;
  }

  Meaning meaning_of(const Try& made) const {
    if (made.ask == Try::nobodys) {
      return may_have_been_given_up(made) ? Meaning::unknown : Meaning::failure;
    }
    if (made.how == How::left) return why_left(made);
    if (may_have_ended_otherwise(made)) return Meaning::unknown;
    switch (made.how) {
      case How::good: return Meaning::success;
      case How::limited: return Meaning::limited;
      case How::failed:
      case How::wrong:
      case How::broke: return Meaning::failure;
      case How::left:
      case How::under_way: break;
    }
    ADD_FAILURE() << "a try that never ended";
    return Meaning::unknown;
  }

  // Of who nobody knows for whom it was: any exchange that ended just then may be the one.
  [[nodiscard]] bool may_have_been_given_up(const Try& made) const {
    const bool any_left = std::ranges::any_of(ledger_.clients, [&](const Client& client) {
      return is_about(client.ended, made.ended) && (client.left || client.status == 504);
    });
    return any_left || std::ranges::any_of(ledger_.tries, [&](const Try& other) {
             return is_about(won_at(other), made.ended);
           });
  }

  [[nodiscard]] MonotonicTime total_at(const Try& made) const {
    return ledger_.clients[made.ask].began + scenario_.total_of(scenario_.asks[made.ask]);
  }

  // The earliest moment at which another attempt of the same exchange won against it.
  [[nodiscard]] MonotonicTime rival_won_at(const Try& made) const {
    MonotonicTime earliest = MonotonicTime::max();
    for (const Try* other : by_ask_[made.ask]) {
      if (other == &made || other->deployment == made.deployment) continue;
      if (won_at(*other) > made.came - slack) earliest = std::min(earliest, won_at(*other));
    }
    return earliest;
  }

  [[nodiscard]] bool a_rival_won_about(const Try& made, MonotonicTime moment) const {
    return std::ranges::any_of(by_ask_[made.ask], [&](const Try* other) {
      return other->deployment != made.deployment && is_about(won_at(*other), moment);
    });
  }

  // Whether the exchange may have ended it before the provider was done with it.
  [[nodiscard]] bool may_have_ended_otherwise(const Try& made) const {
    const Client& client = ledger_.clients[made.ask];
    if (client.left && client.ended <= made.ended + slack) return true;
    if (total_at(made) <= made.ended + slack) return true;
    const MonotonicTime decided_at = std::min(won_at(made), made.ended);
    const milliseconds most = scenario_.rules.first_byte;
    const milliseconds patience = scenario_.asks[made.ask].patience.value_or(most);
    if (began_at(made) + std::min(most, patience) <= decided_at + slack) return true;
    const MonotonicTime rival = rival_won_at(made);
    return rival != MonotonicTime::max() && rival <= decided_at + slack;
  }

  // When its time is up, by the file and by the caller's patience.
  [[nodiscard]] MonotonicTime due_at(const Try& made) const {
    const Rules& rules = scenario_.rules;
    MonotonicTime due = made.sent_at == MonotonicTime{} ? began_at(made) + rules.first_byte
                                                        : made.sent_at + rules.idle;
    const auto& patience = scenario_.asks[made.ask].patience;
    const MonotonicTime patient_until =
        patience ? began_at(made) + *patience : MonotonicTime::max();
    const bool has_content = made.content_at != MonotonicTime{};
    if (has_content && made.content_at <= patient_until) return due;
    if (!has_content) due = std::min(due, began_at(made) + rules.first_content);
    return std::min(due, patient_until);
  }

  // Of two attempts at once the connection of one that has failed is closed with the other.
  [[nodiscard]] MonotonicTime ended_at(const Try& made) const {
    if (made.how != How::left || made.ask == Try::nobodys) return made.ended;
    const MonotonicTime due = due_at(made);
    if (due >= made.ended - slack) return made.ended;
    const bool is_with_other = std::ranges::any_of(by_ask_[made.ask], [&](const Try* other) {
      const MonotonicTime over = std::min(other->ended, won_at(*other));
      return other != &made && other->came < made.ended && is_about(over, made.ended);
    });
    return is_with_other ? due : made.ended;
  }

  // Its own time; the caller's patience is another matter.
  [[nodiscard]] bool has_timed_out(const Try& made, MonotonicTime ended) const {
    const Rules& rules = scenario_.rules;
    if (made.sent_at == MonotonicTime{}) return is_about(ended, began_at(made) + rules.first_byte);
    if (is_about(ended, made.sent_at + rules.idle)) return true;
    return made.content_at == MonotonicTime{} &&
           is_about(ended, began_at(made) + rules.first_content);
  }

  Meaning why_left(const Try& made) const {
    const Ask& ask = scenario_.asks[made.ask];
    const Client& client = ledger_.clients[made.ask];
    const MonotonicTime ended = ended_at(made);
    bool fails = has_timed_out(made, ended);
    bool is_abandoned = client.left && is_about(client.ended, ended);
    is_abandoned = is_abandoned || a_rival_won_about(made, ended);
    const bool has_content = made.content_at != MonotonicTime{} && made.content_at + slack <= ended;
    if (ask.patience && !has_content) {
      // Where it is shorter than the file's it is the caller's, whichever of them has passed.
      if (is_about(ended, began_at(made) + *ask.patience)) is_abandoned = true;
      if (*ask.patience < scenario_.rules.first_content && fails) is_abandoned = true;
    }
    if (is_about(total_at(made), ended)) {
      const bool is_callers = ask.timeout && *ask.timeout < scenario_.rules.total;
      (is_callers ? is_abandoned : fails) = true;
    }
    EXPECT_TRUE(fails || is_abandoned)
        << "p" << made.deployment << " was left by n" << made.ask << " for no reason, at "
        << ledger_.since_start(made.ended).count();
    if (fails == is_abandoned) return Meaning::unknown;
    return fails ? Meaning::failure : Meaning::abandoned;
  }

  const Scenario& scenario_;
  const HealthLedger& ledger_;
  std::vector<std::vector<const Try*>> by_ask_;
};

}  // namespace

MonotonicTime won_at(const Try& made) noexcept {
  if (made.is_stream && made.content_at != MonotonicTime{}) return made.content_at;
  return made.how == How::good ? made.ended : MonotonicTime::max();
}

MonotonicTime Attempt::won_at() const noexcept { return scripted::won_at(*last); }

std::vector<Attempt> attempts_of(const Scenario& scenario, const HealthLedger& ledger) {
  return Judgement(scenario, ledger).run();
}

}  // namespace sluice::gateway::testing::scripted
