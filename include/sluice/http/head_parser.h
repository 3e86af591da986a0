// Parses the head of an HTTP/1.x message out of bytes that may not all be there yet.
//
// Three answers: complete, need_more, malformed. Strict wherever two readers could disagree about
// what a message is or where it ends (RFC 9112 section 11): every line ends in CR LF (a bare LF or
// bare CR is refused, in responses too: no provider sends one), no folded lines, no blank before
// the colon, names are tokens, values hold no control bytes, exactly one valid Host in HTTP/1.1,
// no tab around a framing header's value, no CONNECT. Tolerated because nobody can read it two
// ways: a few empty lines before a request (RFC 9112 2.2), blanks around values, bytes from 0x80 in
// values, a missing reason phrase.
//
// A parser remembers how far it came, so a head that arrives byte by byte costs the same passes
// over its bytes as one that arrives whole; and a control byte or a bad line is refused when it
// arrives, not when the head ends. One-shot use: parse_request_head(), parse_response_head().
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/http/head.h"
#include "sluice/http/status.h"

namespace sluice::http {

struct HeadLimits {
  std::uint32_t head_bytes_max = 32 * 1024;   // whole head, empty lines in front included: 431
  std::uint32_t header_count_max = 100;       // field lines: 431
  std::uint32_t target_bytes_max = 8 * 1024;  // request target: 414; RFC 9112 3 asks for 8000
  std::uint32_t method_bytes_max = 32;        // 501
  std::uint32_t empty_lines_max = 4;          // before a request line: 400
  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (header_count_max == 0) return "header_count_max must be at least 1";
    if (method_bytes_max < 7) return "method_bytes_max must be at least 7";
    if (target_bytes_max + method_bytes_max + 64 > head_bytes_max) {
      return "head_bytes_max must have room for a target of target_bytes_max";
    }
    return std::nullopt;
  }
};
static_assert(!HeadLimits{}.broken_rule(), "the defaults must pass their own check");

enum class ParseStatus : std::uint8_t { complete, need_more, malformed };

struct HeadParse {
  ParseStatus status = ParseStatus::need_more;
  std::size_t bytes_consumed = 0;  // complete: the head with its empty line; else 0
  Rejection rejection{};           // malformed: why, and what to answer
};

/// What the request and response parsers share: where they are in the head.
class HeadParserState {
 public:
  /// Ready for the next message.
  void reset() noexcept { *this = HeadParserState(limits_); }
  [[nodiscard]] const HeadLimits& limits() const noexcept { return limits_; }

 protected:
  explicit HeadParserState(const HeadLimits& limits) noexcept : limits_(limits) {}

  template <typename Head>
  HeadParse run(std::string_view bytes, Head& head);

 private:
  struct Line {
    bool whole = false;           // ends at scanned_
    const char* wrong = nullptr;  // why it never can
  };
  Line find_line(std::string_view bytes) noexcept;
  template <typename Head>
  std::optional<Rejection> parse_other_line(std::string_view line, Head& head);
  template <typename Head>
  HeadParse need_more(std::string_view bytes, const Head& head) const noexcept;

  HeadLimits limits_;
  std::uint32_t empty_lines_ = 0;
  bool start_line_done_ = false;
  std::size_t line_start_ = 0;  // offset of the first line not yet parsed
  std::size_t scanned_ = 0;     // no line end and no bad byte before this offset
  std::uintptr_t base_ = 0;     // where the bytes were in the last call
};

/// `parse(bytes, head)`: `bytes` begin where the message begins, and each call's bytes begin with
/// the last call's (they may lie elsewhere by now); `head` is the same object until the answer is
/// complete or malformed, and then refers to this call's bytes. After need_more its content means
/// nothing. After complete or malformed, reset() before the next message.
class RequestHeadParser : public HeadParserState {
 public:
  explicit RequestHeadParser(const HeadLimits& limits = {}) noexcept : HeadParserState(limits) {}
  [[nodiscard]] HeadParse parse(std::string_view bytes, RequestHead& head);
};

class ResponseHeadParser : public HeadParserState {
 public:
  explicit ResponseHeadParser(const HeadLimits& limits = {}) noexcept : HeadParserState(limits) {}
  [[nodiscard]] HeadParse parse(std::string_view bytes, ResponseHead& head);
};

/// One-shot: from the first byte, with nothing remembered.
[[nodiscard]] HeadParse parse_request_head(std::string_view bytes, RequestHead& head,
                                           const HeadLimits& limits = {});
[[nodiscard]] HeadParse parse_response_head(std::string_view bytes, ResponseHead& head,
                                            const HeadLimits& limits = {});

}  // namespace sluice::http
