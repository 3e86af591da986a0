// PlainStream: a Stream that is the connected socket itself.
#pragma once
#include "sluice/net/stream.h"
#include "sluice/ring/connection.h"

namespace sluice::net {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(ring::Connection connection);

  using Stream::read;
  Task<Result<std::size_t>> read(SliceChain& into, StopToken stop) override;
  Task<Result<void>> read_exactly(Block& block, std::size_t count, StopToken stop) override;
  Task<Result<void>> write(SliceChain bytes, StopToken stop) override;
  [[nodiscard]] bool has_input() const noexcept override;
  [[nodiscard]] bool peer_gone() const noexcept override;
  void watch_departure(StopSource* source) noexcept override;
  Task<void> finish(StopToken stop) override;
  void reset_on_close() noexcept override;
  [[nodiscard]] const ring::SocketAddress& peer() const noexcept override { return peer_; }
  [[nodiscard]] std::string_view alpn() const noexcept override { return {}; }
  [[nodiscard]] bool is_tls() const noexcept override { return false; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept override;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept override;

  /// Puts bytes that were read too far in front of what comes next. Not while a read() is awaited.
  void unread(SliceChain bytes);
  /// The peer as a PROXY header names it.
  void set_peer(const ring::SocketAddress& peer) noexcept { peer_ = peer; }

 private:
  ring::Connection connection_;
  ring::SocketAddress peer_;
};

}  // namespace sluice::net
