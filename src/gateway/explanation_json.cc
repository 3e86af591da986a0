#include "explanation.h"
#include "sluice/json/writer.h"

namespace sluice::gateway {
namespace {

using json::Writer;
using route::Obstacle;

void write_ms(Writer& writer, std::string_view key, std::optional<Duration> span) {
  writer.key(key);
  if (span) {
    writer.integer(std::chrono::ceil<std::chrono::milliseconds>(*span).count());
  } else {
    writer.null();
  }
}

// What is not known is 0 in a standing, and null here.
void write_known(Writer& writer, std::string_view key, double value) {
  writer.key(key);
  if (value > 0) {
    writer.number(value);
  } else {
    writer.null();
  }
}

void write_price(Writer& writer, std::string_view key, const std::optional<double>& usd) {
  writer.key(key);
  if (usd) {
    writer.number(*usd);
  } else {
    writer.null();
  }
}

void write_place(Writer& writer, const ExplainedCandidate& candidate) {
  writer.key("provider").string(candidate.deployment->provider->name);
  writer.key("deployment").string(candidate.deployment->upstream_model);
  writer.key("region").string(candidate.deployment->region);
}

void write_filters(Writer& writer, const ExplainedFilters& filters, bool is_live) {
  const auto write = [&](std::string_view name, Obstacle obstacle) {
    writer.key(name).string(obstacle == Obstacle::none ? "passed" : route::to_string(obstacle));
  };
  writer.key("filters").begin_object();
  write("region", filters.region);
  write("gateway", filters.gateway);
  write("wishes", filters.wishes);
  write("needs", filters.needs);
  if (is_live) write("health", filters.health);
  writer.end_object();
}

void write_score(Writer& writer, const std::optional<route::ScoreTerms>& score) {
  writer.key("score");
  if (!score) {
    writer.null();
    return;
  }
  writer.begin_object();
  writer.key("total").number(score->total);
  writer.key("uptime").number(score->uptime);
  writer.key("throughput").number(score->throughput);
  writer.key("price").number(score->price);
  writer.key("latency").number(score->latency);
  writer.key("penalty").number(score->penalty);
  writer.end_object();
}

void write_health(Writer& writer, const ExplainedHealth& health) {
  const upstream::Standing& standing = health.standing;
  writer.key("health").begin_object();
  writer.key("breaker").string(to_string(health.breaker));
  write_ms(writer, "breaker_admits_in_ms", health.breaker_admits_in);
  write_ms(writer, "cooling_down_for_ms", health.cooling_for);
  writer.key("ejected").boolean(health.ejected);
  write_ms(writer, "ejected_for_ms", health.ejected_for);
  writer.key("share_of_weight").number(standing.share);
  writer.key("attempts_in_window").unsigned_integer(standing.attempts);
  writer.key("uptime_percent").number(standing.uptime);
  write_known(writer, "first_content_ms", standing.first_content_ms);
  write_known(writer, "first_content_p50_ms", standing.first_content_p50_ms);
  write_known(writer, "first_content_p95_ms", standing.first_content_p95_ms);
  write_known(writer, "first_content_recent_ms", health.first_content_ewma_ms);
  write_known(writer, "tokens_per_s", standing.tokens_per_s);
  writer.key("in_flight_of_worker").unsigned_integer(health.in_flight);
  writer.key("in_flight").unsigned_integer(standing.in_flight);
  writer.end_object();
}

// Labels say where a credential came from, never what it is.
void write_credentials(Writer& writer, const ExplainedCandidate& candidate, bool is_live) {
  writer.key("credentials").begin_array();
  std::size_t position = 0;
  for (const catalog::Credential& credential : candidate.deployment->provider->credentials) {
    writer.begin_object();
    if (is_live) {
      writer.key("state").string(upstream::to_string(candidate.health.credentials[position++]));
    }
    writer.key("from").string(credential.label);
    writer.key("weight").number(credential.weight);
    writer.end_object();
  }
  writer.end_array();
}

void write_candidate(Writer& writer, const ExplainedCandidate& candidate, bool is_live) {
  const catalog::Deployment& deployment = *candidate.deployment;
  writer.begin_object();
  writer.key("model").string(candidate.model->name);
  write_place(writer, candidate);
  writer.key("url").string(deployment.provider->url.text());
  writer.key("dialect").string(catalog::to_string(deployment.provider->dialect));
  writer.key("place");
  if (candidate.place) {
    writer.unsigned_integer(*candidate.place);
  } else {
    writer.null();
  }
  writer.key("first_percent").number(candidate.first_percent);
  writer.key("obstacle").string(route::to_string(candidate.obstacle));
  write_ms(writer, "free_in_ms", candidate.free_in);
  write_filters(writer, candidate.filters, is_live);
  writer.key("weight").number(deployment.weight);
  write_price(writer, "input_usd_per_million_tokens", deployment.price.tokens.input);
  write_price(writer, "output_usd_per_million_tokens", deployment.price.tokens.output);
  write_score(writer, candidate.score);
  if (is_live) write_health(writer, candidate.health);
  write_credentials(writer, candidate, is_live);
  writer.end_object();
}

}  // namespace

std::string explanation_json(const Explanation& explanation) {
  std::string text;
  Writer writer(text);
  writer.begin_object();
  writer.key("model").string(explanation.model->name);
  writer.key("endpoint").string(explanation.endpoint);
  writer.key("stream").boolean(explanation.query->stream);
  writer.key("live").boolean(explanation.is_live);
  if (explanation.is_live) writer.key("worker").unsigned_integer(explanation.query->worker);
  writer.key("strategy").string(llm::to_string(explanation.strategy));
  writer.key("strategy_is_callers").boolean(explanation.strategy_is_callers);
  writer.key("chosen");
  if (const ExplainedCandidate* const first = first_of(explanation)) {
    writer.begin_object();
    write_place(writer, *first);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("chosen_by");
  if (explanation.chosen_by) {
    writer.string(route::to_string(*explanation.chosen_by));
  } else {
    writer.null();
  }
  writer.key("by_chance").boolean(explanation.by_chance);
  write_ms(writer, "soonest_in_ms", explanation.soonest_in);
  writer.key("candidates").begin_array();
  for (const ExplainedCandidate& candidate : explanation.candidates) {
    write_candidate(writer, candidate, explanation.is_live);
  }
  writer.end_array().end_object();
  text += '\n';
  return text;
}

}  // namespace sluice::gateway
