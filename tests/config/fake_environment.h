// A world in memory for the tests of this room: variables and files that are not there.
#pragma once
#include <cerrno>
#include <map>
#include <string>

#include "sluice/catalog/catalog.h"
#include "sluice/config/environment.h"
#include "sluice/config/load.h"

namespace sluice::config {

struct FakeEnvironment {
  std::map<std::string, std::string> variables;
  std::map<std::string, FileContents> files;

  // Lifetime: the functions refer to this object.
  [[nodiscard]] Environment environment() const {
    Environment result;
    result.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    result.read_file = [this](const std::string& path,
                              std::size_t bytes_max) -> Result<FileContents> {
      const auto found = files.find(path);
      if (found == files.end()) return fail({.kind = ErrorKind::not_found, .what = "no file"});
      if (found->second.bytes.size() > bytes_max) {
        return fail({.kind = ErrorKind::too_large, .what = "too large"});
      }
      if (found->second.mode == 0) {
        return fail({.kind = ErrorKind::io, .os_errno = EACCES, .what = "no right"});
      }
      return found->second;
    };
    return result;
  }
};

inline const catalog::Catalog& builtin_catalogue() {
  static const catalog::Catalog catalogue =
      catalog::Catalog::parse(catalog::builtin_catalog_json()).value();
  return catalogue;
}

inline bool speaks_openai(catalog::Dialect dialect) { return dialect == catalog::Dialect::openai; }

inline Loaded load_text(std::string text, FakeEnvironment& fake) {
  fake.files["/c/s.toml"] = {std::move(text), 0600};
  return load({.path = "/c/s.toml", .servable = speaks_openai, .parse = {}}, builtin_catalogue(),
              fake.environment());
}

}  // namespace sluice::config
