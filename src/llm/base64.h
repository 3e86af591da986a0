// Base64 (RFC 4648 section 4) read, of short texts: what is long travels as it came.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/base64.h"

namespace sluice::llm {

/// The bytes; nothing when the text is no base64. Padding may be missing.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace sluice::llm
