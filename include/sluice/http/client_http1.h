// HTTP/1.1 to one upstream over one connection: exchanges one after the other (RFC 9112).
//
//   ClientHttp1 connection(loop, std::move(stream), config);
//   {
//     ClientHttp1::Exchange exchange(connection);     // one at a time
//     auto head = co_await exchange.send(request, body, stop);
//     ...
//   }
//   if (connection.reusable()) ...                    // back to the pool
//
// A connection is reusable only when its last exchange was read to the end, the peer allows it,
// and nothing unasked-for has arrived since: a half-read connection is never used again.
//
// Bytes beyond an answer may still be on their way when the connection is taken again, and then
// stand in front of the next answer. They are never skipped to look for it: what follows may be
// whatever the peer, or somebody behind it, would have us take for an answer (RFC 9112
// section 6.3). That exchange is malformed, and no other try here is allowed: unlike on a
// connection found closed, the peer listens, so the request may have been served.
#pragma once
#include <cstdint>
#include <memory>

#include "sluice/http/chunked.h"
#include "sluice/http/client.h"
#include "sluice/http/head_parser.h"
#include "sluice/net/stream.h"
#include "sluice/ring/loop.h"

namespace sluice::http {

struct ClientHttp1Config {
  HeadLimits head{.head_bytes_max = 64 * 1024, .header_count_max = 200};
  ChunkedLimits chunked;
  std::uint32_t interim_responses_max = 16;  // 1xx in front of one answer
  // Requests from here on are sent while the answer is already awaited. Smaller ones fit into any
  // socket buffer (net.ipv4.tcp_wmem: 16 KiB at first): a peer that answers without reading them
  // cannot block both sides.
  std::uint32_t concurrent_send_bytes_min = 16 * 1024;
};

class ClientHttp1 {
 public:
  ClientHttp1(ring::Loop& loop, std::unique_ptr<net::Stream> stream,
              const ClientHttp1Config& config);
  ClientHttp1(const ClientHttp1&) = delete;
  ClientHttp1& operator=(const ClientHttp1&) = delete;
  ~ClientHttp1();

  class Exchange;

  /// Whether another exchange may use this connection, as far as can be seen now.
  [[nodiscard]] bool reusable() const noexcept;
  /// Exchanges that were begun on it.
  [[nodiscard]] std::uint64_t exchanges() const noexcept { return exchanges_; }
  [[nodiscard]] net::Stream& stream() noexcept { return *stream_; }

 private:
  ring::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  ClientHttp1Config config_;
  ResponseHead head_;  // its memory is reused between exchanges
  std::uint64_t exchanges_ = 0;
  bool busy_ = false;
  bool clean_ = true;  // the last exchange left nothing behind and the peer keeps the connection
};

class ClientHttp1::Exchange final : public ClientExchange {
 public:
  /// `connection` is reusable and outlives the exchange.
  explicit Exchange(ClientHttp1& connection);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() override;

  Task<Result<const ResponseHead*>> send(const OutgoingRequest& request, SliceChain body,
                                         StopToken stop) override;
  [[nodiscard]] const Framing& framing() const noexcept override { return framing_; }
  Task<Result<SliceChain>> read_body(StopToken stop) override;
  Task<Result<Slice>> read_whole_body(std::size_t bytes_max, StopToken stop) override;
  [[nodiscard]] bool complete() const noexcept override { return complete_; }
  [[nodiscard]] MonotonicTime first_byte_at() const noexcept override { return first_byte_at_; }
  [[nodiscard]] std::uint64_t bytes_out() const noexcept override { return bytes_out_; }
  [[nodiscard]] std::uint64_t bytes_in() const noexcept override { return bytes_in_; }

 private:
  struct Sending;
  Result<SliceChain> serialize(const OutgoingRequest& request, SliceChain body);
  Task<Result<const ResponseHead*>> send_then_read(Task<Result<void>> writing, StopToken stop);
  Task<void> send_bytes(SliceChain bytes, Sending& sending);
  Task<Result<const ResponseHead*>> send_beside_answer(SliceChain bytes, StopToken stop);
  void cut_short() noexcept;
  Task<Result<const ResponseHead*>> read_head(StopToken stop);
  Result<void> accept_head();
  Result<SliceChain> take_body();
  void end_of_body(SliceChain left_over) noexcept;
  [[nodiscard]] Error broken(Error error) const noexcept;

  ClientHttp1& connection_;
  Method method_ = Method::post;
  Framing framing_;
  ChunkedDecoder chunked_;
  Slice head_bytes_;    // what the head's views look into
  SliceChain pending_;  // received, not yet consumed
  std::uint64_t length_left_ = 0;
  MonotonicTime first_byte_at_{};
  std::uint64_t bytes_out_ = 0;
  std::uint64_t bytes_in_ = 0;
  bool head_done_ = false;
  bool complete_ = false;
  bool lost_ = false;  // a read straight into place failed, or a chunk was none: where the body
                       // ends is not known
  bool reused_;
};

}  // namespace sluice::http
