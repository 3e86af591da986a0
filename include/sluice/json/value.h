// Cursor over an indexed document: a Value is a place in it, nothing is copied or converted until
// asked for.
//
//   std::string scratch;
//   for (const json::Member member : json::root(index).members()) {
//     if (member.key.unescaped(scratch) == "model") model_span = member.value.span();
//   }
//
// Asking a value for a type it has not is a normal question with the answer nothing. Keys are
// compared unescaped: "mod\u0065l" is model. Who looks for several members walks the object once
// and asks each key for its text once; what is skipped is never looked at. Lifetime: of the index's
// document, that is until the next Index::build().
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

  [[nodiscard]] Kind kind() const noexcept {
    switch (first_byte()) {
      case '{': return Kind::object;
      case '[': return Kind::array;
      case '"': return Kind::string;
      case 't':
      case 'f': return Kind::boolean;
      case 'n': return Kind::null;
      default: return Kind::number;  // the index let nothing else pass
    }
  }
  [[nodiscard]] bool is(Kind wanted) const noexcept { return kind() == wanted; }
  [[nodiscard]] std::uint32_t token() const noexcept { return token_; }

  /// Where the value stands in the text, brackets and quotes included.
  [[nodiscard]] Span span() const noexcept {
    const std::size_t begin = index_->token_offset(token_);
    return {begin, end() - begin};
  }
  [[nodiscard]] std::string_view raw() const noexcept {
    const Span place = span();
    return {text() + place.offset, place.size_bytes};
  }

  /// The bytes between the quotes, escapes as they stand; nothing when this is no string.
  [[nodiscard]] std::optional<std::string_view> string_raw() const noexcept {
    if (first_byte() != '"') return std::nullopt;
    return between_quotes();
  }
  /// The text, unescaped: a view into the document, or into `scratch` where there are escapes.
  /// Empty when this is no string.
  [[nodiscard]] std::string_view unescaped(std::string& scratch) const {
    if (first_byte() != '"') return {};
    const std::string_view bytes = between_quotes();
    return index_->may_have_escapes(bytes) ? unescape(bytes, scratch) : bytes;
  }
  /// The text, unescaped; a lone surrogate escape becomes U+FFFD.
  [[nodiscard]] std::optional<std::string> string() const;
  /// Appends the unescaped text to `out`; false (and nothing appended) when this is no string.
  bool append_string(std::string& out) const;
  /// Whether this is a string with this text once unescaped.
  [[nodiscard]] bool string_equals(std::string_view text) const noexcept {
    if (first_byte() != '"') return false;
    const std::string_view bytes = between_quotes();
    return index_->may_have_escapes(bytes) ? escaped_equals(bytes, text) : bytes == text;
  }

  /// A whole number in int64's range, however spelled: 12, 12.0 and 1.2e1 are twelve.
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  /// The nearest double; nothing when the number is too large for one.
  [[nodiscard]] std::optional<double> number() const noexcept;
  [[nodiscard]] std::optional<bool> boolean() const noexcept;
  [[nodiscard]] bool is_null() const noexcept { return first_byte() == 'n'; }

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
  [[nodiscard]] std::uint32_t next_token() const noexcept {
    return (is_bracket() ? index_->token_partner(token_) : token_) + 1;
  }
  [[nodiscard]] const Index& index() const noexcept { return *index_; }

 private:
  [[nodiscard]] const char* text() const noexcept { return index_->text().data(); }
  [[nodiscard]] char first_byte() const noexcept { return text()[index_->token_offset(token_)]; }
  [[nodiscard]] bool is_bracket() const noexcept {
    return first_byte() == '{' || first_byte() == '[';
  }
  // Behind the value's last byte. A scalar's is the last in front of the next token that is not
  // white space.
  [[nodiscard]] std::size_t end() const noexcept {
    if (is_bracket()) return index_->token_offset(index_->token_partner(token_)) + std::size_t{1};
    std::size_t end = index_->token_offset(token_ + 1);
    while (static_cast<unsigned char>(text()[end - 1]) <= ' ') --end;
    return end;
  }
  [[nodiscard]] std::string_view between_quotes() const noexcept {
    const std::size_t begin = index_->token_offset(token_) + std::size_t{1};
    return {text() + begin, end() - 1 - begin};
  }
  [[nodiscard]] std::optional<std::int64_t> long_integer(std::string_view text) const noexcept;
  static std::string_view unescape(std::string_view raw, std::string& scratch);
  static bool escaped_equals(std::string_view raw, std::string_view text) noexcept;

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
    Iterator& operator++() noexcept {
      token_ = index_->over_comma(Value(*index_, token_ + 2).next_token());
      return *this;
    }
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
    Iterator& operator++() noexcept {
      token_ = index_->over_comma(Value(*index_, token_).next_token());
      return *this;
    }
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

inline Members Value::members() const noexcept {
  if (first_byte() != '{') return {*index_, token_, token_};
  return {*index_, token_ + 1, index_->token_partner(token_)};
}

inline Elements Value::elements() const noexcept {
  if (first_byte() != '[') return {*index_, token_, token_};
  return {*index_, token_ + 1, index_->token_partner(token_)};
}

inline bool Value::is_empty() const noexcept {
  return is_bracket() && index_->token_partner(token_) == token_ + 1;
}

/// The document's top value; the index must hold a document.
[[nodiscard]] inline Value root(const Index& index) noexcept {
  SLUICE_ASSERT(index.has_document());
  return {index, 0};
}

}  // namespace sluice::json
