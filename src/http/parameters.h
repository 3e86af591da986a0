// The parameters behind a media type or a content disposition (RFC 9110 section 5.6.6).
#pragma once
#include <optional>
#include <string_view>

namespace sluice::http {

struct Parameter {
  std::string_view name;   // empty: none was there
  std::string_view value;  // without quotes, escapes left as they are
};

/// Takes the longest token, possibly an empty one, off the front of `text`.
std::string_view take_token(std::string_view& text) noexcept;

/// Takes the next parameter of *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] ) off `text`.
/// False: the grammar is broken. True without a name: an empty parameter, or the end.
bool take_parameter(std::string_view& text, Parameter& parameter) noexcept;

}  // namespace sluice::http
