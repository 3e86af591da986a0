#include "sluice/telemetry/prometheus.h"

#include <memory>

#include "exposition_writer.h"
#include "prometheus_routing.h"

namespace sluice::telemetry {
namespace {

template <typename Scale, typename Pick>
HistogramSum<Scale> histogram_of(Cores cores, Pick pick) {
  HistogramSum<Scale> sum;
  for (const Metrics* core : cores) sum.add(pick(*core));
  return sum;
}

struct CounterFamily {
  std::string_view name, help;
  Counter Metrics::* counter;
};
constexpr CounterFamily counter_families[] = {
    {"sluice_downstream_connections_accepted_total", "Connections accepted from clients.",
     &Metrics::downstream_connections_accepted},
    {"sluice_downstream_connections_refused_total",
     "Connections from clients closed at once because there were too many.",
     &Metrics::downstream_connections_refused},
    {"sluice_downstream_tls_failures_total", "TLS handshakes with clients that failed.",
     &Metrics::downstream_tls_failed},
    {"sluice_downstream_malformed_requests_total",
     "Requests answered 400 because they were not HTTP.", &Metrics::downstream_requests_malformed},
    {"sluice_downstream_received_bytes_total", "Bytes received from clients.",
     &Metrics::downstream_bytes_received},
    {"sluice_downstream_sent_bytes_total", "Bytes sent to clients.",
     &Metrics::downstream_bytes_sent},
    {"sluice_upstream_connections_opened_total", "Connections opened to providers.",
     &Metrics::upstream_connections_opened},
    {"sluice_upstream_connections_reused_total",
     "Attempts that went over a connection already open.", &Metrics::upstream_connections_reused},
    {"sluice_upstream_received_bytes_total", "Bytes received from providers.",
     &Metrics::upstream_bytes_received},
    {"sluice_upstream_sent_bytes_total", "Bytes sent to providers.", &Metrics::upstream_bytes_sent},
    {"sluice_upstream_retries_total", "Further attempts at the same deployment.",
     &Metrics::upstream_retries},
    {"sluice_upstream_fallbacks_total", "Attempts at another deployment after a failure.",
     &Metrics::upstream_fallbacks},
    {"sluice_upstream_retries_over_budget_total",
     "Retries not made because too many of a deployment's requests were retries already.",
     &Metrics::retries_over_budget},
    {"sluice_upstream_hedges_total", "Second attempts elsewhere while the first was silent.",
     &Metrics::hedges},
    {"sluice_upstream_hedges_won_total", "Hedges that answered first.", &Metrics::hedges_won},
    {"sluice_upstream_hedges_over_budget_total",
     "Hedges not made because there had been too many for the requests.",
     &Metrics::hedges_over_budget},
    {"sluice_streams_rescued_total",
     "Streams that broke off after their first content, and went on with another attempt.",
     &Metrics::streams_rescued},
    {"sluice_streams_not_rescued_total",
     "Streams that broke off, were to go on with another attempt, and found none.",
     &Metrics::streams_not_rescued},
    {"sluice_media_received_bytes_total", "Bytes received of what chats name by URLs.",
     &Metrics::media_bytes_received},
    {"sluice_sse_events_received_total", "Stream events received from providers.",
     &Metrics::sse_events_received},
    {"sluice_sse_events_sent_total", "Stream events sent to clients.", &Metrics::sse_events_sent},
    {"sluice_sse_keep_alives_sent_total", "Comments sent to clients in long silences.",
     &Metrics::sse_keep_alives_sent},
    {"sluice_usage_unseen_total",
     "Answers whose usage was not seen: compressed, or large and without it at their end.",
     &Metrics::usage_unseen},
    {"sluice_buffers_exhausted_total", "Receives that found no free buffer and had to wait.",
     &Metrics::buffers_exhausted},
    {"sluice_descriptors_exhausted_total", "Sockets that failed for want of file descriptors.",
     &Metrics::descriptors_exhausted},
    {"sluice_loop_turns_total", "Turns of the workers' event loops.", &Metrics::loop_turns},
    {"sluice_log_lines_written_total", "Access log lines handed to the writer.",
     &Metrics::log_lines_written},
    {"sluice_log_lines_dropped_total", "Access log lines dropped because the writer was behind.",
     &Metrics::log_lines_dropped},
};

struct GaugeFamily {
  std::string_view name, help;
  Gauge Metrics::* gauge;
};
constexpr GaugeFamily gauge_families[] = {
    {"sluice_downstream_connections_open", "Connections with clients.",
     &Metrics::downstream_connections_open},
    {"sluice_exchanges_in_flight", "Requests being served.", &Metrics::exchanges_in_flight},
    {"sluice_upstream_connections_open", "Connections with providers, idle ones included.",
     &Metrics::upstream_connections_open},
    {"sluice_upstream_connections_idle", "Connections with providers that wait for use.",
     &Metrics::upstream_connections_idle},
    {"sluice_upstream_waiters", "Requests that wait for a connection to a provider.",
     &Metrics::upstream_waiters},
    {"sluice_media_held_bytes", "Bytes held, as base64, of what chats named by URLs.",
     &Metrics::media_bytes_held},
    {"sluice_buffers_in_use", "Receive buffers leased from the rings.", &Metrics::buffers_in_use},
    {"sluice_buffers", "Receive buffers there are.", &Metrics::buffers_total},
};

void render_plain(Cores cores, Exposition& to) {
  for (const CounterFamily& family : counter_families) {
    to.begin(family.name, "counter", family.help);
    to.sample({}, sum_of(cores, [&](const Metrics& m) -> auto& { return m.*family.counter; }));
  }
  for (const GaugeFamily& family : gauge_families) {
    std::int64_t sum = 0;
    for (const Metrics* core : cores) sum += (core->*family.gauge).value();
    to.begin(family.name, "gauge", family.help);
    to.sample({}, sum);
  }
}

/// One sample per index of an enum of ours, zero or not: the family is small and fixed.
template <typename Enum, typename Pick>
void render_by_enum(Cores cores, std::size_t count, std::string_view label, Pick pick,
                    Exposition& to) {
  for (std::size_t index = 0; index < count; ++index) {
    const std::uint64_t sum =
        sum_of(cores, [&](const Metrics& m) -> auto& { return pick(m)[index]; });
    to.sample({{label, to_string(static_cast<Enum>(index))}}, sum);
  }
}

void render_ends(Cores cores, Exposition& to) {
  to.begin("sluice_exchanges_cut_total", "counter",
           "Exchanges that did not run to their end, by who ended them and why.");
  for (std::size_t by = static_cast<std::size_t>(EndedBy::client); by < ended_by_count; ++by) {
    for (std::size_t kind = 0; kind < cut_cause_count; ++kind) {
      const std::uint64_t sum =
          sum_of(cores, [&](const Metrics& m) -> auto& { return m.ends[by][kind]; });
      if (sum == 0) continue;
      to.sample(
          {{"ended_by", to_string(static_cast<EndedBy>(by))}, {"error", cut_cause_name(kind)}},
          sum);
    }
  }
}

void render_requests(Cores cores, const LabelTable& endpoints, Exposition& to) {
  to.begin("sluice_requests_total", "counter",
           "Finished requests by endpoint and status; code none: no answer was sent.");
  for (std::size_t e = 0; e < endpoints.size(); ++e) {
    for (std::size_t s = 0; s < StatusLabel::count; ++s) {
      const std::uint64_t sum =
          sum_of(cores, [&](const Metrics& m) -> auto& { return m.endpoints[e].requests[s]; });
      if (sum == 0) continue;
      to.sample({{"endpoint", endpoints.name(static_cast<LabelIndex>(e))},
                 {"code", StatusLabel::name(s)}},
                sum);
    }
  }
}

/// The histograms of one family, for every name under which something was recorded.
template <typename Pick>
void render_durations(Cores cores, const LabelTable& names, std::string_view label, Pick pick,
                      Exposition& to) {
  for (std::size_t index = 0; index < names.size(); ++index) {
    const auto values = histogram_of<DurationScale>(
        cores, [&](const Metrics& m) -> auto& { return pick(m, index); });
    if (values.count == 0) continue;
    const Label labels[] = {{label, names.name(static_cast<LabelIndex>(index))}};
    to.histogram<DurationScale>(labels, values);
  }
}

void render_times(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_request_duration_seconds", "histogram",
           "From the first byte of a request to the last of its answer.");
  render_durations(
      cores, labels.endpoints, "endpoint",
      [](const Metrics& m, std::size_t e) -> auto& { return m.endpoints[e].duration; }, to);
  to.begin("sluice_time_to_first_byte_seconds", "histogram",
           "From the first byte of a request to the head of the provider's answer.");
  render_durations(
      cores, labels.endpoints, "endpoint",
      [](const Metrics& m, std::size_t e) -> auto& { return m.endpoints[e].first_byte; }, to);
  to.begin("sluice_time_to_first_content_seconds", "histogram",
           "From the first byte of a request to the first content of its answer.");
  render_durations(
      cores, labels.endpoints, "endpoint",
      [](const Metrics& m, std::size_t e) -> auto& { return m.endpoints[e].first_content; }, to);
  to.begin("sluice_upstream_first_byte_seconds", "histogram",
           "From the start of an attempt to the head of the provider's answer.");
  render_durations(
      cores, labels.providers, "provider",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].first_byte; }, to);
  to.begin("sluice_upstream_connect_seconds", "histogram",
           "Time to open a connection to a provider, TLS included.");
  to.histogram<DurationScale>({}, histogram_of<DurationScale>(cores, [](const Metrics& m) -> auto& {
                                return m.upstream_connect;
                              }));
}

void render_sizes(Cores cores, Exposition& to) {
  to.begin("sluice_request_body_bytes", "histogram", "Sizes of requests' bodies.");
  to.histogram<ByteScale>({}, histogram_of<ByteScale>(cores, [](const Metrics& m) -> auto& {
                            return m.request_body_bytes;
                          }));
  to.begin("sluice_response_body_bytes", "histogram", "Sizes of responses' bodies.");
  to.histogram<ByteScale>({}, histogram_of<ByteScale>(cores, [](const Metrics& m) -> auto& {
                            return m.response_body_bytes;
                          }));
}

/// Samples of a counter array kept per name of a table; only what counted something.
template <typename Enum, typename Pick>
void render_by_name(Cores cores, const LabelTable& names, std::string_view name_label,
                    std::size_t count, std::string_view label, Pick pick, Exposition& to) {
  for (std::size_t n = 0; n < names.size(); ++n) {
    for (std::size_t index = 0; index < count; ++index) {
      const std::uint64_t sum =
          sum_of(cores, [&](const Metrics& m) -> auto& { return pick(m, n)[index]; });
      if (sum == 0) continue;
      to.sample({{name_label, names.name(static_cast<LabelIndex>(n))},
                 {label, to_string(static_cast<Enum>(index))}},
                sum);
    }
  }
}

/// Dollars, kept in billionths per name; only what counted something.
template <typename Pick>
void render_cost(Cores cores, const LabelTable& names, std::string_view label, Pick pick,
                 Exposition& to) {
  for (std::size_t n = 0; n < names.size(); ++n) {
    const std::uint64_t sum = sum_of(cores, [&](const Metrics& m) -> auto& { return pick(m, n); });
    if (sum == 0) continue;
    to.sample({{label, names.name(static_cast<LabelIndex>(n))}}, static_cast<double>(sum) / 1e9);
  }
}

void render_providers(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_upstream_attempts_total", "counter", "Attempts at providers by outcome.");
  render_by_name<AttemptOutcome>(
      cores, labels.providers, "provider", attempt_outcome_count, "outcome",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].attempts; }, to);
  to.begin("sluice_tokens_total", "counter",
           "Tokens as providers count them; input and output include cached_input and reasoning.");
  render_by_name<TokenDirection>(
      cores, labels.providers, "provider", token_direction_count, "direction",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].tokens; }, to);
  to.begin("sluice_cost_usd_total", "counter",
           "US dollars by list price, of the answers whose tokens and price are known.");
  render_cost(
      cores, labels.providers, "provider",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].cost_billionths; }, to);
}

void render_odd_events(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_upstream_odd_events_total", "counter",
           "Events of translated streams that the provider's documentation knows nothing of.");
  for (std::size_t n = 0; n < labels.providers.size(); ++n) {
    const std::uint64_t sum =
        sum_of(cores, [&](const Metrics& m) -> auto& { return m.providers[n].odd_events; });
    if (sum == 0) continue;
    to.sample({{"provider", labels.providers.name(static_cast<LabelIndex>(n))}}, sum);
  }
}

void render_token_fetches(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_token_fetches_total", "counter",
           "Access tokens asked for at providers' token servers, by result.");
  render_by_name<TokenFetch>(
      cores, labels.providers, "provider", token_fetch_count, "result",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].token_fetches; }, to);
}

void render_credential_refusals(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_credential_refusals_total", "counter",
           "Attempts that a provider refused for the gateway's credential, by reason.");
  render_by_name<CredentialRefusal>(
      cores, labels.providers, "provider", credential_refusal_count, "reason",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].credential_refusals; },
      to);
}

void render_probes(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_probes_total", "counter",
           "Probes of providers that rest or have not been asked for a while, by result.");
  render_by_name<Probe>(
      cores, labels.providers, "provider", probe_count, "result",
      [](const Metrics& m, std::size_t p) -> auto& { return m.providers[p].probes; }, to);
}

void render_models(Cores cores, const MetricLabels& labels, Exposition& to) {
  to.begin("sluice_model_requests_total", "counter", "Finished requests by model.");
  for (std::size_t n = 0; n < labels.models.size(); ++n) {
    const std::uint64_t sum =
        sum_of(cores, [&](const Metrics& m) -> auto& { return m.models[n].requests; });
    if (sum == 0) continue;
    to.sample({{"model", labels.models.name(static_cast<LabelIndex>(n))}}, sum);
  }
  to.begin("sluice_model_tokens_total", "counter", "Tokens by model, as sluice_tokens_total.");
  render_by_name<TokenDirection>(
      cores, labels.models, "model", token_direction_count, "direction",
      [](const Metrics& m, std::size_t n) -> auto& { return m.models[n].tokens; }, to);
  to.begin("sluice_model_cost_usd_total", "counter", "US dollars as sluice_cost_usd_total.");
  render_cost(
      cores, labels.models, "model",
      [](const Metrics& m, std::size_t n) -> auto& { return m.models[n].cost_billionths; }, to);
  to.begin("sluice_json_repairs_total", "counter",
           "Answers whose JSON was to be repaired, by what became of it.");
  render_by_name<JsonRepair>(
      cores, labels.models, "model", json_repair_count, "outcome",
      [](const Metrics& m, std::size_t n) -> auto& { return m.models[n].json_repairs; }, to);
}

void render_process(const ProcessMetrics& process, const BuildInfo& build, Cores cores,
                    Exposition& to) {
  to.begin("sluice_build_info", "gauge", "What this program was built of; always 1.");
  to.sample({{"version", build.version}, {"compiler", build.compiler}, {"isa", build.isa}}, 1);
  to.begin("process_start_time_seconds", "gauge", "When the process started, since 1970.");
  to.sample({}, process.started_at_s.value());
  to.begin("sluice_workers", "gauge", "Worker threads.");
  to.sample({}, cores.size());
  to.begin("sluice_ready", "gauge", "1 while /readyz says so.");
  to.sample({}, process.is_ready.value());
  to.begin("sluice_config_reloads_total", "counter", "Reloads of the configuration by result.");
  to.sample({{"result", "success"}}, process.config_reloads_succeeded.value());
  to.sample({{"result", "failure"}}, process.config_reloads_failed.value());
  to.begin("sluice_config_loaded_timestamp_seconds", "gauge",
           "When the configuration in use was loaded, since 1970.");
  to.sample({}, process.config_loaded_at_s.value());
  to.begin("sluice_snapshots_alive", "gauge",
           "Configurations some exchange still uses; 1 when no old one is left.");
  to.sample({}, process.snapshots_alive.value());
}

}  // namespace

void render_prometheus(std::span<const Metrics* const> cores, const ProcessMetrics& process,
                       const MetricLabels& labels, const BuildInfo& build, std::string& out) {
  Exposition to(out);
  render_process(process, build, cores, to);
  render_plain(cores, to);
  to.begin("sluice_key_failures_total", "counter", "Requests refused for their key.");
  render_by_enum<KeyFailure>(
      cores, key_failure_count, "reason", [](const Metrics& m) -> auto& { return m.key_failures; },
      to);
  to.begin("sluice_affinity_total", "counter",
           "Conversations, by whether they went to the deployment that had them before.");
  render_by_enum<Affinity>(
      cores, affinity_count, "outcome", [](const Metrics& m) -> auto& { return m.affinity; }, to);
  to.begin("sluice_media_fetches_total", "counter",
           "Fetches of what chats name by URLs, by how they ended.");
  render_by_enum<MediaFetch>(
      cores, media_fetch_count, "outcome",
      [](const Metrics& m) -> auto& { return m.media_fetches; }, to);
  render_routing(cores, to);
  render_requests(cores, labels.endpoints, to);
  render_ends(cores, to);
  render_providers(cores, labels, to);
  render_odd_events(cores, labels, to);
  render_token_fetches(cores, labels, to);
  render_credential_refusals(cores, labels, to);
  render_probes(cores, labels, to);
  render_models(cores, labels, to);
  render_deployments(cores, labels.deployments, to);
  render_times(cores, labels, to);
  render_sizes(cores, to);
}

}  // namespace sluice::telemetry
