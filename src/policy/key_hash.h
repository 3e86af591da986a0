// The two hashes behind gateway keys: HMAC-SHA256 cut into states that can be kept, and CRC-32C.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::policy {

using Sha256State = std::array<std::uint32_t, 8>;
using Mac = std::array<unsigned char, 32>;

/// HMAC's two hashes (RFC 2104), each after its first block: the padded secret.
struct HmacStates {
  Sha256State inner, outer;
};

/// `secret` is at most 64 bytes.
[[nodiscard]] HmacStates hmac_begin(std::span<const unsigned char> secret) noexcept;

/// The code of one message. A message of at most 55 bytes costs two compressions in all.
[[nodiscard]] Mac hmac_end(const HmacStates& states, std::string_view message) noexcept;

/// Continues a CRC-32C (Castagnoli); begin with ~0 and invert the result, as RFC 3720 B.4 does.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept;

}  // namespace sluice::policy
