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
  std::string scratch;
  const std::string_view text = key.unescaped(scratch);
  return std::find(names.begin(), names.end(), text) != names.end();
}

// The first quote, backslash or control character in [at, end), or end. Clears `ascii` when a byte
// in front of it is beyond ASCII.
inline const char* find_special(const char* at, const char* end, bool& ascii) noexcept {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    const auto special = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(controls, _mm_or_si128(quotes, backslashes))));
    const auto beyond_ascii = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    if (special != 0) {
      const unsigned in_front = (special - 1) & ~special;
      ascii = ascii && (beyond_ascii & in_front) == 0;
      return at + std::countr_zero(special);
    }
    ascii = ascii && beyond_ascii == 0;
  }
#endif
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    ascii = ascii && byte < 0x80;
  }
  return at;
}

// The quote that ends the string whose content begins at `begin`; null when there is none in front
// of `end`, or the content is no valid JSON.
inline const char* string_end(const char* begin, const char* end) noexcept {
  bool ascii = true;
  const char* at = begin;
  while (true) {
    at = find_special(at, end, ascii);
    if (at == end) return nullptr;
    if (*at == '"') return ascii || is_utf8({begin, at}) ? at : nullptr;
    if (*at != '\\') return nullptr;
    const std::size_t size_bytes = escape_bytes({at, static_cast<std::size_t>(end - at)});
    if (size_bytes == 0) return nullptr;
    at += size_bytes;
  }
}

}  // namespace

void TextTemplate::learn(std::string_view text, Value document,
                         std::span<const std::string_view> text_keys,
                         std::span<const std::string_view> number_keys, const Frame& frame) {
  hole_count_ = 0;
  if (text.size() > bytes_max) return;
  head_bytes_ = frame.head.size();
  tail_bytes_ = frame.tail.size();
  if (!collect(document, text_keys, number_keys)) {
    hole_count_ = 0;
    return;
  }
  text_.clear();
  text_.reserve(head_bytes_ + text.size() + tail_bytes_);
  text_.append(frame.head).append(text).append(frame.tail);
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
  holes_[hole_count_++] = {.begin = head_bytes_ + span.offset + quote,
                           .end = head_bytes_ + span.end() - quote,
                           .kind = kind};
  return true;
}

bool TextTemplate::matches(std::string_view text) const noexcept {
  if (!learned()) return false;
  const char* const end = text.data() + text.size();
  return match(text.data(), end, head_bytes_, text_.size() - tail_bytes_) == end;
}

TextTemplate::Run TextTemplate::match_run(std::string_view text,
                                          std::size_t each_bytes_max) const noexcept {
  Run run;
  if (!learned()) return run;
  const char* const end = text.data() + text.size();
  const char* at = text.data();
  while (const char* const next = match(at, end, 0, text_.size())) {
    if (static_cast<std::size_t>(next - at) > each_bytes_max) break;
    at = next;
    ++run.count;
  }
  run.size_bytes = static_cast<std::size_t>(at - text.data());
  return run;
}

// The end of what equals bytes [from, to) of text_ but for the holes; null when [at, end) does not
// begin with that.
inline const char* TextTemplate::match(const char* at, const char* end, std::size_t from,
                                       std::size_t to) const noexcept {
  const char* const text = text_.data();
  const auto equals = [&](std::size_t fixed_end) {
    const std::size_t size_bytes = fixed_end - from;
    return static_cast<std::size_t>(end - at) >= size_bytes &&
           std::memcmp(text + from, at, size_bytes) == 0;
  };
  for (const Hole& hole : std::span(holes_.data(), hole_count_)) {
    if (!equals(hole.begin)) return nullptr;
    at += hole.begin - from;
    const char* const hole_end = hole.kind == HoleKind::number
                                     ? at + integer_bytes({at, static_cast<std::size_t>(end - at)})
                                     : string_end(at, end);
    if (hole_end == nullptr || (hole_end == at) != (hole.kind == HoleKind::empty_text)) {
      return nullptr;
    }
    at = hole_end;
    from = hole.end;
  }
  return equals(to) ? at + (to - from) : nullptr;
}

}  // namespace sluice::json
