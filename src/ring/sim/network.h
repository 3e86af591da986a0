// The state behind SimBackend: sockets, operations and what will happen to them.
//
//   submit -> [submitted_] -wait()-> start(): the operation belongs to its socket
//   event (arrival, reset, ...) -> pump_*(): whatever can now complete does
//   complete() -> [events_: completion, perhaps late] -wait()-> Operation::deliver()
//
// Sockets and operations are slots with generations: an event for a slot that was freed meanwhile
// is void. Slots may move while a function runs: hold indices across calls that add any.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "byte_pipe.h"
#include "event_queue.h"
#include "lease_pool.h"
#include "sluice/base/random.h"
#include "sluice/ring/sim/sim_backend.h"

namespace sluice::ring::sim {

using Index = std::uint32_t;
inline constexpr Index nothing = ~Index{0};

struct SlotRef {
  Index index = nothing;
  std::uint32_t generation = 0;
};

enum class OperationKind : std::uint8_t {
  accept,
  connect,
  receive,
  receive_once,
  receive_into,
  send,
  poll,
  write,
};

/// One operation in flight.
struct OperationSlot {
  Operation* operation = nullptr;
  std::uint32_t generation = 0;
  OperationKind kind = OperationKind::poll;
  bool all = false;        // receive_into: fill the memory
  bool ended = false;      // its final completion is under way
  bool cancelled = false;  // was asked to end
  int fd = -1;
  std::uint32_t events = 0;     // poll
  std::size_t done_bytes = 0;   // of parts or memory
  std::size_t bytes_max = 0;    // receive_once
  std::size_t part = 0;         // send: index of the first part not wholly sent
  std::size_t part_offset = 0;  // and how much of it was
  std::span<const iovec> parts;
  std::span<char> memory;
  std::span<const char> bytes;             // write
  const SocketAddress* address = nullptr;  // connect
  Moment last_completion{};                // later ones of this operation come after it
};

enum class SocketState : std::uint8_t {
  fresh,       // neither connected nor listening
  listening,   // backlog holds sockets without a descriptor
  connecting,  // a SYN is under way or was answered by silence
  connected,   // peer may be gone all the same
  failed,      // a connect failed
};

/// One socket; without a descriptor while it waits in a backlog.
struct SocketSlot {
  std::uint32_t generation = 0;
  bool in_use = false;
  SocketState state = SocketState::fresh;
  int fd = -1;
  int family = 0;
  std::uint32_t operations = 0;  // in flight on the descriptor
  SocketAddress local;
  SocketAddress remote;

  SlotRef peer;  // index `nothing`: none, or gone
  SlotRef listener;
  bool connects = false;        // who called: sends "up"
  bool end_received = false;    // the peer's FIN arrived
  bool end_sent = false;        // ours is on its way
  bool broken = false;          // a reset arrived
  bool reset_on_close = false;  // close() is to reset
  bool reset_coming = false;    // an answer to what was sent to a closed socket is on its way
  bool acknowledge_coming = false;
  bool send_paused = false;
  int error = 0;  // errno not yet told
  BytePipe incoming;
  Moment last_departure{};                          // when the last thing sent arrives
  MonotonicTime stalled_until{};                    // nothing sent from here arrives before
  std::uint64_t bytes_sent = 0;                     //
  std::uint64_t breaks_at_byte = ~std::uint64_t{};  // of bytes_sent

  Index connect_operation = nothing;
  Index accept_operation = nothing;
  Index receive_operation = nothing;
  Index send_operation = nothing;
  std::vector<Index> polls;

  std::deque<SlotRef> backlog;
  std::uint32_t backlog_max = 0;
  bool reuse_port = false;
};

class SimBackend::Network {
 public:
  Network(std::uint64_t seed, const SimConfig& config);
  ~Network();

  // network_descriptors.cc
  Result<int> open_listener(const SocketAddress& address, const ListenOptions& options);
  Result<int> open_socket(int family);
  [[nodiscard]] int open_file();
  void shutdown_send(int fd);
  void close(int fd);
  [[nodiscard]] Index socket_of(int fd, const char* doing) const;

  // network_operations.cc
  OperationSlot& submit(Operation& operation, OperationKind kind, int fd);
  void cancel(Operation& operation);
  void wait(MonotonicTime until);
  /// Prints what went wrong, the seed and the history, and aborts.
  [[noreturn]] void misuse(const char* what, int fd) const;

  void note(const char* what, int fd, std::int64_t value) noexcept {
    history.add(now, what, fd, value);
  }
  void break_connection(Index socket);
  [[nodiscard]] bool idle() const noexcept { return events_.empty() && submitted_.empty(); }

  std::uint64_t seed;
  SimConfig config;
  Random random;
  MonotonicTime now{std::chrono::seconds(1000)};
  SimHistory history;
  FaultCounts faults;
  BackendStats stats;
  LeasePool leases;
  bool deadlocked = false;
  std::atomic<bool> woken = false;
  std::size_t descriptors_open = 0;
  std::size_t operations_in_flight = 0;
  std::vector<SocketSlot> sockets;
  std::vector<std::string> files;  // by descriptor's file index

 private:
  struct Descriptor {
    enum class Kind : std::uint8_t { closed, socket, file } kind = Kind::closed;
    Index index = nothing;  // of sockets or files; a closed file keeps its own
  };
  struct PendingCompletion {
    Index operation = nothing;
    Completion completion;
  };
  struct Submission {
    SlotRef operation;
    bool is_cancel;
  };

 public:
  static constexpr int first_fd = 1000;
  static constexpr std::size_t standard_file_count = 2;
  static constexpr int first_file_fd = 1;  // descriptors 1 and 2 are files from the start
  [[nodiscard]] const Descriptor* descriptor(int fd) const noexcept;

 private:
  // descriptors
  Descriptor& open_descriptor(int fd, const char* doing);
  [[nodiscard]] int add_descriptor(Descriptor::Kind kind, Index index);
  [[nodiscard]] int refused_descriptor();  // an errno now and then, or at the limit
  Index new_socket(int family);
  void free_socket(Index socket);
  void close_listener(Index listener);
  void close_stream(Index socket);
  [[nodiscard]] bool address_in_use(const SocketAddress& address, bool reuse_port) const;
  [[nodiscard]] std::uint16_t free_port(const SocketAddress& address, bool reuse_port);

  // operations
  void start(Index operation);
  void finish_cancel(Index operation);
  void start_cancel(Index operation);
  void detach(Index operation);
  void complete(Index operation, std::int32_t result, bool more, Slice bytes = {});
  void deliver(Index completion);
  void submit_queued();
  void run_due();
  void handle(const SimEvent& event);
  void start_write(Index operation);

  // network_connect.cc
  void start_connect(Index operation);
  void asked(Index socket, std::uint64_t tries);
  void answered(Index socket, int os_errno);
  void offered(Index socket);
  void pump_accept(Index listener);
  [[nodiscard]] Index find_listener(const SocketAddress& address);
  void answer_later(Index socket, Duration delay, int os_errno);
  void maybe_doom(Index a, Index b);

  // network_transfer.cc
  void pump_send(Index socket);
  void send_segment(Index socket, Index operation);
  void finish_send(Index socket, std::int32_t os_errno);
  void sent_to_nobody(Index socket, Index operation);
  void pump_receive(Index socket);
  bool receive_leased(Index socket, Index operation);
  void receive_filling(Index socket, Index operation);
  [[nodiscard]] bool buffers_refused();
  void acknowledge_later(Index socket);
  void pump_polls(Index socket);
  [[nodiscard]] std::uint32_t poll_mask(Index socket) const;
  void send_end(Index socket);
  void send_reset(Index to, Duration delay);
  void reset_received(Index socket);
  [[nodiscard]] int take_error(Index socket) noexcept;

  // helpers
  [[nodiscard]] Index live(SlotRef ref) const noexcept {
    return ref.index != nothing && sockets[ref.index].generation == ref.generation ? ref.index
                                                                                   : nothing;
  }
  [[nodiscard]] SlotRef ref_of(Index socket) const noexcept {
    return {socket, sockets[socket].generation};
  }
  [[nodiscard]] Duration latency_from(Index socket) noexcept {
    return (sockets[socket].connects ? config.latency_up : config.latency_down).draw(random);
  }
  [[nodiscard]] bool happens(double odd, std::uint64_t& counter) noexcept {
    if (odd <= 0 || !random.chance(odd)) return false;
    ++counter;
    return true;
  }
  /// `time`, and after `previous` in any case.
  [[nodiscard]] Moment moment_after(MonotonicTime time, const Moment& previous) noexcept;
  void schedule(EventKind kind, Moment moment, SlotRef ref, std::uint64_t value = 0) {
    events_.push({moment, value, ref.index, ref.generation, kind});
  }
  void schedule_in(EventKind kind, Duration delay, SlotRef ref, std::uint64_t value = 0) {
    schedule(kind, moment_after(now + delay, {}), ref, value);
  }

  EventQueue events_;
  PipeMemory pipe_memory_;
  std::uint64_t next_tie_ = 1;
  std::uint16_t next_port_ = 20000;
  std::uint16_t next_client_port_ = 32768;
  MonotonicTime buffers_back_at_{};

  std::vector<Descriptor> descriptors_;                         // by fd - first_fd
  std::array<Descriptor, standard_file_count> standard_files_;  // descriptors 1 and 2
  std::vector<Index> free_sockets_;
  std::vector<Index> listeners_;

  std::vector<OperationSlot> operations_;
  std::vector<Index> free_operations_;
  std::unordered_map<const Operation*, Index> operation_index_;
  std::vector<Submission> submitted_;
  std::vector<Submission> starting_;

  std::vector<PendingCompletion> completions_;
  std::vector<Index> free_completions_;
  std::vector<Index> due_;         // completions whose moment has come
  std::vector<Index> delivering_;  // its memory is used again
};

}  // namespace sluice::ring::sim
