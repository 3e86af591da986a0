// An index from names to positions that does not see letter case: "GPT-5" finds "gpt-5".
//
// Looked up with a string_view in O(1), without copying it. Only ASCII letters are folded: names of
// models are ASCII. Built once, read by many: find() is const and touches nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sluice/http/text.h"

namespace sluice::catalog {

class NameIndex {
 public:
  /// False when the name (in whatever case) is there already; the index is then unchanged.
  bool insert(std::string_view name, std::uint32_t position);

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return positions_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept {
      return http::equal_ignoring_case(a, b);
    }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, Equal> positions_;
};

}  // namespace sluice::catalog
