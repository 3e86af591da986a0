// TlsStream: a Stream that is TLS over another Stream.
//
//   under --slices--> [ BIO ] --records--> BoringSSL --plaintext--> Block, straight into it
//   chain --16 KiB at a time--> BoringSSL --records--> [ Block ] --one write--> under
//
// The stream is made by its handshake: no TlsStream exists whose peer was not accepted. An end of
// the underlying stream without close_notify is connection_closed, never an orderly end, so that an
// answer cut off by a third party cannot look complete (RFC 8446 section 6.1).
//
// Memory is bounded: at most one record of ciphertext and `batch_bytes` of sealed records beside
// what the underlying stream queues. A peer that keeps sending records without content is ended.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/net/stream.h"
#include "sluice/net/tls_context.h"

namespace sluice::net {

/// Whom the client wants to talk to.
struct TlsPeer {
  std::string host;  // a DNS name or an IP literal: SNI and what the certificate must be for
  std::uint16_t port = 443;  // sessions are remembered by host and port
  WallTime now{};            // the moment certificates are checked against
};

class TlsStream final : public Stream {
 public:
  /// Sealed records are given to the underlying stream when there are this many bytes of them.
  static constexpr std::size_t batch_bytes = 128 * 1024;
  /// Wire bytes a peer may send before the handshake ends, or between two bytes of content.
  static constexpr std::size_t idle_wire_bytes_max = 256 * 1024;

  /// The server's handshake. Errors, with Fault::client: tls_failed, connection_closed, and those
  /// of the underlying stream, which is gone after a failure (an alert was sent where one is due).
  [[nodiscard]] static Task<Result<std::unique_ptr<TlsStream>>> accept(
      std::unique_ptr<Stream> under, const TlsServerContext& context, StopToken stop);

  /// The client's handshake, with verification. Errors, with Fault::provider and Retry::safe:
  /// certificate_invalid, tls_failed, connection_closed, and those of the underlying stream.
  [[nodiscard]] static Task<Result<std::unique_ptr<TlsStream>>> connect(
      std::unique_ptr<Stream> under, const TlsClientContext& context, TlsPeer peer, StopToken stop);

  ~TlsStream() override;

  using Stream::read;
  Task<Result<std::size_t>> read(SliceChain& into, StopToken stop) override;
  Task<Result<void>> read_exactly(Block& block, std::size_t count, StopToken stop) override;
  Task<Result<void>> write(SliceChain bytes, StopToken stop) override;
  /// Exact: records that bring no content (session tickets) are consumed by asking.
  [[nodiscard]] bool has_input() const noexcept override;
  [[nodiscard]] bool peer_gone() const noexcept override;
  void watch_departure(StopSource* source) noexcept override;
  Task<void> finish(StopToken stop) override;
  void reset_on_close() noexcept override;
  [[nodiscard]] const ring::SocketAddress& peer() const noexcept override;
  [[nodiscard]] std::string_view alpn() const noexcept override;
  [[nodiscard]] bool is_tls() const noexcept override { return true; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept override;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept override;

  /// Whether the handshake was abbreviated by a remembered session.
  [[nodiscard]] bool resumed() const noexcept;
  /// "TLSv1.3"; the cipher suite's standard name.
  [[nodiscard]] std::string_view version() const noexcept;
  [[nodiscard]] std::string_view cipher() const noexcept;
  /// The name a client asked for by SNI; empty when it named none. Server side only.
  [[nodiscard]] std::string_view server_name() const noexcept;

 private:
  class Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
