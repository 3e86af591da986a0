#include "connection_state.h"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace sluice::ring {
namespace {

// What a receive may bring when the ring has no buffer and the connection must help itself.
constexpr std::size_t private_block_bytes = 8 * 1024;

}  // namespace

Error socket_error(int os_errno) noexcept {
  switch (os_errno) {
    case ECANCELED:
      return Error{.kind = ErrorKind::cancelled, .what = "socket operation cancelled"};
    case ENOBUFS:
    case ENOMEM:
      return Error{.kind = ErrorKind::exhausted,
                   .os_errno = os_errno,
                   .what = "no memory for a socket operation"};
    case EPIPE:  // we sent after the peer had closed
      return Error{.kind = ErrorKind::connection_closed,
                   .os_errno = os_errno,
                   .what = "the peer closed the connection"};
    default:  // ECONNRESET, ETIMEDOUT, EHOSTUNREACH ...: the connection is gone
      return Error{.kind = ErrorKind::connection_reset,
                   .os_errno = os_errno,
                   .what = "the connection broke"};
  }
}

Connection::State::State(Loop& loop, int fd, const ConnectionConfig& config)
    : loop_(loop), fd_(fd), config_(config) {
  // Every connection has one, idle ones too: part of the 2 KiB that one of those may take.
  static_assert(sizeof(State) <= 256);
  arm_receive();
}

void Connection::State::orphan() noexcept {
  SLUICE_ASSERT(!orphaned_);
  SLUICE_ASSERT(!reader_);
  orphaned_ = true;
  departure_ = nullptr;
  queue_.clear();
  if (!anything_in_flight()) {
    close();
    return;
  }
  // The peer hears of it in this very turn; the descriptor goes when the last operation has. Not
  // before a reset: the peer would see an orderly end first.
  if (!reset_on_close_) loop_.backend().shutdown_send(fd_);
  loop_.closing_socket_added();
  counted_closing_ = true;
  loop_.backend().cancel(receive_op_);
  loop_.backend().cancel(poll_op_);
}

void Connection::State::close_if_quiet() noexcept {
  if (orphaned_ && !anything_in_flight()) close();
}

void Connection::State::close() noexcept {
  SLUICE_ASSERT(sends_in_flight_ == 0);  // a sender awaits its send, so it outlives it
  if (counted_closing_) loop_.closing_socket_removed();
  loop_.backend().close(fd_);
  delete this;
}

// --- receiving ---

void Connection::State::arm_receive() noexcept {
  if (receive_op_.in_flight() || holds_receive_ || orphaned_ || end_ || error_ != 0) return;
  if (queue_.size_bytes() >= config_.queue_bytes_max) {
    arm_departure_poll();
    return;
  }
  if (ring_dry_) {
    private_block_ = Block(private_block_bytes);
    loop_.backend().receive_into(receive_op_, fd_,
                                 std::span(private_block_.data(), private_block_bytes), false);
  } else if (one_at_a_time_) {
    loop_.backend().receive_once(receive_op_, fd_, config_.queue_bytes_max - queue_.size_bytes());
  } else {
    loop_.backend().receive(receive_op_, fd_);
  }
}

void Connection::State::received(Completion completion) noexcept {
  if (orphaned_) {
    completion.bytes.reset();
    close_if_quiet();
    return;
  }
  if (completion.result > 0) {
    bytes_received_ += static_cast<std::uint64_t>(completion.result);
    if (private_block_.has_memory()) {
      private_block_.advance(static_cast<std::size_t>(completion.result));
      queue_.push(std::move(private_block_).freeze());
      ring_dry_ = false;  // the next receive tries the ring again
    } else {
      queue_.push(std::move(completion.bytes));
    }
  } else if (completion.result == 0) {
    peer_ended(0);
  } else if (completion.result == -ENOBUFS) {
    ring_dry_ = true;
  } else if (completion.result != -ECANCELED && completion.result != -EINTR) {
    peer_ended(-completion.result);
  }
  if (!receive_op_.in_flight()) {
    private_block_ = Block{};
    arm_receive();
  } else if (queue_.size_bytes() >= config_.queue_bytes_max) {
    one_at_a_time_ = true;
    loop_.backend().cancel(receive_op_);
  }
  wake_reader();
}

// --- the peer's end ---

void Connection::State::watch_departure(StopSource* source) noexcept {
  departure_ = source;
  if (source == nullptr) return;
  if (gone_) {
    source->request_stop();
  } else {
    arm_departure_poll();
  }
}

// While receiving is paused nothing else would notice that the peer left.
void Connection::State::arm_departure_poll() noexcept {
  if (departure_ == nullptr || poll_op_.in_flight() || receive_op_.in_flight() || gone_) return;
  loop_.backend().poll(poll_op_, fd_, POLLRDHUP);
}

void Connection::State::polled(std::int32_t result) noexcept {
  if (orphaned_) {
    close_if_quiet();
    return;
  }
  if (result > 0 && (result & (POLLRDHUP | POLLHUP | POLLERR)) != 0) depart();
}

// Linux tells of a reset once: where a send was told, or a receive that had got a part, the next
// receive reports 0, as after an orderly end. A cut stream must not look whole, so ask: a socket
// that was reset has no peer any more. (After our own end neither has a socket that ended well;
// but then no send was there to be told.)
bool Connection::State::end_is_reset() const noexcept {
  return send_broke_ || (!end_sent_ && !loop_.backend().peer_address(fd_));
}

void Connection::State::peer_ended(int os_errno) noexcept {
  if (os_errno == 0 && !end_is_reset()) {
    end_ = true;
  } else {
    error_ = os_errno != 0 ? os_errno : ECONNRESET;
  }
  depart();
}

void Connection::State::depart() noexcept {
  gone_ = true;
  if (StopSource* source = std::exchange(departure_, nullptr); source != nullptr) {
    source->request_stop();
  }
}

}  // namespace sluice::ring
