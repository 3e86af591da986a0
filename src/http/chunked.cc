#include "sluice/http/chunked.h"

#include <algorithm>

#include "scan.h"
#include "sluice/base/assert.h"
#include "sluice/base/hex.h"
#include "sluice/http/head_writer.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

bool is(unsigned char byte, ByteClass wanted) noexcept {
  return is_byte(static_cast<char>(byte), wanted);
}

}  // namespace

ChunkedStep ChunkedDecoder::next(std::string_view input) noexcept {
  std::size_t at = 0;
  while (state_ != State::complete && state_ != State::malformed) {
    if (at == input.size()) return {ChunkedStatus::need_more, at};
    if (state_ == State::data) {
      const std::size_t take =
          static_cast<std::size_t>(std::min<std::uint64_t>(input.size() - at, chunk_bytes_left_));
      chunk_bytes_left_ -= take;
      if (chunk_bytes_left_ == 0) state_ = State::data_cr;
      return {ChunkedStatus::data, at + take, input.substr(at, take)};
    }
    if (step(static_cast<unsigned char>(input[at]))) ++at;
  }
  if (state_ == State::complete) return {ChunkedStatus::complete, at};
  return {ChunkedStatus::malformed, at, {}, rejection_};
}

bool ChunkedDecoder::step(unsigned char byte) noexcept {
  switch (state_) {
    case State::size_first:
    case State::size:
    case State::size_lf: return step_size(byte);
    case State::extension_name:
    case State::extension_value:
    case State::extension_token:
    case State::extension_quoted:
    case State::extension_escape:
    case State::extension_end: return step_extension(byte);
    case State::data_cr:
      if (byte != '\r') return fail(status::bad_request, "a chunk is longer than its size says");
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (byte != '\n') return fail(status::bad_request, "a chunk does not end in CR LF");
      state_ = State::size_first;
      return true;
    case State::trailer_first:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
    case State::final_lf: return step_trailer(byte);
    case State::data:
    case State::complete:
    case State::malformed: break;  // next() never asks in these
  }
  SLUICE_ASSERT(false);
  return false;
}

bool ChunkedDecoder::step_size(unsigned char byte) noexcept {
  if (state_ == State::size_lf) {
    if (byte != '\n') return fail(status::bad_request, "a chunk size line does not end in CR LF");
    state_ = chunk_bytes_left_ == 0 ? State::trailer_first : State::data;
    return true;
  }
  if (const int digit = hex_value(static_cast<char>(byte)); digit >= 0) {
    if (state_ == State::size_first) {
      chunk_bytes_left_ = 0;
      size_digits_ = 0;
    }
    if (++size_digits_ > 16) return fail(status::bad_request, "a chunk size has too many digits");
    chunk_bytes_left_ = chunk_bytes_left_ << 4 | static_cast<std::uint64_t>(digit);
    state_ = State::size;
    return true;
  }
  // No blank is taken here, though RFC 9112 7.1.1 has "bad whitespace" before ';': servers differ
  // on it, and no client sends it.
  if (state_ == State::size_first || (byte != ';' && byte != '\r')) {
    return fail(status::bad_request, "a chunk size is not a hexadecimal number");
  }
  if (chunk_bytes_left_ > std::uint64_t{INT64_MAX}) {
    return fail(status::bad_request, "a chunk size is too large");
  }
  extension_name_seen_ = false;
  state_ = byte == ';' ? State::extension_name : State::size_lf;
  return true;
}

// chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without blanks.
bool ChunkedDecoder::step_extension(unsigned char byte) noexcept {
  if (++extension_bytes_ > limits_.extension_bytes_max) {
    return fail(status::bad_request, "chunk extensions are too long");
  }
  const char* const bad = "a chunk extension is malformed";
  if (state_ == State::extension_quoted || state_ == State::extension_escape) {
    if (is(byte, control_byte)) return fail(status::bad_request, bad);
    if (state_ == State::extension_escape) {
      state_ = State::extension_quoted;
    } else if (byte == '\\') {
      state_ = State::extension_escape;
    } else if (byte == '"') {
      state_ = State::extension_end;
    }
    return true;
  }
  if (state_ == State::extension_value) {
    if (byte != '"' && !is(byte, token_byte)) return fail(status::bad_request, bad);
    state_ = byte == '"' ? State::extension_quoted : State::extension_token;
    return true;
  }
  const bool in_name = state_ == State::extension_name;
  if (state_ != State::extension_end && is(byte, token_byte)) {
    if (in_name) extension_name_seen_ = true;
    return true;
  }
  if (in_name && !extension_name_seen_) return fail(status::bad_request, bad);
  if (byte == '\r') {
    state_ = State::size_lf;
  } else if (byte == ';') {
    state_ = State::extension_name;
    extension_name_seen_ = false;
  } else if (in_name && byte == '=') {
    state_ = State::extension_value;
  } else {
    return fail(status::bad_request, bad);
  }
  return true;
}

bool ChunkedDecoder::step_trailer(unsigned char byte) noexcept {
  if (++trailer_bytes_ > limits_.trailer_bytes_max) {
    return fail(status::header_fields_too_large, "trailers are too long");
  }
  if (state_ == State::final_lf || state_ == State::trailer_lf) {
    if (byte != '\n') return fail(status::bad_request, "a trailer line does not end in CR LF");
    state_ = state_ == State::final_lf ? State::complete : State::trailer_first;
    return true;
  }
  if (state_ == State::trailer_value) {
    if (byte == '\r') {
      state_ = State::trailer_lf;
    } else if (is(byte, control_byte)) {
      return fail(status::bad_request, "a trailer holds a control byte");
    }
    return true;
  }
  if (state_ == State::trailer_first) {
    if (byte == '\r') {
      state_ = State::final_lf;
      return true;
    }
    if (++trailer_count_ > limits_.trailer_count_max) {
      return fail(status::header_fields_too_large, "too many trailers");
    }
    trailer_name_bytes_ = 0;
  } else if (byte == ':') {
    if (!trailer_name_allowed()) {
      return fail(status::bad_request, "a trailer that speaks of framing or the connection");
    }
    state_ = State::trailer_value;
    return true;
  }
  if (!is(byte, token_byte)) return fail(status::bad_request, "a trailer's name is malformed");
  if (trailer_name_bytes_ < trailer_name_.size()) {
    trailer_name_[trailer_name_bytes_] = static_cast<char>(byte);
  }
  ++trailer_name_bytes_;
  state_ = State::trailer_name;
  return true;
}

bool ChunkedDecoder::trailer_name_allowed() const noexcept {
  if (trailer_name_bytes_ > trailer_name_.size()) return true;
  const std::string_view name(trailer_name_.data(), trailer_name_bytes_);
  return !is_hop_by_hop(name) && !equal_ignoring_case(name, "content-length") &&
         !equal_ignoring_case(name, "host");
}

bool ChunkedDecoder::fail(StatusCode answer, const char* reason) noexcept {
  rejection_ = {answer, reason};
  state_ = State::malformed;
  return false;
}

ChunkPrefix::ChunkPrefix(std::uint64_t size_bytes) noexcept {
  SLUICE_ASSERT(size_bytes > 0);
  std::size_t at = text_.size();
  text_[--at] = '\n';
  text_[--at] = '\r';
  for (; size_bytes != 0; size_bytes >>= 4) text_[--at] = "0123456789abcdef"[size_bytes & 15U];
  begin_ = static_cast<std::uint8_t>(at);
}

}  // namespace sluice::http
