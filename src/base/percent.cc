#include "sluice/base/percent.h"

namespace sluice {

void append_percent(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', digits[byte >> 4], digits[byte & 15]};
}

void append_percent_encoded(std::string& out, std::string_view text, std::string_view plain) {
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || plain.contains(c);
    if (is_plain) {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
}

}  // namespace sluice
