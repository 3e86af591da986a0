// A whole answer to a chat request as a form: text with places for what differs from one answer to
// the next like it.
//
//   [HTTP/1.1 200 OK ... x-request-id: ][req_...][ ... content-length: ][1795][\r\n\r\n{"id":"]
//   [chatcmpl-...][ ... "content":"][text][","refusal":null ... ]
//
// In a stream `between` stands between two tokens, [ end of an event, begin of the next ], and the
// length is that of its one chunk. What the form holds is copied, never written anew: an answer of
// 64 events takes a tenth of the instructions. Learnt from an answer that was written in full, and
// believed only when it gives that very answer again.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/slice.h"

namespace sluice::simulator {

/// What an answer's places hold.
struct Filling {
  std::string_view request_id;  // of the size that the learnt answer's has
  std::string_view id;          // likewise
  std::uint64_t seed = 0;       // of the text
};

class Form {
 public:
  /// `wire`: head and body of an answer, framed by one length, whose text is `tokens` tokens
  /// (append_text). Nothing when it is not of this shape.
  [[nodiscard]] static std::optional<Form> learn(std::string_view wire, const Filling& filling,
                                                 std::uint64_t tokens, bool ended);

  /// The answer with other places.
  [[nodiscard]] Slice fill(const Filling& filling);

 private:
  // Text that is copied in steps of 64 bytes, so there is some behind its end.
  struct Piece {
    std::string bytes{};
    std::size_t size_bytes = 0;
    std::vector<std::size_t> ids{};  // where the answer's id stands

    void assign(std::string_view text, std::string_view id);
    void put_id(std::string_view id) noexcept;
    char* copy_to(char* at) const noexcept;
  };

  Form() = default;
  bool take_apart(std::string_view wire, const Filling& filling);

  std::uint64_t tokens_ = 0;
  bool ended_ = false;
  Piece before_{};               // up to the length; the id in it is the request's
  int base_ = 10;                // of the length
  std::size_t fixed_bytes_ = 0;  // of the body: without its text
  Piece front_{};                // behind the length, up to the first token
  Piece between_{};              // empty where tokens follow each other at once
  Piece back_{};
};

}  // namespace sluice::simulator
