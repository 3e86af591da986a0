// Of each deployment: rests, cool-downs and recoveries; and what they mean to exchanges.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "breaker_model.h"
#include "health_judge.h"

namespace sluice::gateway::testing::scripted {
namespace {

constexpr std::uint32_t rest_growth_max = 12;
// Longer than it takes one that is well to answer.
constexpr milliseconds well_in_time{3'000};

class Health {
 public:
  Health(const Scenario& scenario, const HealthLedger& ledger, const std::vector<Attempt>& attempts,
         HealthTotals& totals)
      : scenario_(scenario), ledger_(ledger), totals_(totals), of_(scenario.deployments.size()) {
    for (const Attempt& each : attempts) of_[each.last->deployment].push_back(each);
    for (std::size_t i = 0; i < of_.size(); ++i) {
      models_.emplace_back(scenario.deployments[i], i, ledger.start, of_[i]);
      totals.opened += models_.back().opened();
    }
  }

  void judge() {
    for (std::size_t i = 0; i < scenario_.asks.size(); ++i) {
      SCOPED_TRACE("request n" + std::to_string(i));
      judge_promise(i);
      judge_first(i);
      judge_recovery(i);
    }
  }

 private:
  // --- somebody who is well answers ---

  [[nodiscard]] bool never_failed_until(std::size_t deployment, MonotonicTime moment) const {
    return std::ranges::all_of(of_[deployment], [&](const Attempt& each) {
      return each.began > moment || each.meaning == Meaning::success ||
             each.meaning == Meaning::abandoned;
    });
  }

  [[nodiscard]] bool can_serve(std::size_t deployment, const Client& client) const {
    const milliseconds from = ledger_.since_start(client.began) - slack;
    const milliseconds until = ledger_.since_start(client.ended) + well_in_time;
    if (!scenario_.deployments[deployment].is_well(from, until)) return false;
    if (!models_[deployment].is_surely_closed(client.began, client.ended)) return false;
    return !scenario_.rules.may_eject || never_failed_until(deployment, client.ended);
  }

  // Whether it has the time and the tries to get to the last of them.
  [[nodiscard]] bool is_patient(const Ask& ask, std::size_t reach) const {
    const Rules& rules = scenario_.rules;
    if (ask.no_fallback || rules.fallbacks + 1 < reach) return false;
    if (ask.patience && *ask.patience < well_in_time) return false;
    return rules.first_content * (reach - 1) + well_in_time < scenario_.total_of(ask);
  }

  // Once the first content is out nobody can make it good.
  [[nodiscard]] bool has_begun_to_answer(std::size_t number) const {
    return std::ranges::any_of(ledger_.tries, [&](const Try& made) {
      return made.ask == number && made.content_at != MonotonicTime{} && made.how != How::good;
    });
  }

  void judge_promise(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const Client& client = ledger_.clients[number];
    const std::vector<std::size_t> reach = scenario_.reach_of(ask);
    if (client.left || !is_patient(ask, reach.size())) return;
    const bool any = std::ranges::any_of(
        reach, [&](std::size_t deployment) { return can_serve(deployment, client); });
    if (!any || has_begun_to_answer(number)) return;
    ++totals_.promised;
    EXPECT_EQ(client.status, 200) << "somebody was well all the time: " << client.body;
    EXPECT_EQ(read_answer(ask, client).ending, Ending::whole) << client.body;
  }

  // --- in the order of the file ---

  // Whether it was asked when the exchange began; also where nobody knows for whom.
  [[nodiscard]] bool was_asked_then(std::size_t deployment, std::size_t number) const {
    const MonotonicTime began = ledger_.clients[number].began;
    return std::ranges::any_of(ledger_.tries, [&](const Try& made) {
      return made.deployment == deployment && (made.ask == number || made.ask == Try::nobodys) &&
             is_about(made.came, began);
    });
  }

  // The first that must be willing is asked, or one before it that may be.
  void judge_first(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const Client& client = ledger_.clients[number];
    const bool is_by_file =
        scenario_.rules.strategy == llm::RouteSort::order && !scenario_.rules.may_eject;
    if (client.left && client.ended < client.began + slack) return;
    if (ask.timeout && *ask.timeout < 2 * slack) return;
    if (!is_by_file) return;
    for (const std::size_t each : scenario_.reach_of(ask)) {
      if (scenario_.deployments[each].is_fallback) return;
      if (was_asked_then(each, number)) return;
      EXPECT_FALSE(models_[each].is_surely_free(client.began)) << "p" << each << " was passed over";
    }
  }

  // --- who is back is asked again ---

  // The first of the file after it has been well for as long as anything may keep it from that.
  void judge_recovery(std::size_t number) {
    const Ask& ask = scenario_.asks[number];
    const Client& client = ledger_.clients[number];
    const Rules& rules = scenario_.rules;
    const std::vector<std::size_t> reach = scenario_.reach_of(ask);
    if (reach.empty() || rules.may_eject) return;
    if (rules.strategy != llm::RouteSort::order && reach.size() > 1) return;
    if (client.left && client.ended < client.began + slack) return;
    const std::size_t first = reach.front();
    const Deployment& deployment = scenario_.deployments[first];
    const milliseconds began = ledger_.since_start(client.began);
    const Phase& phase = deployment.phase_at(began);
    const bool was_limited = std::ranges::any_of(
        deployment.phases, [](const Phase& each) { return each.behaviour == Behaviour::limited; });
    const milliseconds rest(rest_growth_max * deployment.rest_ms);
    const milliseconds cool = was_limited ? milliseconds(120'000) : milliseconds(15'000);
    const milliseconds back_at = phase.from + rules.first_content + std::max(rest, cool) + slack;
    if (phase.from == milliseconds(0) || phase.behaviour != Behaviour::well) return;
    if (began < back_at || began + slack > phase.until) return;
    ++totals_.recoveries;
    const bool was_asked = std::ranges::any_of(of_[first], [&](const Attempt& each) {
      return each.began >= ledger_.start + phase.from && each.began <= client.began + slack;
    });
    EXPECT_TRUE(was_asked) << "p" << first << " is well since " << phase.from.count()
                           << " and was never asked";
  }

  const Scenario& scenario_;
  const HealthLedger& ledger_;
  HealthTotals& totals_;
  std::vector<std::vector<Attempt>> of_;
  std::deque<BreakerModel> models_;
};

}  // namespace

void judge_health(const Scenario& scenario, const HealthLedger& ledger,
                  const std::vector<Attempt>& attempts, HealthTotals& totals) {
  Health(scenario, ledger, attempts, totals).judge();
}

}  // namespace sluice::gateway::testing::scripted
