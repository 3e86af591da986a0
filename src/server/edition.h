// An edition: one configuration made ready for the workers, at start and on every reload.
//
//   load -> complaints? -> certificates and trust -> addresses claimed -> snapshot
#pragma once
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "sluice/catalog/catalog.h"
#include "sluice/config/environment.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/server/listener_slots.h"
#include "sluice/server/load_configuration.h"
#include "sluice/server/tls_material.h"
#include "sluice/server/worker.h"

namespace sluice::server {

struct Edition {
  std::shared_ptr<const gateway::Snapshot> snapshot;
  TlsMaterial tls;
  ListenerSlots::Claim claim;        // to be committed
  std::vector<std::string> remarks;  // warnings and notes of the configuration, a line each
};

/// Everything that can fail, so that what follows cannot. On failure lines for the operator.
[[nodiscard]] std::expected<Edition, std::string> prepare_edition(
    const Overrides& overrides, const catalog::Catalog& catalogue,
    const config::Environment& environment, const ListenerSlots& slots,
    telemetry::MetricLabels& labels);

/// One worker's part. A Unix socket is opened by one worker, chosen by its slot: the kernel does
/// not spread its connections over several sockets as it does with TCP.
[[nodiscard]] std::expected<Assignment, std::string> assignment_for(
    std::uint32_t worker, std::uint32_t workers, std::shared_ptr<const gateway::Snapshot> snapshot,
    const TlsMaterial& tls, const std::vector<ListenerSlots::Slot>& slots,
    const std::shared_ptr<const net::TlsTicketKeys>& ticket_keys);

}  // namespace sluice::server
