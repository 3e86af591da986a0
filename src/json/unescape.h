// Undoes the escapes of a valid JSON string (the bytes between its quotes).
#pragma once
#include <string>
#include <string_view>

namespace sluice::json {

/// Appends the text; a surrogate escape without its other half becomes U+FFFD.
void append_unescaped(std::string& out, std::string_view raw);

/// Whether the text equals `text`; allocates nothing.
[[nodiscard]] bool unescaped_equals(std::string_view raw, std::string_view text) noexcept;

}  // namespace sluice::json
