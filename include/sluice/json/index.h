// The JSON index: one pass over received bytes that proves the whole document valid and lets a
// cursor (json/value.h) skip any value in O(1).
//
//   text      {  "a"  :  [  1  ,  2  ]  ,  "b"  :  null  }
//   tokens    0   1   2  3  4  5  6  7  8   9  10   11  12     one per bracket, comma, colon,
//   scalar partner   12         7                                     kept for opening brackets
//   only
//
// Stage 1 is simdjson's: it finds the tokens and checks UTF-8, closed strings and control
// characters in strings. Stage 2 is ours and checks everything stage 1 does not look at: grammar
// (RFC 8259), literals, numbers, escapes, depth, and that nothing follows the document. So a
// document whose defect lies where nobody ever reads is refused all the same. simdjson's On-Demand
// does not give that promise, and its DOM copies every string.
//
// Legal here though some parsers refuse it: lone surrogate escapes ("\ud800": the grammar allows
// them, providers send them split over two deltas), numbers of any size and precision (their text
// is what travels on), duplicate keys (the reader of an object decides), any value at the top. Not
// legal: a byte order mark.
//
// One Index per core, used again for each document: after warm-up nothing is allocated. Neither the
// index nor its values outlive the next build(): keep spans and copies, not values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "sluice/base/attributes.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace sluice::json {

/// A run of bytes in the indexed text.
struct Span {
  std::size_t offset = 0;
  std::size_t size_bytes = 0;

  [[nodiscard]] std::size_t end() const noexcept { return offset + size_bytes; }
  friend bool operator==(const Span&, const Span&) = default;
};

enum class Defect : std::uint8_t {
  empty,         // no bytes, or only white space
  malformed,     // not JSON: `reason` says which rule is broken at `offset`
  invalid_utf8,  // `offset` is the first wrong byte
  too_deep,      // more than depth_max brackets open at `offset`
  too_large,     // longer than bytes_max
  too_many,      // more than tokens_max tokens
};

/// Why a document was refused.
struct IndexError {
  Defect defect = Defect::malformed;
  std::size_t offset = 0;  // in bytes from the start of the text
  const char* reason =
      "";  // static text, the end of a sentence: "a comma or a bracket was expected"

  friend bool operator==(const IndexError&, const IndexError&) = default;
};

struct IndexLimits {
  std::size_t bytes_max = std::size_t{64} << 20;  // at most 2^32 - 64: tokens are 32-bit offsets
  std::uint32_t depth_max = 128;                  // brackets open at once; at least 1
  std::uint32_t tokens_max = std::uint32_t{2} << 20;  // each costs up to 8 bytes and 6 ns
  // Storage is kept for the next document when it served one up to this long, else given back with
  // the next build() or clear(), and with a build() that fails. A token costs 4 bytes, an opening
  // bracket up to 4 more.
  std::size_t retained_bytes_max = std::size_t{1} << 20;
};

class Index {
 public:
  explicit Index(const IndexLimits& limits = {});
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  /// Indexes `text`, which must stay where it is while values of this index are used. No byte
  /// outside the text is read. After an error the index holds no document.
  [[nodiscard]] std::expected<void, IndexError> build(std::string_view text);

  /// Forgets the document; storage above retained_bytes_max is given back.
  void clear() noexcept;

  [[nodiscard]] bool has_document() const noexcept { return tokens_count_ != 0; }
  [[nodiscard]] const IndexLimits& limits() const noexcept { return limits_; }
  /// Storage reserved, of which only what was written is resident.
  [[nodiscard]] std::size_t storage_bytes() const noexcept;

  // For the cursor.
  [[nodiscard]] std::string_view text() const noexcept SLUICE_LIFETIMEBOUND { return text_; }
  [[nodiscard]] std::uint32_t tokens_count() const noexcept { return tokens_count_; }
  /// Offset of a token's first byte; for token == tokens_count() the size of the text.
  [[nodiscard]] std::uint32_t token_offset(std::uint32_t token) const noexcept {
    return tokens_[token];
  }
  /// The closing bracket's token; `token` must be an opening bracket.
  [[nodiscard]] std::uint32_t token_partner(std::uint32_t token) const noexcept {
    return partners_[token];
  }
  /// From the token behind a member or an element to the next one's: over the comma, or none.
  [[nodiscard]] std::uint32_t over_comma(std::uint32_t token) const noexcept {
    return text_.data()[tokens_[token]] == ',' ? token + 1 : token;
  }
  /// Whether a backslash may be among `bytes` of the text; false is sure.
  [[nodiscard]] bool may_have_escapes(std::string_view bytes) const noexcept {
    return bytes.data() + bytes.size() > first_backslash_;
  }

 private:
  [[nodiscard]] std::expected<void, IndexError> build_document(std::string_view text);
  [[nodiscard]] bool reserve_text(std::size_t size_bytes);
  void reserve_partners(std::uint32_t count);
  void release_if_large() noexcept;

  IndexLimits limits_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
  std::unique_ptr<std::uint32_t[]> partners_;
  std::unique_ptr<std::uint32_t[]> open_;  // depth_max tokens: the brackets now open
  std::size_t partners_capacity_ = 0;
  const std::uint32_t* tokens_ = nullptr;  // stage1_'s storage
  std::uint32_t tokens_count_ = 0;         // 0: no document
  std::string_view text_;
  const char* first_backslash_ = nullptr;  // in text_, or its end when there is none
};

}  // namespace sluice::json
