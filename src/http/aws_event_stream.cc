#include "sluice/http/aws_event_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"

namespace sluice::http {
namespace {

constexpr std::size_t prelude_bytes = 12;
constexpr std::size_t checksum_bytes = 4;
constexpr std::uint32_t message_bytes_min = prelude_bytes + checksum_bytes;
constexpr std::uint32_t headers_bytes_max = 128 * 1024;  // the format's own bound

// The number of `count` bytes, big endian.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) noexcept {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(at, count)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

std::uint32_t checksum(std::string_view bytes) noexcept {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

constexpr std::uint8_t string_type = 7;

// How a value of each type is stored: bytes of its length, else its own size.
struct ValueSize {
  std::uint8_t length_bytes;
  std::uint8_t size_bytes;
};
constexpr std::array<ValueSize, 10> value_sizes = {{
    {0, 0},   // true
    {0, 0},   // false
    {0, 1},   // byte
    {0, 2},   // short
    {0, 4},   // integer
    {0, 8},   // long
    {2, 0},   // bytes
    {2, 0},   // string
    {0, 8},   // timestamp
    {0, 16},  // UUID
}};

struct Header {
  std::string_view name;
  std::uint8_t type = 0;
  std::string_view value;
};

// Takes one header off the front; nothing: it is cut, or of a type that is none.
std::optional<Header> take_header(std::string_view& bytes) noexcept {
  const auto take = [&bytes](std::size_t count) -> std::optional<std::string_view> {
    if (count > bytes.size()) return std::nullopt;
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  };
  const auto name_length = take(1);
  if (!name_length) return std::nullopt;
  const auto name = take(number_at(*name_length, 0, 1));
  if (!name || name->empty()) return std::nullopt;
  const auto type = take(1);
  if (!type) return std::nullopt;
  const std::uint32_t type_number = number_at(*type, 0, 1);
  if (type_number >= value_sizes.size()) return std::nullopt;
  const ValueSize size = value_sizes[type_number];
  const auto length = take(size.length_bytes);
  if (!length) return std::nullopt;
  const auto value =
      take(size.length_bytes == 0 ? size.size_bytes : number_at(*length, 0, size.length_bytes));
  if (!value) return std::nullopt;
  return Header{.name = *name, .type = static_cast<std::uint8_t>(type_number), .value = *value};
}

// The headers that say what a message is.
struct Known {
  std::string_view message_type, event_type, exception_type, error_code, error_message,
      content_type;

  [[nodiscard]] std::string_view* find(std::string_view name) noexcept {
    if (name == ":message-type") return &message_type;
    if (name == ":event-type") return &event_type;
    if (name == ":exception-type") return &exception_type;
    if (name == ":error-code") return &error_code;
    if (name == ":error-message") return &error_message;
    if (name == ":content-type") return &content_type;
    return nullptr;
  }
};

// Null, or why the headers are none.
const char* read_headers(std::string_view bytes, Known& known) noexcept {
  while (!bytes.empty()) {
    const auto header = take_header(bytes);
    if (!header) return "a header is cut short or of an unknown type";
    std::string_view* const place = known.find(header->name);
    if (place == nullptr) continue;
    if (header->type != string_type) return "a header that must be text is none";
    if (place->data() != nullptr) return "a header is given twice";
    *place = header->value;
  }
  return nullptr;
}

// Null, or why the message is none.
const char* classify(const Known& known, AwsMessage& message) noexcept {
  if (known.message_type == "event") {
    message.kind = AwsMessageKind::event;
    message.name = known.event_type;
  } else if (known.message_type == "exception") {
    message.kind = AwsMessageKind::exception;
    message.name = known.exception_type;
  } else if (known.message_type == "error") {
    message.kind = AwsMessageKind::error;
    message.name = known.error_code;
  } else {
    return "a message does not say whether it is an event";
  }
  message.error_message = known.error_message;
  message.content_type = known.content_type;
  return message.name.empty() ? "a message does not say which event it is" : nullptr;
}

}  // namespace

void AwsEventStreamParser::feed(Slice bytes) noexcept {
  SLUICE_ASSERT(input_.empty());
  input_ = std::move(bytes);
}

AwsEventStreamStatus AwsEventStreamParser::next(AwsMessage& message) {
  if (failed_ != AwsEventStreamStatus::need_more) return failed_;
  if (input_.empty()) return AwsEventStreamStatus::need_more;
  if (tail_.size() > 0 || input_.size() < prelude_bytes) {
    const AwsEventStreamStatus status = gather();
    return status == AwsEventStreamStatus::event ? emit(message, std::move(tail_).freeze())
                                                 : status;
  }
  if (const auto status = read_prelude(input_.view()); status != AwsEventStreamStatus::event) {
    return status;
  }
  if (input_.size() < total_bytes_) {
    const AwsEventStreamStatus status = gather();
    SLUICE_ASSERT(status == AwsEventStreamStatus::need_more);
    return status;
  }
  Slice raw = input_.size() == total_bytes_ ? std::move(input_) : input_.share(0, total_bytes_);
  if (!input_.empty()) input_.remove_prefix(total_bytes_);
  return emit(message, std::move(raw));
}

// Copies what belongs to the message under way: a lease must not be kept for its other half.
AwsEventStreamStatus AwsEventStreamParser::gather() {
  if (total_bytes_ == 0) {
    if (!fill_tail(prelude_bytes)) return AwsEventStreamStatus::need_more;
    if (const auto status = read_prelude(tail_.view()); status != AwsEventStreamStatus::event) {
      return status;
    }
  }
  return fill_tail(total_bytes_) ? AwsEventStreamStatus::event : AwsEventStreamStatus::need_more;
}

// Moves input behind the tail until that has so many bytes; false: the input is used up before.
bool AwsEventStreamParser::fill_tail(std::size_t wanted_bytes) {
  SLUICE_ASSERT(tail_.size() <= wanted_bytes);
  if (tail_.capacity() < wanted_bytes) {
    Block larger(wanted_bytes);
    larger.append(tail_.view());
    tail_ = std::move(larger);
  }
  const std::size_t count = std::min(wanted_bytes - tail_.size(), input_.size());
  tail_.append(input_.view().substr(0, count));
  input_.remove_prefix(count);
  if (input_.empty()) input_.reset();
  return tail_.size() == wanted_bytes;
}

// `event`: the lengths are known and may be trusted.
AwsEventStreamStatus AwsEventStreamParser::read_prelude(std::string_view bytes) {
  SLUICE_ASSERT(bytes.size() >= prelude_bytes);
  if (checksum(bytes.substr(0, prelude_bytes - checksum_bytes)) != number_at(bytes, 8, 4)) {
    return fail(AwsEventStreamStatus::malformed, "a checksum is wrong");
  }
  const std::uint32_t total = number_at(bytes, 0, 4);
  const std::uint32_t headers = number_at(bytes, 4, 4);
  if (total < message_bytes_min || headers > total - message_bytes_min ||
      headers > headers_bytes_max) {
    return fail(AwsEventStreamStatus::malformed, "the lengths of a message contradict each other");
  }
  if (total > limits_.event_bytes_max) {
    return fail(AwsEventStreamStatus::too_large, "a message is larger than allowed");
  }
  total_bytes_ = total;
  headers_bytes_ = headers;
  return AwsEventStreamStatus::event;
}

AwsEventStreamStatus AwsEventStreamParser::emit(AwsMessage& message, Slice raw) {
  SLUICE_ASSERT(raw.size() == total_bytes_);
  const std::string_view bytes = raw.view();
  const std::size_t payload_end = bytes.size() - checksum_bytes;
  const std::size_t payload_begin = prelude_bytes + headers_bytes_;
  total_bytes_ = headers_bytes_ = 0;
  if (checksum(bytes.substr(0, payload_end)) != number_at(bytes, payload_end, checksum_bytes)) {
    return fail(AwsEventStreamStatus::malformed, "a checksum is wrong");
  }
  Known known;
  const char* reason =
      read_headers(bytes.substr(prelude_bytes, payload_begin - prelude_bytes), known);
  if (reason == nullptr) reason = classify(known, message);
  if (reason != nullptr) return fail(AwsEventStreamStatus::malformed, reason);
  message.payload = bytes.substr(payload_begin, payload_end - payload_begin);
  message.raw = std::move(raw);
  return AwsEventStreamStatus::event;
}

AwsEventStreamStatus AwsEventStreamParser::fail(AwsEventStreamStatus status,
                                                const char* reason) noexcept {
  failed_ = status;
  reason_ = reason;
  input_.reset();
  tail_ = Block();
  return status;
}

}  // namespace sluice::http
