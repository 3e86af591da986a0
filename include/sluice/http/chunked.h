// The chunked transfer coding (RFC 9112 section 7.1): an incremental decoder and an encoder's
// parts.
//
//   5;ext=1\r\n hello \r\n 0\r\n Trailer: x\r\n \r\n
//               ^data: a view into the input, however the input is cut
//
// Strict, since chunk lines are where requests are smuggled: sizes are 1 to 16 hex digits, lines
// end in CR LF, no blanks around the size, extensions and trailers follow the grammar and are
// bounded. Both are checked and dropped, as RFC 9112 7.1.1 and 7.1.2 allow an intermediary.
// A trailer that speaks of framing or of the connection is refused (RFC 9110 6.5.1): some readers
// obey it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/attributes.h"
#include "sluice/http/status.h"

namespace sluice::http {

struct ChunkedLimits {
  std::uint32_t extension_bytes_max = 4 * 1024;  // all of one body together: 400
  std::uint32_t trailer_bytes_max = 8 * 1024;    // the whole trailer section: 431
  std::uint32_t trailer_count_max = 32;          // 431
};

enum class ChunkedStatus : std::uint8_t {
  data,       // `data` is the next part of the body; call again with the rest
  need_more,  // the input is used up
  complete,   // the body has ended; bytes behind bytes_consumed belong to the next message
  malformed,  // the connection is of no further use
};

struct ChunkedStep {
  ChunkedStatus status = ChunkedStatus::need_more;
  std::size_t bytes_consumed = 0;  // of this call's input, data included
  std::string_view data{};         // into this call's input; never empty with ChunkedStatus::data
  Rejection rejection{};
};

/// The encoded form as it stands may be relayed too: bytes [0, bytes_consumed) of every step are
/// exactly the body's encoded bytes.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(const ChunkedLimits& limits = {}) noexcept : limits_(limits) {}

  /// Decodes up to the end of the next piece of data. `input` begins behind the bytes consumed so
  /// far. After complete or malformed every further call gives the same answer.
  [[nodiscard]] ChunkedStep next(std::string_view input SLUICE_LIFETIMEBOUND) noexcept;

  /// Ready for the next body.
  void reset() noexcept { *this = ChunkedDecoder(limits_); }
  [[nodiscard]] bool is_complete() const noexcept { return state_ == State::complete; }

 private:
  enum class State : std::uint8_t {
    size_first,        // at the first digit of a chunk's size
    size,              // behind at least one digit
    extension_name,    // behind ';', name_bytes_ of the name read
    extension_value,   // behind '='
    extension_token,   // inside an unquoted value
    extension_quoted,  // inside a quoted value
    extension_escape,  // behind a backslash in it
    extension_end,     // behind the closing quote
    size_lf,           // behind the CR of a size line
    data,              // chunk_bytes_left_ > 0 bytes of data follow
    data_cr,           // behind the last byte of a chunk
    data_lf,
    trailer_first,  // at the first byte of a trailer line
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,  // behind the CR of the empty line
    complete,
    malformed,
  };
  bool step(unsigned char byte) noexcept;  // false: refused
  bool step_size(unsigned char byte) noexcept;
  bool step_extension(unsigned char byte) noexcept;
  bool step_trailer(unsigned char byte) noexcept;
  [[nodiscard]] bool trailer_name_allowed() const noexcept;
  bool fail(StatusCode answer, const char* reason) noexcept;

  ChunkedLimits limits_;
  State state_ = State::size_first;
  std::uint8_t size_digits_ = 0;
  bool extension_name_seen_ = false;  // at least one byte of the current extension's name
  std::uint32_t extension_bytes_ = 0;
  std::uint32_t trailer_bytes_ = 0;
  std::uint32_t trailer_count_ = 0;
  std::array<char, 20> trailer_name_{};  // its first bytes: the names refused are shorter
  std::uint32_t trailer_name_bytes_ = 0;
  std::uint64_t chunk_bytes_left_ = 0;
  Rejection rejection_{};
};

/// The line in front of a chunk's data: its size in hex and CR LF.
class ChunkPrefix {
 public:
  /// `size_bytes` > 0: a chunk of 0 would end the body.
  explicit ChunkPrefix(std::uint64_t size_bytes) noexcept;
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND {
    return {text_.data() + begin_, text_.size() - begin_};
  }

 private:
  std::array<char, 18> text_;
  std::uint8_t begin_;
};

inline constexpr std::string_view chunk_suffix = "\r\n";     // behind a chunk's data
inline constexpr std::string_view last_chunk = "0\r\n\r\n";  // ends the body, without trailers
inline constexpr std::string_view chunk_suffix_and_last = "\r\n0\r\n\r\n";

}  // namespace sluice::http
