#include "edition.h"

#include <sys/socket.h>

#include <sstream>
#include <utility>

namespace sluice::server {
namespace {

std::vector<std::string> remarks_of(const config::Complaints& complaints) {
  std::vector<std::string> lines;
  for (const config::Complaint& complaint : complaints.all()) {
    lines.push_back(complaints.render(complaint));
  }
  return lines;
}

}  // namespace

std::expected<Edition, std::string> prepare_edition(const Overrides& overrides,
                                                    const catalog::Catalog& catalogue,
                                                    const config::Environment& environment,
                                                    const ListenerSlots& slots,
                                                    telemetry::MetricLabels& labels) {
  config::Loaded loaded = load_configuration(overrides, catalogue, environment);
  if (loaded.complaints.failed()) return std::unexpected(loaded.complaints.render());

  auto tls = TlsMaterial::load(loaded.config, loaded.models);
  if (!tls) return std::unexpected(tls.error());
  std::vector<std::string> remarks = remarks_of(loaded.complaints);
  auto claim = slots.claim(loaded.config);
  if (!claim) return std::unexpected(claim.error());
  auto snapshot = gateway::make_snapshot(std::move(loaded), labels);
  if (!snapshot) return std::unexpected(snapshot.error());
  return Edition{.snapshot = std::move(*snapshot),
                 .tls = std::move(*tls),
                 .claim = std::move(*claim),
                 .remarks = std::move(remarks)};
}

std::expected<Assignment, std::string> assignment_for(
    std::uint32_t worker, std::uint32_t workers, std::shared_ptr<const gateway::Snapshot> snapshot,
    const TlsMaterial& tls, const std::vector<ListenerSlots::Slot>& slots,
    const std::shared_ptr<const net::TlsTicketKeys>& ticket_keys) {
  auto upstream = tls.upstream();
  if (!upstream) return std::unexpected(upstream.error());
  auto media = tls.media();
  if (!media) return std::unexpected(media.error());
  Assignment assignment{.snapshot = std::move(snapshot),
                        .upstream_tls = std::move(*upstream),
                        .media_tls = std::move(*media),
                        .listeners = {}};
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!slots[slot].in_use) continue;
    if (slots[slot].address.family() == AF_UNIX && slot % workers != worker) continue;
    auto context = tls.server(slots[slot].text, ticket_keys);
    if (!context) return std::unexpected(context.error());
    assignment.listeners.push_back(
        {.slot = slot, .address = slots[slot].address, .tls = std::move(*context)});
  }
  return assignment;
}

}  // namespace sluice::server
