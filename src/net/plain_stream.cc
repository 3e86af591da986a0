#include "sluice/net/plain_stream.h"

#include <utility>

namespace sluice::net {

PlainStream::PlainStream(ring::Connection connection) : connection_(std::move(connection)) {
  if (Result<ring::SocketAddress> peer = connection_.peer_address()) peer_ = *peer;
}

Task<Result<std::size_t>> PlainStream::read(SliceChain& into, StopToken stop) {
  return connection_.receive(into, stop);
}

Task<Result<void>> PlainStream::read_exactly(Block& block, std::size_t count, StopToken stop) {
  return connection_.receive_exactly(block, count, stop);
}

Task<Result<void>> PlainStream::write(SliceChain bytes, StopToken stop) {
  return connection_.send(std::move(bytes), stop);
}

bool PlainStream::has_input() const noexcept { return connection_.has_input(); }

bool PlainStream::peer_gone() const noexcept { return connection_.peer_gone(); }

void PlainStream::watch_departure(StopSource* source) noexcept {
  connection_.watch_departure(source);
}

Task<void> PlainStream::finish(StopToken) {
  connection_.shutdown_send();
  co_return;
}

void PlainStream::reset_on_close() noexcept { connection_.reset_on_close(); }

std::uint64_t PlainStream::bytes_received() const noexcept { return connection_.bytes_received(); }

std::uint64_t PlainStream::bytes_sent() const noexcept { return connection_.bytes_sent(); }

void PlainStream::unread(SliceChain bytes) { connection_.unread(std::move(bytes)); }

}  // namespace sluice::net
