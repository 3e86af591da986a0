#include "sluice/net/listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sluice/net/plain_stream.h"
#include "sluice/net/proxy_protocol.h"
#include "sluice/net/tls_stream.h"

namespace sluice::net {
namespace {

Error broken_header(const char* what) noexcept {
  return Error{.kind = ErrorKind::malformed, .fault = Fault::client, .what = what};
}

// Reads the PROXY header off `stream`. Lifetime: establish() owns the stream and awaits this.
Task<Result<void>> receive_proxy_header(PlainStream& stream, StopToken stop) {
  SliceChain received;
  while (true) {
    const Result<std::size_t> more = co_await stream.read(received, stop);
    if (!more) co_return fail(more.error());
    if (*more == 0) {
      co_return fail(Error{.kind = ErrorKind::connection_closed,
                           .fault = Fault::client,
                           .what = "closed before the PROXY header was complete"});
    }
    Slice bytes = std::move(received).gather();
    const ProxyHeader header = parse_proxy_header(bytes.view());
    switch (header.status) {
      case ProxyHeader::Status::malformed: co_return fail(broken_header(header.what));
      case ProxyHeader::Status::need_more:
        received = SliceChain{};
        received.push(std::move(bytes));
        continue;
      case ProxyHeader::Status::complete: break;
    }
    if (header.has_addresses) stream.set_peer(header.source);
    bytes.remove_prefix(header.bytes_consumed);
    SliceChain rest;
    rest.push(std::move(bytes));
    stream.unread(std::move(rest));
    co_return Result<void>{};
  }
}

// Who failed to send its header and why; nothing for a peer that came and left without a byte.
std::optional<UnproxiedPeer> unproxied_peer(const PlainStream& stream, const Error& error) {
  const bool left =
      error.kind == ErrorKind::connection_closed || error.kind == ErrorKind::connection_reset;
  if (left && stream.bytes_received() == 0) return std::nullopt;
  if (error.kind == ErrorKind::cancelled) {
    return UnproxiedPeer{.address = stream.peer(), .why = "no whole header came in time"};
  }
  return UnproxiedPeer{.address = stream.peer(), .why = error.what};
}

}  // namespace

Result<Listener> Listener::open(ring::Loop& loop, const ListenerConfig& config) {
  Result<ring::Acceptor> acceptor = ring::Acceptor::listen(loop, config.address, config.socket);
  if (!acceptor) return fail(acceptor.error());
  return Listener(loop, std::move(*acceptor), config);
}

Task<Result<std::unique_ptr<Stream>>> Listener::establish(int socket, StopToken stop,
                                                          std::optional<UnproxiedPeer>* unproxied) {
  // A reload may change the configuration while this one waits.
  const TlsServerContext* const tls = config_.tls;
  auto plain = std::make_unique<PlainStream>(ring::Connection(*loop_, socket, config_.connection));
  if (config_.proxy_protocol) {
    Result<void> header = co_await receive_proxy_header(*plain, stop);
    if (!header) {
      if (unproxied != nullptr) *unproxied = unproxied_peer(*plain, header.error());
      co_return fail(header.error());
    }
  }
  if (tls == nullptr) co_return std::unique_ptr<Stream>(std::move(plain));
  Result<std::unique_ptr<TlsStream>> secured =
      co_await TlsStream::accept(std::move(plain), *tls, stop);
  if (!secured) co_return fail(secured.error());
  co_return std::unique_ptr<Stream>(std::move(*secured));
}

std::expected<void, std::string> clear_stale_unix_path(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(fmt::format("{}: something that is no socket is in the way", path));
  }
  const ring::SocketAddress address = ring::SocketAddress::unix_path(path);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  const int reason = ::connect(probe, address.data(), address.size()) == 0 ? 0 : errno;
  ::close(probe);
  // Only a refusal proves that nobody listens; a full queue (EAGAIN) does not.
  if (reason != ECONNREFUSED) {
    return std::unexpected(fmt::format("{}: another process listens there", path));
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(
        fmt::format("{}: the stale socket cannot be removed: {}", path, std::strerror(errno)));
  }
  return {};
}

}  // namespace sluice::net
