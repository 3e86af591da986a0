// The admin pages: /metrics, /healthz, /readyz, and / that lists them. GET and HEAD, plain text.
//
// On a loopback address they are for programs of this machine; a web page that its browser shows is
// refused by the rule of policy/local_request.h. Health is everybody's, as it is on the listeners:
// it tells nothing, and what probes it may call it by any name.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "sluice/http/server.h"

namespace sluice::server {

class AdminHandler final : public http::Handler {
 public:
  enum class Readers : std::uint8_t {
    anyone,
    local_programs,  // of what is not health
  };

  /// `metrics` renders the exposition. Lifetime: `ready` outlives the handler.
  AdminHandler(const std::atomic<bool>& ready, Readers readers,
               std::function<std::string()> metrics)
      : ready_(ready), readers_(readers), metrics_(std::move(metrics)) {}

  Task<void> handle(http::ServerExchange& exchange) override;
  http::RejectionBody rejected(const http::Rejection& rejection,
                               const ring::SocketAddress& peer) override;

 private:
  const std::atomic<bool>& ready_;
  Readers readers_;
  std::function<std::string()> metrics_;
};

}  // namespace sluice::server
