// One exchange of an HTTP/1.1 connection: what a handler sees of it, and what it leaves behind.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sluice/http/chunked.h"
#include "sluice/http/server_http1.h"

namespace sluice::http {

/// What the exchanges of one connection share, one after the other. It is there between them too:
/// what only a request under way needs belongs to ReceivedRequest.
struct ServerConnection {
  ring::Loop& loop;
  net::Stream& stream;
  const ServerHttp1Config& config;
  ServerStops stops;
  SliceChain input{};  // received, not yet consumed
  std::uint32_t requests = 0;

  /// Whether the request under way is the last that this connection serves.
  [[nodiscard]] bool last_request() const noexcept {
    return stops.drain.stop_requested() || stops.end.stop_requested() ||
           (config.requests_per_connection_max != 0 &&
            requests >= config.requests_per_connection_max);
  }
};

/// The request under way, as it was received.
struct ReceivedRequest {
  RequestHead head{};
  Slice head_bytes{};  // what its views look into
  Framing framing{};
  MonotonicTime began_at{};  // its first byte came
  MonotonicTime head_at{};   // its head was complete
};

/// How long a client may still take over its body: a bucket of time that waiting empties and that
/// bytes fill, up to the grace. So a client must keep the minimum rate up on average, and what it
/// sent fast at first buys it no long silence later. Time in which nobody reads does not count.
class BodyPace {
 public:
  explicit BodyPace(const ServerHttp1Config& config) noexcept
      : config_(config), credit_(config.body_grace) {}
  /// Until when the next `size_bytes` must have come; max() without a minimum rate.
  [[nodiscard]] MonotonicTime deadline(MonotonicTime now, std::size_t size_bytes) const noexcept;
  void received(std::size_t size_bytes, Duration waited) noexcept;

 private:
  [[nodiscard]] Duration worth(std::size_t size_bytes) const noexcept;
  const ServerHttp1Config& config_;
  Duration credit_;
};

class ServerHttp1Exchange final : public ServerExchange {
 public:
  /// Lifetime: the connection and the request outlive the exchange.
  ServerHttp1Exchange(ServerConnection& connection, const ReceivedRequest& request);
  ~ServerHttp1Exchange() override { connection_.stream.watch_departure(nullptr); }
  ServerHttp1Exchange(const ServerHttp1Exchange&) = delete;
  ServerHttp1Exchange& operator=(const ServerHttp1Exchange&) = delete;

  [[nodiscard]] const RequestHead& head() const noexcept override { return request_.head; }
  [[nodiscard]] const Framing& framing() const noexcept override { return request_.framing; }
  Task<Result<SliceChain>> read_body(StopToken stop) override;
  Task<Result<Slice>> read_whole_body(std::size_t bytes_max, StopToken stop) override;
  Task<Result<void>> respond(const OutgoingResponse& response, SliceChain body,
                             StopToken stop) override;
  Result<void> start(const OutgoingResponse& response,
                     std::optional<std::uint64_t> length_bytes) override;
  Task<Result<void>> write(SliceChain body, More more, StopToken stop) override;
  void abort() noexcept override { aborted_ = true; }

  [[nodiscard]] StopToken departed() noexcept override { return departed_.token(); }
  [[nodiscard]] bool server_ends() const noexcept override {
    return connection_.stops.end.stop_requested();
  }
  [[nodiscard]] bool started() const noexcept override { return started_; }
  [[nodiscard]] bool finished() const noexcept override { return finished_; }
  [[nodiscard]] const ring::SocketAddress& peer() const noexcept override {
    return connection_.stream.peer();
  }
  [[nodiscard]] bool is_tls() const noexcept override { return connection_.stream.is_tls(); }
  [[nodiscard]] MonotonicTime began_at() const noexcept override { return request_.began_at; }
  [[nodiscard]] MonotonicTime head_at() const noexcept override { return request_.head_at; }
  [[nodiscard]] std::uint64_t bytes_in() const noexcept override { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const noexcept override { return bytes_out_; }

  // --- for the connection, after the handler ---

  /// Whether the answer is out whole and was not given up.
  [[nodiscard]] bool answered() const noexcept { return finished_ && !aborted_; }
  /// Whether the connection may serve another request once the unread body is out of the way.
  [[nodiscard]] bool keeps_connection() const noexcept { return keep_alive_ && !body_lost_; }
  [[nodiscard]] bool body_done() const noexcept { return body_done_; }
  /// Reads what the handler left; false when the connection cannot be used any more.
  Task<bool> drain_body();

 private:
  bool ask_for_body() noexcept;
  Task<Result<void>> tell_to_continue(StopToken stop);
  Task<Result<void>> receive(StopToken stop);
  Task<Result<Slice>> read_known_length(std::size_t bytes_max, StopToken stop);
  Task<Result<Slice>> read_unknown_length(std::size_t bytes_max, StopToken stop);
  Result<SliceChain> take_body();
  SliceChain take_length();
  Result<SliceChain> take_chunked();
  Result<Slice> write_head(const OutgoingResponse& response, BodyKind kind,
                           std::uint64_t length_bytes);
  Task<Result<void>> send(SliceChain bytes, More more, StopToken stop);
  void append_chunk(SliceChain& out, SliceChain body, More more);
  [[nodiscard]] bool body_will_be_drained() const noexcept;

  ServerConnection& connection_;
  const ReceivedRequest& request_;
  ChunkedDecoder decoder_;
  BodyPace pace_;
  StopSource departed_;
  std::uint64_t length_left_;
  std::uint64_t bytes_in_;
  std::uint64_t bytes_out_ = 0;
  Slice pending_head_;  // of an answer begun, until its first write
  std::optional<std::uint64_t> answer_length_left_;
  std::optional<ChunkPrefix> chunk_prefix_;  // of the write under way
  bool answer_chunked_ = false;
  bool answer_has_body_ = true;  // not to HEAD, not with 204 and 304
  bool body_done_ = false;
  bool body_asked_ = false;  // the handler reads the body: 100 Continue was sent if awaited
  bool body_lost_ = false;   // a read failed: where the body ends is not known any more
  bool started_ = false;
  bool finished_ = false;
  bool aborted_ = false;
  bool keep_alive_ = false;  // decided when the answer starts
};

}  // namespace sluice::http
