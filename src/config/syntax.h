// From bytes to a TOML tree, or complaints about the syntax. Guards toml++ against what it does not
// bound itself, and its messages against repeating a secret.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/config/complaint.h"
#include "toml.h"

namespace sluice::config {

[[nodiscard]] std::optional<toml::table> parse_toml(std::string_view text, Complaints& complaints);

/// The place where a node or key was written.
[[nodiscard]] Place place_of(const toml::source_region& region) noexcept;

}  // namespace sluice::config
