// Bytes with an owner: what buffers are while they travel through the gateway.
//
//   owner (references = 3):  [ head ......... | body part 1 ...... | pipelined request ... ]
//                              ^ Slice a        ^ Slice b            ^ Slice c
//
// A Slice is move-only and keeps its owner's memory alive: a buffer of the ring (then it is a
// lease: the last slice's destructor gives the buffer back), a heap block, or static text (no
// owner). Owners count references without atomics: a slice never leaves the core it was made on.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/base/attributes.h"
#include "sluice/base/cached_object.h"

namespace sluice {

/// The memory behind slices. `release` runs when the last slice is gone and gives the memory back.
struct SliceOwner {
  using Release = void (*)(SliceOwner*) noexcept;
  explicit SliceOwner(Release release_function) noexcept : release(release_function) {}
  std::uint32_t references = 0;
  Release release;
};

class Slice {
 public:
  Slice() noexcept = default;
  /// Adopts one more reference on `owner`; a null owner means memory that outlives everything.
  Slice(const char* data, std::size_t size_bytes, SliceOwner* owner) noexcept
      : data_(data), size_bytes_(size_bytes), owner_(owner) {
    if (owner_ != nullptr) ++owner_->references;
  }
  Slice(Slice&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_bytes_(std::exchange(other.size_bytes_, 0)),
        owner_(std::exchange(other.owner_, nullptr)) {}
  Slice& operator=(Slice&& other) noexcept {
    if (this != &other) {
      reset();
      data_ = std::exchange(other.data_, nullptr);
      size_bytes_ = std::exchange(other.size_bytes_, 0);
      owner_ = std::exchange(other.owner_, nullptr);
    }
    return *this;
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;
  ~Slice() { reset(); }

  /// A slice over text that lives as long as the program (a string literal).
  [[nodiscard]] static Slice of_static(std::string_view text) noexcept {
    return Slice(text.data(), text.size(), nullptr);
  }
  /// A slice that owns a heap copy of `text`.
  [[nodiscard]] static Slice copy_of(std::string_view text);
  /// A slice that owns `text` itself; no byte is copied.
  [[nodiscard]] static Slice take(std::string text);

  [[nodiscard]] const char* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_bytes_; }
  [[nodiscard]] bool empty() const noexcept { return size_bytes_ == 0; }
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND {
    return {data_, size_bytes_};
  }

  /// Another slice of the same memory: bytes [offset, offset + size_bytes) of this one.
  [[nodiscard]] Slice share(std::size_t offset, std::size_t size_bytes) const noexcept {
    SLUICE_ASSERT(offset <= size_bytes_ && size_bytes <= size_bytes_ - offset);
    return Slice(data_ + offset, size_bytes, owner_);
  }
  [[nodiscard]] Slice share() const noexcept { return share(0, size_bytes_); }

  void remove_prefix(std::size_t count) noexcept {
    SLUICE_ASSERT(count <= size_bytes_);
    data_ += count;
    size_bytes_ -= count;
  }
  void truncate(std::size_t size_bytes) noexcept {
    SLUICE_ASSERT(size_bytes <= size_bytes_);
    size_bytes_ = size_bytes;
  }

  /// Takes in `next` when it begins in the same memory where this one ends; false: nothing done.
  [[nodiscard]] bool try_extend(const Slice& next) noexcept {
    if (owner_ == nullptr || owner_ != next.owner_ || data_ + size_bytes_ != next.data_) {
      return false;
    }
    size_bytes_ += next.size_bytes_;
    return true;
  }

  /// Gives the reference back at once; the slice is empty after.
  void reset() noexcept {
    data_ = nullptr;
    size_bytes_ = 0;
    if (SliceOwner* owner = std::exchange(owner_, nullptr); owner != nullptr) {
      SLUICE_ASSERT(owner->references > 0);
      if (--owner->references == 0) owner->release(owner);
    }
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_bytes_ = 0;
  SliceOwner* owner_ = nullptr;
};

/// A writable heap block that becomes slices. Move-only; bytes [0, size()) are written ones.
///
/// `padding_bytes` readable bytes follow the capacity (zeroed), so that SIMD parsers may read past
/// the end of what was written.
class Block {
 public:
  Block() noexcept = default;
  explicit Block(std::size_t capacity_bytes);
  Block(Block&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  Block& operator=(Block&& other) noexcept;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();

  static constexpr std::size_t padding_bytes = 64;

  [[nodiscard]] bool has_memory() const noexcept { return header_ != nullptr; }
  [[nodiscard]] char* data() noexcept SLUICE_LIFETIMEBOUND {
    return header_ == nullptr ? nullptr : header_->bytes();
  }
  [[nodiscard]] std::size_t size() const noexcept {
    return header_ == nullptr ? 0 : header_->size_bytes;
  }
  [[nodiscard]] std::size_t capacity() const noexcept {
    return header_ == nullptr ? 0 : header_->capacity_bytes;
  }
  [[nodiscard]] std::size_t free_bytes() const noexcept { return capacity() - size(); }
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND {
    if (header_ == nullptr) return {};
    return {header_->bytes(), header_->size_bytes};
  }

  /// Copies `bytes` behind what is there; they must fit.
  void append(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    SLUICE_ASSERT(bytes.size() <= free_bytes());
    std::memcpy(header_->bytes() + header_->size_bytes, bytes.data(), bytes.size());
    header_->size_bytes += bytes.size();
  }
  /// Says that `count` bytes were written behind size() by someone else (a read, a decrypt).
  void advance(std::size_t count) noexcept {
    SLUICE_ASSERT(count <= free_bytes());
    if (count != 0) header_->size_bytes += count;
  }

  /// The whole block as one slice; the block is empty after and the memory belongs to the slice.
  [[nodiscard]] Slice freeze() &&;

 private:
  // The header and the bytes are one allocation: [Header][capacity bytes][padding].
  struct Header : SliceOwner {
    explicit Header(std::size_t capacity) noexcept
        : SliceOwner(&Header::free), capacity_bytes(capacity) {}
    static void free(SliceOwner* owner) noexcept;
    static constexpr std::size_t memory_bytes(std::size_t capacity) noexcept {
      return sizeof(Header) + capacity + padding_bytes;
    }
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    std::size_t capacity_bytes;
    std::size_t size_bytes = 0;
  };
  Header* header_ = nullptr;
};

/// Slices in order: what one send takes, what one read of many parts gives. The first few live in
/// the chain itself, so that a message of a head and a body allocates nothing here.
///
/// Chains travel by value through every layer, so a move is a copy of bytes: a slice holds no
/// pointer to itself and may be moved in memory as it is.
class SliceChain {
 public:
  SliceChain() noexcept = default;
  SliceChain(SliceChain&& other) noexcept { take(other); }
  SliceChain& operator=(SliceChain&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  SliceChain(const SliceChain&) = delete;
  SliceChain& operator=(const SliceChain&) = delete;
  ~SliceChain() { clear(); }

  /// Appends; a slice that goes on where the last one ends, in the same memory, extends it.
  void push(Slice slice) {
    if (slice.empty()) return;
    size_bytes_ += slice.size();
    if (count_ > 0 && (*this)[count_ - 1].try_extend(slice)) return;
    if (count_ < inline_count) {
      new (inline_slice(count_)) Slice(std::move(slice));
    } else {
      push_more(std::move(slice));
    }
    ++count_;
  }
  void append(SliceChain other) {
    if (empty()) {
      *this = std::move(other);
      return;
    }
    for (std::size_t i = 0; i < other.count_; ++i) push(std::move(other[i]));
  }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] bool empty() const noexcept { return size_bytes_ == 0; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] const Slice& operator[](std::size_t index) const noexcept {
    return index < inline_count ? *inline_slice(index) : more_->slices[index - inline_count];
  }
  [[nodiscard]] Slice& operator[](std::size_t index) noexcept {
    return index < inline_count ? *inline_slice(index) : more_->slices[index - inline_count];
  }

  class Iterator {
   public:
    Iterator(const SliceChain& chain, std::size_t index) noexcept : chain_(&chain), index_(index) {}
    const Slice& operator*() const noexcept { return (*chain_)[index_]; }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.index_ == b.index_;
    }

   private:
    const SliceChain* chain_;
    std::size_t index_;
  };
  [[nodiscard]] Iterator begin() const noexcept SLUICE_LIFETIMEBOUND { return {*this, 0}; }
  [[nodiscard]] Iterator end() const noexcept SLUICE_LIFETIMEBOUND { return {*this, count_}; }

  void clear() noexcept {
    if (count_ == 0) return;
    for (std::size_t i = 0; i < count_ && i < inline_count; ++i) inline_slice(i)->~Slice();
    if (more_ != nullptr) clear_more();
    count_ = 0;
    size_bytes_ = 0;
  }
  /// All bytes in one string: for tests and cold paths.
  [[nodiscard]] std::string to_string() const;
  /// All bytes as one slice: the slice itself when there is but one, else a copy into a block.
  [[nodiscard]] Slice gather() &&;

 private:
  static constexpr std::size_t inline_count = 3;
  struct More : CachedObject {
    CachedVector<Slice> slices;
  };

  [[nodiscard]] Slice* inline_slice(std::size_t index) noexcept {
    return reinterpret_cast<Slice*>(inline_.data()) + index;
  }
  [[nodiscard]] const Slice* inline_slice(std::size_t index) const noexcept {
    return reinterpret_cast<const Slice*>(inline_.data()) + index;
  }
  // Only into an empty chain.
  void take(SliceChain& other) noexcept {
    inline_ = other.inline_;
    more_ = std::exchange(other.more_, nullptr);
    count_ = std::exchange(other.count_, 0);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  void push_more(Slice slice);
  void clear_more() noexcept;

  // Slices [0, min(count_, inline_count)) live here; what is behind them is no object.
  alignas(Slice) std::array<std::byte, inline_count * sizeof(Slice)> inline_{};
  More* more_ = nullptr;  // the rest; null while there is none. Ours.
  std::size_t count_ = 0;
  std::size_t size_bytes_ = 0;
};

}  // namespace sluice
