// What a Connection owns: its socket, its operations, and what was received ahead of the reader.
//
//   connection.cc        what the reader and the writer ask for: coroutines
//   connection_state.cc  what the back-end reports: completions, and the end
//
// It outlives its Connection until the operations in flight have completed, and then deletes
// itself.
#pragma once
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include "completion_waiter.h"
#include "sluice/base/assert.h"
#include "sluice/coro/stop_token.h"
#include "sluice/ring/connection.h"

namespace sluice::ring {

[[nodiscard]] Error socket_error(int os_errno) noexcept;

class Connection::State {
 public:
  State(Loop& loop, int fd, const ConnectionConfig& config);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The owner is gone: end what is in flight; the last completion closes the socket.
  void orphan() noexcept;

  Task<Result<std::size_t>> receive(SliceChain& into, StopToken stop);
  Task<Result<void>> receive_exactly(Block& block, std::size_t count, StopToken stop);
  Task<Result<void>> send(SliceChain chain, StopToken stop);
  void unread(SliceChain bytes);

  [[nodiscard]] bool has_input() const noexcept { return !queue_.empty() || end_ || error_ != 0; }
  [[nodiscard]] bool peer_gone() const noexcept { return gone_; }
  void watch_departure(StopSource* source) noexcept;

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
  /// Suspends the one reader until the receive operation has reported something or `stop` stops:
  /// then look again. Not for a `stop` that has stopped already.
  class Report {
   public:
    Report(State& state, StopToken stop) noexcept : state_(state), on_stop_(stop, Wake{&state}) {}
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;
    ~Report() { SLUICE_ASSERT(!state_.reader_); }  // else a frame that is gone would be resumed
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> reader) const noexcept {
      SLUICE_ASSERT(!state_.reader_);
      state_.reader_ = reader;
    }
    void await_resume() const noexcept {}

   private:
    struct Wake {
      State* state;
      void operator()() const noexcept { state->wake_reader(); }
    };
    State& state_;
    StopCallback<Wake> on_stop_;
  };

  ~State() = default;

  // --- receiving ---
  void arm_receive() noexcept;
  Result<std::size_t> take_input(SliceChain& into) noexcept;
  std::size_t take_queued(Block& block, std::size_t count);
  Task<Result<void>> quiesce_receive(StopToken stop);
  Task<Result<void>> receive_direct(Block& block, std::size_t count, StopToken stop);
  void received(Completion completion) noexcept;
  void wake_reader() noexcept {
    if (reader_) loop_.schedule(std::exchange(reader_, {}));
  }

  // --- sending ---
  Task<Result<void>> send_piece(Slice piece, StopToken stop);
  Task<Result<void>> send_parts(SliceChain chain, StopToken stop);
  void begin_send(CompletionWaiter& waiter, std::span<const iovec> parts) noexcept;
  Result<void> end_send(std::int32_t result, std::size_t size_bytes, StopToken stop) noexcept;

  // --- the end ---
  void arm_departure_poll() noexcept;
  void polled(std::int32_t result) noexcept;
  [[nodiscard]] bool end_is_reset() const noexcept;
  void peer_ended(int os_errno) noexcept;
  void depart() noexcept;
  [[nodiscard]] bool anything_in_flight() const noexcept {
    return receive_op_.in_flight() || poll_op_.in_flight();
  }
  void close_if_quiet() noexcept;
  void close() noexcept;

  Loop& loop_;
  int fd_;
  int error_ = 0;  // errno that ended receiving; 0: none
  ConnectionConfig config_;
  std::coroutine_handle<> reader_;  // awaits a Report
  SliceChain queue_;
  Block private_block_;
  ReceiveOperation receive_op_{*this};
  PollOperation poll_op_{*this};
  StopSource* departure_ = nullptr;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint32_t sends_in_flight_ = 0;
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

}  // namespace sluice::ring
