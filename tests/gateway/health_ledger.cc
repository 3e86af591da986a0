#include "health_ledger.h"

#include <fmt/format.h>

namespace sluice::gateway::testing::scripted {
namespace {

std::string_view name_of(How how) noexcept {
  switch (how) {
    case How::under_way: return "under way";
    case How::good: return "good";
    case How::failed: return "failed";
    case How::limited: return "limited";
    case How::wrong: return "wrong";
    case How::broke: return "broke";
    case How::left: return "left";
  }
  __builtin_unreachable();
}

}  // namespace

std::string HealthLedger::describe() const {
  std::string text;
  for (const Try& each : tries) {
    text += fmt::format("{:7} p{} n{:<4} {:10} {:9} {}{}{}ended {}\n",
                        since_start(each.came).count(), each.deployment,
                        each.ask == Try::nobodys ? -1 : static_cast<std::int64_t>(each.ask),
                        to_string(each.behaviour), name_of(each.how), each.status,
                        each.is_stream ? " stream " : " ", each.is_reused ? "reused " : "",
                        since_start(each.ended).count());
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const Client& client = clients[i];
    text += fmt::format("n{:<4} {:7} to {:7}: {} {}\n", i, since_start(client.began).count(),
                        since_start(client.ended).count(), client.status,
                        client.left       ? "left"
                        : client.complete ? "complete"
                                          : "broken");
  }
  return text;
}

}  // namespace sluice::gateway::testing::scripted
