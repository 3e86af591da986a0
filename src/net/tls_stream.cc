#include "sluice/net/tls_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"
#include "tls_engine.h"
#include "tls_error.h"

namespace sluice::net {
namespace {

using Progress = TlsEngine::Progress;

constexpr std::size_t read_bytes_max = 64 * 1024;  // of content that one read() gives

// A coroutine that runs while its caller waits on the stack: it must not suspend.
struct AtOnce {
  struct promise_type {
    AtOnce get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

// Lifetime: all outlive the call, and it ends inside it, since the stream has input.
AtOnce read_at_once(Stream& stream, SliceChain& into, std::optional<Result<std::size_t>>& count) {
  count = co_await stream.read(into, StopToken{});
}

Error cut_off(Fault fault) noexcept {
  return Error{.kind = ErrorKind::connection_closed,
               .fault = fault,
               .what = "the peer closed the connection without TLS close_notify"};
}

}  // namespace

class TlsStream::Impl {
 public:
  Impl(std::unique_ptr<Stream> lower, SSL_CTX* context, TlsSide side, bool is_server)
      : under(std::move(lower)),
        engine(context, std::move(side), is_server),
        fault(is_server ? Fault::client : Fault::provider) {}

  // Lifetime of the tasks below: TlsStream, or accept() and connect(), own this and await them.
  Task<Result<void>> handshake(StopToken stop);
  Task<Result<void>> send_sealed(StopToken stop);
  Task<Result<void>> fill(StopToken stop);

  std::size_t decrypt_into(SliceChain& into);
  [[nodiscard]] Error engine_error() const noexcept {
    Error error = engine.error();
    error.fault = fault;
    return error;
  }

  std::unique_ptr<Stream> under;
  TlsEngine engine;
  Fault fault;
  bool reading = false;  // somebody awaits the underlying stream's read()
  bool broken = false;   // a write failed or was cancelled: nothing may follow it
};

Task<Result<void>> TlsStream::Impl::send_sealed(StopToken stop) {
  if (!engine.has_sealed()) co_return Result<void>{};
  if (broken) {
    co_return fail(Error{.kind = ErrorKind::connection_reset,
                         .fault = fault,
                         .what = "an earlier write on this connection failed"});
  }
  broken = true;  // until the write is known to be whole; a cancelled one may be cut anywhere
  Result<void> written = co_await under->write(engine.take_sealed(), stop);
  if (!written) co_return fail(written.error());
  broken = false;
  co_return Result<void>{};
}

// Waits for bytes of the underlying stream.
Task<Result<void>> TlsStream::Impl::fill(StopToken stop) {
  SLUICE_ASSERT(!reading);
  reading = true;
  SliceChain records;
  const Result<std::size_t> count = co_await under->read(records, stop);
  reading = false;
  if (!count) co_return fail(count.error());
  if (*count == 0) co_return fail(cut_off(fault));
  engine.feed(std::move(records));
  co_return Result<void>{};
}

Task<Result<void>> TlsStream::Impl::handshake(StopToken stop) {
  while (true) {
    const Progress progress = engine.handshake();
    // Also after a failure: the alert tells the peer why.
    Result<void> sent = co_await send_sealed(stop);
    if (progress == Progress::failed || progress == Progress::closed) {
      if (!engine.closed()) co_return fail(engine_error());
      co_return fail(Error{.kind = ErrorKind::connection_closed,
                           .fault = fault,
                           .what = "the peer ended the TLS handshake"});
    }
    if (!sent) co_return fail(sent.error());
    if (progress == Progress::done) co_return Result<void>{};
    Result<void> more = co_await fill(stop);
    if (!more) {
      Error error = more.error();
      if (error.kind == ErrorKind::connection_closed) {
        error.what = "the peer closed the connection during the TLS handshake";
      }
      co_return fail(error);
    }
  }
}

TlsStream::TlsStream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsStream::~TlsStream() = default;

Task<Result<std::unique_ptr<TlsStream>>> TlsStream::accept(std::unique_ptr<Stream> under,
                                                           const TlsServerContext& context,
                                                           StopToken stop) {
  // The context may go while we wait; its insides stay with the stream.
  const std::shared_ptr<TlsServerContext::Impl> server = context.share();
  auto impl = std::make_unique<Impl>(std::move(under), server->default_context(),
                                     TlsSide{.server = server, .client = {}, .session_peer = {}},
                                     /*is_server=*/true);
  Result<void> done = co_await impl->handshake(stop);
  if (!done) co_return fail(done.error());
  co_return std::unique_ptr<TlsStream>(new TlsStream(std::move(impl)));
}

Task<Result<std::unique_ptr<TlsStream>>> TlsStream::connect(std::unique_ptr<Stream> under,
                                                            const TlsClientContext& context,
                                                            TlsPeer peer, StopToken stop) {
  const std::shared_ptr<TlsClientContext::Impl> client = context.share();
  auto impl =
      std::make_unique<Impl>(std::move(under), client->context.get(),
                             TlsSide{.server = {},
                                     .client = client,
                                     .session_peer = fmt::format("{}:{}", peer.host, peer.port)},
                             /*is_server=*/false);
  if (!impl->engine.expect_peer(peer.host, peer.port, peer.now)) {
    co_return fail(Error{.kind = ErrorKind::invalid,
                         .retry = Retry::safe,
                         .what = "the host name cannot be verified by a certificate"});
  }
  Result<void> done = co_await impl->handshake(stop);
  if (!done) {
    Error error = done.error();
    if (error.kind != ErrorKind::cancelled) error.retry = Retry::safe;
    co_return fail(error);
  }
  // BoringSSL has verified; this holds should its configuration ever be changed.
  const long verified = SSL_get_verify_result(impl->engine.ssl());
  if (verified != X509_V_OK) {
    co_return fail(Error{.kind = ErrorKind::certificate_invalid,
                         .fault = Fault::provider,
                         .retry = Retry::safe,
                         .what = verification_text(verified)});
  }
  co_return std::unique_ptr<TlsStream>(new TlsStream(std::move(impl)));
}

// What can be decrypted now, up to the bound; returns how many bytes of content that is.
std::size_t TlsStream::Impl::decrypt_into(SliceChain& into) {
  std::size_t count = 0;
  while (count < read_bytes_max) {
    const std::size_t estimate = engine.decrypt_estimate();
    if (estimate == 0) break;
    Block block(estimate);
    if (engine.decrypt(block, estimate) != Progress::done) break;
    count += block.size();
    into.push(std::move(block).freeze());
  }
  return count;
}

Task<Result<std::size_t>> TlsStream::read(SliceChain& into, StopToken stop) {
  while (true) {
    const std::size_t count = impl_->decrypt_into(into);
    if (count > 0) co_return count;
    if (impl_->engine.closed()) co_return 0;
    if (impl_->engine.failed()) co_return fail(impl_->engine_error());
    const Result<void> more = co_await impl_->fill(stop);
    if (!more) co_return fail(more.error());
  }
}

Task<Result<void>> TlsStream::read_exactly(Block& block, std::size_t count, StopToken stop) {
  SLUICE_ASSERT(count <= block.free_bytes());
  TlsEngine& engine = impl_->engine;
  const std::size_t end = block.size() + count;
  while (block.size() < end) {
    switch (engine.decrypt(block, end - block.size())) {
      case Progress::done: continue;
      case Progress::closed:
        co_return fail(Error{.kind = ErrorKind::connection_closed,
                             .fault = impl_->fault,
                             .what = "the peer ended the connection too early"});
      case Progress::failed: co_return fail(impl_->engine_error());
      case Progress::need_more: break;
    }
    Result<void> more = co_await impl_->fill(stop);
    if (!more) co_return fail(more.error());
  }
  co_return Result<void>{};
}

Task<Result<void>> TlsStream::write(SliceChain bytes, StopToken stop) {
  std::size_t index = 0;
  while (index < bytes.count()) {
    if (!impl_->engine.encrypt(bytes, index, batch_bytes)) co_return fail(impl_->engine_error());
    Result<void> sent = co_await impl_->send_sealed(stop);
    if (!sent) co_return fail(sent.error());
  }
  co_return Result<void>{};
}

bool TlsStream::has_input() const noexcept {
  if (impl_->reading) return false;
  TlsEngine& engine = impl_->engine;
  while (!engine.decrypt_ready()) {
    if (!impl_->under->has_input()) return false;
    SliceChain records;
    std::optional<Result<std::size_t>> count;
    read_at_once(*impl_->under, records, count);
    SLUICE_ASSERT(count.has_value());
    if (records.empty()) return true;  // an error or the end: read() will meet the same
    engine.feed(std::move(records));
  }
  return true;
}

bool TlsStream::peer_gone() const noexcept {
  return impl_->under->peer_gone() || impl_->engine.closed();
}

void TlsStream::watch_departure(StopSource* source) noexcept {
  impl_->under->watch_departure(source);
}

Task<void> TlsStream::finish(StopToken stop) {
  impl_->engine.close_notify();
  static_cast<void>(co_await impl_->send_sealed(stop));
  co_await impl_->under->finish(stop);
}

void TlsStream::reset_on_close() noexcept { impl_->under->reset_on_close(); }

const ring::SocketAddress& TlsStream::peer() const noexcept { return impl_->under->peer(); }

std::string_view TlsStream::alpn() const noexcept {
  const std::uint8_t* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(impl_->engine.ssl(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::uint64_t TlsStream::bytes_received() const noexcept { return impl_->under->bytes_received(); }

std::uint64_t TlsStream::bytes_sent() const noexcept { return impl_->under->bytes_sent(); }

bool TlsStream::resumed() const noexcept { return SSL_session_reused(impl_->engine.ssl()) == 1; }

std::string_view TlsStream::version() const noexcept {
  return SSL_get_version(impl_->engine.ssl());
}

std::string_view TlsStream::cipher() const noexcept {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(impl_->engine.ssl());
  return cipher == nullptr ? std::string_view{} : SSL_CIPHER_standard_name(cipher);
}

std::string_view TlsStream::server_name() const noexcept {
  const char* name = SSL_get_servername(impl_->engine.ssl(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? std::string_view{} : name;
}

}  // namespace sluice::net
