// Reads a multipart/form-data body that is wholly there: parts as views, nothing copied.
// RFC 7578, RFC 2046 section 5.1.
//
// Strict, because what we read (which model?) must be what the provider behind us reads: no text
// before the first boundary or behind the last, no blanks behind a boundary, no boundary on a line
// that does not follow CR LF, every part has one Content-Disposition: form-data with one name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/http/status.h"

namespace sluice::http {

struct MultipartLimits {
  std::uint32_t part_count_max = 128;
  std::uint32_t part_head_bytes_max = 8 * 1024;
};

struct MultipartPart {
  std::string_view name;                     // never holds a backslash
  std::optional<std::string_view> filename;  // between the quotes, escapes left as they are
  std::string_view content_type;             // empty: none given
  std::string_view body;
  std::string_view raw;  // from the part's own boundary line on, up to the next boundary line
};

class MultipartForm {
 public:
  /// `boundary`: 1 to 70 characters (MediaType::boundary()). Refused: 400, and 413 for too many
  /// parts.
  [[nodiscard]] static std::expected<MultipartForm, Rejection> parse(
      std::string_view body, std::string_view boundary, const MultipartLimits& limits = {});

  [[nodiscard]] const std::vector<MultipartPart>& parts() const noexcept SLUICE_LIFETIMEBOUND {
    return parts_;
  }
  /// The first part of that name (exact letter case), or null.
  [[nodiscard]] const MultipartPart* find(std::string_view name) const noexcept
      SLUICE_LIFETIMEBOUND;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

 private:
  std::vector<MultipartPart> parts_;
};

}  // namespace sluice::http
