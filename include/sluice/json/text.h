// A text on its way from one JSON document into another, undecoded where it need not be decoded.
//
//   received   {"content":"tell me \"why\""}           bytes: tell me \"why\"    escaped
//   made here  std::string_view("call_1")               bytes: call_1             not escaped
//
// What stands between the quotes of one valid document may stand between the quotes of another as
// it is: so the long texts of a conversation are copied, not unescaped and escaped again. A text
// may itself be JSON (the arguments of a tool call): escaped where it came inside a string, not
// escaped where it came as a value.
//
// A view: whoever holds the bytes outlives it.
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::json {

struct Text {
  std::string_view bytes = {};
  bool escaped = false;  // `bytes` is what stands between the quotes of a valid JSON string

  /// A text that has no characters, or is not given.
  [[nodiscard]] bool empty() const noexcept { return bytes.empty(); }
  /// Whether the text, once unescaped, is `text`.
  [[nodiscard]] bool equals(std::string_view text) const noexcept;
  /// The text, unescaped: a view of the bytes, or of `scratch` where there are escapes.
  [[nodiscard]] std::string_view plain(std::string& scratch) const;
};

/// The text of a string value; empty when it is none. Lifetime: of the document's bytes, not of
/// its index.
[[nodiscard]] Text raw_text(Value value) noexcept;

/// Appends the text, unescaped; a surrogate escape without its other half becomes U+FFFD.
void append_plain(std::string& out, Text text);
/// Appends what stands between the quotes of a JSON string with this text.
void append_escaped(std::string& out, Text text);
/// Appends the text as a JSON string with its quotes.
void append_quoted(std::string& out, Text text);

}  // namespace sluice::json
