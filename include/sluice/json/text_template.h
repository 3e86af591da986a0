// A document already proved valid, with holes where the text of some values may differ.
//
//   learned   {"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"}}]}
//   matches   {"id":"c1","choices":[{"index":0,"delta":{"content":"lo, w"}}]}     not another
//             member, another type, a content that is no valid JSON string
//
// The events of a stream differ from each other in little but the text they carry. What equals a
// learned document byte for byte outside its holes, and has in each hole again a value of the same
// form, is valid JSON with the same meaning but for those values: it need not be indexed anew. Of
// an event with a few letters of text a comparison costs a thirtieth of an index; of a document
// that is nearly all text, half of one. Whatever does not match goes the long way.
//
// Some holes are steady: from one stream to the next their values differ, within a stream they do
// not, as an id does. narrow() closes them, and what is left compares faster.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/cached_object.h"
#include "sluice/json/value.h"

namespace sluice::json {

class TextTemplate {
 public:
  static constexpr std::size_t holes_max = 24;
  static constexpr std::size_t bytes_max = 2048;         // outside the holes, frame included
  static constexpr std::uint32_t json_tokens_max = 512;  // of a document to be learned
  static constexpr std::size_t digits_max = 12;  // a longer number is no hole, and fits in none

  /// What stands in the holes of a text, in order: strings without their quotes, as they are
  /// spelled.
  using Values = std::array<std::string_view, holes_max>;

  /// The names of the members whose values are holes, at any depth: texts where the value is a
  /// string, numbers where it is a plain non-negative integer of up to digits_max digits.
  struct Keys {
    std::span<const std::string_view> texts;
    std::span<const std::string_view> numbers;
    std::span<const std::string_view> steady_texts{};
    std::span<const std::string_view> steady_numbers{};
  };
  /// Where a long string of a text ends. Shared by the comparisons of that one text with several
  /// templates: those that agree in front of the string look for its end but once.
  class LongString {
    friend class TextTemplate;
    const char* begin_ = nullptr;
    const char* end_ = nullptr;  // null: it does not end as a string should
  };
  /// What stands in front of and behind each document in the texts that match_run() reads.
  struct Frame {
    std::string_view head;
    std::string_view tail;
  };
  /// How many framed documents stand side by side, and the bytes they take.
  struct Run {
    std::size_t size_bytes = 0;
    std::uint32_t count = 0;
  };

  /// Learns `document`, the top value of an index over `text`. One too large, or with too many
  /// holes or none, is not learned.
  void learn(std::string_view text, Value document, const Keys& keys, const Frame& frame = {});

  [[nodiscard]] bool learned() const noexcept { return !holes_.empty(); }

  /// Whether `text`, without a frame, is the learned document but for its holes, and nothing behind
  /// it. Texts are empty where the learned ones are, and only there.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;
  /// The same, and what stands in the holes. Without a match `values` mean nothing.
  [[nodiscard]] bool matches(std::string_view text, Values& values,
                             LongString& known) const noexcept;

  /// The hole of the value that begins at this offset of the learned text; nothing: it is none.
  [[nodiscard]] std::optional<std::size_t> hole_at(std::size_t offset) const noexcept;

  /// The template of the texts that match this one and agree with `text` in all steady holes.
  /// `text` must match. One too large, or without other holes, is not learned.
  void narrow(std::string_view text, TextTemplate& narrowed) const;

  /// The framed documents like the learned one that `text` begins with; one that takes more than
  /// `each_bytes_max`, frame included, ends the run.
  [[nodiscard]] Run match_run(std::string_view text, std::size_t each_bytes_max) const noexcept;

 private:
  enum class HoleKind : std::uint8_t { empty_text, text, number };
  struct Hole {
    std::uint32_t value_offset = 0;  // in the learned text: of the value that made the hole
    std::uint16_t fixed_end = 0;     // in fixed_: what stands in front of the hole
    HoleKind kind = HoleKind::text;
    bool steady = false;
  };
  static_assert(sizeof(Hole) == 8, "streams keep templates of their own");
  bool collect(Value value, std::size_t& learned_bytes, const Keys& keys);
  bool add_hole(Value value, std::size_t& learned_bytes, HoleKind kind, bool steady);
  void begin_fixed(const Frame& frame);
  void put_hole(HoleKind kind, bool steady, std::size_t value_offset);
  void end_fixed(std::string_view text_behind, std::string_view frame_tail);
  [[nodiscard]] static const char* hole_end(HoleKind kind, const char* at, const char* end,
                                            LongString& known) noexcept;
  // Whether bytes [from, to) of fixed_ are what [at, end) begins with.
  [[nodiscard]] bool stands_at(const char* at, const char* end, std::size_t from,
                               std::size_t to) const noexcept;
  template <typename Found>
  [[nodiscard]] const char* match_holes(const char* at, const char* end, LongString& known,
                                        Found found) const noexcept;
  template <typename Found>
  [[nodiscard]] bool matches_whole(std::string_view text, LongString& known,
                                   Found found) const noexcept;

  // Frame and document without what is in the holes; then, up to the first hole, the same again.
  std::string fixed_;
  std::uint16_t frame_head_bytes_ = 0;
  std::uint16_t frame_tail_bytes_ = 0;
  std::uint16_t tail_end_ = 0;  // in fixed_: where the second frame begins
  CachedVector<Hole> holes_;    // up to holes_max; one or two where the steady ones are closed
};

}  // namespace sluice::json
