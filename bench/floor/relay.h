// The floor of what any proxy can cost: a relay over a bare io_uring that parses nothing.
//
//   downstream socket <--- bytes, unread ---> upstream socket of its own
//
// One thread. A multishot accept, a multishot receive per socket out of one ring of provided
// buffers, and what one turn of the loop received for a socket leaves in one send, straight out of
// those buffers. A turn is one system call, however many sockets it serves. Beside a gateway it
// lacks all that makes one: heads, keys, JSON, routing, counters, timers, TLS, and the bound on
// what a slow reader may hold.
//
// It speaks liburing and not the project's room `ring`: a floor that shares the gateway's loop
// would hide what the loop costs.
#pragma once
#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::floor {

class Relay {
 public:
  /// Listens on 127.0.0.1:`listen_port` for what goes to 127.0.0.1:`upstream_port`. Ends the
  /// process with a sentence when the kernel refuses.
  Relay(std::uint16_t listen_port, std::uint16_t upstream_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Never returns.
  [[noreturn]] void run();

 private:
  // Bytes in one provided buffer.
  struct Piece {
    std::uint16_t buffer;
    std::uint32_t size_bytes;
  };
  struct Socket {
    int fd = -1;
    bool is_upstream = false;
    Socket* peer = nullptr;  // none: an upstream in the pool, or closing
    bool receiving = false;  // a multishot receive is armed
    bool sending = false;
    bool closing = false;          // freed when neither of the two above holds
    bool close_when_sent = false;  // the peer has ended; what it said is still to be sent
    bool spoke_last = false;       // its bytes were the last of this pair
    bool in_dirty = false;
    std::vector<Piece> waiting{};  // to be sent to it
    std::vector<Piece> in_flight{};
    std::vector<iovec> parts{};  // of `message`
    msghdr message{};
  };

  io_uring_sqe& next_entry();
  void accept_more();
  void handle(const io_uring_cqe& event);
  void accepted(const io_uring_cqe& event);
  void received(Socket& socket, const io_uring_cqe& event);
  void sent(Socket& socket, const io_uring_cqe& event);
  void receive(Socket& socket);
  void receive_starved();
  void send_waiting(Socket& socket);
  void mark_dirty(Socket& socket);
  Socket* open_upstream();
  void ended(Socket& socket);
  void ended_downstream(Socket& downstream);
  void ended_upstream(Socket& upstream);
  void close(Socket& socket);
  void free_if_done(Socket& socket);
  void give_back(std::vector<Piece>& pieces);
  void provide(std::uint16_t buffer);

  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  std::unique_ptr<char[]> memory_;
  int listener_ = -1;
  std::uint16_t upstream_port_;
  std::vector<Socket*> pool_;     // upstreams that serve nobody; the last one used goes first
  std::vector<Socket*> dirty_;    // have something to send at the end of this turn
  std::vector<Socket*> starved_;  // found no free buffer
  bool gave_back_ = false;        // a buffer, in this turn
  std::vector<Socket*> dead_;     // freed at the end of this turn: a list above may name them
};

}  // namespace sluice::floor
