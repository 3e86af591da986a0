// HealthBoard: what the cores of a machine show each other of health, for one snapshot.
//
//   each core counts its attempts --HealthCounters--> the core that sums a subject up
//                                                          |
//   every core's Scoreboard  <-------StandingBoard---------'
//
// All that is shared, and nothing else: every number on it has one core that writes it, and is read
// without locks. Made before the cores begin; the last one to go frees it.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/standing_board.h"

namespace sluice::upstream {

class HealthBoard {
 public:
  /// `cores` is at least 1.
  HealthBoard(std::size_t cores, std::size_t deployments, std::size_t credentials);

  /// Of one core, for it alone to write.
  [[nodiscard]] HealthCounters& counters(std::size_t core) noexcept SLUICE_LIFETIMEBOUND {
    return *counters_[core];
  }
  [[nodiscard]] std::size_t cores() const noexcept { return counters_.size(); }

  /// One kind of subject: what all cores counted, and what was made of it.
  struct Side {
    explicit Side(std::size_t subjects) : standings(subjects) {}
    std::vector<const HealthTable*> tables;  // by core
    StandingBoard standings;
  };
  [[nodiscard]] Side& deployments() noexcept SLUICE_LIFETIMEBOUND { return deployments_; }
  [[nodiscard]] Side& credentials() noexcept SLUICE_LIFETIMEBOUND { return credentials_; }

 private:
  std::vector<std::unique_ptr<HealthCounters>> counters_;
  Side deployments_;
  Side credentials_;
};

}  // namespace sluice::upstream
