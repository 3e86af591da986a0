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

// The quote that ends the string whose content begins at `begin`; null when there is none in front
// of `end`, or the content is no valid JSON. Most texts are a few letters, which one block settles;
// a function of its own so that its caller's registers need not make way.
[[gnu::noinline]] const char* string_end(const char* begin, const char* end) noexcept {
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

}  // namespace

void TextTemplate::learn(std::string_view text, Value document,
                         std::span<const std::string_view> text_keys,
                         std::span<const std::string_view> number_keys, const Frame& frame) {
  hole_count_ = 0;
  if (text.size() > bytes_max) return;
  frame_head_bytes_ = frame.head.size();
  frame_tail_bytes_ = frame.tail.size();
  fixed_.clear();
  fixed_.reserve(2 * (frame.head.size() + text.size()) + frame.tail.size());
  fixed_.append(frame.head);
  std::size_t learned_bytes = 0;  // of `text`
  if (!collect(document, learned_bytes, text_keys, number_keys)) {
    hole_count_ = 0;
    return;
  }
  if (!learned()) return;
  fixed_.append(text.substr(learned_bytes)).append(frame.tail);
  tail_end_ = fixed_.size();
  fixed_.append(fixed_, 0, holes_[0].fixed_end);
}

// Depth is bounded by the index that the value comes from, and by bytes_max.
bool TextTemplate::collect(Value value, std::size_t& learned_bytes,
                           std::span<const std::string_view> text_keys,
                           std::span<const std::string_view> number_keys) {
  for (const Member member : value.members()) {
    bool well = true;
    if (member.value.is(Kind::string) && is_one_of(text_keys, member.key)) {
      const bool empty = member.value.span().size_bytes == 2;
      well = add_hole(member.value, learned_bytes, empty ? HoleKind::empty_text : HoleKind::text);
    } else if (member.value.is(Kind::number) && is_one_of(number_keys, member.key)) {
      const std::string_view raw = member.value.raw();
      well = integer_bytes(raw) != raw.size() ||
             add_hole(member.value, learned_bytes, HoleKind::number);
    } else {
      well = collect(member.value, learned_bytes, text_keys, number_keys);
    }
    if (!well) return false;
  }
  for (const Value element : value.elements()) {
    if (!collect(element, learned_bytes, text_keys, number_keys)) return false;
  }
  return true;
}

bool TextTemplate::add_hole(Value value, std::size_t& learned_bytes, HoleKind kind) {
  if (hole_count_ == holes_max) return false;
  const Span span = value.span();
  const std::size_t quote_bytes = kind == HoleKind::number ? 0 : 1;
  const std::size_t begin = span.offset + quote_bytes;
  fixed_.append(value.index().text().substr(learned_bytes, begin - learned_bytes));
  learned_bytes = span.end() - quote_bytes;
  holes_[hole_count_++] = {.fixed_end = fixed_.size(), .kind = kind};
  return true;
}

bool TextTemplate::matches(std::string_view text) const noexcept {
  if (!learned()) return false;
  const char* const end = text.data() + text.size();
  const std::size_t head_end = holes_[0].fixed_end;
  if (!stands_at(text.data(), end, frame_head_bytes_, head_end)) return false;
  const char* const at = match_holes(text.data() + (head_end - frame_head_bytes_), end);
  const std::size_t tail_begin = holes_[hole_count_ - 1].fixed_end;
  const std::size_t tail_end = tail_end_ - frame_tail_bytes_;
  return at != nullptr && stands_at(at, end, tail_begin, tail_end) &&
         at + (tail_end - tail_begin) == end;
}

// Where one document ends the next begins, mostly: so the two are compared in one.
TextTemplate::Run TextTemplate::match_run(std::string_view text,
                                          std::size_t each_bytes_max) const noexcept {
  Run run;
  if (!learned()) return run;
  const char* const end = text.data() + text.size();
  const std::size_t head_bytes = holes_[0].fixed_end;
  const std::size_t tail_begin = holes_[hole_count_ - 1].fixed_end;
  const std::size_t tail_bytes = tail_end_ - tail_begin;
  const char* begin = text.data();  // of the document under way
  bool goes_on = stands_at(begin, end, 0, head_bytes);
  while (goes_on) {
    const char* const tail = match_holes(begin + head_bytes, end);
    if (tail == nullptr) break;
    goes_on = stands_at(tail, end, tail_begin, tail_end_ + head_bytes);
    if (!goes_on && !stands_at(tail, end, tail_begin, tail_end_)) break;
    const char* const next = tail + tail_bytes;
    if (static_cast<std::size_t>(next - begin) > each_bytes_max) break;
    begin = next;
    ++run.count;
  }
  run.size_bytes = static_cast<std::size_t>(begin - text.data());
  return run;
}

inline bool TextTemplate::stands_at(const char* at, const char* end, std::size_t from,
                                    std::size_t to) const noexcept {
  const std::size_t size_bytes = to - from;
  return static_cast<std::size_t>(end - at) >= size_bytes &&
         std::memcmp(fixed_.data() + from, at, size_bytes) == 0;
}

// From the first hole up to where the last one ends; null when a value there is not of its form, or
// what lies between two differs.
inline const char* TextTemplate::match_holes(const char* at, const char* end) const noexcept {
  const Hole* hole = holes_.data();
  const Hole* const last = hole + hole_count_ - 1;
  while (true) {
    const char* const hole_end = hole->kind == HoleKind::number
                                     ? at + integer_bytes({at, static_cast<std::size_t>(end - at)})
                                     : string_end(at, end);
    if (hole_end == nullptr || (hole_end == at) != (hole->kind == HoleKind::empty_text)) {
      return nullptr;
    }
    if (hole == last) return hole_end;
    const std::size_t from = hole->fixed_end;
    ++hole;
    if (!stands_at(hole_end, end, from, hole->fixed_end)) return nullptr;
    at = hole_end + (hole->fixed_end - from);
  }
}

}  // namespace sluice::json
