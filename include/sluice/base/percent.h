// Percent-encoding (RFC 3986 section 2.1), for whoever writes URLs, forms and canonical requests.
#pragma once
#include <string>
#include <string_view>

namespace sluice {

/// What needs no encoding anywhere, beside letters and digits (RFC 3986 section 2.3).
inline constexpr std::string_view percent_unreserved = "-._~";

/// '%' and two digits, in capitals.
void append_percent(std::string& out, char c);

/// All but letters, digits and the characters of `plain` encoded.
void append_percent_encoded(std::string& out, std::string_view text,
                            std::string_view plain = percent_unreserved);

}  // namespace sluice
