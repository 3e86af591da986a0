#include "sluice/route/rank.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sluice/base/assert.h"

namespace sluice::route {
namespace {

// Least part of its weight that a deployment keeps however bad it is: who is never asked is never
// seen to be well again.
constexpr double weight_kept_min = 0.01;
constexpr double stable_percent = 95;

// To the front, and those it passes one place back each.
void move_to_front(std::span<Option*> options, std::size_t position) {
  std::rotate(options.begin(), options.begin() + static_cast<std::ptrdiff_t>(position),
              options.begin() + static_cast<std::ptrdiff_t>(position) + 1);
}

// Most models have few deployments: what is worked out for each of them then stands on the stack.
constexpr std::size_t few = 32;

// By a number each has, the least first; of equals the order stays.
template <typename Key>
void sort_by(std::span<Option*> options, Key key) {
  if (options.size() > few) {
    std::ranges::stable_sort(options, {}, [&](const Option* option) { return key(*option); });
    return;
  }
  // Of so few an insertion sort is the fastest, and needs no memory.
  struct Keyed {
    double key;
    Option* option;
  };
  std::array<Keyed, few> sorted;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Keyed own{.key = key(*options[i]), .option = options[i]};
    std::size_t at = i;
    for (; at > 0 && own.key < sorted[at - 1].key; --at) sorted[at] = sorted[at - 1];
    sorted[at] = own;
  }
  for (std::size_t i = 0; i < options.size(); ++i) options[i] = sorted[i].option;
}

// Draws the first places one after the other, each in proportion to the weights left. What is not
// drawn stands in any order.
template <typename Weight>
void draw(std::span<Option*> options, std::size_t places, Random& random, Weight weight) {
  std::array<double, few> few_weights;
  std::vector<double> many_weights;
  if (options.size() > few) many_weights.resize(options.size());
  double* const weights = options.size() > few ? many_weights.data() : few_weights.data();
  double sum = 0;
  for (std::size_t i = 0; i < options.size(); ++i) sum += weights[i] = weight(*options[i]);
  for (std::size_t place = 0; place + 1 < options.size() && place < places; ++place) {
    const double at = random.unit() * sum;
    double below = 0;
    std::size_t drawn = place;
    // To the end, wherever it falls: a jump out of the loop would be guessed wrong as a rule, which
    // costs more than the additions.
    for (std::size_t i = place; i + 1 < options.size(); ++i) {
      below += weights[i];
      drawn += static_cast<std::size_t>(at >= below);
    }
    sum -= weights[drawn];
    std::swap(options[place], options[drawn]);
    std::swap(weights[place], weights[drawn]);
  }
}

double health_weight(const Option& option) noexcept {
  const double health = option.measured.uptime_percent / 100 * option.share;
  return option.weight * std::max(health, weight_kept_min);
}

double price_of(const Option& option, double unknown) noexcept {
  return option.measured.usd_per_million < 0 ? unknown : option.measured.usd_per_million;
}

double dearest_of(std::span<Option* const> options) noexcept {
  double dearest = 0;
  for (const Option* option : options) dearest = std::max(dearest, price_of(*option, 0));
  return dearest > 0 ? dearest : 1;
}

// OpenRouter's rule: among the stable by chance, in proportion to 1 / price^2. Free ones first.
Reason rank_by_price(std::span<Option*> options, const Ranking& ranking, Random& random) {
  const double dearest = dearest_of(options);
  const auto price = [dearest](const Option& option) { return price_of(option, dearest); };
  if (!ranking.by_chance) {
    sort_by(options, price);
    return Reason::cheapest;
  }
  const auto unstable = std::ranges::stable_partition(options, [](const Option* option) {
    return option->measured.uptime_percent >= stable_percent && option->share >= 1;
  });
  const auto stable = static_cast<std::size_t>(unstable.begin() - options.begin());
  sort_by(options.subspan(stable), price);
  if (stable == 0) return Reason::cheapest;
  // A price of nothing has a weight without end: one that is as good for any price there is.
  const double least = dearest * 1e-6;
  draw(options.first(stable), ranking.places, random, [&](const Option& option) {
    const double paid = std::max(price(option), least);
    return 1 / (paid * paid);
  });
  return Reason::price_draw;
}

// Whoever is unknown costs next to nothing, and is soon known.
double latency_cost(const Option& option) noexcept {
  return (option.first_content_ewma_ms + 1) * (option.in_flight + 1);
}

// Power of two choices: the best of all would be asked by every core at once.
Reason rank_by_latency(std::span<Option*> options, Random& random) {
  const std::size_t one = random.below(options.size());
  std::size_t other = random.below(options.size() - 1);
  if (other >= one) ++other;
  const std::size_t first = std::min(one, other);
  const std::size_t second = std::max(one, other);
  const bool second_is_faster = latency_cost(*options[second]) < latency_cost(*options[first]);
  move_to_front(options, second_is_faster ? second : first);
  sort_by(options.subspan(1), latency_cost);
  return Reason::lowest_latency;
}

void score_options(std::span<Option*> options, const Ranking& ranking) {
  ScoreScale scale(ranking.score.weights, ranking.is_stream);
  for (const Option* option : options) scale.add(option->measured);
  for (Option* option : options) option->terms = scale.score(option->measured);
}

// Everybody else after the chosen one, best first.
Reason explore(std::span<Option*> options, Random& random) {
  move_to_front(options, random.below(options.size()));
  return Reason::exploration;
}

Reason rank_by_score(std::span<Option*> options, const Ranking& ranking, Random& random) {
  score_options(options, ranking);
  sort_by(options, [](const Option& option) { return option.terms.total; });
  if (random.chance(ranking.score.exploration)) return explore(options, random);
  const auto incumbent = std::ranges::find(options, ranking.incumbent, &Option::deployment);
  if (incumbent == options.end() || incumbent == options.begin()) return Reason::best_score;
  const double lead = (*incumbent)->terms.total - options.front()->terms.total;
  if (lead > ranking.score.hysteresis) return Reason::best_score;
  move_to_front(options, static_cast<std::size_t>(incumbent - options.begin()));
  return Reason::incumbent;
}

Reason rank_by_throughput(std::span<Option*> options, const Ranking& ranking, Random& random) {
  sort_by(options, [](const Option& option) { return -option.measured.tokens_per_s; });
  if (random.chance(ranking.score.exploration)) return explore(options, random);
  return Reason::highest_throughput;
}

Reason rank_by(std::span<Option*> options, const Ranking& ranking, Random& random) {
  switch (ranking.strategy) {
    case Strategy::order: return Reason::in_order;
    case Strategy::weighted:
      draw(options, ranking.places, random, health_weight);
      return Reason::weighted_draw;
    case Strategy::score: return rank_by_score(options, ranking, random);
    case Strategy::price: return rank_by_price(options, ranking, random);
    case Strategy::latency: return rank_by_latency(options, random);
    case Strategy::throughput: return rank_by_throughput(options, ranking, random);
  }
  __builtin_unreachable();
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::only_one: return "only_one";
    case Reason::in_order: return "in_order";
    case Reason::callers_order: return "callers_order";
    case Reason::callers_preference: return "callers_preference";
    case Reason::weighted_draw: return "weighted_draw";
    case Reason::price_draw: return "price_draw";
    case Reason::best_score: return "best_score";
    case Reason::incumbent: return "incumbent";
    case Reason::exploration: return "exploration";
    case Reason::lowest_latency: return "lowest_latency";
    case Reason::highest_throughput: return "highest_throughput";
    case Reason::cheapest: return "cheapest";
    case Reason::same_session: return "same_session";
    case Reason::slow_start: return "slow_start";
  }
  __builtin_unreachable();
}

Reason rank(std::span<Option*> options, const Ranking& ranking, Random& random) {
  SLUICE_ASSERT(!options.empty());
  if (options.size() == 1) return Reason::only_one;
  const Reason reason = rank_by(options, ranking, random);
  // A draw has weighed it already; elsewhere who recovers stands back but for its share of times.
  const bool weighed = reason == Reason::weighted_draw;
  if (!weighed && options.front()->share < 1 && !random.chance(options.front()->share)) {
    std::swap(options[0], options[1]);
    return Reason::slow_start;
  }
  return reason;
}

}  // namespace sluice::route
