#include "sluice/json/splice.h"

#include <algorithm>
#include <utility>

#include "sluice/base/assert.h"

namespace sluice::json {

// Kept in order as they come: a request has a handful of edits.
void Splice::replace(Span span, Slice text) {
  if (span.size_bytes == 0 && text.empty()) return;
  const auto behind =
      std::upper_bound(edits_.begin(), edits_.end(), span, [](const Span& a, const Edit& b) {
        // An insertion stands in front of an edit that begins at the same place.
        if (a.offset != b.span.offset) return a.offset < b.span.offset;
        return a.size_bytes == 0 && b.span.size_bytes != 0;
      });
  edits_.insert(behind, Edit{span, std::move(text)});
}

Splice Splice::clone() const {
  Splice copy;
  copy.edits_.reserve(edits_.size() + 1);
  for (const Edit& edit : edits_) copy.edits_.push_back({edit.span, edit.text.share()});
  return copy;
}

bool Splice::fits(std::size_t size_bytes) const noexcept {
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    if (edit.span.offset < at || edit.span.offset > size_bytes) return false;
    if (edit.span.size_bytes > size_bytes - edit.span.offset) return false;
    at = edit.span.end();
  }
  return true;
}

std::size_t Splice::edited_bytes(std::size_t size_bytes) const noexcept {
  for (const Edit& edit : edits_) {
    size_bytes -= edit.span.size_bytes;
    size_bytes += edit.text.size();
  }
  return size_bytes;
}

SliceChain Splice::apply(const Slice& body) const {
  SLUICE_ASSERT(fits(body.size()));
  SliceChain chain;
  std::size_t at = 0;
  for (const Edit& edit : edits_) {
    chain.push(body.share(at, edit.span.offset - at));
    chain.push(edit.text.share());
    at = edit.span.end();
  }
  chain.push(body.share(at, body.size() - at));
  return chain;
}

}  // namespace sluice::json
