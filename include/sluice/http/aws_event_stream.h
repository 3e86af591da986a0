// Splits a body of application/vnd.amazon.eventstream into its messages, wherever its reads are
// cut: how Amazon Bedrock streams.
//
//   [total][headers][crc of these 8]  [headers .......] [payload .......] [crc of all before]
//    4 B    4 B      4 B               name, type, value  JSON              4 B       big endian
//
// A message that lies in one read is shared from it; one that spans reads is gathered into a block
// of its own. Both checksums are verified before anything is believed: lengths after the first,
// headers and payload after the second. Format: AWS Transcribe's developer guide, "Event stream
// encoding"; header types: smithy.io, "Amazon Event Stream Specification". CRC-32 is zlib's.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/slice.h"

namespace sluice::http {

struct AwsEventStreamLimits {
  std::size_t event_bytes_max = 4 * 1024 * 1024;  // one message whole; also what one may hold back
};

enum class AwsMessageKind : std::uint8_t {
  event,
  exception,  // a fault the service's interface names: `name` says which, the payload more
  error,      // any other fault: a code and a text, and no payload
};

struct AwsMessage {
  AwsMessageKind kind = AwsMessageKind::event;  // :message-type
  std::string_view name;           // :event-type, :exception-type or :error-code; never empty
  std::string_view error_message;  // :error-message; may be empty
  std::string_view content_type;   // :content-type; may be empty
  std::string_view payload;
  Slice raw;  // the whole message: what the views above point into
};

enum class AwsEventStreamStatus : std::uint8_t {
  event,      // one message was found; ask again
  need_more,  // all bytes fed are used up: feed(), or the end
  malformed,  // no such message: see malformed_reason(); final
  too_large,  // event_bytes_max exceeded; final
};

class AwsEventStreamParser {
 public:
  explicit AwsEventStreamParser(const AwsEventStreamLimits& limits = {}) noexcept
      : limits_(limits) {}

  /// Takes the next read. Only when next() said need_more (or before its first call).
  void feed(Slice bytes) noexcept;

  /// The next message. Its views live as long as its `raw` is kept.
  [[nodiscard]] AwsEventStreamStatus next(AwsMessage& message);

  /// Bytes held back because their message is incomplete; not 0 at the stream's end: it broke off.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return tail_.size(); }

  /// After malformed: static text, the end of a sentence ("a checksum is wrong").
  [[nodiscard]] const char* malformed_reason() const noexcept { return reason_; }

 private:
  AwsEventStreamStatus gather();
  bool fill_tail(std::size_t wanted_bytes);
  AwsEventStreamStatus read_prelude(std::string_view bytes);
  AwsEventStreamStatus emit(AwsMessage& message, Slice raw);
  AwsEventStreamStatus fail(AwsEventStreamStatus status, const char* reason) noexcept;

  AwsEventStreamLimits limits_;
  Slice input_;
  Block tail_;                     // the begin of a message that goes on in the next read
  std::uint32_t total_bytes_ = 0;  // of the message under way; 0: its prelude is not read yet
  std::uint32_t headers_bytes_ = 0;
  AwsEventStreamStatus failed_ = AwsEventStreamStatus::need_more;  // or the final status
  const char* reason_ = "";
};

}  // namespace sluice::http
