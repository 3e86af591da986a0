// The client side of one exchange, whatever the version of HTTP: send a request, read its answer.
//
//   send() -> head -> read_body()* -> (empty chain) -> reusable?
#pragma once
#include <cstddef>
#include <cstdint>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/framing.h"
#include "sluice/http/head.h"
#include "sluice/http/outgoing.h"

namespace sluice::http {

class ClientExchange {
 public:
  virtual ~ClientExchange() = default;

  /// Sends the whole request and waits for the final answer's head (1xx are passed over). An
  /// answer that comes while the body is still being sent ends the sending. The head lives until
  /// the exchange ends. Called once. Errors: connection_reset or connection_closed
  /// (Retry::if_reused when the connection had served before and not a byte of an answer came),
  /// invalid (a field that must not go out; nothing was sent), malformed, too_large, cancelled.
  [[nodiscard]] virtual Task<Result<const ResponseHead*>> send(const OutgoingRequest& request,
                                                               SliceChain body, StopToken stop) = 0;

  /// Framing of the answer; after send().
  [[nodiscard]] virtual const Framing& framing() const noexcept = 0;

  /// The next part of the answer's body, decoded, all that has come; an empty chain is its end.
  /// Errors: connection_closed (cut off), connection_reset, malformed, cancelled.
  [[nodiscard]] virtual Task<Result<SliceChain>> read_body(StopToken stop) = 0;

  /// The rest of the body as one slice with readable padding behind it. Errors: too_large beyond
  /// `bytes_max`, and those of read_body(). After any error nothing more can be read.
  [[nodiscard]] virtual Task<Result<Slice>> read_whole_body(std::size_t bytes_max,
                                                            StopToken stop) = 0;

  /// Whether the answer was read to its end.
  [[nodiscard]] virtual bool complete() const noexcept = 0;
  /// When the first byte of the answer came; the epoch when it has not.
  [[nodiscard]] virtual MonotonicTime first_byte_at() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t bytes_out() const noexcept = 0;  // request, on HTTP
  [[nodiscard]] virtual std::uint64_t bytes_in() const noexcept = 0;   // answer, on HTTP
};

}  // namespace sluice::http
