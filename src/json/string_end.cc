#include "sluice/json/string_end.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>

#include "scalars.h"
#include "sluice/json/utf8.h"

namespace sluice::json {
namespace {

#if defined(__SSE2__)
constexpr std::ptrdiff_t block_bytes = 16;

// A bit for each byte of a block.
struct Marks {
  unsigned special;  // a quote, a backslash or a control character
  unsigned beyond_ascii;
};

inline Marks marks_of(const char* block) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i special = _mm_or_si128(controls, _mm_or_si128(quotes, backslashes));
  return {.special = static_cast<unsigned>(_mm_movemask_epi8(special)),
          .beyond_ascii = static_cast<unsigned>(_mm_movemask_epi8(bytes))};
}

constexpr unsigned in_front_of_first(unsigned marks) noexcept { return (marks - 1) & ~marks; }
#endif

// The first quote, backslash or control character in [at, end), or end. Sets a bit of
// `beyond_ascii` when a byte in front of it is.
const char* find_special(const char* at, const char* end, unsigned& beyond_ascii) noexcept {
#if defined(__SSE2__)
  for (; end - at >= block_bytes; at += block_bytes) {
    const Marks marks = marks_of(at);
    if (marks.special != 0) {
      beyond_ascii |= marks.beyond_ascii & in_front_of_first(marks.special);
      return at + std::countr_zero(marks.special);
    }
    beyond_ascii |= marks.beyond_ascii;
  }
#endif
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    beyond_ascii |= byte >> 7;
  }
  return at;
}

// The same as string_end(), for any text.
const char* any_string_end(const char* begin, const char* end) noexcept {
  unsigned beyond_ascii = 0;
  const char* at = begin;
  while (true) {
    at = find_special(at, end, beyond_ascii);
    if (at == end) return nullptr;
    if (*at == '"') return beyond_ascii == 0 || is_utf8({begin, at}) ? at : nullptr;
    if (*at != '\\') return nullptr;
    const std::size_t size_bytes = escape_bytes({at, static_cast<std::size_t>(end - at)});
    if (size_bytes == 0) return nullptr;
    at += size_bytes;
  }
}

}  // namespace

// Most texts are a few letters, which one block settles.
const char* string_end(const char* begin, const char* end) noexcept {
#if defined(__SSE2__)
  if (end - begin >= block_bytes) {
    const Marks marks = marks_of(begin);
    const char* const at = begin + std::countr_zero(marks.special | 1U << (block_bytes - 1));
    if (*at == '"') {
      const bool ascii = (marks.beyond_ascii & in_front_of_first(marks.special)) == 0;
      return ascii || is_utf8({begin, at}) ? at : nullptr;
    }
  }
#endif
  return any_string_end(begin, end);
}

}  // namespace sluice::json
