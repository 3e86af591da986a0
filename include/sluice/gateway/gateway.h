// The gateway on one core: answers every request that comes in on the API listeners.
//
//   listener --serve_http1--> ListenerHandler --Exchange--> stages (exchange.h)
//
// Lives on one core; only `ready` is shared.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/coro/stop_token.h"
#include "sluice/gateway/generation.h"
#include "sluice/http/server.h"
#include "sluice/json/index.h"
#include "sluice/ring/loop.h"
#include "sluice/telemetry/log_buffer.h"
#include "sluice/telemetry/metrics.h"
#include "sluice/telemetry/request_id.h"

namespace sluice::gateway {

/// What the exchanges of one core share. Lifetime: all references outlive the gateway.
struct Core {
  ring::Loop& loop;
  telemetry::Metrics& metrics;
  telemetry::LogBuffer* access_log;  // null: no access log
  const std::atomic<bool>& ready;    // what /readyz says: false while starting and draining
  telemetry::RequestIdGenerator request_ids;
  // Scratch: good between two suspensions, never across one.
  json::Index index;
  std::string text;
  std::vector<http::Header> fields;
};

class Gateway {
 public:
  Gateway(ring::Loop& loop, telemetry::Metrics& metrics, telemetry::LogBuffer* access_log,
          const std::atomic<bool>& ready, std::uint64_t request_id_seed,
          std::shared_ptr<Generation> generation);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  /// Exchanges from now on use `generation`; those in flight keep theirs.
  void use(std::shared_ptr<Generation> generation);
  [[nodiscard]] Generation& generation() noexcept { return *generation_; }
  [[nodiscard]] std::size_t exchanges_in_flight() const noexcept { return in_flight_; }

  /// Ends what exchanges left behind (reading the last bytes of answers already shown) and joins
  /// it. Every exchange must be over; the last call.
  [[nodiscard]] Task<void> close();

 private:
  friend class ListenerHandler;
  Core core_;
  std::shared_ptr<Generation> generation_;
  StopSource closing_;
  Scope settling_;
  std::size_t in_flight_ = 0;
};

/// The gateway as one listener shows it.
class ListenerHandler final : public http::Handler {
 public:
  /// `listener_index`: position in the configuration's listeners; it says whether callers without
  /// a key are served. Lifetime: `gateway` outlives the handler.
  ListenerHandler(Gateway& gateway, std::size_t listener_index) noexcept
      : gateway_(gateway), listener_index_(listener_index) {}

  Task<void> handle(http::ServerExchange& exchange) override;
  http::RejectionBody rejected(const http::Rejection& rejection,
                               const ring::SocketAddress& peer) override;

 private:
  Gateway& gateway_;
  std::size_t listener_index_;
};

}  // namespace sluice::gateway
