#include "sluice/json/text_template.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "scalars.h"
#include "sluice/json/utf8.h"

namespace sluice::json {
namespace {

bool is_one_of(std::span<const std::string_view> names, Value key) {
  return std::any_of(names.begin(), names.end(),
                     [key](std::string_view name) { return key.string_equals(name); });
}

// The offset of the first byte that is not plain text: a quote, a backslash, a control character,
// or beyond ASCII; text.size() when there is none.
std::size_t plain_bytes(std::string_view text) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; text.size() - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    // Signed: bytes from 0x80 are below 0x20 too.
    const __m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    const int found = _mm_movemask_epi8(_mm_or_si128(outside, _mm_or_si128(quotes, backslashes)));
    if (found != 0)
      return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(found)));
  }
#endif
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x80) break;
  }
  return at;
}

// The offset of the quote that ends the string whose content `text` begins with; npos when there
// is none, or the content is no valid JSON.
std::size_t string_end(std::string_view text) noexcept {
  std::size_t at = 0;
  while (true) {
    at += plain_bytes(text.substr(at));
    if (at == text.size()) return std::string_view::npos;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"') return at;
    std::size_t size_bytes = 0;
    if (byte == '\\') {
      size_bytes = escape_bytes(text.substr(at));
    } else if (byte >= 0x80) {
      size_bytes = utf8_sequence_bytes(text.substr(at));
    }
    if (size_bytes == 0) return std::string_view::npos;
    at += size_bytes;
  }
}

}  // namespace

void TextTemplate::learn(std::string_view text, Value document,
                         std::span<const std::string_view> text_keys,
                         std::span<const std::string_view> number_keys) {
  hole_count_ = 0;
  if (text.size() > bytes_max) return;
  if (!collect(document, text_keys, number_keys)) {
    hole_count_ = 0;
    return;
  }
  text_.assign(text);
}

// Depth is bounded by the index that the value comes from, and by bytes_max.
bool TextTemplate::collect(Value value, std::span<const std::string_view> text_keys,
                           std::span<const std::string_view> number_keys) {
  for (const Member member : value.members()) {
    bool well = true;
    if (member.value.is(Kind::string) && is_one_of(text_keys, member.key)) {
      const bool empty = member.value.span().size_bytes == 2;
      well = add_hole(member.value, empty ? HoleKind::empty_text : HoleKind::text);
    } else if (member.value.is(Kind::number) && is_one_of(number_keys, member.key)) {
      const std::string_view raw = member.value.raw();
      well = integer_bytes(raw) != raw.size() || add_hole(member.value, HoleKind::number);
    } else {
      well = collect(member.value, text_keys, number_keys);
    }
    if (!well) return false;
  }
  for (const Value element : value.elements()) {
    if (!collect(element, text_keys, number_keys)) return false;
  }
  return true;
}

bool TextTemplate::add_hole(Value value, HoleKind kind) {
  if (hole_count_ == holes_max) return false;
  const Span span = value.span();
  const std::size_t quote = kind == HoleKind::number ? 0 : 1;
  holes_[hole_count_++] = {.begin = span.offset + quote, .end = span.end() - quote, .kind = kind};
  return true;
}

std::size_t TextTemplate::match_prefix(std::string_view text) const noexcept {
  if (hole_count_ == 0) return 0;
  std::size_t ours = 0;    // in text_
  std::size_t theirs = 0;  // in text
  const auto match_fixed = [&](std::size_t size_bytes) {
    const bool same = text.size() - theirs >= size_bytes &&
                      std::memcmp(text_.data() + ours, text.data() + theirs, size_bytes) == 0;
    theirs += same ? size_bytes : 0;
    return same;
  };
  for (std::size_t i = 0; i < hole_count_; ++i) {
    const Hole& hole = holes_[i];
    if (!match_fixed(hole.begin - ours)) return 0;
    const std::string_view rest(text.data() + theirs, text.size() - theirs);
    if (hole.kind == HoleKind::number) {
      const std::size_t size_bytes = integer_bytes(rest);
      if (size_bytes == 0) return 0;
      theirs += size_bytes;
    } else {
      const std::size_t end = string_end(rest);
      if (end == std::string_view::npos || (end == 0) != (hole.kind == HoleKind::empty_text)) {
        return 0;
      }
      theirs += end;
    }
    ours = hole.end;
  }
  return match_fixed(text_.size() - ours) ? theirs : 0;
}

}  // namespace sluice::json
