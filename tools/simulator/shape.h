// The members an object may have, as a table, and the first thing in which one is otherwise: what
// the providers' strictness has in common. How it is told is each dialect's own.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/value.h"

namespace sluice::simulator {

enum class Want : std::uint8_t { anything, string, integer, number, boolean, object, array };

struct Field {
  std::string_view name;
  Want want = Want::anything;
  bool required = false;
};

struct Defect {
  enum class Kind : std::uint8_t { unknown, missing, wrong_type };
  Kind kind = Kind::unknown;
  std::string name{};  // of the member
  Want want = Want::anything;
  std::string_view found{};  // the value's JSON
};

/// How an object's keys are compared with the table.
enum class Naming : std::uint8_t {
  exact,
  proto,  // camelCase in the table, camelCase or snake_case in the request; and as Google reads
          // JSON, an object may stand for an array of that object alone (recorded)
};

/// `object` is one. A null is as good as no member at all.
[[nodiscard]] std::optional<Defect> find_defect(json::Value object, std::span<const Field> fields,
                                                Naming naming = Naming::exact);

[[nodiscard]] bool is_wanted(json::Value value, Want want);

/// The member, unless it is null.
[[nodiscard]] std::optional<json::Value> member(json::Value object, std::string_view name);
/// The same by either spelling of a proto's name; `name` is in camelCase.
[[nodiscard]] std::optional<json::Value> proto_member(json::Value object, std::string_view name);
/// The elements of an array, or the one that stands for an array of it.
[[nodiscard]] std::vector<json::Value> proto_elements(json::Value list);
/// The text of a string member; empty when there is none.
[[nodiscard]] std::string text_member(json::Value object, std::string_view name);

/// "generationConfig" as "generation_config".
[[nodiscard]] std::string snake_case(std::string_view camel_case);

/// Whether `text` is `min` to `max` letters, digits or characters of `more`.
[[nodiscard]] bool is_name(std::string_view text, std::size_t min, std::size_t max,
                           std::string_view more = "_-");

[[nodiscard]] bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list);

/// No character but white space.
[[nodiscard]] bool is_blank(std::string_view text);

}  // namespace sluice::simulator
