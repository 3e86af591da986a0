// The access log and the counters against what providers served and clients got.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "health_judge.h"
#include "sluice/json/value.h"

namespace sluice::gateway::testing::scripted {
namespace {

// What an attempt came to, as far as an outsider can tell kinds of outcomes apart.
enum class Kind : std::uint8_t { success, rate_limited, bad, timed_out, cancelled };
constexpr std::size_t kind_count = 5;

std::optional<Kind> kind_of(std::string_view outcome) {
  if (outcome == "success") return Kind::success;
  if (outcome == "rate_limited") return Kind::rate_limited;
  if (outcome == "timed_out") return Kind::timed_out;
  if (outcome == "cancelled") return Kind::cancelled;
  const bool is_bad = outcome == "failed" || outcome == "malformed" || outcome == "reset" ||
                      outcome == "connect_failed";
  return is_bad ? std::optional(Kind::bad) : std::nullopt;
}

// Nothing: it may have been one or the other.
std::optional<Kind> kind_of(const Attempt& attempt) {
  switch (attempt.meaning) {
    case Meaning::success: return Kind::success;
    case Meaning::limited: return Kind::rate_limited;
    case Meaning::failure: return attempt.last->how == How::left ? Kind::timed_out : Kind::bad;
    case Meaning::abandoned:  // a deadline of the caller's is one of these too
    case Meaning::unknown: return std::nullopt;
  }
  __builtin_unreachable();
}

struct Range {
  std::uint64_t least = 0, most = 0;
  void add(std::uint64_t amount, bool is_sure) {
    if (is_sure) least += amount;
    most += amount;
  }
};

void expect_within(std::uint64_t counted, const Range& seen, std::string_view what) {
  EXPECT_GE(counted, seen.least) << what;
  EXPECT_LE(counted, seen.most) << what;
}

struct Logged {
  int status = 0;
  std::vector<std::pair<std::size_t, std::string>> attempts;  // deployment, outcome
};

class Counts {
 public:
  Counts(const Scenario& scenario, const HealthLedger& ledger, const std::vector<Attempt>& attempts,
         const telemetry::Metrics& metrics, const std::vector<telemetry::LabelIndex>& labels)
      : scenario_(scenario),
        ledger_(ledger),
        attempts_(attempts),
        metrics_(metrics),
        labels_(labels),
        logged_(scenario.asks.size()) {}

  void judge(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) read(line);
    for (std::size_t i = 0; i < logged_.size(); ++i) judge_line(i);
    for (std::size_t i = 0; i < scenario_.deployments.size(); ++i) {
      SCOPED_TRACE("p" + std::to_string(i));
      judge_attempts(i);
      judge_outcomes(i);
      judge_tokens(i);
    }
    judge_statuses();
    judge_sums();
  }

 private:
  void read(const std::string& text) {
    ASSERT_TRUE(index_.build(text).has_value()) << text;
    const json::Value line = json::root(index_);
    const std::string id = line.find("request_id")->string().value_or("");
    const std::size_t number = id.starts_with('n') ? std::stoul(id.substr(1)) : logged_.size();
    ASSERT_LT(number, logged_.size()) << text;
    EXPECT_FALSE(logged_[number].has_value()) << "two lines of one request: " << text;
    Logged& logged = logged_[number].emplace();
    logged.status = static_cast<int>(line.find("status")->integer().value_or(0));
    for (const json::Value attempt : line.find("attempts")->elements()) {
      const std::string provider = attempt.find("provider")->string().value_or("");
      logged.attempts.emplace_back(std::stoul(provider.substr(1)),
                                   attempt.find("outcome")->string().value_or(""));
    }
  }

  void judge_line(std::size_t number) {
    const Client& client = ledger_.clients[number];
    if (!logged_[number]) {
      EXPECT_TRUE(client.left) << "no line of n" << number;
      return;
    }
    if (client.status != 0) {
      EXPECT_EQ(logged_[number]->status, client.status) << "n" << number;
    }
  }

  // Every attempt that was seen is logged; what is logged beyond that never got that far.
  void judge_attempts(std::size_t deployment) {
    std::map<std::size_t, std::size_t> seen;
    std::size_t nobodys = 0;
    for (const Attempt& each : attempts_) {
      if (each.last->deployment != deployment) continue;
      if (each.last->ask == Try::nobodys) {
        ++nobodys;
      } else {
        ++seen[each.last->ask];
      }
    }
    std::size_t unseen = 0;
    for (std::size_t i = 0; i < logged_.size(); ++i) {
      const std::size_t count =
          logged_[i] ? static_cast<std::size_t>(std::ranges::count_if(
                           logged_[i]->attempts,
                           [&](const auto& each) { return each.first == deployment; }))
                     : 0;
      EXPECT_GE(count, seen[i]) << "n" << i << ": an attempt is missing from the log";
      unseen += count - std::min(count, seen[i]);
    }
    EXPECT_GE(unseen, nobodys) << "connections that no attempt made";
    unseen_ += unseen;
  }

  void judge_outcomes(std::size_t deployment) {
    std::array<Range, kind_count> seen{};
    std::uint64_t of_any = 0;
    for (const Attempt& each : attempts_) {
      if (each.last->deployment != deployment) continue;
      if (const auto kind = kind_of(each)) {
        seen[static_cast<std::size_t>(*kind)].add(1, each.last->ask != Try::nobodys);
      } else {
        ++of_any;
      }
    }
    const auto& counted = metrics_.providers[labels_[deployment]].attempts;
    std::array<std::uint64_t, kind_count> sums{};
    for (std::size_t i = 0; i < telemetry::attempt_outcome_count; ++i) {
      const auto name = telemetry::to_string(static_cast<telemetry::AttemptOutcome>(i));
      const auto logged = logged_times(deployment, name);
      EXPECT_EQ(counted[i].value(), logged) << name;
      const std::optional<Kind> kind = kind_of(name);
      if (!kind) {
        EXPECT_EQ(logged, 0U) << name << ", which nothing here leads to";
      } else {
        sums[static_cast<std::size_t>(*kind)] += logged;
      }
    }
    for (std::size_t i = 0; i < kind_count; ++i) {
      const bool may_be_unseen =
          static_cast<Kind>(i) == Kind::timed_out || static_cast<Kind>(i) == Kind::cancelled;
      seen[i].most += of_any + (may_be_unseen ? unseen_ : 0);
      expect_within(sums[i], seen[i], "outcomes of kind " + std::to_string(i));
    }
  }

  [[nodiscard]] std::uint64_t logged_times(std::size_t deployment, std::string_view outcome) const {
    std::uint64_t times = 0;
    for (const auto& line : logged_) {
      if (!line) continue;
      times +=
          static_cast<std::uint64_t>(std::ranges::count_if(line->attempts, [&](const auto& each) {
            return each.first == deployment && each.second == outcome;
          }));
    }
    return times;
  }

  void judge_tokens(std::size_t deployment) {
    Range input, output, cost;
    std::uint64_t priced = 0;
    for (const Attempt& each : attempts_) {
      const Try& made = *each.last;
      if (made.deployment != deployment || made.how != How::good) continue;
      const bool is_sure = each.meaning == Meaning::success;
      input.add(made.input, is_sure);
      output.add(made.output, is_sure);
      // Billionths, by the prices of the scenario.
      cost.add((made.input + 10 * made.output) * (deployment + 1) * 1'000, is_sure);
      ++priced;
    }
    const auto& counted = metrics_.providers[labels_[deployment]];
    const auto tokens = [&](telemetry::TokenDirection direction) {
      return counted.tokens[static_cast<std::size_t>(direction)].value();
    };
    expect_within(tokens(telemetry::TokenDirection::input), input, "input tokens");
    expect_within(tokens(telemetry::TokenDirection::output), output, "output tokens");
    cost.most += priced;  // rounded one by one
    cost.least -= std::min(cost.least, priced);
    expect_within(counted.cost_billionths.value(), cost, "billionths of a dollar");
  }

  void judge_statuses() {
    std::array<std::uint64_t, telemetry::StatusLabel::count> logged{};
    std::array<Range, telemetry::StatusLabel::count> seen{};
    std::uint64_t of_any = 0;
    for (std::size_t i = 0; i < logged_.size(); ++i) {
      if (!logged_[i]) continue;
      ++logged[telemetry::StatusLabel::index(logged_[i]->status)];
      const Client& client = ledger_.clients[i];
      if (client.status == 0) {
        ++of_any;
      } else {
        seen[telemetry::StatusLabel::index(client.status)].add(1, true);
      }
    }
    for (std::size_t i = 0; i < logged.size(); ++i) {
      std::uint64_t counted = 0;
      for (const auto& endpoint : metrics_.endpoints) counted += endpoint.requests[i].value();
      EXPECT_EQ(counted, logged[i]) << telemetry::StatusLabel::name(i);
      seen[i].most += of_any;
      expect_within(counted, seen[i], telemetry::StatusLabel::name(i));
    }
  }

  void judge_sums() {
    Range retries, fallbacks;
    for (const auto& line : logged_) {
      if (!line) continue;
      std::map<std::size_t, std::uint64_t> times;
      for (const auto& [deployment, outcome] : line->attempts) ++times[deployment];
      retries.add(line->attempts.size() - times.size(), true);
      if (!times.empty()) fallbacks.add(times.size() - 1, true);
    }
    // A broken connection that was kept alive is no retry of the exchange's, and counted all the
    // same.
    for (const Try& made : ledger_.tries) {
      if (made.how == How::broke) retries.add(1, false);
    }
    expect_within(metrics_.upstream_retries.value(), retries, "retries");
    const std::uint64_t hedges = metrics_.hedges.value();
    fallbacks.least -= std::min(fallbacks.least, hedges);
    expect_within(metrics_.upstream_fallbacks.value(), fallbacks, "fallbacks");
    EXPECT_LE(metrics_.hedges_won.value(), hedges);
    EXPECT_TRUE(scenario_.rules.hedges || hedges == 0);
    std::uint64_t of_providers = 0, of_models = 0;
    for (const auto& provider : metrics_.providers)
      of_providers += provider.cost_billionths.value();
    for (const auto& model : metrics_.models) of_models += model.cost_billionths.value();
    EXPECT_EQ(of_providers, of_models);
  }

  const Scenario& scenario_;
  const HealthLedger& ledger_;
  const std::vector<Attempt>& attempts_;
  const telemetry::Metrics& metrics_;
  const std::vector<telemetry::LabelIndex>& labels_;
  std::vector<std::optional<Logged>> logged_;
  json::Index index_;
  std::uint64_t unseen_ = 0;  // logged, and seen by no provider
};

}  // namespace

void judge_counts(const Scenario& scenario, const HealthLedger& ledger,
                  const std::vector<Attempt>& attempts, const std::vector<std::string>& lines,
                  const telemetry::Metrics& metrics,
                  const std::vector<telemetry::LabelIndex>& labels) {
  Counts(scenario, ledger, attempts, metrics, labels).judge(lines);
}

}  // namespace sluice::gateway::testing::scripted
