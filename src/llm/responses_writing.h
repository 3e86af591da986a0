// Small pieces that the writers of the Responses API share.
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/text.h"

namespace sluice::llm {

/// `,"name":` and what is JSON already.
inline void append_raw_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += value;
}

[[nodiscard]] inline json::Text escaped_text(std::string_view bytes) noexcept {
  return {.bytes = bytes, .escaped = true};
}

}  // namespace sluice::llm
