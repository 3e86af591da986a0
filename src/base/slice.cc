#include "sluice/base/slice.h"

#include <new>

#include "sluice/base/cached_object.h"

namespace sluice {
namespace {

// Of most bodies, from 2 KiB on; the heap takes longer for these than for small pieces. Smaller
// blocks lie where objects do: a head of some hundred bytes, of which every stream holds two, is
// not to take 1 KiB.
using BlockCache = MemoryCache<1024, 12, 16>;
static_assert(BlockCache::kept_bytes_max < 1'300'000);

constexpr bool is_small(std::size_t size_bytes) noexcept {
  return size_bytes <= ObjectCache::piece_bytes_max;
}

void* take_memory(std::size_t size_bytes) {
  if (memory_from_heap) return ::operator new(size_bytes);
  return is_small(size_bytes) ? ObjectCache::mine().take(size_bytes)
                              : BlockCache::mine().take(size_bytes);
}
void give_memory(void* memory, std::size_t size_bytes) noexcept {
  if (memory_from_heap) {
    ::operator delete(memory);
  } else if (is_small(size_bytes)) {
    ObjectCache::mine().give(memory, size_bytes);
  } else {
    BlockCache::mine().give(memory, size_bytes);
  }
}

constexpr std::size_t more_start = 8;  // slices: a body with a few splices allocates once

struct StringOwner : SliceOwner, CachedObject {
  explicit StringOwner(std::string bytes)
      : SliceOwner(&StringOwner::free), text(std::move(bytes)) {}
  static void free(SliceOwner* owner) noexcept { delete static_cast<StringOwner*>(owner); }
  std::string text;
};

}  // namespace

Slice Slice::copy_of(std::string_view text) {
  if (text.empty()) return {};
  Block block(text.size());
  block.append(text);
  return std::move(block).freeze();
}

Slice Slice::take(std::string text) {
  if (text.empty()) return {};
  auto* owner = new StringOwner(std::move(text));
  return Slice(owner->text.data(), owner->text.size(), owner);
}

void Block::Header::free(SliceOwner* owner) noexcept {
  auto* header = static_cast<Header*>(owner);
  const std::size_t size_bytes = memory_bytes(header->capacity_bytes);
  header->~Header();
  give_memory(header, size_bytes);
}

Block::Block(std::size_t capacity_bytes) {
  header_ = new (take_memory(Header::memory_bytes(capacity_bytes))) Header(capacity_bytes);
  std::memset(header_->bytes() + capacity_bytes, 0, padding_bytes);
}

Block& Block::operator=(Block&& other) noexcept {
  if (this != &other) {
    if (header_ != nullptr) Header::free(header_);
    header_ = std::exchange(other.header_, nullptr);
  }
  return *this;
}

Block::~Block() {
  if (header_ != nullptr) Header::free(header_);
}

Slice Block::freeze() && {
  Header* header = std::exchange(header_, nullptr);
  if (header == nullptr) return {};
  if (header->size_bytes == 0) {
    Header::free(header);
    return {};
  }
  return Slice(header->bytes(), header->size_bytes, header);
}

void SliceChain::push_more(Slice slice) {
  if (more_ == nullptr) {
    more_ = new More;
    more_->slices.reserve(more_start);
  }
  more_->slices.push_back(std::move(slice));
}

void SliceChain::clear_more() noexcept { delete std::exchange(more_, nullptr); }

std::string SliceChain::to_string() const {
  std::string text;
  text.reserve(size_bytes_);
  for (const Slice& slice : *this) text.append(slice.view());
  return text;
}

Slice SliceChain::gather() && {
  Slice whole;
  if (count_ == 1) {
    whole = std::move(*inline_slice(0));
  } else if (count_ > 1) {
    Block block(size_bytes_);
    for (const Slice& slice : *this) block.append(slice.view());
    whole = std::move(block).freeze();
  }
  clear();
  return whole;
}

}  // namespace sluice
