#include "sluice/telemetry/metrics.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::telemetry {
namespace {

// Statuses that count by themselves: what LLM providers and this gateway answer with.
constexpr std::array common_statuses = {200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401,
                                        402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 417, 421,
                                        422, 429, 431, 499, 500, 501, 502, 503, 504, 505, 529};
// Behind them: none, other, and one label per class.
constexpr std::array<std::string_view, 7> further_names = {"none", "other", "1xx", "2xx",
                                                           "3xx",  "4xx",   "5xx"};
constexpr std::size_t none_index = common_statuses.size();
constexpr std::size_t other_index = none_index + 1;
constexpr std::size_t class_index = other_index + 1;  // of 1xx
static_assert(common_statuses.size() + further_names.size() == StatusLabel::count);
static_assert(std::ranges::is_sorted(common_statuses));

constexpr int status_min = 100;
constexpr int status_max = 599;

constexpr auto index_by_status = [] {
  std::array<std::uint8_t, status_max - status_min + 1> indexes{};
  for (int status = status_min; status <= status_max; ++status) {
    const auto of_class = class_index + static_cast<std::size_t>(status / 100 - 1);
    indexes[static_cast<std::size_t>(status - status_min)] = static_cast<std::uint8_t>(of_class);
  }
  for (std::size_t i = 0; i < common_statuses.size(); ++i) {
    indexes[static_cast<std::size_t>(common_statuses[i] - status_min)] =
        static_cast<std::uint8_t>(i);
  }
  return indexes;
}();

// The digits of all common statuses, so that a name is a view and needs no allocation.
constexpr auto status_digits = [] {
  std::array<char, common_statuses.size() * 3> digits{};
  for (std::size_t i = 0; i < common_statuses.size(); ++i) {
    digits[3 * i] = static_cast<char>('0' + common_statuses[i] / 100);
    digits[3 * i + 1] = static_cast<char>('0' + common_statuses[i] / 10 % 10);
    digits[3 * i + 2] = static_cast<char>('0' + common_statuses[i] % 10);
  }
  return digits;
}();

/// Where a label counts: its own place, or that of "other" when there is no such place.
template <typename Places>
auto& place(Places& places, LabelIndex index) noexcept {
  return places[index < places.size() ? index : label_other];
}

template <typename Enum, std::size_t size>
Counter& counter(std::array<Counter, size>& counters, Enum which) noexcept {
  const auto index = static_cast<std::size_t>(which);
  SLUICE_ASSERT(index < size);
  return counters[index];
}

void record_reached(DurationHistogram& histogram, Duration span) noexcept {
  if (span >= Duration::zero()) histogram.record(span);
}

}  // namespace

std::size_t StatusLabel::index(int status) noexcept {
  if (status == 0) return none_index;
  if (status < status_min || status > status_max) return other_index;
  return index_by_status[static_cast<std::size_t>(status - status_min)];
}

std::string_view StatusLabel::name(std::size_t index) noexcept {
  SLUICE_ASSERT(index < count);
  if (index >= none_index) return further_names[index - none_index];
  return {status_digits.data() + 3 * index, 3};
}

std::string_view to_string(TokenDirection direction) noexcept {
  switch (direction) {
    case TokenDirection::input: return "input";
    case TokenDirection::cached_input: return "cached_input";
    case TokenDirection::output: return "output";
    case TokenDirection::reasoning: return "reasoning";
  }
  return "unknown";
}

std::string_view to_string(KeyFailure failure) noexcept {
  switch (failure) {
    case KeyFailure::missing: return "missing";
    case KeyFailure::invalid: return "invalid";
    case KeyFailure::malformed: return "malformed";
    case KeyFailure::model_denied: return "model_denied";
    case KeyFailure::origin: return "origin";
  }
  return "unknown";
}

std::string_view to_string(TokenFetch fetch) noexcept {
  switch (fetch) {
    case TokenFetch::success: return "success";
    case TokenFetch::failure: return "failure";
  }
  return "unknown";
}

std::string_view to_string(CredentialRefusal refusal) noexcept {
  switch (refusal) {
    case CredentialRefusal::key: return "key";
    case CredentialRefusal::permission: return "permission";
    case CredentialRefusal::quota: return "quota";
    case CredentialRefusal::rate: return "rate";
  }
  return "unknown";
}

std::string_view to_string(Probe outcome) noexcept {
  switch (outcome) {
    case Probe::success: return "success";
    case Probe::failure: return "failure";
  }
  return "unknown";
}

std::string_view to_string(Affinity affinity) noexcept {
  switch (affinity) {
    case Affinity::hit: return "hit";
    case Affinity::miss: return "miss";
    case Affinity::moved: return "moved";
  }
  __builtin_unreachable();
}

std::string_view to_string(MediaFetch outcome) noexcept {
  switch (outcome) {
    case MediaFetch::fetched: return "fetched";
    case MediaFetch::refused: return "refused";
    case MediaFetch::unreachable: return "unreachable";
    case MediaFetch::failed: return "failed";
    case MediaFetch::too_large: return "too_large";
    case MediaFetch::wrong_type: return "wrong_type";
    case MediaFetch::timed_out: return "timed_out";
    case MediaFetch::cancelled: return "cancelled";
  }
  return "unknown";
}

std::string_view to_string(JsonRepair outcome) noexcept {
  switch (outcome) {
    case JsonRepair::unneeded: return "unneeded";
    case JsonRepair::repaired: return "repaired";
    case JsonRepair::failed: return "failed";
  }
  return "unknown";
}

void Metrics::count_exchange(const Exchange& exchange) noexcept {
  PerEndpoint& endpoint = place(endpoints, exchange.endpoint);
  endpoint.requests[StatusLabel::index(exchange.status)].add();
  record_reached(endpoint.duration, exchange.total);
  record_reached(endpoint.first_byte, exchange.first_byte);
  record_reached(endpoint.first_content, exchange.first_content);
  request_body_bytes.record(exchange.request_body_bytes);
  response_body_bytes.record(exchange.response_body_bytes);
  place(models, exchange.model).requests.add();
  if (exchange.ended_by != EndedBy::nobody) {
    ends[static_cast<std::size_t>(exchange.ended_by)][index_of(exchange.error)].add();
  }
}

void Metrics::count_attempt(LabelIndex provider, AttemptOutcome outcome, Duration first_byte,
                            Duration connect) noexcept {
  PerProvider& counted = place(providers, provider);
  counter(counted.attempts, outcome).add();
  record_reached(counted.first_byte, first_byte);
  record_reached(upstream_connect, connect);
}

void Metrics::count_deployment_attempt(LabelIndex deployment, AttemptOutcome outcome) noexcept {
  counter(place(deployments, deployment).attempts, outcome).add();
}

void Metrics::count_route_choice(llm::RouteSort strategy, route::Reason reason) noexcept {
  const auto index = static_cast<std::size_t>(strategy);
  SLUICE_ASSERT(index < route_choices.size());
  counter(route_choices[index], reason).add();
}

void Metrics::count_route_obstacle(route::Obstacle obstacle) noexcept {
  counter(route_obstacles, obstacle).add();
}

void Metrics::count_tokens(LabelIndex provider, LabelIndex model, TokenDirection direction,
                           std::uint64_t tokens) noexcept {
  counter(place(providers, provider).tokens, direction).add(tokens);
  counter(place(models, model).tokens, direction).add(tokens);
}

void Metrics::count_token_fetch(LabelIndex provider, TokenFetch fetch) noexcept {
  counter(place(providers, provider).token_fetches, fetch).add();
}

void Metrics::count_credential_refusal(LabelIndex provider, CredentialRefusal refusal) noexcept {
  counter(place(providers, provider).credential_refusals, refusal).add();
}

void Metrics::count_probe(LabelIndex provider, Probe outcome) noexcept {
  counter(place(providers, provider).probes, outcome).add();
}

void Metrics::count_odd_event(LabelIndex provider) noexcept {
  place(providers, provider).odd_events.add();
}

void Metrics::count_json_repair(LabelIndex model, JsonRepair outcome) noexcept {
  counter(place(models, model).json_repairs, outcome).add();
}

void Metrics::count_cost(LabelIndex provider, LabelIndex model, double usd) noexcept {
  constexpr double usd_max = 1e9;  // of one request; more would be no price but a mistake
  if (!(usd >= 0 && usd <= usd_max)) return;
  const auto billionths = static_cast<std::uint64_t>(usd * 1e9 + 0.5);
  place(providers, provider).cost_billionths.add(billionths);
  place(models, model).cost_billionths.add(billionths);
}

}  // namespace sluice::telemetry
