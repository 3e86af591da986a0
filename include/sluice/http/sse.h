// Splits a stream of server-sent events into events, as bytes, wherever its reads are cut.
//
//   reads    [data: {"a":1}\n\ndata: {"b]  [":2}\n\n: ping\n\n]
//   pieces   [event raw, a view       ]    [event, gathered][other]
//
// Nothing is decoded and no byte is lost: the `raw` of all pieces, in order, is the stream. An
// event that lies in one read is shared from it; one that spans reads is gathered into a block of
// its own. Grammar: WHATWG HTML 9.2.5 (LF, CR LF, CR; `data:` with or without one space; comments;
// a byte order mark in front). Two deliberate differences: an event is reported as soon as its last
// line end can be seen, though a CR may still be followed by LF (that LF comes as a piece of kind
// `other`); and the last event is reported by finish() even without its empty line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/slice.h"

namespace sluice::http {

struct SseLimits {
  std::size_t event_bytes_max =
      4 * 1024 * 1024;  // raw bytes of one event; also what one may hold back
};

enum class SseKind : std::uint8_t {
  event,  // has at least one data line
  other,  // comments, blank lines, fields without data: to be relayed, nothing to act upon
};

struct SseEvent {
  SseKind kind = SseKind::other;
  bool terminated = true;  // false: the stream ended before the event's empty line (finish() only)
  Slice raw;               // the exact bytes, terminator included
  std::string_view data;   // data lines joined by LF: into `raw`, or the parser's when several
  std::string_view name;   // of the last `event:` line; empty: none, which means "message"
  std::string_view id;     // of the last `id:` line; empty: none
};

enum class SseStatus : std::uint8_t {
  event,      // one piece was found; ask again
  need_more,  // all bytes fed are used up: feed() or finish()
  too_large,  // event_bytes_max exceeded; final
};

class SseParser {
 public:
  explicit SseParser(const SseLimits& limits = {}) noexcept : limits_(limits) {}

  /// Takes the next read. Only when next() said need_more (or before its first call).
  void feed(Slice bytes) noexcept;

  /// The next piece. Its views live until the next call on this parser; `raw` as long as it is
  /// kept.
  [[nodiscard]] SseStatus next(SseEvent& event);

  /// The stream has ended: what is left, as one piece with terminated = false, or need_more when
  /// nothing is left. Only when next() said need_more.
  [[nodiscard]] SseStatus finish(SseEvent& event);

  /// Bytes held back because their event is incomplete.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return tail_.size(); }

 private:
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  // What is known of the event under way; offsets from its first byte.
  struct Progress {
    std::size_t line_start = 0;
    std::size_t scanned = 0;  // no CR or LF in [line_start, scanned)
    std::size_t data_lines = 0;
    Span data;  // of the first data line
    Span name;
    Span id;
  };
  bool scan(std::string_view bytes, std::size_t& end) noexcept;
  void take_line(std::string_view bytes, std::size_t line_end) noexcept;
  SseStatus next_from_input(SseEvent& event);
  SseStatus next_from_tail(SseEvent& event);
  SseStatus emit(SseEvent& event, Slice raw, bool terminated);
  bool hold(std::string_view bytes);

  SseLimits limits_;
  Slice input_;
  Block tail_;
  Progress progress_;
  std::string joined_;    // data of the last event with several data lines
  bool at_start_ = true;  // a byte order mark may follow
  bool too_large_ = false;
};

}  // namespace sluice::http
