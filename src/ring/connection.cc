#include "sluice/ring/connection.h"

#include <limits.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <vector>

#include "completion_waiter.h"
#include "sluice/coro/event.h"

namespace sluice::ring {
namespace {

// Below this, one more copy is cheaper than ending the multishot receive and starting it again.
constexpr std::size_t direct_bytes_min = 32 * 1024;
// Up to here, copying the parts of a message together costs less than the kernel's reading a
// msghdr and an iovec for them: 0.3 us per send.
constexpr std::size_t joined_bytes_max = 8 * 1024;
// What a receive may bring when the ring has no buffer and the connection must help itself.
constexpr std::size_t private_block_bytes = 8 * 1024;

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

}  // namespace

class Connection::State {
 public:
  State(Loop& loop, int fd, const ConnectionConfig& config)
      : loop_(loop), fd_(fd), config_(config), readable_(loop) {
    arm_receive();
  }

  // The owner is gone: end what is in flight; the last completion closes the socket.
  void orphan() noexcept {
    SLUICE_ASSERT(!orphaned_);
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

  Task<Result<SliceChain>> receive(StopToken stop) {
    while (true) {
      if (!queue_.empty()) {
        SliceChain taken = std::move(queue_);
        queue_.clear();
        arm_receive();
        co_return taken;
      }
      if (error_ != 0) co_return fail(socket_error(error_));
      if (end_) co_return SliceChain{};
      one_at_a_time_ = false;  // the reader is faster than the peer: run ahead again
      arm_receive();
      readable_.reset();
      const Result<void> waited = co_await readable_.wait(stop);
      if (!waited) co_return fail(waited.error());
    }
  }

  Task<Result<void>> receive_exactly(Block& block, std::size_t count, StopToken stop) {
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
        arm_receive();
        readable_.reset();
        const Result<void> waited = co_await readable_.wait(stop);
        if (!waited) co_return fail(waited.error());
      }
      count -= take_queued(block, count);
    }
    arm_receive();
    co_return Result<void>{};
  }

  Task<Result<void>> send(SliceChain chain, StopToken stop) {
    if (chain.count() > 1 && chain.size_bytes() <= joined_bytes_max) {
      Slice joined = std::move(chain).gather();
      chain.push(std::move(joined));
    }
    std::size_t next = 0;
    while (next < chain.count()) {
      std::array<iovec, parts_per_send> parts;
      std::size_t count = 0;
      std::size_t total = 0;
      for (; next < chain.count() && count < parts.size(); ++next, ++count) {
        parts[count] = {.iov_base = const_cast<char*>(chain[next].data()),
                        .iov_len = chain[next].size()};
        total += chain[next].size();
      }
      CompletionWaiter waiter(loop_, stop);
      if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
      ++sends_in_flight_;
      loop_.backend().send(waiter, fd_, std::span(parts.data(), count));
      const std::int32_t result = co_await waiter;
      --sends_in_flight_;
      if (result > 0) bytes_sent_ += static_cast<std::uint64_t>(result);
      if (result < 0) {
        send_broke_ |= result != -ECANCELED;
        co_return fail(socket_error(-result));
      }
      if (static_cast<std::size_t>(result) < total) {
        co_return fail(socket_error(stop.stop_requested() ? ECANCELED : ECONNRESET));
      }
    }
    co_return Result<void>{};
  }

  [[nodiscard]] bool has_input() const noexcept { return !queue_.empty() || end_ || error_ != 0; }
  [[nodiscard]] bool peer_gone() const noexcept { return gone_; }

  void watch_departure(StopSource* source) noexcept {
    departure_ = source;
    if (source == nullptr) return;
    if (gone_) {
      source->request_stop();
    } else {
      arm_departure_poll();
    }
  }

  void shutdown_send() noexcept {
    end_sent_ = true;
    loop_.backend().shutdown_send(fd_);
  }
  void reset_on_close() noexcept {
    reset_on_close_ = true;
    loop_.backend().reset_on_close(fd_);
  }
  [[nodiscard]] Result<SocketAddress> peer_address() const {
    return loop_.backend().peer_address(fd_);
  }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  // Chains are a few slices, for neighbours were joined; a longer one goes in several sends. The
  // array is part of every blocked sender's frame.
  static constexpr std::size_t parts_per_send = 16;
  static_assert(parts_per_send <= IOV_MAX);

  struct ReceiveOperation final : Operation {
    explicit ReceiveOperation(State& owner) noexcept : state(owner) {}
    void complete(Completion completion) noexcept override {
      state.received(std::move(completion));
    }
    State& state;
  };
  struct PollOperation final : Operation {
    explicit PollOperation(State& owner) noexcept : state(owner) {}
    void complete(Completion completion) noexcept override { state.polled(completion.result); }
    State& state;
  };

  ~State() = default;

  [[nodiscard]] bool anything_in_flight() const noexcept {
    return receive_op_.in_flight() || poll_op_.in_flight();
  }
  void close() noexcept {
    SLUICE_ASSERT(sends_in_flight_ == 0);  // a sender awaits its send, so it outlives it
    if (counted_closing_) loop_.closing_socket_removed();
    loop_.backend().close(fd_);
    delete this;
  }
  void close_if_quiet() noexcept {
    if (orphaned_ && !anything_in_flight()) close();
  }

  static Error early_end() noexcept {
    return Error{.kind = ErrorKind::connection_closed,
                 .what = "the peer ended the connection in the middle of a message"};
  }

  // Moves up to `count` queued bytes into `block`; returns how many.
  std::size_t take_queued(Block& block, std::size_t count) {
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
  Task<Result<void>> quiesce_receive(StopToken stop) {
    holds_receive_ = true;
    while (receive_op_.in_flight()) {
      loop_.backend().cancel(receive_op_);
      readable_.reset();
      const Result<void> waited = co_await readable_.wait(stop);
      if (!waited) {
        holds_receive_ = false;
        co_return fail(waited.error());
      }
    }
    co_return Result<void>{};
  }

  Task<Result<void>> receive_direct(Block& block, std::size_t count, StopToken stop) {
    while (count > 0) {
      if (error_ != 0) co_return fail(socket_error(error_));
      if (end_) co_return fail(early_end());
      if (stop.stop_requested()) co_return fail(socket_error(ECANCELED));
      CompletionWaiter waiter(loop_, stop);
      loop_.backend().receive_into(waiter, fd_, std::span(block.data() + block.size(), count),
                                   true);
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

  void arm_receive() noexcept {
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

  // While receiving is paused nothing else would notice that the peer left.
  void arm_departure_poll() noexcept {
    if (departure_ == nullptr || poll_op_.in_flight() || receive_op_.in_flight() || gone_) return;
    loop_.backend().poll(poll_op_, fd_, POLLRDHUP);
  }

  void received(Completion completion) noexcept {
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
    readable_.set();
  }

  void polled(std::int32_t result) noexcept {
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
  [[nodiscard]] bool end_is_reset() const noexcept {
    return send_broke_ || (!end_sent_ && !loop_.backend().peer_address(fd_));
  }

  void peer_ended(int os_errno) noexcept {
    if (os_errno == 0 && !end_is_reset()) {
      end_ = true;
    } else {
      error_ = os_errno != 0 ? os_errno : ECONNRESET;
    }
    depart();
  }
  void depart() noexcept {
    gone_ = true;
    if (StopSource* source = std::exchange(departure_, nullptr); source != nullptr) {
      source->request_stop();
    }
  }

  Loop& loop_;
  int fd_;
  ConnectionConfig config_;
  Event readable_;  // set whenever the receive operation reported something
  SliceChain queue_;
  Block private_block_;
  ReceiveOperation receive_op_{*this};
  PollOperation poll_op_{*this};
  StopSource* departure_ = nullptr;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint32_t sends_in_flight_ = 0;
  int error_ = 0;     // errno that ended receiving; 0: none
  bool end_ = false;  // the peer's FIN was received
  bool reset_on_close_ = false;
  bool send_broke_ = false;  // a send was told of a reset
  bool end_sent_ = false;    // our FIN is on its way
  bool gone_ = false;        // FIN or error was seen, perhaps by the poll before the data is read
  bool one_at_a_time_ = false;  // the reader was too slow once
  bool ring_dry_ = false;       // the last receive found no buffer
  bool holds_receive_ = false;  // receive_exactly is receiving by itself
  bool orphaned_ = false;
  bool counted_closing_ = false;
};

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

Task<Result<SliceChain>> Connection::receive(StopToken stop) { return state_->receive(stop); }
Task<Result<void>> Connection::receive_exactly(Block& block, std::size_t count, StopToken stop) {
  return state_->receive_exactly(block, count, stop);
}
Task<Result<void>> Connection::send(SliceChain chain, StopToken stop) {
  return state_->send(std::move(chain), stop);
}
bool Connection::has_input() const noexcept { return state_->has_input(); }
bool Connection::peer_gone() const noexcept { return state_->peer_gone(); }
void Connection::watch_departure(StopSource* source) noexcept { state_->watch_departure(source); }
void Connection::shutdown_send() noexcept { state_->shutdown_send(); }
void Connection::reset_on_close() noexcept { state_->reset_on_close(); }
Result<SocketAddress> Connection::peer_address() const { return state_->peer_address(); }
std::uint64_t Connection::bytes_received() const noexcept { return state_->bytes_received(); }
std::uint64_t Connection::bytes_sent() const noexcept { return state_->bytes_sent(); }

}  // namespace sluice::ring
