// Makes JSON of what models write when they mean JSON.
//
//   Sure! ```json
//   {'name': “Ada”, age: 36, "tags": ["a" "b",], "note": "she said "hi"", // born 18
//
//   {"name":"Ada","age":36,"tags":["a","b"],"note":"she said \"hi\""}
//
// Repaired are: prose and code fences around a value, of several the longest; a tail that is cut
// (what is open is closed; a key without its value, a comma, half an escape or half a character at
// the end are dropped); quotes that are single, typographic or missing (keys, one-line values);
// quotes inside a string that cannot be its end; commas missing, doubled and trailing; brackets
// missing; comments; control characters and wrong escapes in strings; bytes that are no UTF-8 (they
// become U+FFFD); True, None, NaN, Infinity, undefined and tuples; numbers such as +1, .5, 1_000; a
// document that was escaped once more than it should be.
//
// What is valid comes back byte for byte; anything else without white space between its tokens,
// with texts and numbers spelled as they were. Linear time, no recursion. A pure function: any
// thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::json {

struct RepairLimits {
  std::size_t bytes_max = std::size_t{16} << 20;      // of the text, and of the result
  std::uint32_t depth_max = 128;                      // brackets open at once; at least 1
  std::uint32_t tokens_max = std::uint32_t{2} << 20;  // of the result
};

enum class RepairDefect : std::uint8_t {
  empty,      // no bytes, or only white space
  no_value,   // no object or array in it, and it is no string, number or literal as a whole
  too_deep,   // more than depth_max brackets open at `offset`
  too_large,  // text or result longer than bytes_max
  too_many,   // more than tokens_max tokens
};

/// Why there is no JSON to be made of a text.
struct RepairError {
  RepairDefect defect = RepairDefect::no_value;
  std::size_t offset = 0;   // in bytes from the start of the text
  const char* reason = "";  // static text, the end of a sentence: "no object or array was found"
};

/// JSON that json::Index takes under the same limits: the text itself where it is valid, else what
/// it was meant to be. Repairing a result again changes nothing. Of a valid document that was cut
/// behind its first bracket or quote comes a document that says the beginning of the same.
[[nodiscard]] std::expected<std::string, RepairError> repair(std::string_view text,
                                                             const RepairLimits& limits = {});

}  // namespace sluice::json
