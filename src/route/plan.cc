#include "sluice/route/plan.h"

#include <algorithm>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/route/filters.h"

namespace sluice::route {
namespace {

// Below this a conversation leaves its deployment: a cold cache costs less than a failure.
constexpr double session_uptime_percent_min = 85;

double usd_per_million(const catalog::Price& price) noexcept {
  const auto& [input, output] = std::pair{price.tokens.input, price.tokens.output};
  if (input && output) return (*input + *output) / 2;
  return input.value_or(output.value_or(-1));
}

Option option_of(const Candidate& candidate, std::uint32_t position) {
  const catalog::Deployment& deployment = *candidate.deployment;
  const upstream::Standing& standing = *candidate.standing;
  return {.candidate = position,
          .deployment = deployment.index,
          .weight = deployment.weight,
          .share = standing.share,
          .measured = {.uptime_percent = standing.uptime,
                       .tokens_per_s = standing.tokens_per_s,
                       .first_content_ms = standing.first_content_ms,
                       .usd_per_million = usd_per_million(deployment.price)},
          .first_content_ewma_ms = candidate.first_content_ewma_ms,
          .in_flight = candidate.in_flight,
          .terms = {}};
}

// What passes by itself is found last: who is told to wait is told so of one that would serve.
Obstacle obstacle_of(const Candidate& candidate, const Question& question) noexcept {
  if (!candidate.passage) return Obstacle::region;
  const bool is_for_now = passes_by_itself(candidate.obstacle);
  if (candidate.obstacle != Obstacle::none && !is_for_now) return candidate.obstacle;
  if (question.wishes != nullptr) {
    const Obstacle wished = against_wishes(*candidate.deployment, question.wishes->provider);
    if (wished != Obstacle::none) return wished;
  }
  return candidate.obstacle;
}

bool is_doubt(Obstacle obstacle) noexcept {
  return obstacle == Obstacle::capability || obstacle == Obstacle::context_length;
}

// A doubt stands only where somebody is beyond doubt, or the caller wants all that it says
// honoured.
void doubt(const Question& question, CachedVector<Considered>& considered) {
  if (question.needs == nullptr) return;
  const auto& candidates = question.candidates;
  bool one_is_able = question.wishes != nullptr && question.wishes->provider.require_parameters;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (considered[i].obstacle != Obstacle::none || candidates[i].model == nullptr) continue;
    considered[i].obstacle = against_needs(*candidates[i].model, *question.needs);
    one_is_able = one_is_able || considered[i].obstacle == Obstacle::none;
  }
  if (one_is_able) return;
  for (Considered& each : considered) {
    if (is_doubt(each.obstacle)) each.obstacle = Obstacle::none;
  }
}

// Rather a bad provider than none. Whether anybody was pardoned.
bool pardon_ejected(CachedVector<Considered>& considered) {
  const auto serves = [](const Considered& each) { return each.obstacle == Obstacle::none; };
  if (std::ranges::any_of(considered, serves)) return false;
  bool pardoned = false;
  for (Considered& each : considered) {
    if (each.obstacle != Obstacle::ejected) continue;
    each.obstacle = Obstacle::none;
    pardoned = true;
  }
  return pardoned;
}

std::optional<MonotonicTime> soonest_of(const Question& question,
                                        std::span<const Considered> considered) {
  std::optional<MonotonicTime> soonest;
  for (std::size_t i = 0; i < considered.size(); ++i) {
    if (!passes_by_itself(considered[i].obstacle)) continue;
    const MonotonicTime free_at = question.candidates[i].free_at;
    if (!soonest || free_at < *soonest) soonest = free_at;
  }
  return soonest;
}

// The first word of the caller's list that means the deployment; past the end: none.
std::size_t place_in(const std::vector<std::string>& order,
                     const catalog::Deployment& deployment) noexcept {
  std::size_t place = 0;
  while (place < order.size() && !names_provider(order[place], deployment)) ++place;
  return place;
}

// One planning: filter, rank, prefer, write down.
class Planning {
 public:
  explicit Planning(const Question& question) : question_(question) {
    if (question.wishes != nullptr) wishes_ = &question.wishes->provider;
  }

  Plan run(Random& random) && {
    consider();
    if (serves_alone()) {
      add_step(question_.candidates.front());
      return std::move(made_);
    }
    filter();
    if (options_.empty()) {
      made_.soonest = soonest_of(question_, made_.considered);
      return std::move(made_);
    }
    rank_options(random);
    prefer_fast();
    prefer_callers_order();
    prefer_session();
    write_steps();
    return std::move(made_);
  }

 private:
  [[nodiscard]] const Candidate& candidate_of(const Option& option) const noexcept {
    return question_.candidates[option.candidate];
  }

  void consider() {
    made_.strategy = question_.strategy;
    made_.considered.reserve(question_.candidates.size());
    for (const Candidate& candidate : question_.candidates) {
      made_.considered.push_back(
          {.deployment = candidate.deployment, .obstacle = obstacle_of(candidate, question_)});
    }
    doubt(question_, made_.considered);
    if (pardon_ejected(made_.considered)) doubt(question_, made_.considered);
  }

  // Most models are served by one, of whom nothing is to be measured or drawn.
  [[nodiscard]] bool serves_alone() const noexcept {
    return made_.considered.size() == 1 && wishes_ == nullptr && question_.session == nullptr &&
           made_.considered.front().obstacle == Obstacle::none;
  }

  void filter() {
    options_.reserve(question_.candidates.size());
    for (std::uint32_t i = 0; i < made_.considered.size(); ++i) {
      if (made_.considered[i].obstacle != Obstacle::none) continue;
      options_.push_back(option_of(question_.candidates[i], i));
    }
  }

  void rank_options(Random& random) {
    const catalog::Deployment* const incumbent = question_.incumbent;
    const Ranking ranking{
        .strategy = question_.strategy,
        .score = question_.policy.score,
        .is_stream = question_.is_stream,
        .by_chance = !question_.strategy_is_callers,
        .incumbent = incumbent == nullptr ? Ranking::no_deployment : incumbent->index,
        .places = std::size_t{question_.policy.retry.fallbacks} + 1};
    ranked_.reserve(options_.size());
    for (Option& option : options_) ranked_.push_back(&option);
    made_.reason = rank(ranked_, ranking, random);
    if (ranking.strategy != Strategy::score) return;
    for (const Option& option : options_) {
      made_.considered[option.candidate].terms = option.terms;
    }
  }

  void prefer_fast() {
    if (wishes_ == nullptr) return;
    if (!wishes_->throughput_min.any() && !wishes_->latency_s_max.any()) return;
    const Option* const first = ranked_.front();
    std::ranges::stable_partition(ranked_, [this](const Option* option) {
      const bool preferred = is_preferred(*candidate_of(*option).standing, *wishes_);
      made_.considered[option->candidate].disfavoured = !preferred;
      return preferred;
    });
    if (ranked_.front() != first) made_.reason = Reason::callers_preference;
  }

  [[nodiscard]] bool has_callers_order() const noexcept {
    return wishes_ != nullptr && !wishes_->order.empty();
  }

  void prefer_callers_order() {
    if (!has_callers_order()) return;
    std::ranges::stable_sort(ranked_, {}, [this](const Option* option) {
      return place_in(wishes_->order, *candidate_of(*option).deployment);
    });
    made_.reason = Reason::callers_order;
  }

  void prefer_session() {
    if (question_.session == nullptr || has_callers_order()) return;
    const auto same = std::ranges::find_if(ranked_, [this](const Option* option) {
      return candidate_of(*option).deployment == question_.session;
    });
    if (same == ranked_.end() || (*same)->measured.uptime_percent < session_uptime_percent_min) {
      made_.session_moved = true;
      return;
    }
    std::rotate(ranked_.begin(), same, same + 1);
    made_.reason = Reason::same_session;
  }

  void write_steps() {
    const bool only_the_first =
        wishes_ != nullptr && !wishes_->allow_fallbacks && !has_callers_order();
    made_.steps.reserve(ranked_.size());
    for (const Option* option : ranked_) {
      add_step(candidate_of(*option));
      if (only_the_first) break;
    }
  }

  void add_step(const Candidate& candidate) {
    made_.steps.push_back({.passage = *candidate.passage, .model = candidate.model});
  }

  const Question& question_;
  const llm::ProviderWishes* wishes_ = nullptr;
  CachedVector<Option> options_;  // in the order of the file
  CachedVector<Option*> ranked_;  // of their rank
  Plan made_;
};

}  // namespace

Plan plan(const Question& question, Random& random) { return Planning(question).run(random); }

}  // namespace sluice::route
