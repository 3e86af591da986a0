#include "sluice/gateway/gateway.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exchange.h"
#include "sluice/base/assert.h"
#include "sluice/base/base64.h"
#include "sluice/llm/api_error.h"

namespace sluice::gateway {
namespace {

json::IndexLimits index_limits(const config::Config& config) {
  json::IndexLimits limits;
  // Everything that is read as JSON: requests, events, whole answers and providers' errors.
  limits.bytes_max = std::max<std::size_t>(
      {config.server.body_bytes_max, config.streaming.event_bytes_max,
       config.streaming.whole_response_bytes_max, Attempt::error_body_bytes_max});
  // A call with fetched files in it is read again where it is adapted to its host.
  if (config.media.fetch) {
    limits.bytes_max += base64_bytes(config.media.total_bytes_max);
  }
  limits.depth_max = config.limits.json_depth_max;
  limits.tokens_max = config.limits.json_tokens_max;
  return limits;
}

// A listener that a reload took away serves its last connections by the strictest rule.
Anonymous anonymous_at(const Snapshot& snapshot, std::size_t listener_index) noexcept {
  if (listener_index >= snapshot.config.listeners.size()) return Anonymous::refused;
  const config::ListenerConfig& listener = snapshot.config.listeners[listener_index];
  if (!listener.allows_anonymous(!snapshot.keys.empty())) return Anonymous::refused;
  return listener.keeps_pages_out() ? Anonymous::local_programs : Anonymous::anybody;
}

bool asks_health(const http::RequestHead& head) noexcept {
  return (head.path == "/readyz" || head.path == "/healthz") &&
         (head.method == http::Method::get || head.method == http::Method::head);
}

// Load balancers ask every second or so: no key, no log line, no body to read.
Task<void> answer_health(http::ServerExchange& exchange, const std::atomic<bool>& ready) {
  const bool asks_ready = exchange.head().path == "/readyz";
  const bool well = !asks_ready || ready.load(std::memory_order_relaxed);
  const std::array own = {http::Header{"Content-Type", "text/plain"},
                          http::Header{"Cache-Control", "no-store"}};
  const http::OutgoingResponse response{
      .status = well ? http::status::ok : http::status::service_unavailable,
      .fields = {.own = own}};
  SliceChain body;
  body.push(Slice::of_static(well ? "ok\n" : "draining or starting\n"));
  (void)co_await exchange.respond(response, std::move(body), exchange.departed());
}

// Lifetime: the gateway joins this task.
Task<void> settle(std::unique_ptr<Attempt> attempt, StopToken stop) {
  co_await attempt->settle(stop);
}

llm::ApiError error_of(const http::Rejection& rejection) {
  switch (rejection.answer) {
    case http::status::request_timeout: return llm::errors::request_too_slow("head");
    case http::status::uri_too_long: return llm::errors::target_too_long();
    case http::status::header_fields_too_large: return llm::errors::head_too_large();
    case http::status::expectation_failed: return llm::errors::expectation_unsupported();
    case http::status::version_not_supported: return llm::errors::version_unsupported();
    case http::status::not_implemented:
      return llm::errors::http_feature_unsupported(rejection.reason);
    default: {
      llm::ApiError error = llm::errors::head_malformed(rejection.reason);
      error.status = rejection.answer;
      return error;
    }
  }
}

// One line, as for an exchange: most fields are null, since nothing of such a request is to be
// believed. The connection ends with it, so that one connection can make no more than one.
void log_rejection(Core& core, const http::Rejection& rejection, const ring::SocketAddress& peer,
                   std::string_view request_id) {
  if (core.access_log == nullptr) return;
  char client[ring::address_text_bytes_max];
  telemetry::AccessRecord record;
  record.time = core.loop.wall_now();
  record.request_id = request_id;
  record.client = peer.write_to(client);
  record.status = static_cast<int>(rejection.answer);
  record.ended_by = telemetry::EndedBy::client;
  record.reason = rejection.reason;
  core.text.clear();
  telemetry::write_line(record, core.text);
  core.access_log->append(core.text);
}

}  // namespace

Gateway::Gateway(ring::Loop& loop, telemetry::Metrics& metrics, telemetry::LogBuffer* access_log,
                 const std::atomic<bool>& ready, std::uint64_t request_id_seed,
                 std::shared_ptr<Generation> generation)
    : core_{.loop = loop,
            .metrics = metrics,
            .access_log = access_log,
            .ready = ready,
            .request_ids = telemetry::RequestIdGenerator(request_id_seed),
            .index = json::Index(index_limits(generation->snapshot().config)),
            .text = {},
            .fields = {}},
      generation_(std::move(generation)) {}

Gateway::~Gateway() { SLUICE_ASSERT(in_flight_ == 0); }

void Gateway::use(std::shared_ptr<Generation> generation) {
  core_.index = json::Index(index_limits(generation->snapshot().config));
  generation->take_over(*generation_);
  generation_->retire();
  generation_ = std::move(generation);
}

Task<void> Gateway::close() {
  SLUICE_ASSERT(in_flight_ == 0);
  closing_.request_stop();
  co_await settling_.join();
  generation_->retire();
}

Task<void> ListenerHandler::handle(http::ServerExchange& downstream) {
  if (asks_health(downstream.head())) {
    co_await answer_health(downstream, gateway_.core_.ready);
    co_return;
  }
  const Snapshot& snapshot = gateway_.generation_->snapshot();
  const Anonymous anonymous = anonymous_at(snapshot, listener_index_);
  ++gateway_.in_flight_;
  gateway_.core_.metrics.exchanges_in_flight.add(1);
  {
    Exchange exchange(gateway_.core_, gateway_.generation_, downstream, listener_index_, anonymous);
    co_await exchange.run();
    std::unique_ptr<Attempt> unsettled = exchange.take_unsettled();
    if (unsettled) {
      gateway_.settling_.spawn(settle(std::move(unsettled), gateway_.closing_.token()));
    }
  }
  gateway_.core_.metrics.exchanges_in_flight.add(-1);
  --gateway_.in_flight_;
}

http::RejectionBody ListenerHandler::rejected(const http::Rejection& rejection,
                                              const ring::SocketAddress& peer) {
  gateway_.core_.metrics.downstream_requests_malformed.add();
  const telemetry::RequestId request_id = gateway_.core_.request_ids.next();
  log_rejection(gateway_.core_, rejection, peer, request_id.view());
  return {
      .content_type = "application/json",
      .body = llm::render_error_body(error_of(rejection), llm::Dialect::openai, request_id.view()),
      .request_id = std::string(request_id.view())};
}

}  // namespace sluice::gateway
