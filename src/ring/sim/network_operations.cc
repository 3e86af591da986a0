// Operations from submit to delivery, and the turn that moves virtual time.
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "network.h"

namespace sluice::ring::sim {

SimBackend::Network::Network(std::uint64_t run_seed, const SimConfig& run_config)
    : seed(run_seed),
      config(run_config),
      random(run_seed),
      leases(run_config.buffer_bytes, run_config.buffers_max),
      files(standard_file_count),
      pipe_memory_(run_config.socket_buffer_bytes) {
  SLUICE_ASSERT(!config.broken_rule());
  for (Index i = 0; i < standard_files_.size(); ++i) {
    standard_files_[i] = {Descriptor::Kind::file, i};
  }
  operation_index_.reserve(256);
}

SimBackend::Network::~Network() {
  if (operations_in_flight != 0) misuse("the back-end goes with an operation in flight", -1);
  if (leases.leased() != 0) misuse("the back-end goes with a buffer leased", -1);
}

void SimBackend::Network::misuse(const char* what, int fd) const {
  std::fprintf(stderr, "simulated back-end: %s: descriptor %d, seed %llu\n%s\n%s", what, fd,
               static_cast<unsigned long long>(seed), config.to_string().c_str(),
               history.to_string().c_str());
  std::abort();
}

Moment SimBackend::Network::moment_after(MonotonicTime time, const Moment& previous) noexcept {
  const std::uint64_t tie = config.reorder ? random.next() >> 1 : next_tie_++;
  if (time > previous.time) return {time, tie};
  return {previous.time, std::max(tie, previous.tie + 1)};
}

OperationSlot& SimBackend::Network::submit(Operation& operation, OperationKind kind, int fd) {
  if (operation.in_flight()) misuse("operation submitted twice", fd);
  const Descriptor* found = descriptor(fd);
  const auto needed =
      kind == OperationKind::write ? Descriptor::Kind::file : Descriptor::Kind::socket;
  if (found == nullptr || found->kind != needed) misuse("operation on no open descriptor", fd);
  operation.mark_submitted();
  if (needed == Descriptor::Kind::socket) ++sockets[found->index].operations;
  if (free_operations_.empty()) {
    free_operations_.push_back(static_cast<Index>(operations_.size()));
    operations_.emplace_back();
  }
  const Index index = free_operations_.back();
  free_operations_.pop_back();
  OperationSlot& slot = operations_[index];
  const std::uint32_t generation = slot.generation;
  slot = OperationSlot{};
  slot.generation = generation;
  slot.operation = &operation;
  slot.kind = kind;
  slot.fd = fd;
  operation_index_.emplace(&operation, index);
  submitted_.push_back({{index, generation}, false});
  ++operations_in_flight;
  ++stats.operations;
  return slot;
}

void SimBackend::Network::cancel(Operation& operation) {
  if (!operation.in_flight()) return;
  const auto found = operation_index_.find(&operation);
  SLUICE_ASSERT(found != operation_index_.end());  // an operation of another back-end
  submitted_.push_back({{found->second, operations_[found->second].generation}, true});
}

void SimBackend::Network::submit_queued() {
  starting_.swap(submitted_);
  for (const Submission& submission : starting_) {
    const Index index = submission.operation.index;
    if (operations_[index].generation != submission.operation.generation) continue;
    if (submission.is_cancel) {
      start_cancel(index);
    } else {
      start(index);
    }
  }
  starting_.clear();
}

void SimBackend::Network::start(Index index) {
  const OperationSlot& slot = operations_[index];
  if (slot.kind == OperationKind::write) return start_write(index);
  const Index socket = socket_of(slot.fd, "operation on no open socket");
  const auto claim = [&](Index& place, const char* what) {
    if (place != nothing) misuse(what, slot.fd);
    place = index;
  };
  SocketSlot& owner = sockets[socket];
  switch (slot.kind) {
    case OperationKind::accept:
      if (owner.state != SocketState::listening) misuse("accept on no listener", slot.fd);
      claim(owner.accept_operation, "two accepts at once");
      return pump_accept(socket);
    case OperationKind::connect:
      if (owner.state != SocketState::fresh) misuse("connect on a socket in use", slot.fd);
      claim(owner.connect_operation, "two connects at once");
      return start_connect(index);
    case OperationKind::receive:
    case OperationKind::receive_once:
    case OperationKind::receive_into:
      claim(owner.receive_operation, "two receives at once");
      return pump_receive(socket);
    case OperationKind::send:
      claim(owner.send_operation, "two sends at once");
      return pump_send(socket);
    case OperationKind::poll: owner.polls.push_back(index); return pump_polls(socket);
    case OperationKind::write: return;  // above
  }
}

// Files take bytes at once and tell of it a moment later.
void SimBackend::Network::start_write(Index index) {
  const OperationSlot& slot = operations_[index];
  const Descriptor* found = descriptor(slot.fd);
  if (found->kind != Descriptor::Kind::file) misuse("write to a closed file", slot.fd);
  std::size_t count = slot.bytes.size();
  if (count > 1 && happens(config.short_write, faults.short_writes)) {
    count = random.between(1, count - 1);
  }
  files[found->index].append(slot.bytes.data(), count);
  complete(index, static_cast<std::int32_t>(count), false);
}

void SimBackend::Network::start_cancel(Index index) {
  OperationSlot& slot = operations_[index];
  if (slot.ended || slot.cancelled) return;
  slot.cancelled = true;
  note("cancel", slot.fd, static_cast<std::int64_t>(slot.kind));
  if (happens(config.lost_cancel, faults.late_cancels)) {
    schedule_in(EventKind::cancel, config.lateness.draw(random) + config.latency_up.draw(random),
                {index, slot.generation});
  } else {
    finish_cancel(index);
  }
}

// What a send or a filling receive has done by then is not taken back: io_uring reports it.
void SimBackend::Network::finish_cancel(Index index) {
  const OperationSlot& slot = operations_[index];
  if (slot.ended) return;
  const bool partly = slot.done_bytes > 0;
  complete(index, partly ? static_cast<std::int32_t>(slot.done_bytes) : -ECANCELED, false);
}

// The operation no longer belongs to its socket: only its final completion is to come.
void SimBackend::Network::detach(Index index) {
  const OperationSlot& slot = operations_[index];
  if (slot.kind == OperationKind::write) return;
  SocketSlot& owner = sockets[socket_of(slot.fd, "an operation outlived its descriptor")];
  for (Index* place : {&owner.accept_operation, &owner.connect_operation, &owner.receive_operation,
                       &owner.send_operation}) {
    if (*place == index) *place = nothing;
  }
  if (slot.kind == OperationKind::poll) std::erase(owner.polls, index);
}

void SimBackend::Network::complete(Index index, std::int32_t result, bool more, Slice bytes) {
  OperationSlot& slot = operations_[index];
  SLUICE_ASSERT(!slot.ended);
  if (!more) {
    slot.ended = true;
    if (slot.cancelled && result >= 0) ++faults.cancels_lost;
    detach(index);
  }
  MonotonicTime time = now;
  if (happens(config.late_completion, faults.late_completions)) {
    time += config.lateness.draw(random);
  }
  slot.last_completion = moment_after(time, slot.last_completion);
  if (free_completions_.empty()) {
    free_completions_.push_back(static_cast<Index>(completions_.size()));
    completions_.emplace_back();
  }
  const Index completion = free_completions_.back();
  free_completions_.pop_back();
  completions_[completion].operation = index;
  completions_[completion].completion = {result, more, std::move(bytes)};
  schedule(EventKind::completion, slot.last_completion, {completion, 0});
}

void SimBackend::Network::deliver(Index index) {
  static constexpr const char* names[] = {"accept",       "connect", "receive", "Receive once",
                                          "into receive", "send",    "poll",    "write"};
  const Index operation_at = completions_[index].operation;
  Completion completion = std::move(completions_[index].completion);
  free_completions_.push_back(index);

  OperationSlot& slot = operations_[operation_at];
  Operation& operation = *slot.operation;
  note(names[static_cast<std::size_t>(slot.kind)], slot.fd, completion.result);
  ++stats.completions;
  if (!completion.more) {
    if (slot.kind != OperationKind::write) {
      --sockets[socket_of(slot.fd, "an operation outlived its descriptor")].operations;
    }
    operation_index_.erase(&operation);
    ++slot.generation;
    slot.operation = nullptr;
    free_operations_.push_back(operation_at);
    --operations_in_flight;
  }
  operation.deliver(std::move(completion));  // may submit, close, and destroy itself
}

void SimBackend::Network::handle(const SimEvent& event) {
  if (event.kind == EventKind::completion) {
    due_.push_back(event.index);
    return;
  }
  if (event.kind == EventKind::cancel) {
    if (operations_[event.index].generation == event.generation) finish_cancel(event.index);
    return;
  }
  const Index socket = live({event.index, event.generation});
  if (socket == nothing) return;
  SocketSlot& slot = sockets[socket];
  switch (event.kind) {
    case EventKind::completion:
    case EventKind::cancel: return;  // above
    case EventKind::arrival:
      if (slot.broken) return;  // what was behind the reset is lost
      slot.incoming.arrive(event.value);
      pump_receive(socket);
      return pump_polls(socket);
    case EventKind::end:
      if (slot.broken) return;
      slot.end_received = true;
      pump_receive(socket);
      return pump_polls(socket);
    case EventKind::reset: return reset_received(socket);
    case EventKind::acknowledge:
      slot.acknowledge_coming = false;
      slot.incoming.acknowledge();
      if (const Index peer = live(slot.peer); peer != nothing) pump_send(peer);
      return;
    case EventKind::send_more: slot.send_paused = false; return pump_send(socket);
    case EventKind::ask: return asked(socket, event.value);
    case EventKind::answer: return answered(socket, static_cast<int>(event.value));
    case EventKind::offer: return offered(socket);
  }
}

void SimBackend::Network::run_due() {
  while (!events_.empty() && events_.next_time() <= now) handle(events_.pop());
}

void SimBackend::Network::wait(MonotonicTime until) {
  ++stats.enters;
  now += config.turn_cost.draw(random);
  submit_queued();
  run_due();
  while (due_.empty() && !woken.load(std::memory_order_acquire)) {
    if (events_.empty() && until == MonotonicTime::max()) {
      if (deadlocked) misuse("waits for ever, and nothing will ever happen", -1);
      note("deadlock", -1, 0);
      deadlocked = true;
      return;
    }
    if (events_.empty() || events_.next_time() > until) {
      now = std::max(now, until);
      break;
    }
    now = events_.next_time();
    run_due();
  }
  woken.store(false, std::memory_order_release);
  delivering_.swap(due_);
  for (const Index completion : delivering_) deliver(completion);
  delivering_.clear();
}

}  // namespace sluice::ring::sim
