// The server side of one exchange, whatever the version of HTTP: read a request, answer it.
//
//   head() -> read_body()* -> respond()                      an answer known whole
//                          -> start() write()* finish()      an answer that grows
//
// A Handler answers each ServerExchange exactly once. HTTP/1.1 (server_http1.h) serves one at a
// time per connection; HTTP/2 many: handlers cannot tell.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/framing.h"
#include "sluice/http/head.h"
#include "sluice/http/outgoing.h"
#include "sluice/http/status.h"
#include "sluice/ring/socket_address.h"

namespace sluice::http {

/// Whether more of the body follows in a later write.
enum class More : std::uint8_t { yes, no };

class ServerExchange {
 public:
  virtual ~ServerExchange() = default;

  /// The request's head; its views live as long as the exchange.
  [[nodiscard]] virtual const RequestHead& head() const noexcept = 0;
  /// none, length or chunked.
  [[nodiscard]] virtual const Framing& framing() const noexcept = 0;

  /// The next part of the body, decoded; an empty chain is its end. A client that waits for 100
  /// Continue is told to go on. Errors: malformed, connection_closed, connection_reset,
  /// deadline_exceeded (slower than the minimum rate), cancelled. After any but cancelled the body
  /// is lost: an answer may still be given, and the connection then closes.
  [[nodiscard]] virtual Task<Result<SliceChain>> read_body(StopToken stop) = 0;

  /// The whole body as one slice with readable padding behind it (Block::padding_bytes), received
  /// straight into place when its length is known. Errors: too_large beyond `bytes_max`, and those
  /// of read_body(); cancelled loses the body too.
  [[nodiscard]] virtual Task<Result<Slice>> read_whole_body(std::size_t bytes_max,
                                                            StopToken stop) = 0;

  /// Answers with a complete body in one write. HEAD: the head that GET would have had, no body.
  [[nodiscard]] virtual Task<Result<void>> respond(const OutgoingResponse& response,
                                                   SliceChain body, StopToken stop) = 0;

  /// Begins an answer; nothing is sent before the first write(), so that head and first bytes are
  /// one. Unknown length: chunked, or until close for an HTTP/1.0 client. To HEAD, and with 204 and
  /// 304, no body goes out whatever is written. Errors: invalid (a field or a status that must not
  /// go out); another answer may be begun then.
  [[nodiscard]] virtual Result<void> start(const OutgoingResponse& response,
                                           std::optional<std::uint64_t> length_bytes) = 0;
  /// Sends body bytes; awaiting it is the backpressure. More::no ends the answer in the same send.
  /// Errors: connection_reset, connection_closed, deadline_exceeded (the client does not read),
  /// cancelled. After any of them the answer is broken off.
  [[nodiscard]] virtual Task<Result<void>> write(SliceChain body, More more, StopToken stop) = 0;
  /// Gives up an answer begun: the connection breaks, so that it can never look complete.
  virtual void abort() noexcept = 0;

  /// Stops when the client leaves, breaks the connection, or the server is told to end at once.
  [[nodiscard]] virtual StopToken departed() noexcept = 0;
  /// Whether the server is told to end at once. A short answer, or the end of one, may still be
  /// written then, with a token of its own that is not departed()'s.
  [[nodiscard]] virtual bool server_ends() const noexcept = 0;
  [[nodiscard]] virtual bool started() const noexcept = 0;   // an answer was begun
  [[nodiscard]] virtual bool finished() const noexcept = 0;  // it is out to its last byte

  [[nodiscard]] virtual const ring::SocketAddress& peer() const noexcept = 0;
  [[nodiscard]] virtual bool is_tls() const noexcept = 0;
  /// When the first byte of the request came, and when its head was complete.
  [[nodiscard]] virtual MonotonicTime began_at() const noexcept = 0;
  [[nodiscard]] virtual MonotonicTime head_at() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t bytes_in() const noexcept = 0;   // of this request, on HTTP
  [[nodiscard]] virtual std::uint64_t bytes_out() const noexcept = 0;  // of its answer, on HTTP
};

/// What the codec says to a peer whose bytes are no request, in the words of the application.
struct RejectionBody {
  std::string_view content_type;  // static
  std::string body;
  std::string request_id{};  // for the x-request-id field; empty: none
};

class Handler {
 public:
  virtual ~Handler() = default;

  /// Answers one request. The exchange is the handler's until the task ends; one that ends without
  /// an answer, or with half of one, breaks the connection.
  [[nodiscard]] virtual Task<void> handle(ServerExchange& exchange) = 0;

  /// A request was refused before it became an exchange. Called once, just before the answer.
  [[nodiscard]] virtual RejectionBody rejected(const Rejection& rejection,
                                               const ring::SocketAddress& peer) = 0;
};

}  // namespace sluice::http
