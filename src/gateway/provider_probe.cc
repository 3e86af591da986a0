#include "provider_probe.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "header_rules.h"
#include "sluice/ring/sleep.h"

namespace sluice::gateway {
namespace {

using Found = Health::Found;
using Use = upstream::ConnectionPool::Use;

// A list comes at once, or the provider is in no state to be asked.
constexpr auto answer_timeout = std::chrono::seconds(10);
// A longer one is not read to its end: its connection is given up.
constexpr std::size_t list_bytes_max = 1024 * 1024;

struct Probed {
  ring::Loop& loop;
  Generation& generation;
  route::Passage passage;

  [[nodiscard]] const catalog::Provider& provider() const noexcept {
    return *passage.deployment().provider;
  }
};

// With the gateway's own credential; nothing: there is none that can be used now.
std::optional<AuthField> authorisation(const Probed& probed) {
  const auto& all = probed.provider().credentials;
  if (all.empty()) return AuthField{};
  std::vector<std::uint32_t> left_out;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const upstream::TokenHolder* const tokens = probed.generation.tokens(probed.provider(), all[i]);
    if (tokens != nullptr && !tokens->usable()) left_out.push_back(i);
  }
  const auto chosen = probed.generation.health().credential_for_probe(probed.passage.deployment(),
                                                                      left_out, probed.loop.now());
  if (!chosen) return std::nullopt;
  const catalog::Credential& own = all[*chosen];
  if (const upstream::TokenHolder* const tokens =
          probed.generation.tokens(probed.provider(), own)) {
    return AuthField{.name = "Authorization", .value = tokens->header_value().reveal()};
  }
  return AuthField{.name = own.header.empty() ? std::string_view(probed.provider().auth.header)
                                              : std::string_view(own.header),
                   .value = own.header_value.reveal()};
}

// The answer's status; nothing: no credential, so nobody was asked.
Task<Result<std::optional<int>>> ask(const Probed& probed, Use use, StopToken stop) {
  const catalog::Provider& provider = probed.provider();
  upstream::ConnectionPool& pool = probed.generation.pool(probed.passage);
  auto lease = co_await pool.acquire(use, provider.timeouts.connect, stop);
  // In our own line: nobody was asked.
  if (!lease && lease.error().kind == ErrorKind::cancelled) co_return std::optional<int>{};
  if (!lease) co_return fail(lease.error());
  const auto auth = authorisation(probed);
  if (!auth) co_return std::optional<int>{};
  const http::HeaderList nothing_received;
  std::vector<http::Header> fields;
  upstream_request_fields({.received = nothing_received,
                           .provider = provider,
                           .auth = *auth,
                           .is_callers_account = false,
                           .is_stream = false},
                          fields);
  const http::OutgoingRequest outgoing{.method = "GET",
                                       .target = provider.probe_target,
                                       .authority = provider.url.authority,
                                       .fields = {.own = fields}};
  http::ClientHttp1::Exchange exchange(lease->connection());
  const Result<const http::ResponseHead*> head = co_await exchange.send(outgoing, {}, stop);
  if (!head) co_return fail(head.error());
  const int status = (*head)->status;
  (void)co_await exchange.read_whole_body(list_bytes_max, stop);
  co_return std::optional<int>(status);
}

Found found_by(int status) noexcept {
  if (status >= 200 && status < 300) return Found::well;
  // What it thinks of a key is for requests to find out: they have others, or callers' own.
  return status >= 500 ? Found::failing : Found::unclear;
}

// Nothing: nobody was asked.
Task<std::optional<Found>> probe(const Probed& probed, StopToken stop) {
  const auto most = std::min<Duration>(answer_timeout, probed.provider().timeouts.first_byte);
  ring::Deadline deadline(probed.loop, probed.loop.now() + most, stop);
  Result<std::optional<int>> status = co_await ask(probed, Use::any, deadline.token());
  if (!status && status.error().retry == Retry::if_reused) {
    status = co_await ask(probed, Use::fresh, deadline.token());
  }
  if (stop.stop_requested()) co_return std::nullopt;
  if (!status && status.error().kind == ErrorKind::exhausted) co_return std::nullopt;
  if (!status) co_return Found::failing;
  if (!*status) co_return std::nullopt;
  co_return found_by(**status);
}

}  // namespace

Task<void> keep_probing(ring::Loop& loop, Generation& generation, route::Passage passage,
                        telemetry::Metrics& metrics, StopToken stop) {
  const Probed probed{.loop = loop, .generation = generation, .passage = passage};
  const catalog::Provider& provider = probed.provider();
  const Duration interval = std::chrono::seconds(provider.health.probe_interval_s);
  const telemetry::LabelIndex label = generation.snapshot().provider_labels[provider.index];
  // Not all workers at once.
  auto next = loop.now() + Duration(static_cast<Duration::rep>(
                               loop.random().below(static_cast<std::uint64_t>(interval.count()))));
  while (true) {
    const Result<void> slept = co_await ring::sleep_until(loop, next, stop);
    if (!slept) co_return;
    next = loop.now() + interval;
    Health& health = generation.health();
    if (!health.wants_probe(provider, interval, loop.now())) continue;
    const std::optional<Found> found = co_await probe(probed, stop);
    if (!found) continue;
    health.note_probe(provider, *found, interval, loop.now());
    metrics.count_probe(
        label, *found == Found::well ? telemetry::Probe::success : telemetry::Probe::failure);
  }
}

}  // namespace sluice::gateway
