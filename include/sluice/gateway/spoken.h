// Which providers' dialects the gateway speaks.
#pragma once
#include "sluice/catalog/dialect.h"

namespace sluice::gateway {

/// Whether a provider of this dialect can be sent requests.
[[nodiscard]] bool is_spoken(catalog::Dialect dialect) noexcept;

}  // namespace sluice::gateway
