// Base64 (RFC 4648 section 4), written while the bytes come.
//
//   Base64Encoder encoder(text);
//   encoder.add(part); encoder.add(part); encoder.finish();
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// How long the base64 of so many bytes is, padding included.
[[nodiscard]] constexpr std::size_t base64_bytes(std::size_t bytes) noexcept {
  return (bytes + 2) / 3 * 4;
}

class Base64Encoder {
 public:
  /// Appends to `out`. Lifetime: `out` outlives the encoder.
  explicit Base64Encoder(std::string& out) noexcept : out_(out) {}
  /// Bytes may be cut anywhere: what does not fill a group waits for the next.
  void add(std::string_view bytes);
  /// The last group with its padding. Nothing is added after, until it begins anew.
  void finish();
  /// Forgets what waits for its group.
  void begin_anew() noexcept { rest_bytes_ = 0; }

 private:
  std::string& out_;
  std::array<char, 3> rest_ = {};
  std::size_t rest_bytes_ = 0;  // at most 2
};

/// All at once.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace sluice
