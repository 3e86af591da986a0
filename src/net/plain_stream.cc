#include "sluice/net/plain_stream.h"

#include <algorithm>
#include <utility>

namespace sluice::net {

PlainStream::PlainStream(ring::Connection connection) : connection_(std::move(connection)) {
  if (Result<ring::SocketAddress> peer = connection_.peer_address()) peer_ = *peer;
}

Task<Result<SliceChain>> PlainStream::read(StopToken stop) {
  return unread_.empty() ? connection_.receive(stop) : take_unread();
}

Task<Result<SliceChain>> PlainStream::take_unread() {
  co_return std::exchange(unread_, SliceChain{});
}

Task<Result<void>> PlainStream::read_exactly(Block& block, std::size_t count, StopToken stop) {
  SliceChain left;
  for (std::size_t i = 0; i < unread_.count(); ++i) {
    Slice& slice = unread_[i];
    const std::size_t taken = std::min(count, slice.size());
    block.append(slice.view().substr(0, taken));
    count -= taken;
    slice.remove_prefix(taken);
    left.push(std::move(slice));
  }
  unread_ = std::move(left);
  if (count == 0) co_return Result<void>{};
  co_return co_await connection_.receive_exactly(block, count, stop);
}

Task<Result<void>> PlainStream::write(SliceChain bytes, StopToken stop) {
  return connection_.send(std::move(bytes), stop);
}

bool PlainStream::has_input() const noexcept { return !unread_.empty() || connection_.has_input(); }

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

void PlainStream::unread(SliceChain bytes) {
  bytes.append(std::exchange(unread_, SliceChain{}));
  unread_ = std::move(bytes);
}

}  // namespace sluice::net
