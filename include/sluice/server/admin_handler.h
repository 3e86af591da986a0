// The admin pages: /metrics, /healthz, /readyz, and / that lists them. GET and HEAD, plain text.
#pragma once
#include <atomic>
#include <functional>
#include <string>

#include "sluice/http/server.h"

namespace sluice::server {

class AdminHandler final : public http::Handler {
 public:
  /// `metrics` renders the exposition. Lifetime: `ready` outlives the handler.
  AdminHandler(const std::atomic<bool>& ready, std::function<std::string()> metrics)
      : ready_(ready), metrics_(std::move(metrics)) {}

  Task<void> handle(http::ServerExchange& exchange) override;
  http::RejectionBody rejected(const http::Rejection& rejection,
                               const ring::SocketAddress& peer) override;

 private:
  const std::atomic<bool>& ready_;
  std::function<std::string()> metrics_;
};

}  // namespace sluice::server
