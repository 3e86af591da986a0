// What `sluice check` prints: what a configuration would do, in words, without a single secret.
#pragma once
#include <string>

#include "sluice/config/load.h"

namespace sluice::config {

/// The report, lines of at most about 100 columns. With errors: the complaints and how many.
[[nodiscard]] std::string render_report(const Loaded& loaded);

}  // namespace sluice::config
