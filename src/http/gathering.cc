#include "gathering.h"

#include <algorithm>
#include <utility>

#include "scan.h"

namespace sluice::http {
namespace {

// Forgets bytes of the first slice.
void drop_front(SliceChain& chain, std::size_t count) {
  if (chain.count() != 1) {
    static_cast<void>(take_front(chain, count));
    return;
  }
  Slice rest = std::move(chain[0]);
  chain.clear();
  rest.remove_prefix(count);
  chain.push(std::move(rest));
}

Block grown(Block block, std::size_t more_bytes) {
  if (block.free_bytes() >= more_bytes) return block;
  const std::size_t capacity_bytes = std::max(2 * block.size(), block.size() + more_bytes);
  return with_capacity(std::move(block), capacity_bytes);
}

}  // namespace

Block with_capacity(Block block, std::size_t capacity_bytes) {
  Block larger(capacity_bytes);
  larger.append(block.view());
  return larger;
}

Error body_too_large(Fault fault) noexcept {
  return Error{.kind = ErrorKind::too_large, .fault = fault, .what = "the body is too large"};
}

SliceChain take_front(SliceChain& chain, std::uint64_t count) {
  if (count >= chain.size_bytes()) return std::exchange(chain, SliceChain{});
  SliceChain front;
  if (chain.count() == 1) {  // the usual case: one read, a part of it
    Slice all = std::move(chain[0]);
    chain.clear();
    front.push(all.share(0, count));
    all.remove_prefix(count);
    chain.push(std::move(all));
    return front;
  }
  SliceChain rest;
  for (std::size_t i = 0; i < chain.count(); ++i) {
    Slice& slice = chain[i];
    if (count >= slice.size()) {
      count -= slice.size();
      front.push(std::move(slice));
      continue;
    }
    if (count > 0) {
      front.push(slice.share(0, count));
      slice.remove_prefix(count);
      count = 0;
    }
    rest.push(std::move(slice));
  }
  chain = std::move(rest);
  return front;
}

Result<SliceChain> decode_chunked(ChunkedDecoder& decoder, SliceChain& input, Fault fault) {
  SliceChain data;
  SliceChain rest;
  for (std::size_t i = 0; i < input.count(); ++i) {
    Slice& slice = input[i];
    while (!slice.empty() && !decoder.is_complete()) {
      const ChunkedStep step = decoder.next(slice.view());
      if (step.status == ChunkedStatus::malformed) return fail(to_error(step.rejection, fault));
      if (!step.data.empty()) {
        const auto offset = static_cast<std::size_t>(step.data.data() - slice.data());
        data.push(slice.share(offset, step.data.size()));
      }
      slice.remove_prefix(step.bytes_consumed);
    }
    rest.push(std::move(slice));
  }
  input = std::move(rest);
  return data;
}

bool Gatherer::add(const SliceChain& part) {
  if (part.size_bytes() > bytes_max_ - block_.size()) return false;
  block_ = grown(std::move(block_), part.size_bytes());
  for (const Slice& slice : part) block_.append(slice.view());
  return true;
}

void HeadGatherer::reserve(std::size_t more_bytes) {
  block_ = grown(std::move(block_), more_bytes);
}

void HeadGatherer::add(SliceChain& input) {
  if (block_.size() == 0 && input.count() > 0) {
    // The usual case: the first read holds the whole head, and only the head is copied.
    const std::string_view first = input[0].view();
    const char* const end = find_head_end(first.data(), first.data() + first.size());
    if (end != nullptr) {
      const auto head_bytes = static_cast<std::size_t>(end - first.data());
      reserve(head_bytes);
      block_.append(first.substr(0, head_bytes));
      drop_front(input, head_bytes);
      return;
    }
  }
  reserve(input.size_bytes());
  for (const Slice& slice : input) block_.append(slice.view());
  input.clear();
}

Slice HeadGatherer::finish(std::size_t head_bytes, SliceChain& input) && {
  Slice all = std::move(block_).freeze();
  if (all.size() > head_bytes) {
    SliceChain joined;
    joined.push(all.share(head_bytes, all.size() - head_bytes));
    joined.append(std::move(input));
    input = std::move(joined);
    all.truncate(head_bytes);
  }
  return all;
}

}  // namespace sluice::http
