// Of each exchange: its end, and how many were asked for it; of each deployment: retries.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "health_judge.h"

namespace sluice::gateway::testing::scripted {
namespace {

using Attempts = std::vector<const Attempt*>;

// The tokens that a share of the requests and so many a second make at most.
class Bucket {
 public:
  /// It fills from `start` on: a retry that nobody saw may have begun that.
  Bucket(double share, double per_s, double begins_with, MonotonicTime start)
      : share_(share),
        per_s_(per_s),
        most_(std::max(10.0, per_s * 10)),
        level_(begins_with),
        filled_at_(start) {}

  void request() { level_ = std::min(most_ + share_, level_ + share_); }
  /// What was seen out of order within the slack is forgiven.
  [[nodiscard]] bool spend(MonotonicTime at) {
    if (at > filled_at_) {
      level_ = std::min(most_ + share_,
                        level_ + std::chrono::duration<double>(at - filled_at_).count() * per_s_);
    }
    filled_at_ = std::max(filled_at_, at);
    const double forgiven = std::chrono::duration<double>(2 * slack).count() * per_s_ + 1e-6;
    if (level_ + forgiven < 1) return false;
    level_ -= 1;
    return true;
  }

 private:
  double share_, per_s_, most_, level_;
  MonotonicTime filled_at_;
};

class Exchanges {
 public:
  Exchanges(const Scenario& scenario, const HealthLedger& ledger,
            const std::vector<Attempt>& attempts, HealthTotals& totals)
      : scenario_(scenario),
        ledger_(ledger),
        attempts_(attempts),
        totals_(totals),
        by_ask_(scenario.asks.size()) {
    for (const Attempt& each : attempts) {
      if (each.last->ask != Try::nobodys) by_ask_[each.last->ask].push_back(&each);
    }
  }

  void judge() {
    totals_.asks += scenario_.asks.size();
    totals_.attempts += attempts_.size();
    for (std::size_t i = 0; i < scenario_.asks.size(); ++i) {
      SCOPED_TRACE("request n" + std::to_string(i));
      judge_end(i);
      judge_answer(i);
      judge_number(i);
      judge_pin(i);
      judge_pairs(i);
    }
    judge_retries();
    judge_hedges();
  }

 private:
  void judge_end(std::size_t number) {
    const Client& client = ledger_.clients[number];
    const MonotonicTime total_at = client.began + scenario_.total_of(scenario_.asks[number]);
    EXPECT_LE(ledger_.since_start(client.ended), ledger_.since_start(total_at + slack))
        << "beyond its deadline";
    if (!client.left) {
      EXPECT_TRUE(client.complete || client.status == 200) << "no answer, " << client.status;
    }
  }

  void judge_answer(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const Client& client = ledger_.clients[number];
    if (client.left) {
      ++totals_.left;
      return;
    }
    const SaidAnswer said = read_answer(ask, client);
    EXPECT_EQ(said.complaint, "") << client.body;
    EXPECT_TRUE(client.complete) << "broken off: " << client.body;
    EXPECT_NE(said.ending, Ending::broken) << "neither whole nor an error: " << client.body;
    if (client.status != 200) {
      judge_error(number);
      return;
    }
    const Attempt* const served = served_by(number, said.text);
    ASSERT_NE(served, nullptr) << "an answer that no provider gave: " << client.body;
    const Try& made = *served->last;
    EXPECT_EQ(client.headers.at("x-sluice-provider"), "p" + std::to_string(made.deployment));
    EXPECT_EQ(client.headers.at("x-sluice-region"), scenario_.deployments[made.deployment].region);
    if (said.ending == Ending::whole) {
      EXPECT_EQ(said.text, made.text) << "a truncated answer looks whole";
      EXPECT_EQ(made.how, How::good);
      EXPECT_EQ(said.output, made.output);
      EXPECT_EQ(said.input, made.input);
      ++totals_.whole;
    } else {
      EXPECT_NE(made.content_at, MonotonicTime{}) << "an error that could have been made good";
      ++totals_.broken;
    }
  }

  void judge_error(std::size_t number) {
    const Client& client = ledger_.clients[number];
    const bool is_known = client.status == 429 || client.status == 502 || client.status == 503 ||
                          client.status == 504 || client.status == 529;
    // Of the model itself, whatever its fallback has come to.
    const Ask& ask = scenario_.asks[number];
    const bool is_unreachable = std::ranges::none_of(
        scenario_.deployments,
        [&](const Deployment& each) { return !each.is_fallback && ask.may_reach(each); });
    EXPECT_TRUE(is_known || (is_unreachable && client.status == 403))
        << client.status << " " << client.body;
    if (client.status == 503 || client.status == 429) {
      EXPECT_TRUE(client.headers.contains("retry-after")) << client.body;
    }
    ++totals_.errors;
  }

  const Attempt* served_by(std::size_t number, const std::string& text) const {
    for (const Attempt* each : by_ask_[number]) {
      const bool is_it = !text.empty() && each->last->text.starts_with(text) &&
                         won_at(*each->last) != MonotonicTime::max();
      if (is_it) return each;
    }
    return nullptr;
  }

  void judge_number(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const std::size_t rounds = 1 + (ask.retries ? scenario_.rules.retries : 0);
    std::map<std::size_t, std::size_t> times;
    for (const Attempt* each : by_ask_[number]) ++times[each->last->deployment];
    for (const auto& [deployment, count] : times) {
      EXPECT_LE(count, rounds) << "p" << deployment << " was asked too often";
    }
    const std::size_t places =
        std::min<std::size_t>(scenario_.rules.fallbacks + 1, scenario_.reach_of(ask).size());
    EXPECT_LE(by_ask_[number].size(), rounds * places) << "too many attempts";
    if (ask.no_fallback) {
      EXPECT_LE(times.size(), 1U) << "the first choice or an error";
    }
  }

  void judge_pin(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    for (const Attempt* each : by_ask_[number]) {
      const Deployment& deployment = scenario_.deployments[each->last->deployment];
      EXPECT_TRUE(!ask.is_pinned(deployment) || deployment.region == ask.region)
          << "pinned to " << ask.region << " and asked of " << deployment.region;
      EXPECT_TRUE(ask.may_reach(deployment)) << "p" << each->last->deployment;
    }
  }

  // Of two at the same time the second is a hedge: began while the first goes on for a while yet.
  [[nodiscard]] const Attempt* hedged_by(const Attempt& second) const {
    for (const Attempt* first : by_ask_[second.last->ask]) {
      if (first == &second || first->began > second.began) continue;
      if (first->began == second.began && first > &second) continue;
      if (first->last->ended > second.began + slack) return first;
    }
    return nullptr;
  }

  void judge_pairs(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const Rules& rules = scenario_.rules;
    for (const Attempt* each : by_ask_[number]) {
      const Attempt* const first = hedged_by(*each);
      if (first == nullptr) continue;
      ++totals_.hedges;
      EXPECT_TRUE(rules.hedges && !ask.no_hedge && !ask.no_fallback) << "a hedge nobody allowed";
      EXPECT_NE(first->last->deployment, each->last->deployment) << "twice at once";
      EXPECT_EQ(won_by(*first, each->began), false) << "a hedge of what had begun to answer";
      const milliseconds delay(rules.hedge_delay_ms > 0 ? rules.hedge_delay_ms : 100);
      EXPECT_GE(ledger_.since_start(each->began + slack), ledger_.since_start(first->began + delay))
          << "a hedge too early";
    }
  }

  [[nodiscard]] static bool won_by(const Attempt& attempt, MonotonicTime moment) {
    return attempt.won_at() != MonotonicTime::max() && attempt.won_at() + slack < moment;
  }

  // Who is asked again for the same exchange, and of whose requests that is a share.
  void judge_retries() {
    for (std::size_t i = 0; i < scenario_.deployments.size(); ++i) {
      Bucket bucket(scenario_.rules.budget, scenario_.rules.budget_per_s_min,
                    scenario_.rules.budget_per_s_min, ledger_.start);
      std::vector<std::pair<MonotonicTime, bool>> asked;
      std::vector<bool> known(scenario_.asks.size());
      for (const Attempt& each : attempts_) {
        if (each.last->deployment != i) continue;
        const std::size_t ask = each.last->ask;
        const bool is_again = ask != Try::nobodys && known[ask];
        if (ask != Try::nobodys) known[ask] = true;
        asked.emplace_back(is_again ? each.began + slack : each.began - slack, is_again);
      }
      std::ranges::sort(asked);
      for (const auto& [at, is_again] : asked) {
        if (!is_again) {
          bucket.request();
          continue;
        }
        ++totals_.again;
        EXPECT_TRUE(bucket.spend(at))
            << "p" << i << " is retried beyond its budget at " << ledger_.since_start(at).count();
      }
    }
  }

  void judge_hedges() {
    Bucket bucket(scenario_.rules.hedge_budget, 0, 0, ledger_.start);
    std::vector<std::pair<MonotonicTime, bool>> asked;
    for (const Attempt& each : attempts_) {
      const bool is_hedge = each.last->ask != Try::nobodys && hedged_by(each) != nullptr;
      asked.emplace_back(is_hedge ? each.began + slack : each.began - slack, is_hedge);
    }
    std::ranges::sort(asked);
    for (const auto& [at, is_hedge] : asked) {
      if (!is_hedge) {
        bucket.request();
      } else {
        EXPECT_TRUE(bucket.spend(at))
            << "hedged beyond the budget at " << ledger_.since_start(at).count();
      }
    }
  }

  const Scenario& scenario_;
  const HealthLedger& ledger_;
  const std::vector<Attempt>& attempts_;
  HealthTotals& totals_;
  std::vector<Attempts> by_ask_;
};

}  // namespace

SaidAnswer read_answer(const Ask& ask, const Client& client) {
  const auto type = client.headers.find("content-type");
  const bool streams =
      type != client.headers.end() && type->second.starts_with("text/event-stream");
  return streams ? read_stream_answer(ask.dialect, client.body)
                 : read_whole_answer(ask.dialect, client.status, client.body);
}

void judge_exchanges(const Scenario& scenario, const HealthLedger& ledger,
                     const std::vector<Attempt>& attempts, HealthTotals& totals) {
  Exchanges(scenario, ledger, attempts, totals).judge();
}

}  // namespace sluice::gateway::testing::scripted
