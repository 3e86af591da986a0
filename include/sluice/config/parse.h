// From the text of a configuration file to a Config, with every complaint the text alone justifies:
// syntax, unknown keys, types, ranges, duplicate names, references to what is not there.
//
// Pure: no I/O. Any bytes are accepted and give a Config or an error.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/config/complaint.h"
#include "sluice/config/config.h"

namespace sluice::config {

/// Larger files are refused before they are parsed.
inline constexpr std::size_t config_bytes_max = 4 * 1024 * 1024;

struct ParseOptions {
  /// What is wrong with a gateway key's hash, or nothing. The format belongs to policy; unset:
  /// anything that is not empty passes.
  std::function<std::optional<std::string>(std::string_view hash)> hash_complaint;
};

/// Parses a file of that name. The Config is complete only when complaints.failed() is false.
[[nodiscard]] Config parse(std::string_view text, std::string file, Complaints& complaints,
                           const ParseOptions& options = {});

}  // namespace sluice::config
