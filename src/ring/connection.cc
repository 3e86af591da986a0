#include "sluice/ring/connection.h"

#include <limits.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "connection_state.h"

namespace sluice::ring {
namespace {

// Below this, one more copy is cheaper than ending the multishot receive and starting it again.
constexpr std::size_t direct_bytes_min = 32 * 1024;
// Up to here, copying the parts of a message together costs less than the kernel's reading a
// msghdr and an iovec for them: 0.3 us per send.
constexpr std::size_t joined_bytes_max = 8 * 1024;
// Chains are a few slices, for neighbours were joined; a longer one goes in several sends.
constexpr std::size_t parts_per_send = 16;
static_assert(parts_per_send <= IOV_MAX);

Error early_end() noexcept {
  return Error{.kind = ErrorKind::connection_closed,
               .what = "the peer ended the connection in the middle of a message"};
}

iovec part_of(const Slice& slice) noexcept {
  return {.iov_base = const_cast<char*>(slice.data()), .iov_len = slice.size()};
}

}  // namespace

// --- receiving ---

// Every idle connection waits here: the frame holds the wait and no bytes.
Task<Result<std::size_t>> Connection::State::receive(SliceChain& into, StopToken stop) {
  while (!has_input()) {
    if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
    one_at_a_time_ = false;  // the reader is faster than the peer: run ahead again
    arm_receive();
    co_await Report(*this, stop);
  }
  co_return take_input(into);
}

// What receive() gives when there is input: all that is queued, the error, or the end.
Result<std::size_t> Connection::State::take_input(SliceChain& into) noexcept {
  const std::size_t count = queue_.size_bytes();
  if (count > 0) {
    into.append(std::move(queue_));
    arm_receive();
    return count;
  }
  if (error_ != 0) return fail(socket_error(error_));
  return 0;
}

Task<Result<void>> Connection::State::receive_exactly(Block& block, std::size_t count,
                                                      StopToken stop) {
  SLUICE_ASSERT(count <= block.free_bytes());
  count -= take_queued(block, count);
  if (count >= direct_bytes_min && error_ == 0 && !end_) {
    const Result<void> quiet = co_await quiesce_receive(stop);
    if (!quiet) co_return fail(quiet.error());
    count -= take_queued(block, count);
    const Result<void> direct = co_await receive_direct(block, count, stop);
    holds_receive_ = false;
    arm_receive();
    co_return direct;
  }
  while (count > 0) {
    if (queue_.empty()) {
      if (error_ != 0) co_return fail(socket_error(error_));
      if (end_) co_return fail(early_end());
      if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
      arm_receive();
      co_await Report(*this, stop);
    }
    count -= take_queued(block, count);
  }
  arm_receive();
  co_return Result<void>{};
}

// Moves up to `count` queued bytes into `block`; returns how many.
std::size_t Connection::State::take_queued(Block& block, std::size_t count) {
  if (queue_.empty() || count == 0) return 0;
  std::size_t taken = 0;
  SliceChain rest;
  for (std::size_t i = 0; i < queue_.count(); ++i) {
    Slice& slice = queue_[i];
    const std::size_t part = std::min(count - taken, slice.size());
    block.append(slice.view().substr(0, part));
    taken += part;
    slice.remove_prefix(part);
    rest.push(std::move(slice));
  }
  queue_ = std::move(rest);
  return taken;
}

// Ends the receive that runs ahead, so that the next may go straight into the caller's memory.
Task<Result<void>> Connection::State::quiesce_receive(StopToken stop) {
  holds_receive_ = true;
  while (receive_op_.in_flight()) {
    if (stop.stop_requested()) {
      holds_receive_ = false;
      co_return fail(socket_error(ECANCELED));
    }
    loop_.backend().cancel(receive_op_);
    co_await Report(*this, stop);
  }
  co_return Result<void>{};
}

Task<Result<void>> Connection::State::receive_direct(Block& block, std::size_t count,
                                                     StopToken stop) {
  while (count > 0) {
    if (error_ != 0) co_return fail(socket_error(error_));
    if (end_) co_return fail(early_end());
    if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
    CompletionWaiter waiter(loop_, stop);
    loop_.backend().receive_into(waiter, fd_, std::span(block.data() + block.size(), count), true);
    const std::int32_t result = co_await waiter;
    if (result > 0) {
      block.advance(static_cast<std::size_t>(result));
      count -= static_cast<std::size_t>(result);
      bytes_received_ += static_cast<std::uint64_t>(result);
    } else if (result == 0) {
      peer_ended(0);
    } else if (result != -ECANCELED && result != -EINTR) {
      peer_ended(-result);
    }
  }
  co_return Result<void>{};
}

void Connection::State::unread(SliceChain bytes) {
  SLUICE_ASSERT(!reader_);
  bytes.append(std::move(queue_));
  queue_ = std::move(bytes);
}

// --- sending ---

Task<Result<void>> Connection::State::send(SliceChain chain, StopToken stop) {
  if (chain.count() > 1 && chain.size_bytes() > joined_bytes_max) {
    return send_parts(std::move(chain), stop);
  }
  return send_piece(std::move(chain).gather(), stop);
}

// A message in one piece, as nearly every one is: without the iovecs its sender waits in a frame of
// less than half the size.
Task<Result<void>> Connection::State::send_piece(Slice piece, StopToken stop) {
  if (piece.empty()) co_return Result<void>{};
  if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
  const iovec part = part_of(piece);
  CompletionWaiter waiter(loop_, stop);
  begin_send(waiter, std::span(&part, 1));
  const std::int32_t result = co_await waiter;
  co_return end_send(result, piece.size(), stop);
}

Task<Result<void>> Connection::State::send_parts(SliceChain chain, StopToken stop) {
  for (std::size_t next = 0; next < chain.count();) {
    if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
    std::array<iovec, parts_per_send> parts;
    std::size_t count = 0;
    std::size_t total = 0;
    for (; next < chain.count() && count < parts.size(); ++next, ++count) {
      parts[count] = part_of(chain[next]);
      total += chain[next].size();
    }
    CompletionWaiter waiter(loop_, stop);
    begin_send(waiter, std::span(parts.data(), count));
    const std::int32_t result = co_await waiter;
    const Result<void> sent = end_send(result, total, stop);
    if (!sent) co_return sent;
  }
  co_return Result<void>{};
}

void Connection::State::begin_send(CompletionWaiter& waiter,
                                   std::span<const iovec> parts) noexcept {
  ++sends_in_flight_;
  loop_.backend().send(waiter, fd_, parts);
}

Result<void> Connection::State::end_send(std::int32_t result, std::size_t size_bytes,
                                         StopToken stop) noexcept {
  --sends_in_flight_;
  if (result > 0) bytes_sent_ += static_cast<std::uint64_t>(result);
  if (result < 0) {
    send_broke_ |= result != -ECANCELED;
    return fail(socket_error(-result));
  }
  if (static_cast<std::size_t>(result) < size_bytes) {
    return fail(socket_error(stop.stop_requested() ? ECANCELED : ECONNRESET));
  }
  return {};
}

// --- the connection itself ---

Connection::Connection(Loop& loop, int fd, const ConnectionConfig& config)
    : state_(new State(loop, fd, config)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    if (state_ != nullptr) state_->orphan();
    state_ = std::exchange(other.state_, nullptr);
  }
  return *this;
}

Connection::~Connection() {
  if (state_ != nullptr) state_->orphan();
}

Task<Result<std::size_t>> Connection::receive(SliceChain& into, StopToken stop) {
  return state_->receive(into, stop);
}
Task<Result<void>> Connection::receive_exactly(Block& block, std::size_t count, StopToken stop) {
  return state_->receive_exactly(block, count, stop);
}
Task<Result<void>> Connection::send(SliceChain chain, StopToken stop) {
  return state_->send(std::move(chain), stop);
}
void Connection::unread(SliceChain bytes) { state_->unread(std::move(bytes)); }
bool Connection::has_input() const noexcept { return state_->has_input(); }
bool Connection::peer_gone() const noexcept { return state_->peer_gone(); }
void Connection::watch_departure(StopSource* source) noexcept { state_->watch_departure(source); }
void Connection::shutdown_send() noexcept { state_->shutdown_send(); }
void Connection::reset_on_close() noexcept { state_->reset_on_close(); }
Result<SocketAddress> Connection::peer_address() const { return state_->peer_address(); }
std::uint64_t Connection::bytes_received() const noexcept { return state_->bytes_received(); }
std::uint64_t Connection::bytes_sent() const noexcept { return state_->bytes_sent(); }

}  // namespace sluice::ring
