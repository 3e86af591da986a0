// A document already proved valid, with holes where the text of some values may differ.
//
//   learned   {"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"}}]}
//   matches   {"id":"c1","choices":[{"index":0,"delta":{"content":"lo, w"}}]}     not another id,
//             another member, another type, a content that is no valid JSON string
//
// The events of a stream differ from each other in little but the text they carry. What equals a
// learned document byte for byte outside its holes, and has in each hole again a value of the same
// form, is valid JSON with the same meaning but for those values: it need not be indexed anew. A
// comparison costs a thirtieth of an index. Whatever does not match goes the long way.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::json {

class TextTemplate {
 public:
  static constexpr std::size_t holes_max = 8;
  static constexpr std::size_t bytes_max = 4096;

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

  /// Learns `document`, the top value of an index over `text`. Holes: every string that is the
  /// value of one of `text_keys`, and every plain non-negative integer that is the value of one of
  /// `number_keys`, at any depth. A text too long, or with too many holes or none, is not learned.
  void learn(std::string_view text, Value document, std::span<const std::string_view> text_keys,
             std::span<const std::string_view> number_keys, const Frame& frame = {});

  [[nodiscard]] bool learned() const noexcept { return hole_count_ > 0; }

  /// Whether `text`, without a frame, is the learned document but for its holes, and nothing behind
  /// it. Texts are empty where the learned ones are, and only there.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;

  /// The framed documents like the learned one that `text` begins with; one that takes more than
  /// `each_bytes_max`, frame included, ends the run.
  [[nodiscard]] Run match_run(std::string_view text, std::size_t each_bytes_max) const noexcept;

 private:
  enum class HoleKind : std::uint8_t { empty_text, text, number };
  struct Hole {
    std::size_t fixed_end = 0;  // in fixed_: what stands in front of the hole
    HoleKind kind = HoleKind::text;
  };
  bool collect(Value value, std::size_t& learned_bytes, std::span<const std::string_view> text_keys,
               std::span<const std::string_view> number_keys);
  bool add_hole(Value value, std::size_t& learned_bytes, HoleKind kind);
  // Whether bytes [from, to) of fixed_ are what [at, end) begins with.
  [[nodiscard]] bool stands_at(const char* at, const char* end, std::size_t from,
                               std::size_t to) const noexcept;
  [[nodiscard]] const char* match_holes(const char* at, const char* end) const noexcept;

  // Frame and document without what is in the holes; then, up to the first hole, the same again.
  std::string fixed_;
  std::size_t frame_head_bytes_ = 0;
  std::size_t frame_tail_bytes_ = 0;
  std::size_t tail_end_ = 0;  // in fixed_: where the second frame begins
  std::array<Hole, holes_max> holes_{};
  std::size_t hole_count_ = 0;
};

}  // namespace sluice::json
