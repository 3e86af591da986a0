#include "sluice/json/text_template.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "scalars.h"
#include "sluice/base/assert.h"
#include "sluice/json/string_end.h"

namespace sluice::json {
namespace {

bool is_one_of(std::span<const std::string_view> names, Value key) {
  std::string scratch;
  const std::string_view text = key.unescaped(scratch);
  return std::find(names.begin(), names.end(), text) != names.end();
}

}  // namespace

void TextTemplate::learn(std::string_view text, Value document, const Keys& keys,
                         const Frame& frame) {
  holes_.clear();
  if (document.index().tokens_count() > json_tokens_max) return;
  if (frame.head.size() + frame.tail.size() > bytes_max) return;
  begin_fixed(frame);
  std::size_t learned_bytes = 0;  // of `text`
  const bool well = collect(document, learned_bytes, keys);
  if (!well || fixed_.size() + (text.size() - learned_bytes) > bytes_max) {
    holes_.clear();
    return;
  }
  if (learned()) end_fixed(text.substr(learned_bytes), frame.tail);
}

void TextTemplate::begin_fixed(const Frame& frame) {
  static_assert(2 * bytes_max <= std::numeric_limits<std::uint16_t>::max());  // with its frame
  frame_head_bytes_ = static_cast<std::uint16_t>(frame.head.size());
  frame_tail_bytes_ = static_cast<std::uint16_t>(frame.tail.size());
  fixed_.assign(frame.head);
}

void TextTemplate::end_fixed(std::string_view text_behind, std::string_view frame_tail) {
  // Streams hold theirs for as long as they last: no more room than it takes.
  fixed_.reserve(fixed_.size() + text_behind.size() + frame_tail.size() + holes_.front().fixed_end);
  fixed_.append(text_behind).append(frame_tail);
  tail_end_ = static_cast<std::uint16_t>(fixed_.size());
  fixed_.append(fixed_, 0, holes_.front().fixed_end);
}

// Depth is bounded by the index that the value comes from, and by bytes_max.
bool TextTemplate::collect(Value value, std::size_t& learned_bytes, const Keys& keys) {
  for (const Member member : value.members()) {
    bool well = true;
    if (member.value.is(Kind::string)) {
      const bool steady = is_one_of(keys.steady_texts, member.key);
      if (steady || is_one_of(keys.texts, member.key)) {
        const bool empty = member.value.span().size_bytes == 2;
        well = add_hole(member.value, learned_bytes, empty ? HoleKind::empty_text : HoleKind::text,
                        steady);
      }
    } else if (member.value.is(Kind::number)) {
      const std::string_view raw = member.value.raw();
      const bool plain = raw.size() <= digits_max && integer_bytes(raw) == raw.size();
      const bool steady = is_one_of(keys.steady_numbers, member.key);
      if (plain && (steady || is_one_of(keys.numbers, member.key))) {
        well = add_hole(member.value, learned_bytes, HoleKind::number, steady);
      }
    } else {
      well = collect(member.value, learned_bytes, keys);
    }
    if (!well) return false;
  }
  for (const Value element : value.elements()) {
    if (!collect(element, learned_bytes, keys)) return false;
  }
  return true;
}

bool TextTemplate::add_hole(Value value, std::size_t& learned_bytes, HoleKind kind, bool steady) {
  const Span span = value.span();
  const std::size_t quote_bytes = kind == HoleKind::number ? 0 : 1;
  const std::size_t begin = span.offset + quote_bytes;
  if (holes_.size() == holes_max || fixed_.size() + (begin - learned_bytes) > bytes_max)
    return false;
  fixed_.append(value.index().text().substr(learned_bytes, begin - learned_bytes));
  learned_bytes = span.end() - quote_bytes;
  put_hole(kind, steady, span.offset);
  return true;
}

// At the end of fixed_. An index takes no text whose offsets have more than 32 bits.
void TextTemplate::put_hole(HoleKind kind, bool steady, std::size_t value_offset) {
  holes_.push_back({.value_offset = static_cast<std::uint32_t>(value_offset),
                    .fixed_end = static_cast<std::uint16_t>(fixed_.size()),
                    .kind = kind,
                    .steady = steady});
}

void TextTemplate::narrow(std::string_view text, TextTemplate& narrowed) const {
  SLUICE_ASSERT(learned() && this != &narrowed);
  const std::string_view fixed = fixed_;
  const std::string_view frame_tail =
      fixed.substr(tail_end_ - frame_tail_bytes_, frame_tail_bytes_);
  narrowed.holes_.clear();
  narrowed.begin_fixed({fixed.substr(0, frame_head_bytes_), frame_tail});
  LongString known;
  std::size_t copied_bytes = 0;  // of `text`
  std::size_t at = 0;            // in `text`
  std::size_t fixed_at = frame_head_bytes_;
  for (const Hole& hole : holes_) {
    at += hole.fixed_end - fixed_at;
    fixed_at = hole.fixed_end;
    const char* const begin = text.data() + at;
    const char* const end = hole_end(hole.kind, begin, text.data() + text.size(), known);
    SLUICE_ASSERT(end != nullptr);
    if (!hole.steady) {
      if (narrowed.fixed_.size() + (at - copied_bytes) > bytes_max) {
        narrowed.holes_.clear();
        return;
      }
      narrowed.fixed_.append(text.substr(copied_bytes, at - copied_bytes));
      copied_bytes = at + static_cast<std::size_t>(end - begin);
      narrowed.put_hole(hole.kind, false, hole.value_offset);
    }
    at += static_cast<std::size_t>(end - begin);
  }
  if (narrowed.fixed_.size() + (text.size() - copied_bytes) > bytes_max) narrowed.holes_.clear();
  if (narrowed.learned()) narrowed.end_fixed(text.substr(copied_bytes), frame_tail);
}

std::optional<std::size_t> TextTemplate::hole_at(std::size_t offset) const noexcept {
  for (std::size_t i = 0; i < holes_.size(); ++i) {
    if (holes_[i].value_offset == offset) return i;
  }
  return std::nullopt;
}

bool TextTemplate::matches(std::string_view text) const noexcept {
  LongString known;
  return matches_whole(text, known, [](std::size_t, std::string_view) {});
}

bool TextTemplate::matches(std::string_view text, Values& values,
                           LongString& known) const noexcept {
  return matches_whole(
      text, known, [&values](std::size_t hole, std::string_view value) { values[hole] = value; });
}

template <typename Found>
bool TextTemplate::matches_whole(std::string_view text, LongString& known,
                                 Found found) const noexcept {
  if (!learned()) return false;
  const char* const end = text.data() + text.size();
  const std::size_t head_end = holes_.front().fixed_end;
  if (!stands_at(text.data(), end, frame_head_bytes_, head_end)) return false;
  const char* const at =
      match_holes(text.data() + (head_end - frame_head_bytes_), end, known, found);
  const std::size_t tail_begin = holes_.back().fixed_end;
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
  const std::size_t head_bytes = holes_.front().fixed_end;
  const std::size_t tail_begin = holes_.back().fixed_end;
  const std::size_t tail_bytes = tail_end_ - tail_begin;
  LongString known;
  const char* begin = text.data();  // of the document under way
  bool goes_on = stands_at(begin, end, 0, head_bytes);
  while (goes_on) {
    const char* const tail =
        match_holes(begin + head_bytes, end, known, [](std::size_t, std::string_view) {});
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

// Where the value in a hole ends that begins at `at`; null when it is not of the hole's form.
inline const char* TextTemplate::hole_end(HoleKind kind, const char* at, const char* end,
                                          LongString& known) noexcept {
  if (kind == HoleKind::number) {
    const std::size_t digits = integer_bytes({at, static_cast<std::size_t>(end - at)});
    return digits > 0 && digits <= digits_max ? at + digits : nullptr;
  }
  constexpr std::ptrdiff_t long_bytes = 64;
  const char* value_end = known.end_;
  if (at != known.begin_) {
    value_end = string_end(at, end);
    const char* const looked_up_to = value_end == nullptr ? end : value_end;
    if (looked_up_to - at >= long_bytes) {
      known.begin_ = at;
      known.end_ = value_end;
    }
  }
  return (value_end == at) == (kind == HoleKind::empty_text) ? value_end : nullptr;
}

// From the first hole up to where the last one ends; null when a value there is not of its form, or
// what lies between two differs. `found(hole, value)` hears of each value.
template <typename Found>
inline const char* TextTemplate::match_holes(const char* at, const char* end, LongString& known,
                                             Found found) const noexcept {
  const Hole* hole = holes_.data();
  const Hole* const last = hole + holes_.size() - 1;
  while (true) {
    const char* const value_end = hole_end(hole->kind, at, end, known);
    if (value_end == nullptr) return nullptr;
    found(static_cast<std::size_t>(hole - holes_.data()),
          std::string_view(at, static_cast<std::size_t>(value_end - at)));
    if (hole == last) return value_end;
    const std::size_t from = hole->fixed_end;
    ++hole;
    if (!stands_at(value_end, end, from, hole->fixed_end)) return nullptr;
    at = value_end + (hole->fixed_end - from);
  }
}

}  // namespace sluice::json
