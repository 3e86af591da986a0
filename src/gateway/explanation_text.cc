#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "explanation.h"

namespace sluice::gateway {
namespace {

using route::Obstacle;

constexpr std::size_t column_count = 12;
using Row = std::array<std::string, column_count>;
constexpr std::size_t health_columns = 4;  // the last ones: nothing to show without a server

std::string known(double value, std::string_view unit) {
  return value > 0 ? fmt::format("{:.0f}{}", value, unit) : "?";
}

std::string price(const std::optional<double>& usd) {
  return usd ? fmt::format("{:g}", *usd) : "?";
}

std::string seconds(Duration span) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(span).count());
}

std::string standing_of(const ExplainedHealth& health) {
  if (health.cooling_for > Duration::zero()) return "cools down " + seconds(health.cooling_for);
  if (health.breaker == upstream::CircuitBreaker::State::open) {
    return "rests " + seconds(health.breaker_admits_in);
  }
  if (health.ejected) return "ejected " + seconds(health.ejected_for);
  if (health.breaker == upstream::CircuitBreaker::State::half_open) return "is being tried";
  if (health.standing.share < 1) {
    return fmt::format("comes back at {:.0f} %", health.standing.share * 100);
  }
  return "well";
}

Row row_of(const ExplainedCandidate& candidate) {
  const catalog::Deployment& deployment = *candidate.deployment;
  const upstream::Standing& standing = candidate.health.standing;
  return {candidate.place ? std::to_string(*candidate.place) : "-",
          fmt::format("{:.0f} %", candidate.first_percent),
          deployment.provider->name,
          deployment.upstream_model,
          deployment.region,
          candidate.obstacle == Obstacle::none ? "-"
                                               : std::string(route::to_string(candidate.obstacle)),
          candidate.score ? fmt::format("{:.3f}", candidate.score->total) : "-",
          price(deployment.price.tokens.input) + " / " + price(deployment.price.tokens.output),
          standing.attempts > 0 ? fmt::format("{:.1f} %", standing.uptime) : "?",
          known(standing.first_content_p95_ms, " ms"),
          known(standing.tokens_per_s, ""),
          standing_of(candidate.health)};
}

std::string table_of(const Explanation& explanation) {
  std::vector<Row> rows = {{"PLACE", "FIRST", "PROVIDER", "ITS NAME THERE", "REGION", "OBSTACLE",
                            "SCORE", "$/M IN / OUT", "UPTIME", "FIRST CONTENT P95", "TOKENS/S",
                            "STANDS"}};
  std::vector<const ExplainedCandidate*> sorted;
  for (const ExplainedCandidate& each : explanation.candidates) sorted.push_back(&each);
  std::ranges::stable_sort(
      sorted, {}, [](const ExplainedCandidate* each) { return each->place.value_or(SIZE_MAX); });
  for (const ExplainedCandidate* const each : sorted) rows.push_back(row_of(*each));
  const std::size_t columns = explanation.is_live ? column_count : column_count - health_columns;
  std::array<std::size_t, column_count> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
      fmt::format_to(std::back_inserter(line), "  {:<{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string terms_of(const Explanation& explanation) {
  std::string text;
  for (const ExplainedCandidate& each : explanation.candidates) {
    if (!each.score) continue;
    if (text.empty()) text = "\nScores, of which the lowest is the best:\n";
    const route::ScoreTerms& terms = *each.score;
    fmt::format_to(std::back_inserter(text),
                   "  {} {}: {:.3f} = uptime {:.3f} + throughput {:.3f} + price {:.3f} + latency "
                   "{:.3f}, each by its weight, + penalty {:.3f}\n",
                   each.deployment->provider->name, each.deployment->upstream_model, terms.total,
                   terms.uptime, terms.throughput, terms.price, terms.latency, terms.penalty);
  }
  return text;
}

}  // namespace

std::string_view to_string(upstream::CircuitBreaker::State state) noexcept {
  switch (state) {
    case upstream::CircuitBreaker::State::closed: return "closed";
    case upstream::CircuitBreaker::State::open: return "open";
    case upstream::CircuitBreaker::State::half_open: return "half_open";
  }
  __builtin_unreachable();
}

const ExplainedCandidate* first_of(const Explanation& explanation) noexcept {
  for (const ExplainedCandidate& each : explanation.candidates) {
    if (each.place == 1) return &each;
  }
  return nullptr;
}

std::string explanation_text(const Explanation& explanation) {
  const std::size_t count = explanation.candidates.size();
  std::string text = fmt::format("{}: {}, {} deployment{}, by {}{}\n", explanation.model->name,
                                 explanation.endpoint, count, count == 1 ? "" : "s",
                                 llm::to_string(explanation.strategy),
                                 explanation.strategy_is_callers ? ", as was asked for" : "");
  if (const ExplainedCandidate* const first = first_of(explanation)) {
    fmt::format_to(std::back_inserter(text), "Asked first: {}, as {}: {}{}\n",
                   first->deployment->provider->name, first->deployment->upstream_model,
                   route::to_string(*explanation.chosen_by),
                   explanation.by_chance ? "; by chance, so not every time" : "");
  } else if (explanation.soonest_in) {
    text += "Nobody is free: the first is in " + seconds(*explanation.soonest_in) + '\n';
  } else {
    text += "Nobody serves it: see the obstacles\n";
  }
  text +=
      explanation.is_live
          ? fmt::format("As worker {} of the running server sees it\n", explanation.query->worker)
          : "From the configuration alone: nothing is known of anybody's health\n";
  return text + '\n' + table_of(explanation) + terms_of(explanation);
}

}  // namespace sluice::gateway
