// Bytes from a send through a pipe to a receive; ends, resets and what polls see of them.
#include <poll.h>

#include <cerrno>

#include "network.h"

namespace sluice::ring::sim {

void SimBackend::Network::pump_send(Index socket) {
  while (sockets[socket].send_operation != nothing) {
    SocketSlot& slot = sockets[socket];
    const Index operation = slot.send_operation;
    if (slot.broken || slot.error != 0 || slot.end_sent || slot.state != SocketState::connected) {
      const int told = take_error(socket);
      return finish_send(socket, told != 0 ? told : EPIPE);
    }
    OperationSlot& sending = operations_[operation];
    while (sending.part < sending.parts.size() &&
           sending.part_offset == sending.parts[sending.part].iov_len) {
      ++sending.part;
      sending.part_offset = 0;
    }
    if (sending.part == sending.parts.size()) return finish_send(socket, 0);
    const Index peer = live(slot.peer);
    if (peer == nothing) return sent_to_nobody(socket, operation);
    if (slot.send_paused || sockets[peer].incoming.space(pipe_memory_) == 0) return;
    send_segment(socket, operation);
  }
}

// One segment, perhaps of several parts, into the pipe.
void SimBackend::Network::send_segment(Index socket, Index operation) {
  SocketSlot& slot = sockets[socket];
  OperationSlot& sending = operations_[operation];
  const Index peer = live(slot.peer);
  BytePipe& pipe = sockets[peer].incoming;
  std::size_t room = std::min<std::size_t>(pipe.space(pipe_memory_), config.segment_bytes_max);
  if (room > 1 && happens(config.short_segment, faults.short_segments)) {
    room = random.between(1, room);
  }
  const std::uint64_t before = pipe.written();
  while (room > 0 && sending.part < sending.parts.size()) {
    const iovec& part = sending.parts[sending.part];
    const std::size_t count = std::min(room, part.iov_len - sending.part_offset);
    if (count > 0) {
      pipe.write(pipe_memory_, static_cast<const char*>(part.iov_base) + sending.part_offset,
                 count);
    }
    room -= count;
    sending.part_offset += count;
    if (sending.part_offset == part.iov_len) {
      ++sending.part;
      sending.part_offset = 0;
    }
  }
  const std::uint64_t sent = pipe.written() - before;
  sending.done_bytes += static_cast<std::size_t>(sent);
  slot.bytes_sent += sent;
  MonotonicTime time = std::max(now + latency_from(socket), slot.stalled_until);
  if (happens(config.stall, faults.stalls)) time += config.stall_length.draw(random);
  slot.last_departure = moment_after(time, slot.last_departure);
  schedule(EventKind::arrival, slot.last_departure, slot.peer, pipe.written());
  if (slot.bytes_sent >= slot.breaks_at_byte) break_connection(socket);
  if (happens(config.send_pause, faults.send_pauses)) {
    slot.send_paused = true;
    schedule_in(EventKind::send_more, latency_from(socket), ref_of(socket));
  }
}

// `os_errno` 0: all was sent. An error is told only where nothing was.
void SimBackend::Network::finish_send(Index socket, std::int32_t os_errno) {
  const Index operation = sockets[socket].send_operation;
  const auto done = static_cast<std::int32_t>(operations_[operation].done_bytes);
  complete(operation, os_errno != 0 && done == 0 ? -os_errno : done, false);
}

// The peer is closed, but we do not know yet: the kernel takes the bytes, and a reset answers.
void SimBackend::Network::sent_to_nobody(Index socket, Index operation) {
  OperationSlot& sending = operations_[operation];
  for (; sending.part < sending.parts.size(); ++sending.part, sending.part_offset = 0) {
    sending.done_bytes += sending.parts[sending.part].iov_len - sending.part_offset;
  }
  finish_send(socket, 0);
  if (std::exchange(sockets[socket].reset_coming, true)) return;
  send_reset(socket, config.latency_up.draw(random) + config.latency_down.draw(random));
}

void SimBackend::Network::pump_receive(Index socket) {
  while (sockets[socket].receive_operation != nothing) {
    SocketSlot& slot = sockets[socket];
    const Index operation = slot.receive_operation;
    if (slot.incoming.readable() > 0) {
      if (operations_[operation].kind == OperationKind::receive_into) {
        receive_filling(socket, operation);
        if (slot.receive_operation != nothing) return;  // wants more than there is
      } else if (!receive_leased(socket, operation)) {
        return;
      }
      continue;
    }
    // Linux, tcp_recvmsg(): an end that was received is reported even after a reset.
    const int told = slot.end_received ? 0 : take_error(socket);
    const bool over = told != 0 || slot.end_received || slot.broken;
    if (slot.state != SocketState::connected && !over) {
      return complete(operation, -ENOTCONN, false);
    }
    if (!over) return;
    const auto done = static_cast<std::int32_t>(operations_[operation].done_bytes);
    if (done > 0 && told != 0) slot.error = told;  // for the next to ask
    return complete(operation, done > 0 ? done : -told, false);
  }
}

bool SimBackend::Network::buffers_refused() {
  if (now < buffers_back_at_ || leases.room() == 0) {
    ++faults.buffers_refused;
    return true;
  }
  if (!happens(config.no_buffers, faults.buffers_refused)) return false;
  buffers_back_at_ = now + config.no_buffers_length.draw(random);
  return true;
}

// One completion into the ring's buffers; false when the receive ended.
bool SimBackend::Network::receive_leased(Index socket, Index operation) {
  if (buffers_refused()) {
    ++stats.buffers_exhausted;
    complete(operation, -ENOBUFS, false);
    return false;
  }
  SocketSlot& slot = sockets[socket];
  const OperationSlot& receiving = operations_[operation];
  std::size_t count = std::min(slot.incoming.readable(), leases.room());
  if (receiving.kind == OperationKind::receive_once) count = std::min(count, receiving.bytes_max);
  if (count > 1 && happens(config.short_receive, faults.short_receives)) {
    count = random.between(1, count - 1);
  }
  leases.unlock(count);
  slot.incoming.read(pipe_memory_, leases.next(), count);
  Slice bytes = leases.lease(count);
  acknowledge_later(socket);
  bool more = receiving.kind == OperationKind::receive;
  // A cancel that lost the race: the kernel takes at most what is there now, and then ends.
  if (receiving.cancelled) more = more && slot.incoming.readable() > 0 && random.chance(0.5);
  if (more && happens(config.multishot_end, faults.multishots_ended)) more = false;
  complete(operation, static_cast<std::int32_t>(count), more, std::move(bytes));
  return more;
}

void SimBackend::Network::receive_filling(Index socket, Index operation) {
  SocketSlot& slot = sockets[socket];
  OperationSlot& receiving = operations_[operation];
  std::size_t count =
      std::min(slot.incoming.readable(), receiving.memory.size() - receiving.done_bytes);
  if (!receiving.all && count > 1 && happens(config.short_receive, faults.short_receives)) {
    count = random.between(1, count - 1);
  }
  slot.incoming.read(pipe_memory_, receiving.memory.data() + receiving.done_bytes, count);
  receiving.done_bytes += count;
  acknowledge_later(socket);
  if (!receiving.all || receiving.done_bytes == receiving.memory.size()) {
    complete(operation, static_cast<std::int32_t>(receiving.done_bytes), false);
  }
}

void SimBackend::Network::acknowledge_later(Index socket) {
  SocketSlot& slot = sockets[socket];
  if (slot.acknowledge_coming || slot.incoming.acknowledged_all()) return;
  slot.acknowledge_coming = true;
  schedule_in(EventKind::acknowledge, latency_from(socket), ref_of(socket));
}

std::uint32_t SimBackend::Network::poll_mask(Index socket) const {
  const SocketSlot& slot = sockets[socket];
  if (slot.state == SocketState::listening) return slot.backlog.empty() ? 0U : POLLIN;
  if (slot.state == SocketState::connecting) return 0;
  const bool ended = slot.end_received || slot.broken;
  const bool closed = slot.broken || (slot.end_received && slot.end_sent);
  std::uint32_t mask = 0;
  if (slot.incoming.readable() > 0 || ended) mask |= POLLIN;
  if (ended) mask |= POLLRDHUP;
  if (closed || slot.state != SocketState::connected) mask |= POLLHUP;
  if (slot.error != 0) mask |= POLLERR;
  const Index peer = live(slot.peer);
  if (peer == nothing || sockets[peer].incoming.space(pipe_memory_) > 0) mask |= POLLOUT;
  return mask;
}

void SimBackend::Network::pump_polls(Index socket) {
  if (sockets[socket].polls.empty()) return;
  const std::uint32_t mask = poll_mask(socket);
  std::vector<Index>& polls = sockets[socket].polls;
  for (std::size_t i = 0; i < polls.size();) {
    const Index operation = polls[i];
    const std::uint32_t seen = mask & (operations_[operation].events | POLLERR | POLLHUP);
    if (seen == 0) {
      ++i;
    } else {
      complete(operation, static_cast<std::int32_t>(seen), false);  // leaves the list
    }
  }
}

void SimBackend::Network::send_end(Index socket) {
  SocketSlot& slot = sockets[socket];
  if (slot.end_sent || slot.broken) return;
  slot.end_sent = true;
  const MonotonicTime time = std::max(now + latency_from(socket), slot.stalled_until);
  slot.last_departure = moment_after(time, slot.last_departure);
  if (live(slot.peer) != nothing) schedule(EventKind::end, slot.last_departure, slot.peer);
  if (slot.send_operation != nothing) pump_send(socket);
  pump_polls(socket);
}

void SimBackend::Network::send_reset(Index to, Duration delay) {
  schedule_in(EventKind::reset, delay, ref_of(to));
}

void SimBackend::Network::break_connection(Index socket) {
  SocketSlot& slot = sockets[socket];
  ++faults.resets;
  slot.breaks_at_byte = ~std::uint64_t{};
  note("network reset", slot.fd, static_cast<std::int64_t>(slot.bytes_sent));
  if (const Index peer = live(slot.peer); peer != nothing) send_reset(peer, latency_from(socket));
  send_reset(socket, latency_from(socket));
}

// Linux, tcp_reset(): the errno depends on the state; bytes that arrived before stay readable.
void SimBackend::Network::reset_received(Index socket) {
  SocketSlot& slot = sockets[socket];
  if (slot.broken) return;
  slot.broken = true;
  slot.error = slot.end_received ? EPIPE : ECONNRESET;
  note("reset", slot.fd, slot.error);
  if (slot.state == SocketState::connecting) {
    slot.error = 0;
    return answered(socket, ECONNREFUSED);
  }
  // Whichever asks first is told.
  const bool send_first = config.reorder && random.chance(0.5);
  if (send_first) pump_send(socket);
  pump_receive(socket);
  pump_send(socket);
  pump_polls(socket);
}

int SimBackend::Network::take_error(Index socket) noexcept {
  return std::exchange(sockets[socket].error, 0);
}

}  // namespace sluice::ring::sim
