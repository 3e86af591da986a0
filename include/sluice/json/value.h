// Cursor over an indexed document: a Value is a place in it, nothing is copied or converted until
// asked for.
//
//   for (const json::Member member : json::root(index).members()) {
//     if (member.key.string_equals("model")) model_span = member.value.span();
//   }
//
// Asking a value for a type it has not is a normal question with the answer nothing. Keys are
// compared unescaped: "mod\u0065l" is model.
// Lifetime: of the index's document, that is until the next Index::build().
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/index.h"

namespace sluice::json {

enum class Kind : std::uint8_t { object, array, string, number, boolean, null };

/// The kind's name with its article, for messages: "an object", "null".
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;

class Members;
class Elements;
struct Lookup;

class Value {
 public:
  Value(const Index& index, std::uint32_t token) noexcept : index_(&index), token_(token) {}

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is(Kind wanted) const noexcept { return kind() == wanted; }
  [[nodiscard]] std::uint32_t token() const noexcept { return token_; }

  /// Where the value stands in the text, brackets and quotes included.
  [[nodiscard]] Span span() const noexcept;
  [[nodiscard]] std::string_view raw() const noexcept;

  /// The bytes between the quotes, escapes as they stand; nothing when this is no string.
  [[nodiscard]] std::optional<std::string_view> string_raw() const noexcept;
  /// The text, unescaped; a lone surrogate escape becomes U+FFFD.
  [[nodiscard]] std::optional<std::string> string() const;
  /// Appends the unescaped text to `out`; false (and nothing appended) when this is no string.
  bool append_string(std::string& out) const;
  /// Whether this is a string with this text once unescaped.
  [[nodiscard]] bool string_equals(std::string_view text) const noexcept;

  /// A whole number in int64's range, however spelled: 12, 12.0 and 1.2e1 are twelve.
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  /// The nearest double; nothing when the number is too large for one.
  [[nodiscard]] std::optional<double> number() const noexcept;
  [[nodiscard]] std::optional<bool> boolean() const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::null; }

  /// The members of an object, in order, duplicates included; none when this is no object.
  [[nodiscard]] Members members() const noexcept;
  /// The elements of an array, in order; none when this is no array.
  [[nodiscard]] Elements elements() const noexcept;
  /// Whether an object or array holds nothing; false for any other kind.
  [[nodiscard]] bool is_empty() const noexcept;

  /// The first member of this name; nothing when there is none or this is no object.
  [[nodiscard]] std::optional<Value> find(std::string_view name) const noexcept;
  /// The same, and whether the name occurs more than once. Reads all keys.
  [[nodiscard]] Lookup find_unique(std::string_view name) const noexcept;

  /// The token after this value.
  [[nodiscard]] std::uint32_t next_token() const noexcept;
  [[nodiscard]] const Index& index() const noexcept { return *index_; }

 private:
  [[nodiscard]] char first_byte() const noexcept {
    return index_->text()[index_->token_offset(token_)];
  }

  const Index* index_;
  std::uint32_t token_;
};

struct Lookup {
  std::optional<Value> value;
  bool duplicate = false;
};

struct Member {
  Value key;  // a string
  Value value;
};

/// Range of an object's members.
class Members {
 public:
  class Iterator {
   public:
    Iterator(const Index& index, std::uint32_t token) noexcept : index_(&index), token_(token) {}
    [[nodiscard]] Member operator*() const noexcept {
      return {Value(*index_, token_), Value(*index_, token_ + 2)};  // key, colon, value
    }
    Iterator& operator++() noexcept;
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.token_ == b.token_;
    }

   private:
    const Index* index_;
    std::uint32_t token_;  // of a key, or of the closing bracket
  };

  Members(const Index& index, std::uint32_t first, std::uint32_t end) noexcept
      : index_(&index), first_(first), end_(end) {}
  [[nodiscard]] Iterator begin() const noexcept { return {*index_, first_}; }
  [[nodiscard]] Iterator end() const noexcept { return {*index_, end_}; }

 private:
  const Index* index_;
  std::uint32_t first_;
  std::uint32_t end_;
};

/// Range of an array's elements.
class Elements {
 public:
  class Iterator {
   public:
    Iterator(const Index& index, std::uint32_t token) noexcept : index_(&index), token_(token) {}
    [[nodiscard]] Value operator*() const noexcept { return {*index_, token_}; }
    Iterator& operator++() noexcept;
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.token_ == b.token_;
    }

   private:
    const Index* index_;
    std::uint32_t token_;  // of an element, or of the closing bracket
  };

  Elements(const Index& index, std::uint32_t first, std::uint32_t end) noexcept
      : index_(&index), first_(first), end_(end) {}
  [[nodiscard]] Iterator begin() const noexcept { return {*index_, first_}; }
  [[nodiscard]] Iterator end() const noexcept { return {*index_, end_}; }

 private:
  const Index* index_;
  std::uint32_t first_;
  std::uint32_t end_;
};

/// The document's top value; the index must hold a document.
[[nodiscard]] inline Value root(const Index& index) noexcept {
  SLUICE_ASSERT(index.has_document());
  return {index, 0};
}

}  // namespace sluice::json
