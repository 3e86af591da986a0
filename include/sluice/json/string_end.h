// Where a JSON string ends, found without an index: for texts whose surroundings are known.
#pragma once

namespace sluice::json {

/// The quote that ends the string whose content begins at `begin`; null when there is none in front
/// of `end`, or the content is no valid JSON (a control character, a broken escape, bad UTF-8).
[[nodiscard]] const char* string_end(const char* begin, const char* end) noexcept;

}  // namespace sluice::json
