// What is drawn of a simulated run of routing: what the file says, what each provider does and
// when, and what is asked.
//
//   providers p0, p1, ...: one deployment each, of model "m" or, the last ones, of its fallback "b"
//   phases of a provider:  |--well--|--failing--|--well--|--silent--| ... to the end of the run
//
// Plain values, of one seed: the same draw is the same run.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect_answers.h"
#include "sluice/base/random.h"
#include "sluice/llm/route_wishes.h"

namespace sluice::gateway::testing::scripted {

using std::chrono::milliseconds;

enum class Behaviour : std::uint8_t {
  well,
  slow,        // late, but in time
  flapping,    // every other request fails, by chance
  failing,     // 5xx
  overloaded,  // 503 with Retry-After
  limited,     // 429, with Retry-After or without
  silent,      // reads and says nothing
  stalling,    // begins an answer, and then says nothing
  resetting,   // breaks the connection, or ends it, in place of an answer
  cut,         // does so in the midst of an answer, or says in the midst of a stream that it failed
  wrong,       // 200 with what is no answer
  down,        // connections break as they are made, and idle ones when it begins
};
inline constexpr std::size_t behaviour_count = 12;
[[nodiscard]] std::string_view to_string(Behaviour behaviour) noexcept;

/// Moments are since the start of the run.
struct Phase {
  milliseconds from{0};
  milliseconds until{0};
  Behaviour behaviour = Behaviour::well;
};

struct Deployment {
  bool is_fallback = false;  // of model "b"
  std::string region = {};
  milliseconds pace{0};                   // about so long it thinks
  std::optional<milliseconds> wait = {};  // what it says in Retry-After when limited
  std::uint32_t failures_to_open = 5;
  std::uint32_t rest_ms = 10'000;
  std::vector<Phase> phases = {};  // one behind the other from 0 on, the last one for ever

  [[nodiscard]] const Phase& phase_at(milliseconds moment) const;
  /// Whether it does well all the time between both.
  [[nodiscard]] bool is_well(milliseconds from, milliseconds until) const;
};

/// What the file says.
struct Rules {
  llm::RouteSort strategy = llm::RouteSort::order;
  milliseconds first_byte{0}, first_content{0}, idle{0}, total{0};
  std::uint32_t retries = 1, backoff_ms = 500, fallbacks = 8, budget_per_s_min = 3;
  std::uint32_t queue_ms_max = 0;
  double budget = 0.2;
  bool hedges = false;
  std::uint32_t hedge_delay_ms = 0;
  double hedge_budget = 0.05;
  bool has_affinity = true;
  bool may_eject = true;
};

enum class PinnedBy : std::uint8_t { nothing, body, header, suffix };

/// One request of a client.
struct Ask {
  milliseconds at{0};
  CallerDialect dialect = CallerDialect::chat;
  bool stream = false;
  PinnedBy pinned_by = PinnedBy::nothing;
  std::string region = {};
  bool falls_back = false;  // to "b"
  bool retries = true;
  bool no_fallback = false;
  bool no_hedge = false;
  std::optional<milliseconds> timeout = {};
  std::optional<milliseconds> patience = {};  // latency_threshold_ms
  std::optional<milliseconds> leaves = {};    // after it began

  /// A region behind the name of a model is of that model; any other pin holds for fallbacks too.
  [[nodiscard]] bool is_pinned(const Deployment& deployment) const noexcept {
    return !region.empty() && !(pinned_by == PinnedBy::suffix && deployment.is_fallback);
  }
  [[nodiscard]] bool may_reach(const Deployment& deployment) const noexcept {
    if (is_pinned(deployment) && deployment.region != region) return false;
    return !deployment.is_fallback || (falls_back && !no_fallback);
  }
};

struct Scenario {
  Rules rules;
  std::vector<Deployment> deployments;
  std::vector<Ask> asks;  // rising in time

  [[nodiscard]] static Scenario draw(Random& random);
  [[nodiscard]] std::string config() const;
  /// The whole request of a client, head and body.
  [[nodiscard]] std::string request_of(std::size_t ask) const;
  /// The deployments an ask may reach, in the order of the file.
  [[nodiscard]] std::vector<std::size_t> reach_of(const Ask& ask) const;
  [[nodiscard]] milliseconds total_of(const Ask& ask) const;
  /// For who reads a failure.
  [[nodiscard]] std::string describe() const;
};

/// Where the number of an ask stands in its question.
inline constexpr std::string_view ask_mark = "question no. ";

}  // namespace sluice::gateway::testing::scripted
