#include "sluice/base/slice.h"

#include <new>

namespace sluice {
namespace {

struct StringOwner : SliceOwner {
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

// The header and the bytes are one allocation: [Header][capacity bytes][padding].
struct Block::Header : SliceOwner {
  explicit Header(std::size_t capacity) noexcept
      : SliceOwner(&Header::free), capacity_bytes(capacity) {}
  static void free(SliceOwner* owner) noexcept {
    auto* header = static_cast<Header*>(owner);
    header->~Header();
    ::operator delete(static_cast<void*>(header));
  }
  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  std::size_t capacity_bytes;
  std::size_t size_bytes = 0;
};

Block::Block(std::size_t capacity_bytes) {
  void* memory = ::operator new(sizeof(Header) + capacity_bytes + padding_bytes);
  header_ = new (memory) Header(capacity_bytes);
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

char* Block::data() noexcept { return header_ == nullptr ? nullptr : header_->bytes(); }
std::size_t Block::size() const noexcept { return header_ == nullptr ? 0 : header_->size_bytes; }
std::size_t Block::capacity() const noexcept {
  return header_ == nullptr ? 0 : header_->capacity_bytes;
}

std::string_view Block::view() const noexcept {
  return header_ == nullptr ? std::string_view{}
                            : std::string_view{header_->bytes(), header_->size_bytes};
}

void Block::append(std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  SLUICE_ASSERT(bytes.size() <= free_bytes());
  std::memcpy(header_->bytes() + header_->size_bytes, bytes.data(), bytes.size());
  header_->size_bytes += bytes.size();
}

void Block::advance(std::size_t count) noexcept {
  SLUICE_ASSERT(count <= free_bytes());
  if (count != 0) header_->size_bytes += count;
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

std::string SliceChain::to_string() const {
  std::string text;
  text.reserve(size_bytes_);
  for (const Slice& slice : slices_) text.append(slice.view());
  return text;
}

Slice SliceChain::gather() && {
  Slice whole;
  if (slices_.size() == 1) {
    whole = std::move(slices_.front());
  } else if (!slices_.empty()) {
    Block block(size_bytes_);
    for (const Slice& slice : slices_) block.append(slice.view());
    whole = std::move(block).freeze();
  }
  clear();
  return whole;
}

}  // namespace sluice
