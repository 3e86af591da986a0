// One segment of a path, as upstream targets are written.
#pragma once
#include <string>
#include <string_view>

namespace sluice::llm {

/// Appends it percent-encoded (RFC 3986 section 3.3), colons too: behind one stands Google's verb.
void append_path_segment(std::string& out, std::string_view text);

}  // namespace sluice::llm
