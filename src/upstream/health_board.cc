#include "sluice/upstream/health_board.h"

#include "sluice/base/assert.h"

namespace sluice::upstream {

HealthBoard::HealthBoard(std::size_t cores, std::size_t deployments, std::size_t credentials)
    : deployments_(deployments), credentials_(credentials) {
  SLUICE_ASSERT(cores >= 1);
  for (std::size_t core = 0; core < cores; ++core) {
    counters_.push_back(std::make_unique<HealthCounters>(deployments, credentials));
    deployments_.tables.push_back(&counters_.back()->deployments);
    credentials_.tables.push_back(&counters_.back()->credentials);
  }
}

}  // namespace sluice::upstream
