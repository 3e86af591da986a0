// The admin pages: /metrics, /explain, /healthz, /readyz, and / that lists them. GET and HEAD;
// plain text but for explanations, which are JSON.
//
// On a loopback address they are for programs of this machine; a web page that its browser shows is
// refused by the rule of policy/local_request.h. Health is everybody's, as it is on the listeners:
// it tells nothing, and what probes it may call it by any name.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/http/server.h"
#include "sluice/server/explain_desk.h"

namespace sluice::server {

/// The response field that says that the answer is an explanation of ours.
inline constexpr std::string_view explanation_field = "x-sluice-explanation";

class AdminHandler final : public http::Handler {
 public:
  enum class Readers : std::uint8_t {
    anyone,
    local_programs,  // of what is not health
  };

  /// What the pages are made by.
  struct Makers {
    std::function<std::string()> metrics;  // renders the exposition
    /// Answers the query of an explanation. Lifetime: the handler's.
    std::function<Task<ExplainDesk::Page>(std::string query, StopToken stop)> explain;
  };
  /// Lifetime: `ready` outlives the handler.
  AdminHandler(const std::atomic<bool>& ready, Readers readers, Makers makers)
      : ready_(ready), readers_(readers), makers_(std::move(makers)) {}

  Task<void> handle(http::ServerExchange& exchange) override;
  http::RejectionBody rejected(const http::Rejection& rejection,
                               const ring::SocketAddress& peer) override;

 private:
  const std::atomic<bool>& ready_;
  Readers readers_;
  Makers makers_;
};

}  // namespace sluice::server
