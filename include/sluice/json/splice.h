// Edits over a received body that leave all other bytes as they were received, and uncopied.
//
//   body      {"model":"fast","messages":[...]}
//   edits              ^^^^^^ -> "gpt-5-mini"
//   chain     {"model": | "gpt-5-mini" | ,"messages":[...]}       three slices, two of them of
//   `body`
//
// The list knows offsets only, not the index they came from: it is kept while an exchange tries one
// deployment after another, and applied once per attempt.
#pragma once
#include <cstddef>

#include "sluice/base/cached_object.h"
#include "sluice/base/slice.h"
#include "sluice/json/index.h"

namespace sluice::json {

class Splice {
 public:
  Splice() = default;
  Splice(Splice&&) noexcept = default;
  Splice& operator=(Splice&&) noexcept = default;
  Splice(const Splice&) = delete;
  Splice& operator=(const Splice&) = delete;

  /// Puts `text` in place of the bytes of `span`. Edits come in any order; two at one place
  /// (insertions) keep the order they came in.
  void replace(Span span, Slice text);
  void remove(Span span) { replace(span, Slice()); }
  void insert(std::size_t offset, Slice text) { replace({offset, 0}, std::move(text)); }

  /// A copy that shares the texts.
  [[nodiscard]] Splice clone() const;

  [[nodiscard]] bool empty() const noexcept { return edits_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return edits_.size(); }
  /// Whether no edit reaches beyond `size_bytes` and no two overlap.
  [[nodiscard]] bool fits(std::size_t size_bytes) const noexcept;
  /// The size of a body of `size_bytes` after the edits.
  [[nodiscard]] std::size_t edited_bytes(std::size_t size_bytes) const noexcept;

  /// The edited body. The edits must fit: spans come from an index over these very bytes.
  [[nodiscard]] SliceChain apply(const Slice& body) const;

 private:
  struct Edit {
    Span span;
    Slice text;
  };
  CachedVector<Edit> edits_;  // sorted by place
};

}  // namespace sluice::json
