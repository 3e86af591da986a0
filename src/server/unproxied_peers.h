// Connections that were dropped for want of a PROXY header, gathered for the log: however many
// come, it gets one line a second and worker, with the first of them and how many there were.
#pragma once
#include <cstddef>
#include <optional>
#include <utility>

#include "sluice/net/listener.h"
#include "sluice/server/worker.h"

namespace sluice::server {

class UnproxiedPeers {
 public:
  void add(std::size_t slot, const net::UnproxiedPeer& peer) {
    if (!gathered_) {
      gathered_ = UnproxiedReport{
          .slot = slot, .peer = peer.address.to_string(), .why = peer.why, .count = 0};
    }
    ++gathered_->count;
  }

  /// Those since the last call.
  [[nodiscard]] std::optional<UnproxiedReport> take() {
    return std::exchange(gathered_, std::nullopt);
  }

 private:
  std::optional<UnproxiedReport> gathered_;
};

}  // namespace sluice::server
