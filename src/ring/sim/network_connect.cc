// Connecting and accepting: who answers, how late, and who does not.
#include <cerrno>

#include "network.h"

namespace sluice::ring::sim {
namespace {

constexpr std::uint64_t asks_max = 7;  // the first SYN and Linux's tcp_syn_retries = 6

// A listener on every address: `::` serves IPv4 as well.
bool covers(const SocketAddress& listening, const SocketAddress& address) {
  if (address.family() == AF_UNIX || listening.port() != address.port()) return false;
  if (listening.family() == AF_INET6) return listening.host() == "::";
  return address.family() == AF_INET && listening.host() == "0.0.0.0";
}

}  // namespace

Index SimBackend::Network::find_listener(const SocketAddress& address) {
  Index chosen = nothing;
  std::uint64_t candidates = 0;
  for (const Index listener : listeners_) {
    const SocketAddress& local = sockets[listener].local;
    const bool same = local == address || covers(local, address);
    // Each of several that share a port is as likely: the kernel goes by a hash.
    if (same && random.below(++candidates) == 0) chosen = listener;
  }
  return chosen;
}

void SimBackend::Network::answer_later(Index socket, Duration delay, int os_errno) {
  schedule_in(EventKind::answer, delay, ref_of(socket), static_cast<std::uint64_t>(os_errno));
}

void SimBackend::Network::start_connect(Index operation) {
  const Index socket = socket_of(operations_[operation].fd, "connect on no open socket");
  SocketSlot& slot = sockets[socket];
  slot.state = SocketState::connecting;
  slot.connects = true;
  slot.remote = *operations_[operation].address;
  slot.local = slot.remote;
  if (slot.family != AF_UNIX) slot.local.set_port(next_client_port_++);
  if (next_client_port_ == 0) next_client_port_ = 32768;
  if (slot.remote.family() != slot.family) return answer_later(socket, {}, EAFNOSUPPORT);
  if (happens(config.connect_silence, faults.connects_silent)) {
    return answer_later(socket, config.connect_timeout, ETIMEDOUT);
  }
  if (happens(config.connect_refused, faults.connects_refused)) {
    return answer_later(socket, config.latency_up.draw(random) + config.latency_down.draw(random),
                        random.chance(0.8) ? ECONNREFUSED : EHOSTUNREACH);
  }
  schedule_in(EventKind::ask, config.latency_up.draw(random), ref_of(socket));
}

// The SYN is at the listener's machine.
void SimBackend::Network::asked(Index socket, std::uint64_t tries) {
  const Index listener = find_listener(sockets[socket].remote);
  const Duration back = config.latency_down.draw(random);
  if (listener == nothing) return answer_later(socket, back, ECONNREFUSED);
  if (sockets[listener].backlog.size() >= sockets[listener].backlog_max) {
    if (tries + 1 >= asks_max) return answer_later(socket, {}, ETIMEDOUT);
    return schedule_in(EventKind::ask, std::chrono::seconds(1LL << tries), ref_of(socket),
                       tries + 1);
  }
  const Index accepted = new_socket(sockets[socket].family);
  SocketSlot& server = sockets[accepted];
  SocketSlot& client = sockets[socket];
  server.state = SocketState::connected;
  server.local = client.remote;
  server.remote = client.local;
  server.listener = ref_of(listener);
  server.peer = ref_of(socket);
  client.peer = ref_of(accepted);
  answer_later(socket, back, 0);
  schedule_in(EventKind::offer, back + config.latency_up.draw(random), ref_of(accepted));
  maybe_doom(socket, accepted);
}

// Some connections are born to break: at a byte of either direction, or at some moment.
void SimBackend::Network::maybe_doom(Index a, Index b) {
  if (config.reset <= 0 || !random.chance(config.reset)) return;
  if (random.chance(0.7)) {
    const Index sender = random.chance(0.5) ? a : b;
    // Early bytes (heads, handshakes) are as interesting as the many late ones.
    const std::uint64_t magnitude = random.between(1, config.reset_bytes_max);
    sockets[sender].breaks_at_byte = random.between(1, magnitude);
    return;
  }
  ++faults.resets;
  const Duration when(static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(Duration(std::chrono::seconds(2)).count()))));
  schedule_in(EventKind::reset, when + config.latency_up.draw(random), ref_of(b));
  schedule_in(EventKind::reset, when + config.latency_down.draw(random), ref_of(a));
}

void SimBackend::Network::answered(Index socket, int os_errno) {
  SocketSlot& slot = sockets[socket];
  if (slot.state != SocketState::connecting) return;  // a reset was first
  slot.state = os_errno == 0 ? SocketState::connected : SocketState::failed;
  note("connected", slot.fd, os_errno);
  if (slot.connect_operation != nothing) complete(slot.connect_operation, -os_errno, false);
  if (os_errno == 0) pump_polls(socket);
}

void SimBackend::Network::offered(Index socket) {
  const Index listener = live(sockets[socket].listener);
  if (listener == nothing) {
    sockets[socket].reset_on_close = true;
    return close_stream(socket);
  }
  sockets[listener].backlog.push_back(ref_of(socket));
  pump_accept(listener);
  pump_polls(listener);
}

void SimBackend::Network::pump_accept(Index listener) {
  while (!sockets[listener].backlog.empty()) {
    const Index operation = sockets[listener].accept_operation;
    if (operation == nothing) return;
    if (const int refused = refused_descriptor(); refused != 0) {
      return complete(operation, -refused, false);
    }
    const Index socket = live(sockets[listener].backlog.front());
    sockets[listener].backlog.pop_front();
    if (socket == nothing) continue;
    if (happens(config.accept_abort, faults.accepts_aborted)) {
      sockets[socket].reset_on_close = true;
      close_stream(socket);
      return complete(operation, -ECONNABORTED, false);
    }
    sockets[socket].fd = add_descriptor(Descriptor::Kind::socket, socket);
    const bool last = operations_[operation].cancelled
                          ? random.chance(0.5)
                          : happens(config.multishot_end, faults.multishots_ended);
    complete(operation, sockets[socket].fd, !last);
  }
}

}  // namespace sluice::ring::sim
