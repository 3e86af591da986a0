// Metrics: everything one core counts. prometheus.h adds the cores up and writes them out.
//
// One object per core, on its own cache lines; only that core writes it, any thread reads it.
// Labels are small indexes: enums of ours, or what a LabelTable of MetricLabels gave out when the
// snapshot was built; an index out of range counts as "other".
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/counter.h"
#include "sluice/telemetry/deployment_metrics.h"
#include "sluice/telemetry/histogram.h"
#include "sluice/telemetry/label_table.h"
#include "sluice/telemetry/outcome.h"

namespace sluice::llm {
enum class RouteSort : std::uint8_t;
}
namespace sluice::route {
enum class Reason : std::uint8_t;
enum class Obstacle : std::uint8_t;
}  // namespace sluice::route

namespace sluice::telemetry {

inline constexpr std::size_t endpoints_max = 24;
inline constexpr std::size_t providers_max = 64;
inline constexpr std::size_t models_max = 256;
inline constexpr std::size_t deployments_max = 512;
// Room for the enums of routing; prometheus.cc knows that they fit.
inline constexpr std::size_t route_strategies_max = 8;
inline constexpr std::size_t route_reasons_max = 16;
inline constexpr std::size_t route_obstacles_max = 24;

/// The names behind the indexes: one object per process, older than every snapshot and core.
struct MetricLabels {
  LabelTable endpoints{endpoints_max};  // fixed at start, such as "chat_completions"
  LabelTable providers{providers_max};
  LabelTable models{models_max};  // configured names only: what a client typed never becomes one
  LabelTable deployments{deployments_max};  // names as join() writes them
};

/// A response status as a label. Common codes count by themselves, others by class ("4xx").
class StatusLabel {
 public:
  static constexpr std::size_t count = 42;
  /// 0: no status was sent. Anything outside 100..599 is "other".
  [[nodiscard]] static std::size_t index(int status) noexcept;
  [[nodiscard]] static std::string_view name(std::size_t index) noexcept;
};

enum class TokenDirection : std::uint8_t {
  input,         // all of the prompt, cached tokens included
  cached_input,  // the part of input read from a provider's cache
  output,        // all that was generated, reasoning included
  reasoning,     // the part of output that is reasoning
};
inline constexpr std::size_t token_direction_count = 4;
[[nodiscard]] std::string_view to_string(TokenDirection direction) noexcept;

enum class KeyFailure : std::uint8_t {
  missing,       // no key, and one is needed
  invalid,       // mistyped, unknown or wrong
  malformed,     // two keys, or no key at all in the header
  model_denied,  // a good key that may not use the model
  origin,        // none is needed, but not by way of a web page
};
inline constexpr std::size_t key_failure_count = 5;
[[nodiscard]] std::string_view to_string(KeyFailure failure) noexcept;

enum class TokenFetch : std::uint8_t { success, failure };  // of an access token for a provider
inline constexpr std::size_t token_fetch_count = 2;
[[nodiscard]] std::string_view to_string(TokenFetch fetch) noexcept;

/// What a provider refused an attempt for, where another credential may have it.
enum class CredentialRefusal : std::uint8_t {
  key,         // it is no key, or one no more: out until the configuration is loaded anew
  permission,  // not for this key, or not for this request
  quota,       // its account is empty
  rate,        // too often, for now
};
inline constexpr std::size_t credential_refusal_count = 4;
[[nodiscard]] std::string_view to_string(CredentialRefusal refusal) noexcept;

enum class Probe : std::uint8_t { success, failure };  // of a provider, beside all requests
inline constexpr std::size_t probe_count = 2;
[[nodiscard]] std::string_view to_string(Probe outcome) noexcept;

/// Whether a conversation went where it was before.
enum class Affinity : std::uint8_t {
  hit,
  miss,   // nobody had it, or it was silent for too long
  moved,  // who had it is no good now
};
inline constexpr std::size_t affinity_count = 3;
[[nodiscard]] std::string_view to_string(Affinity affinity) noexcept;

/// How one fetch of what a chat names by a URL ended.
enum class MediaFetch : std::uint8_t {
  fetched,
  refused,      // a URL, host, port or address that is not connected to: nothing was sent
  unreachable,  // no connection: name, refusal, TLS
  failed,       // a status that is no success, too many redirects, or a broken answer
  too_large,    // one item, or all of one request together
  wrong_type,   // not what it is said to be, or nothing that chats hold
  timed_out,
  cancelled,  // the client left, the exchange's time was up, or another item of it failed
};
inline constexpr std::size_t media_fetch_count = 8;
[[nodiscard]] std::string_view to_string(MediaFetch outcome) noexcept;

/// What became of a model's JSON that was to be mended where it is bad.
enum class JsonRepair : std::uint8_t {
  unneeded,  // it was good as it came
  repaired,
  failed,  // no JSON was to be made of it
};
inline constexpr std::size_t json_repair_count = 3;
[[nodiscard]] std::string_view to_string(JsonRepair outcome) noexcept;

struct alignas(128) Metrics {
  // Downstream.
  Gauge downstream_connections_open;
  Counter downstream_connections_accepted;
  Counter downstream_connections_refused;  // accepted and closed at once: too many
  Counter downstream_tls_failed;
  Counter downstream_requests_malformed;  // answered 400 and closed before there was an exchange
  Counter downstream_bytes_received;
  Counter downstream_bytes_sent;
  Gauge exchanges_in_flight;
  std::array<Counter, key_failure_count> key_failures;

  // Upstream.
  Gauge upstream_connections_open;  // idle ones included
  Gauge upstream_connections_idle;
  Counter upstream_connections_opened;
  Counter upstream_connections_reused;
  Counter upstream_bytes_received;
  Counter upstream_bytes_sent;
  Counter upstream_retries;     // a further try at the same deployment
  Counter upstream_fallbacks;   // a try at another deployment
  Counter retries_over_budget;  // not made: too many of a deployment's requests were retries
  Counter hedges;               // second attempts while the first was silent
  Counter hedges_won;           // those that answered first
  Counter hedges_over_budget;   // not made
  Counter streams_rescued;      // that broke off, and went on with another attempt
  Counter streams_not_rescued;  // nobody went on with them
  std::array<Counter, affinity_count> affinity;
  std::array<std::array<Counter, route_reasons_max>, route_strategies_max> route_choices;
  std::array<Counter, route_obstacles_max> route_obstacles;
  Gauge upstream_waiters;  // exchanges waiting for a connection

  // What chats name by URLs.
  std::array<Counter, media_fetch_count> media_fetches;
  Counter media_bytes_received;  // bodies of fetches, however they ended
  Gauge media_bytes_held;        // as base64, by requests before their answers

  // Streams.
  Counter sse_events_received;
  Counter sse_events_sent;
  Counter sse_keep_alives_sent;

  Counter usage_unseen;  // answers that count tokens, relayed without a look at how many

  // The machine.
  Gauge buffers_in_use;
  Gauge buffers_total;
  Counter buffers_exhausted;      // receives that found no buffer (ENOBUFS)
  Counter descriptors_exhausted;  // accept or socket failed with EMFILE or ENFILE
  Counter loop_turns;
  Counter log_lines_written;
  Counter log_lines_dropped;

  /// Counts one finished exchange. Times below zero were not reached and are not counted.
  struct Exchange {
    LabelIndex endpoint = label_other;
    LabelIndex model = label_other;
    int status = 0;  // 0: none was sent
    EndedBy ended_by = EndedBy::nobody;
    CutCause error = ErrorKind::cancelled;  // meaningful unless ended_by is nobody
    Duration total{-1};
    Duration first_byte{-1};
    Duration first_content{-1};
    std::uint64_t request_body_bytes = 0;
    std::uint64_t response_body_bytes = 0;
  };
  void count_exchange(const Exchange& exchange) noexcept;
  /// Counts one finished attempt; `first_byte` is from the start of the attempt.
  void count_attempt(LabelIndex provider, AttemptOutcome outcome,
                     Duration first_byte = Duration(-1), Duration connect = Duration(-1)) noexcept;
  /// The same attempt, by whom it was asked of.
  void count_deployment_attempt(LabelIndex deployment, AttemptOutcome outcome) noexcept;
  /// A request was planned: by which rule, and why the first one is the first.
  void count_route_choice(llm::RouteSort strategy, route::Reason reason) noexcept;
  /// A deployment that a request might have gone to was left out.
  void count_route_obstacle(route::Obstacle obstacle) noexcept;
  void count_tokens(LabelIndex provider, LabelIndex model, TokenDirection direction,
                    std::uint64_t tokens) noexcept;
  /// US dollars, not below 0; counted in billionths, and what is no such number not at all.
  void count_cost(LabelIndex provider, LabelIndex model, double usd) noexcept;
  void count_token_fetch(LabelIndex provider, TokenFetch fetch) noexcept;
  void count_credential_refusal(LabelIndex provider, CredentialRefusal refusal) noexcept;
  void count_probe(LabelIndex provider, Probe outcome) noexcept;
  void count_odd_event(LabelIndex provider) noexcept;
  void count_json_repair(LabelIndex model, JsonRepair outcome) noexcept;
  void count_key_failure(KeyFailure failure) noexcept {
    key_failures[static_cast<std::size_t>(failure)].add();
  }
  void count_affinity(Affinity outcome) noexcept {
    affinity[static_cast<std::size_t>(outcome)].add();
  }
  void count_media_fetch(MediaFetch outcome) noexcept {
    media_fetches[static_cast<std::size_t>(outcome)].add();
  }

  // Written by the functions above, read by the rendering.
  struct PerEndpoint {
    std::array<Counter, StatusLabel::count> requests;
    DurationHistogram duration, first_byte, first_content;
  };
  struct PerProvider {
    std::array<Counter, attempt_outcome_count> attempts;
    std::array<Counter, token_direction_count> tokens;
    Counter cost_billionths;  // of a US dollar
    std::array<Counter, token_fetch_count> token_fetches;
    std::array<Counter, credential_refusal_count> credential_refusals;
    std::array<Counter, probe_count> probes;
    Counter odd_events;  // of streams: what the provider's dialect never says, passed over
    DurationHistogram first_byte;
  };
  struct PerModel {
    Counter requests;
    std::array<Counter, token_direction_count> tokens;
    Counter cost_billionths;
    std::array<Counter, json_repair_count> json_repairs;
  };
  std::array<std::array<Counter, cut_cause_count>, ended_by_count> ends;
  DurationHistogram upstream_connect;
  ByteHistogram request_body_bytes, response_body_bytes;
  std::array<PerEndpoint, endpoints_max> endpoints;
  std::array<PerProvider, providers_max> providers;
  std::array<PerModel, models_max> models;
  std::array<DeploymentMetrics, deployments_max> deployments;
};

/// What the process as a whole counts; written by the keeper alone.
struct ProcessMetrics {
  Counter config_reloads_succeeded;
  Counter config_reloads_failed;
  Gauge config_loaded_at_s;  // seconds since 1970 of the last good configuration
  Gauge started_at_s;
  Gauge is_ready;  // 1 or 0, as /readyz says
  Gauge snapshots_alive;
};

}  // namespace sluice::telemetry
