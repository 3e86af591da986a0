// A Content-Type value: its essence ("application/json") and its parameters, as views.
// RFC 9110 section 8.3.1.
#pragma once
#include <optional>
#include <string_view>

namespace sluice::http {

class MediaType {
 public:
  /// Nothing when the value breaks the grammar anywhere.
  [[nodiscard]] static std::optional<MediaType> parse(std::string_view value) noexcept;

  [[nodiscard]] std::string_view type() const noexcept { return type_; }
  [[nodiscard]] std::string_view subtype() const noexcept { return subtype_; }
  /// `essence` as in "application/json"; letter case does not matter.
  [[nodiscard]] bool is(std::string_view essence) const noexcept;

  /// A parameter's value without its quotes. Nothing when it is not there, when it is there twice,
  /// or when its quoted form holds a backslash: then two readers may differ on what it says.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<std::string_view> charset() const noexcept {
    return parameter("charset");
  }
  [[nodiscard]] std::optional<std::string_view> boundary() const noexcept {
    return parameter("boundary");
  }

 private:
  std::string_view type_;
  std::string_view subtype_;
  std::string_view parameters_;  // from the first ';' on, known to be well-formed
};

/// Whether `value` is a media type, and of that essence, whatever its parameters.
[[nodiscard]] bool has_essence(std::string_view value, std::string_view essence) noexcept;

}  // namespace sluice::http
