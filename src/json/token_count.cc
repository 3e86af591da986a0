#include "token_count.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace sluice::json {
namespace {

constexpr std::size_t block_bytes = 64;

// 64 bytes; bit n of a set says something of byte n.
class Block {
 public:
#if defined(__AVX2__)
  explicit Block(const char* bytes) noexcept
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32))) {}

  [[nodiscard]] std::uint64_t equal_to(char c) const noexcept {
    const __m256i wanted = _mm256_set1_epi8(c);
    const auto low =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low_, wanted)));
    const auto high =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high_, wanted)));
    return std::uint64_t{high} << 32 | low;
  }

 private:
  __m256i low_;
  __m256i high_;
#else
  explicit Block(const char* bytes) noexcept { std::memcpy(bytes_.data(), bytes, block_bytes); }

  [[nodiscard]] std::uint64_t equal_to(char c) const noexcept {
    std::uint64_t set = 0;
    for (std::size_t i = 0; i < block_bytes; ++i) set |= std::uint64_t{bytes_[i] == c} << i;
    return set;
  }

 private:
  std::array<char, block_bytes> bytes_;
#endif
};

// Bit n: the number of bits up to n, n included, is odd.
std::uint64_t prefix_xor(std::uint64_t set) noexcept {
  for (int shift = 1; shift < 64; shift *= 2) set ^= set << shift;
  return set;
}

// What one block leaves to the next: each is 0 or 1, or in_string all bits.
struct Carry {
  std::uint64_t escaped = 0;  // its first byte is behind an odd run of backslashes
  std::uint64_t in_string = 0;
  std::uint64_t in_scalar = 0;
};

// The bytes behind an odd run of backslashes. A run that begins on an even byte and one that begins
// on an odd byte end differently under an addition that carries through them.
std::uint64_t find_escaped(std::uint64_t backslashes, Carry& carry) noexcept {
  if (backslashes == 0) return std::exchange(carry.escaped, 0);
  constexpr std::uint64_t even = 0x5555555555555555;
  backslashes &= ~carry.escaped;
  const std::uint64_t follows = backslashes << 1 | carry.escaped;
  const std::uint64_t odd_starts = backslashes & ~even & ~follows;
  std::uint64_t sum = 0;
  carry.escaped = __builtin_add_overflow(odd_starts, backslashes, &sum) ? 1 : 0;
  return (even ^ (sum << 1)) & follows;
}

std::size_t count_block(const Block& block, Carry& carry) noexcept {
  const std::uint64_t quote_bytes = block.equal_to('"');
  const std::uint64_t backslashes = block.equal_to('\\');
  // Within a long string, as images are.
  if ((quote_bytes | backslashes) == 0 && carry.in_string != 0) {
    carry.escaped = 0;
    carry.in_scalar = 1;
    return 0;
  }
  const std::uint64_t quotes = quote_bytes & ~find_escaped(backslashes, carry);
  const std::uint64_t in_string = prefix_xor(quotes) ^ carry.in_string;
  carry.in_string = (in_string >> 63) != 0 ? ~std::uint64_t{0} : 0;
  const std::uint64_t operators = block.equal_to('{') | block.equal_to('}') | block.equal_to('[') |
                                  block.equal_to(']') | block.equal_to(':') | block.equal_to(',');
  const std::uint64_t blanks =
      block.equal_to(' ') | block.equal_to('\n') | block.equal_to('\r') | block.equal_to('\t');
  const std::uint64_t scalars = ~(operators | blanks);
  const std::uint64_t unquoted = scalars & ~quotes;
  const std::uint64_t starts = scalars & ~(unquoted << 1 | carry.in_scalar);
  carry.in_scalar = unquoted >> 63;
  // Of a string its opening quote alone counts: neither what is in it nor its closing quote.
  const std::uint64_t tokens = (operators | starts) & ~(in_string ^ quotes);
  return static_cast<std::size_t>(__builtin_popcountll(tokens));
}

}  // namespace

bool has_more_tokens(std::string_view text, std::size_t tokens_max) noexcept {
  Carry carry;
  std::size_t count = 0;
  for (; text.size() >= block_bytes; text.remove_prefix(block_bytes)) {
    count += count_block(Block(text.data()), carry);
    if (count > tokens_max) return true;
  }
  std::array<char, block_bytes> last;
  last.fill(' ');
  std::copy(text.begin(), text.end(), last.begin());
  return count + count_block(Block(last.data()), carry) > tokens_max;
}

}  // namespace sluice::json
