// Where a message's body ends, and whether the connection lives on: RFC 9112 sections 6.3 and 9.3.
//
// Any doubt is a refusal, never a guess, because a guess that differs from the next server's is a
// smuggled request: Content-Length beside Transfer-Encoding, more than one Content-Length line
// (equal ones too), a list or sign in it, Transfer-Encoding in HTTP/1.0, and any transfer coding
// but one "chunked".
#pragma once
#include <cstdint>
#include <expected>

#include "sluice/http/head.h"
#include "sluice/http/status.h"

namespace sluice::http {

enum class BodyKind : std::uint8_t {
  none,         // the message ends with its head
  length,       // `length_bytes` follow; may be 0
  chunked,      // see chunked.h
  until_close,  // responses only: the body ends when the connection does
};

struct Framing {
  BodyKind kind = BodyKind::none;
  std::uint64_t length_bytes = 0;  // meaningful only with BodyKind::length; at most 2^63 - 1
  bool keep_alive = false;         // what this peer allows after the message
  bool expects_continue = false;   // requests: the client waits for 100 before it sends the body

  friend bool operator==(const Framing&, const Framing&) = default;
};

/// Refused: 400 (ambiguous or ill-formed framing), 501 (a transfer coding we do not speak),
/// 417 (an expectation we do not know). The caller answers and closes: what follows is not a
/// request.
[[nodiscard]] std::expected<Framing, Rejection> request_framing(const RequestHead& head) noexcept;

/// `request_method`: of the request this response answers. After a refusal the connection is of no
/// further use.
[[nodiscard]] std::expected<Framing, Rejection> response_framing(const ResponseHead& head,
                                                                 Method request_method) noexcept;

}  // namespace sluice::http
