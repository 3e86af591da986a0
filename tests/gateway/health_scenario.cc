#include "health_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::gateway::testing::scripted {
namespace {

milliseconds between(Random& random, std::uint64_t low_ms, std::uint64_t high_ms) {
  return milliseconds(random.between(low_ms, high_ms));
}

Rules draw_rules(Random& random) {
  Rules rules;
  constexpr llm::RouteSort sorts[] = {llm::RouteSort::order,   llm::RouteSort::weighted,
                                      llm::RouteSort::score,   llm::RouteSort::price,
                                      llm::RouteSort::latency, llm::RouteSort::throughput};
  if (random.chance(0.6)) rules.strategy = sorts[random.below(std::size(sorts))];
  rules.first_byte = between(random, 1'000, 4'000);
  rules.first_content = rules.first_byte + between(random, 0, 2'000);
  rules.idle = between(random, 800, 3'000);
  rules.total = between(random, 7'000, 40'000);
  rules.retries = random.chance(0.2) ? 0 : static_cast<std::uint32_t>(random.between(1, 3));
  // A retry is told from a request that is sent again by its pause.
  rules.backoff_ms = static_cast<std::uint32_t>(random.between(200, 1'000));
  rules.fallbacks = random.chance(0.8) ? 8 : static_cast<std::uint32_t>(random.below(3));
  rules.budget = random.chance(0.2) ? 0 : random.unit() * 0.5;
  rules.budget_per_s_min = static_cast<std::uint32_t>(random.below(4));
  if (random.chance(0.3))
    rules.queue_ms_max = static_cast<std::uint32_t>(random.between(500, 8'000));
  rules.hedges = random.chance(0.5);
  if (random.chance(0.7))
    rules.hedge_delay_ms = static_cast<std::uint32_t>(random.between(50, 900));
  rules.hedge_budget = random.chance(0.3) ? 1.0 : random.unit() * 0.5;
  rules.has_affinity = random.chance(0.5);
  rules.may_eject = random.chance(0.4);
  return rules;
}

Behaviour draw_behaviour(Random& random) {
  return static_cast<Behaviour>(random.below(behaviour_count));
}

std::vector<Phase> draw_phases(Random& random, milliseconds length, double bad) {
  std::vector<Phase> phases;
  for (milliseconds from{0}; from < length;) {
    const bool is_short = random.chance(0.3);
    const milliseconds until = from + between(random, 300, is_short ? 3'000 : 40'000);
    const Behaviour behaviour = random.chance(bad) ? draw_behaviour(random) : Behaviour::well;
    phases.push_back({.from = from, .until = until, .behaviour = behaviour});
    from = until;
  }
  phases.back().until = milliseconds::max();
  return phases;
}

std::vector<Deployment> draw_deployments(Random& random, milliseconds length) {
  std::vector<Deployment> deployments;
  const std::size_t count = random.between(2, 5);
  const std::size_t fallbacks = random.chance(0.5) ? random.below(count) : 0;
  const double bad = random.unit() * 0.9;
  for (std::size_t i = 0; i < count; ++i) {
    Deployment made{.is_fallback = i >= count - fallbacks};
    constexpr const char* regions[] = {"eu", "us", "global"};  // the last one is what no region is
    made.region = regions[random.below(std::size(regions))];
    made.pace = between(random, 2, random.chance(0.7) ? 80 : 600);
    if (random.chance(0.7)) made.wait = milliseconds(1'000 * random.between(1, 15));
    made.failures_to_open = static_cast<std::uint32_t>(random.between(1, 5));
    made.rest_ms = static_cast<std::uint32_t>(random.between(300, 4'000));
    made.phases = draw_phases(random, length, random.chance(0.2) ? 0 : bad);
    deployments.push_back(std::move(made));
  }
  return deployments;
}

Ask draw_ask(Random& random, milliseconds at, bool has_fallback) {
  Ask ask{.at = at};
  if (random.chance(0.25)) ask.dialect = CallerDialect::messages;
  ask.stream = random.chance(0.5);
  if (random.chance(0.25)) {
    ask.pinned_by = static_cast<PinnedBy>(random.between(1, 3));
    ask.region = random.chance(0.5) ? "eu" : "us";
  }
  ask.falls_back = has_fallback && random.chance(0.6);
  ask.retries = random.chance(0.8);
  ask.no_fallback = !ask.falls_back && random.chance(0.1);
  ask.no_hedge = random.chance(0.1);
  if (random.chance(0.15)) ask.timeout = between(random, 100, 20'000);
  if (random.chance(0.1)) ask.patience = between(random, 100, 3'000);
  if (random.chance(0.1)) ask.leaves = between(random, 1, random.chance(0.5) ? 400 : 6'000);
  return ask;
}

// Evenly, with crowds in between.
std::vector<Ask> draw_asks(Random& random, milliseconds length, bool has_fallback) {
  std::vector<Ask> asks;
  const std::size_t count = random.between(20, random.chance(0.2) ? 200 : 80);
  const double crowds = random.chance(0.5) ? 0 : random.unit() * 0.5;
  const auto length_ms = static_cast<std::uint64_t>(length.count());
  while (asks.size() < count) {
    const milliseconds at(random.below(length_ms));
    const std::size_t crowd = random.chance(crowds) ? random.between(2, 12) : 1;
    for (std::size_t i = 0; i < crowd; ++i) {
      asks.push_back(
          draw_ask(random, at + milliseconds(crowd > 1 ? random.below(500) : 0), has_fallback));
    }
  }
  std::ranges::stable_sort(asks, {}, &Ask::at);
  return asks;
}

// Prices that are whole billionths of a dollar per token.
std::string deployment_lines(const Deployment& deployment, std::size_t number) {
  return fmt::format(
      "[[model.deployment]]\nprovider = \"p{0}\"\nmodel = \"up-{0}\"\nregion = \"{1}\"\n"
      "price = {{ input = {2}.0, output = {3}.0 }}\n",
      number, deployment.region, number + 1, 10 * (number + 1));
}

std::string body_of(const Ask& ask, std::size_t number) {
  const std::string model = ask.pinned_by == PinnedBy::suffix ? "m:" + ask.region : "m";
  std::string body = fmt::format(
      R"({{"model":"{}","max_tokens":100,"messages":[{{"role":"user","content":"{}{}."}}])", model,
      ask_mark, number);
  if (ask.stream) body += R"(,"stream":true)";
  if (ask.stream && ask.dialect == CallerDialect::chat) {
    body += R"(,"stream_options":{"include_usage":true})";
  }
  if (ask.pinned_by == PinnedBy::body) body += R"(,"model_region":")" + ask.region + "\"";
  if (ask.falls_back) body += R"(,"fallbacks":["b"])";
  if (!ask.retries || ask.patience) {
    body += R"(,"fallback_config":{)";
    if (!ask.retries) body += R"("retry":false)";
    if (!ask.retries && ask.patience) body += ",";
    if (ask.patience) body += fmt::format(R"("latency_threshold_ms":{})", ask.patience->count());
    body += "}";
  }
  return body + "}";
}

}  // namespace

std::string_view to_string(Behaviour behaviour) noexcept {
  switch (behaviour) {
    case Behaviour::well: return "well";
    case Behaviour::slow: return "slow";
    case Behaviour::flapping: return "flapping";
    case Behaviour::failing: return "failing";
    case Behaviour::overloaded: return "overloaded";
    case Behaviour::limited: return "limited";
    case Behaviour::silent: return "silent";
    case Behaviour::stalling: return "stalling";
    case Behaviour::resetting: return "resetting";
    case Behaviour::cut: return "cut";
    case Behaviour::wrong: return "wrong";
    case Behaviour::down: return "down";
  }
  __builtin_unreachable();
}

const Phase& Deployment::phase_at(milliseconds moment) const {
  return *std::ranges::find_if(phases, [&](const Phase& each) { return moment < each.until; });
}

bool Deployment::is_well(milliseconds from, milliseconds until) const {
  return std::ranges::all_of(phases, [&](const Phase& each) {
    return each.behaviour == Behaviour::well || each.until <= from || each.from > until;
  });
}

Scenario Scenario::draw(Random& random) {
  Scenario drawn;
  const milliseconds length = between(random, 15'000, 240'000);
  drawn.rules = draw_rules(random);
  drawn.deployments = draw_deployments(random, length);
  drawn.asks = draw_asks(random, length, drawn.deployments.back().is_fallback);
  return drawn;
}

std::string Scenario::config() const {
  std::string text = fmt::format(
      "[timeouts]\nconnect_ms = 1000\nfirst_byte_ms = {}\nfirst_content_ms = {}\nidle_ms = {}\n"
      "total_ms = {}\n[streaming]\nkeep_alive_comment_ms = 700\n",
      rules.first_byte.count(), rules.first_content.count(), rules.idle.count(),
      rules.total.count());
  text += fmt::format(
      "[routing]\nstrategy = \"{}\"\n[routing.retry]\nretries = {}\nbackoff_ms = {}\n"
      "fallbacks = {}\nbudget = {:.3f}\nbudget_per_s_min = {}\nqueue_ms_max = {}\n",
      llm::to_string(rules.strategy), rules.retries, rules.backoff_ms, rules.fallbacks,
      rules.budget, rules.budget_per_s_min, rules.queue_ms_max);
  text += fmt::format(
      "[routing.hedge]\nenabled = {}\ndelay_ms = {}\nbudget = {:.3f}\n"
      "[routing.affinity]\nenabled = {}\n[health]\nejected_percent_max = {}\n",
      rules.hedges, rules.hedge_delay_ms, rules.hedge_budget, rules.has_affinity,
      rules.may_eject ? 50 : 0);
  text += "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    text += fmt::format(
        "[[provider]]\nname = \"p{}\"\ndialect = \"openai\"\n"
        "base_url = \"http://127.0.0.1:{}/v1\"\nkeys = []\n"
        "health = {{ failures_to_open = {}, rest_ms = {} }}\n",
        i, 9'000 + i, deployments[i].failures_to_open, deployments[i].rest_ms);
  }
  text += "[[model]]\nname = \"m\"\n";
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    const bool is_first_fallback = deployments[i].is_fallback && !deployments[i - 1].is_fallback;
    if (is_first_fallback) text += "[[model]]\nname = \"b\"\n";
    text += deployment_lines(deployments[i], i);
  }
  return text;
}

std::string Scenario::request_of(std::size_t number) const {
  const Ask& ask = asks[number];
  const std::string body = body_of(ask, number);
  const bool is_chat = ask.dialect == CallerDialect::chat;
  std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nHost: gateway\r\nX-Request-Id: n{}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n",
      is_chat ? "/v1/chat/completions" : "/v1/messages", number, body.size());
  if (!is_chat) head += "anthropic-version: 2023-06-01\r\n";
  if (ask.pinned_by == PinnedBy::header) head += "x-sluice-region: " + ask.region + "\r\n";
  if (ask.no_fallback) head += "X-No-Fallback: true\r\n";
  if (ask.no_hedge) head += "x-sluice-hedge: off\r\n";
  if (ask.timeout) head += fmt::format("x-request-timeout: {}ms\r\n", ask.timeout->count());
  return head + "\r\n" + body;
}

std::vector<std::size_t> Scenario::reach_of(const Ask& ask) const {
  std::vector<std::size_t> reach;
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    if (ask.may_reach(deployments[i])) reach.push_back(i);
  }
  return reach;
}

milliseconds Scenario::total_of(const Ask& ask) const {
  return std::min(rules.total, ask.timeout.value_or(rules.total));
}

std::string Scenario::describe() const {
  std::string text = config();
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    text += fmt::format("p{}, pace {}, says to wait {} ms:", i, deployments[i].pace.count(),
                        deployments[i].wait ? deployments[i].wait->count() : 0);
    for (const Phase& phase : deployments[i].phases) {
      text += fmt::format(" {} {}", phase.from.count(), to_string(phase.behaviour));
    }
    text += "\n";
  }
  return text;
}

}  // namespace sluice::gateway::testing::scripted
