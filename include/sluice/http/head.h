// The head of a request or a response: views into received bytes, the same for every version of
// HTTP.
//
//   received bytes  [POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n...\r\n\r\n|body...]
//                    ^method ^path (views)                 ^headers[0]
//
// A head owns no text: whoever owns the bytes keeps them alive and unmoved while the head is read.
// Its list of headers keeps its memory between messages, so a warm head allocates nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/attributes.h"
#include "sluice/base/cached_object.h"
#include "sluice/http/field_name.h"
#include "sluice/http/status.h"

namespace sluice::http {

enum class Version : std::uint8_t { http_1_0, http_1_1, http_2 };

/// The methods that somebody tells apart; `other` is any further token (see RequestHead::method).
enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, trace, other };

[[nodiscard]] Method method_of(std::string_view text) noexcept;

/// One field line. The name in the letter case it came in, a token; the value without blanks around
/// it, and free of CR, LF and NUL.
struct Header {
  std::string_view name;
  std::string_view value;

  friend bool operator==(const Header&, const Header&) = default;
};

/// One that was received: its name is also known as a number.
struct ReceivedHeader : Header {
  FieldName known;
};

/// Field lines in the order they came. Lookups ignore letter case; by FieldName a miss is one test
/// of a bit, and letters are compared by nobody.
class HeaderList {
 public:
  void add(std::string_view name, std::string_view value) { add(name, value, field_name(name)); }
  /// `known` is field_name(name).
  void add(std::string_view name, std::string_view value, FieldName known) {
    if (headers_.size() == headers_.capacity()) grow();
    known_.add(known);
    headers_.push_back({{name, value}, known});
  }
  /// Forgets the headers and keeps the memory.
  void clear() noexcept {
    headers_.clear();
    known_ = {};
  }
  /// Gives the memory back too: for connections that go idle.
  void release_memory() noexcept {
    CachedVector<ReceivedHeader>().swap(headers_);
    known_ = {};
  }

  /// The first header of that name, not `other`, or null.
  [[nodiscard]] const Header* find(FieldName name) const noexcept SLUICE_LIFETIMEBOUND {
    return contains(name) ? find_known(name) : nullptr;
  }
  [[nodiscard]] std::optional<std::string_view> value(FieldName name) const noexcept {
    const Header* header = find(name);
    if (header == nullptr) return std::nullopt;
    return header->value;
  }
  [[nodiscard]] bool contains(FieldName name) const noexcept { return known_.contains(name); }
  /// How many field lines bear that name.
  [[nodiscard]] std::size_t count(FieldName name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

  /// The first header of that name, or null.
  [[nodiscard]] const Header* find(std::string_view name) const noexcept SLUICE_LIFETIMEBOUND;
  /// The first value of that name, or nothing.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const noexcept {
    const Header* header = find(name);
    if (header == nullptr) return std::nullopt;
    return header->value;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return find(name) != nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return headers_.size(); }
  [[nodiscard]] bool empty() const noexcept { return headers_.empty(); }
  [[nodiscard]] const ReceivedHeader& operator[](std::size_t index) const noexcept
      SLUICE_LIFETIMEBOUND {
    return headers_[index];
  }
  [[nodiscard]] auto begin() const noexcept SLUICE_LIFETIMEBOUND { return headers_.begin(); }
  [[nodiscard]] auto end() const noexcept SLUICE_LIFETIMEBOUND { return headers_.end(); }

  /// Moves every view from bytes that began at address `from` to the same bytes at `to`: for a
  /// parser whose input was moved between two reads.
  void rebase(std::uintptr_t from, const char* to) noexcept;

 private:
  const Header* find_known(FieldName name) const noexcept;
  void grow();
  CachedVector<ReceivedHeader> headers_;
  FieldNames known_;
};

struct RequestHead {
  Method method = Method::other;
  Version version = Version::http_1_1;
  std::string_view method_text;
  std::string_view target;  // as received: origin-form, absolute-form or "*"
  std::string_view
      authority;           // host[:port]: of an absolute-form target, else of Host; may be empty
  std::string_view path;   // without the query; "*" for asterisk-form, never empty
  std::string_view query;  // behind the '?', which is not part of it; may be empty
  HeaderList headers;

  /// Forgets the message and keeps the memory.
  void clear() noexcept;
};

struct ResponseHead {
  Version version = Version::http_1_1;
  StatusCode status = 0;    // 100 to 999
  std::string_view reason;  // may be empty
  HeaderList headers;

  void clear() noexcept;
  /// 1xx: another head follows for the same request. 101 is final: it ends HTTP on the connection.
  [[nodiscard]] bool is_interim() const noexcept {
    return status < 200 && status != status::switching_protocols;
  }
};

}  // namespace sluice::http
