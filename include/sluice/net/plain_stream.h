// PlainStream: a Stream that is the connected socket itself.
#pragma once
#include "sluice/net/stream.h"
#include "sluice/ring/connection.h"

namespace sluice::net {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(ring::Connection connection);

  Task<Result<SliceChain>> read(StopToken stop) override;
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

  /// Puts bytes that were read too far in front of what comes next.
  void unread(SliceChain bytes);
  /// The peer as a PROXY header names it.
  void set_peer(const ring::SocketAddress& peer) noexcept { peer_ = peer; }

 private:
  Task<Result<SliceChain>> take_unread();
  ring::Connection connection_;
  ring::SocketAddress peer_;
  SliceChain unread_;
};

}  // namespace sluice::net
