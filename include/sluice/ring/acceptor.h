// Acceptor: the connections a listening socket brings, by one multishot accept.
//
// When descriptors run out (EMFILE, ENFILE) or memory does, accepting rests for a moment and is
// tried again: those already connected keep being served.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "sluice/base/result.h"
#include "sluice/coro/event.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"

namespace sluice::ring {

class Acceptor {
 public:
  /// Listens on `address`. Errors as Backend::open_listener.
  [[nodiscard]] static Result<Acceptor> listen(Loop& loop, const SocketAddress& address,
                                               const ListenOptions& options);
  Acceptor(Acceptor&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Acceptor& operator=(Acceptor&& other) noexcept;
  /// Stops accepting; connections accepted and not taken are closed. Never waits.
  ~Acceptor();

  /// The next connected socket, owned by the caller. Errors: cancelled.
  [[nodiscard]] Task<Result<int>> accept(StopToken stop);

  /// The address bound to, with the real port where 0 was asked for.
  [[nodiscard]] Result<SocketAddress> local_address() const;
  /// How often accepting had to rest because a resource ran out.
  [[nodiscard]] std::uint64_t rests() const noexcept;

 private:
  class State;
  explicit Acceptor(State* state) noexcept : state_(state) {}
  State* state_;
};

}  // namespace sluice::ring
