// Bytes that come in pieces, put together: what both sides of HTTP/1.1 share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/http/chunked.h"

namespace sluice::http {

[[nodiscard]] Error body_too_large(Fault fault) noexcept;

/// The same bytes in a larger block.
[[nodiscard]] Block with_capacity(Block block, std::size_t capacity_bytes);

/// Takes up to `count` bytes off the front of `chain`.
[[nodiscard]] SliceChain take_front(SliceChain& chain, std::uint64_t count);

/// Decodes what there is of a chunked body; what follows its end stays in `input`.
[[nodiscard]] Result<SliceChain> decode_chunked(ChunkedDecoder& decoder, SliceChain& input,
                                                Fault fault);

/// Gathers a body of unknown length into one block, up to a bound.
class Gatherer {
 public:
  explicit Gatherer(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}
  /// False when the bound is exceeded; nothing was added then.
  [[nodiscard]] bool add(const SliceChain& part);
  [[nodiscard]] Slice finish() && { return std::move(block_).freeze(); }

 private:
  std::size_t bytes_max_;
  Block block_;
};

/// Gathers the bytes of a message head into a block of its own, so that receive buffers go back at
/// once; what is behind the head goes back to the input.
class HeadGatherer {
 public:
  /// Takes bytes from `input`: up to the end of the head when it can be seen, else all.
  void add(SliceChain& input);
  [[nodiscard]] std::string_view view() const noexcept { return block_.view(); }
  /// The head's bytes, where view() showed them; bytes behind `head_bytes` are put in front of
  /// `input`.
  [[nodiscard]] Slice finish(std::size_t head_bytes, SliceChain& input) &&;

 private:
  void reserve(std::size_t more_bytes);
  Block block_;
};

}  // namespace sluice::http
