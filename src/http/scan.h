// Finds the first interesting byte of a range, 32 or 16 bytes at a time, without reading beyond it.
//
// Every function returns `end` when there is none. x86-64 has SSE2 always and AVX2 from v3 on;
// elsewhere the plain loops do the work.
#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace sluice::http {

/// Bits say which set a byte belongs to.
enum ByteClass : std::uint8_t {
  token_byte = 1,    // RFC 9110 5.6.2 tchar
  control_byte = 2,  // 0x00-0x1f without HTAB, and DEL
  target_byte = 4,   // 0x21-0x7e without '#'
  host_byte = 8,     // RFC 3986 reg-name without ',' : two hosts in one value are one too many
};

struct ByteClassTable {
  std::uint8_t of[256] = {};
  constexpr ByteClassTable() {
    for (unsigned c = 0; c < 256; ++c) {
      const bool alphanumeric =
          (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      unsigned bits = 0;
      if (alphanumeric || in(c, "!#$%&'*+-.^_`|~")) bits |= token_byte;
      if ((c < 0x20 && c != '\t') || c == 0x7f) bits |= control_byte;
      if (c > 0x20 && c < 0x7f && c != '#') bits |= target_byte;
      if (alphanumeric || in(c, "-._~%!$&'()*+;=")) bits |= host_byte;
      of[c] = static_cast<std::uint8_t>(bits);
    }
  }
  static constexpr bool in(unsigned c, const char* set) {
    for (; *set != '\0'; ++set) {
      if (static_cast<unsigned char>(*set) == c) return true;
    }
    return false;
  }
};
inline constexpr ByteClassTable byte_classes{};

[[nodiscard]] inline bool is_byte(char c, ByteClass wanted) noexcept {
  return (byte_classes.of[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// The first byte that is not of the class.
[[nodiscard]] inline const char* skip_bytes(const char* p, const char* end,
                                            ByteClass wanted) noexcept {
  while (p != end && is_byte(*p, wanted)) ++p;
  return p;
}

#if defined(__AVX2__)
namespace scan_detail {
inline std::uint32_t control_mask(__m256i v) noexcept {
  const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
  const __m256i tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t'));
  const __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, low), del)));
}
inline std::uint32_t line_end_mask(__m256i v) noexcept {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(
      _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r')))));
}
}  // namespace scan_detail
#endif
#if defined(__SSE2__)
namespace scan_detail {
inline std::uint32_t control_mask(__m128i v) noexcept {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  const __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
}
inline std::uint32_t line_end_mask(__m128i v) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(
      _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')))));
}
}  // namespace scan_detail
#endif

#if defined(__SSSE3__)
namespace scan_detail {
// A byte is a token's when the row of its low nibble has the bit of its high nibble.
struct TokenRows {
  alignas(16) char of[16] = {};
  constexpr TokenRows() {
    for (unsigned low = 0; low < 16; ++low) {
      unsigned bits = 0;
      for (unsigned high = 0; high < 8; ++high) {
        if ((byte_classes.of[high << 4 | low] & token_byte) != 0) bits |= 1U << high;
      }
      of[low] = static_cast<char>(bits);
    }
  }
};
inline constexpr TokenRows token_rows{};

// Bit n: byte n is no token's.
inline std::uint32_t no_token_mask(__m128i v) noexcept {
  const __m128i row_of_low = _mm_load_si128(reinterpret_cast<const __m128i*>(token_rows.of));
  const __m128i bit_of_high =
      _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, static_cast<char>(0x80), 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i nibble = _mm_set1_epi8(0x0f);
  const __m128i row = _mm_shuffle_epi8(row_of_low, _mm_and_si128(v, nibble));
  const __m128i bit = _mm_shuffle_epi8(bit_of_high, _mm_and_si128(_mm_srli_epi16(v, 4), nibble));
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(row, bit), _mm_setzero_si128())));
}
}  // namespace scan_detail
#endif

/// The first byte from `p` on that is no token's. The bytes from `begin` to `p` may be read too.
[[nodiscard]] inline const char* skip_token(const char* begin, const char* p,
                                            const char* end) noexcept {
#if defined(__SSSE3__)
  for (; end - p >= 16; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const std::uint32_t mask = scan_detail::no_token_mask(v); mask != 0) {
      return p + __builtin_ctz(mask);
    }
  }
  if (end - begin >= 16) {  // the last bytes, and before them some that were seen already
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
    const std::uint32_t mask = scan_detail::no_token_mask(v) >> (16 - (end - p));
    return mask != 0 ? p + __builtin_ctz(mask) : end;
  }
#endif
  static_cast<void>(begin);
  return skip_bytes(p, end, token_byte);
}
[[nodiscard]] inline const char* skip_token(const char* p, const char* end) noexcept {
  return skip_token(p, p, end);
}

/// Whether all bytes are of token_byte. Reads whole vectors: up to 15 bytes behind the end must be
/// readable.
[[nodiscard]] inline bool all_token_bytes(const char* p, std::size_t size_bytes) noexcept {
#if defined(__SSSE3__)
  for (std::size_t at = 0; at < size_bytes; at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
    std::uint32_t wrong = scan_detail::no_token_mask(v);
    if (size_bytes - at < 16) wrong &= (1U << (size_bytes - at)) - 1;
    if (wrong != 0) return false;
  }
  return true;
#else
  return skip_bytes(p, p + size_bytes, token_byte) == p + size_bytes;
#endif
}

/// How many control bytes there are: CR and LF are among them, HTAB is not. Reads whole vectors: up
/// to 31 bytes behind the end must be readable.
[[nodiscard]] inline std::size_t count_control(const char* p, std::size_t size_bytes) noexcept {
  std::size_t count = 0;
#if defined(__AVX2__)
  for (std::size_t at = 0; at < size_bytes; at += 32) {
    const auto v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + at));
    std::uint32_t mask = scan_detail::control_mask(v);
    if (size_bytes - at < 32) mask &= (std::uint32_t{1} << (size_bytes - at)) - 1;
    count += static_cast<unsigned>(__builtin_popcount(mask));
  }
#else
  for (std::size_t at = 0; at < size_bytes; ++at) count += is_byte(p[at], control_byte) ? 1U : 0U;
#endif
  return count;
}

/// The first control byte from `p` on: CR and LF are among them, HTAB is not. The bytes from
/// `begin` to `p` may be read too.
[[nodiscard]] inline const char* find_control(const char* begin, const char* p,
                                              const char* end) noexcept {
#if defined(__AVX2__)
  for (; end - p >= 32; p += 32) {
    const auto v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    if (const std::uint32_t mask = scan_detail::control_mask(v); mask != 0) {
      return p + __builtin_ctz(mask);
    }
  }
  if (end - begin >= 32 && p != end) {
    const auto v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(end - 32));
    const std::uint32_t mask = scan_detail::control_mask(v) >> (32 - (end - p));
    return mask != 0 ? p + __builtin_ctz(mask) : end;
  }
#endif
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const auto v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const std::uint32_t mask = scan_detail::control_mask(v); mask != 0) {
      return p + __builtin_ctz(mask);
    }
  }
#endif
  while (p != end && !is_byte(*p, control_byte)) ++p;
  return p;
}
[[nodiscard]] inline const char* find_control(const char* p, const char* end) noexcept {
  return find_control(p, p, end);
}

/// Behind the first CR LF CR LF, or null.
[[nodiscard]] inline const char* find_head_end(const char* p, const char* end) noexcept {
#if defined(__AVX2__)
  const __m256i lf = _mm256_set1_epi8('\n');
  for (; end - p >= 36; p += 32) {
    // Two LF with a byte between them are rare enough to look closer.
    const auto first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 1));
    const auto second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 3));
    auto mask = static_cast<std::uint32_t>(_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(first, lf), _mm256_cmpeq_epi8(second, lf))));
    for (; mask != 0; mask &= mask - 1) {
      const char* const at = p + __builtin_ctz(mask);
      if (at[0] == '\r' && at[2] == '\r') return at + 4;
    }
  }
#endif
  for (; end - p >= 4; ++p) {
    if (p[3] == '\n' && p[2] == '\r' && p[1] == '\n' && p[0] == '\r') return p + 4;
  }
  return nullptr;
}

/// The first CR or LF.
[[nodiscard]] inline const char* find_line_end(const char* p, const char* end) noexcept {
#if defined(__AVX2__)
  for (; end - p >= 32; p += 32) {
    const auto v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    if (const std::uint32_t mask = scan_detail::line_end_mask(v); mask != 0) {
      return p + __builtin_ctz(mask);
    }
  }
#endif
#if defined(__SSE2__)
  for (; end - p >= 16; p += 16) {
    const auto v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const std::uint32_t mask = scan_detail::line_end_mask(v); mask != 0) {
      return p + __builtin_ctz(mask);
    }
  }
#endif
  while (p != end && *p != '\n' && *p != '\r') ++p;
  return p;
}

/// The first CR or LF behind which stand two dashes and then `third`.
[[nodiscard]] inline const char* find_dashed_line(const char* p, const char* end,
                                                  char third) noexcept {
#if defined(__AVX2__)
  const auto at = [](const char* bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  };
  const __m256i dash = _mm256_set1_epi8('-');
  for (; end - p >= 35; p += 32) {
    const __m256i dashes =
        _mm256_and_si256(_mm256_cmpeq_epi8(at(p + 1), dash), _mm256_cmpeq_epi8(at(p + 2), dash));
    const __m256i thirds = _mm256_cmpeq_epi8(at(p + 3), _mm256_set1_epi8(third));
    const auto mask =
        scan_detail::line_end_mask(at(p)) &
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(dashes, thirds)));
    if (mask != 0) return p + __builtin_ctz(mask);
  }
#endif
  for (; end - p >= 4; ++p) {
    if ((*p == '\n' || *p == '\r') && p[1] == '-' && p[2] == '-' && p[3] == third) return p;
  }
  return end;
}

}  // namespace sluice::http
