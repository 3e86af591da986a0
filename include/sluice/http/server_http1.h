// Serves HTTP/1.1 on one downstream connection: RFC 9112, requests one after the other.
//
//   wait for a byte (idle) -> head -> framing -> Handler -> what is left of the body -> again
//
// Any doubt about framing is a 4xx and a close. Pipelined requests wait, unparsed, until those
// before them are answered; how many is bounded in bytes, by what the stream receives ahead. A
// connection that ends after an answer is closed in the lingering way, so that the client gets the
// answer and not a reset.
#pragma once
#include <chrono>
#include <cstdint>

#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/chunked.h"
#include "sluice/http/head_parser.h"
#include "sluice/http/server.h"
#include "sluice/net/stream.h"
#include "sluice/ring/loop.h"

namespace sluice::http {

struct ServerHttp1Config {
  HeadLimits head;
  ChunkedLimits chunked;
  std::chrono::milliseconds head_timeout{10'000};   // first byte to end of head: then 408; of a
                                                    // connection's first head from the accept on
  std::chrono::milliseconds idle_timeout{75'000};   // between requests: a silent close
  std::chrono::milliseconds body_grace{10'000};     // silence allowed in a body ...
  std::uint64_t body_bytes_per_second_min = 1'024;  // ... refilled by bytes at this rate; slower:
                                                    // deadline_exceeded. 0: neither bound
  std::chrono::milliseconds write_stall_timeout{60'000};  // for each 64 KiB of an answer
  std::uint64_t unread_body_bytes_max = 64 * 1024;  // more than this left unread: close, not drain
  std::chrono::milliseconds linger_timeout{2'000};  // a closing connection may still send so long
  std::uint32_t requests_per_connection_max = 0;    // the last one is told; 0: no bound
};

/// Tells connections that the server is going away, or that it ends now. Whoever stops `end` stops
/// `drain` too, best by making it drain's parent: an idle connection listens to `drain` alone.
struct ServerStops {
  StopToken drain;  // finish the exchange under way, take no other; idle connections close
  StopToken end;    // break everything; a handler may see that it says a last word
};

/// Serves `stream` until it ends. Lifetime: the caller keeps all arguments alive and joins the
/// task; `stream` is closed by its owner afterwards.
[[nodiscard]] Task<void> serve_http1(ring::Loop& loop, net::Stream& stream, Handler& handler,
                                     const ServerHttp1Config& config, ServerStops stops);

}  // namespace sluice::http
