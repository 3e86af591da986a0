// The world a configuration is read in: environment variables and files, as functions, so that
// tests need neither.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "sluice/base/result.h"

namespace sluice::config {

struct FileContents {
  std::string bytes;
  std::uint32_t mode = 0600;  // permission bits
};

struct Environment {
  /// The variable's value, or nothing when it is not set. May be a secret: wipe it after use.
  std::function<std::optional<std::string>(const std::string& name)> variable;

  /// The whole file. Errors: not_found, too_large (more than bytes_max), invalid (not a regular
  /// file), io (os_errno says why, permission among others).
  std::function<Result<FileContents>(const std::string& path, std::size_t bytes_max)> read_file;
};

/// This process's own. Reads block: for start-up and the keeper thread only.
[[nodiscard]] Environment process_environment();

}  // namespace sluice::config
