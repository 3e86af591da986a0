// What the readers of wishes share: names, lists of them, numbers, and the 400 of two members that
// contradict each other.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "member_reading.h"
#include "sluice/llm/route_wishes.h"

namespace sluice::llm {

class WishReading : public MemberReading {
 public:
  /// A text that is neither empty nor longer than wish_name_bytes_max.
  bool name(json::Value value, const Place& place, std::string& out);
  /// An array of at most wish_entries_max of them. `list` is the place's whole name.
  bool names(json::Value value, const char* list, std::vector<std::string>& out);
  /// That many entries at most, or a 400 that says so.
  bool few_entries(json::Value array, const Place& place);
  /// A number from 0 to wish_number_max.
  bool amount(json::Value value, const Place& place, std::optional<double>& out);
  bool flag(json::Value value, const Place& place, bool& out);
};

/// A place of that whole name. Lifetime: of the name.
[[nodiscard]] inline Place named(std::string_view name) noexcept { return Place("").at(name); }

/// ASCII letters alone.
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// "'a' and 'b' contradict each other: " and what to do. `a` is the error's param.
[[nodiscard]] ApiError contradiction(std::string_view a, std::string_view b,
                                     std::string_view advice);

}  // namespace sluice::llm
