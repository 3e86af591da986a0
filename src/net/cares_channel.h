// CaresChannel: c-ares driven by the loop. Its sockets are polled by the ring, its timeouts are a
// timer, its answers go to a listener.
//
// c-ares opens and closes its sockets itself and says what it waits for on them. A watch whose
// socket c-ares has closed lives on until its poll's final completion.
#pragma once
#include <ares.h>

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "name_cache.h"
#include "sluice/base/result.h"
#include "sluice/coro/event.h"
#include "sluice/coro/task.h"
#include "sluice/net/cares_resolver.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/timer.h"

namespace sluice::net {

class CaresChannel : private ring::Timer {
 public:
  class Listener {
   public:
    /// Once for every ask(); may come inside it. Must not ask() again.
    virtual void answered(NameEntry& entry, NameAnswer answer) = 0;

   protected:
    ~Listener() = default;
  };

  /// Lifetime: all outlive the channel.
  CaresChannel(ring::Loop& loop, const CaresResolverConfig& config, Listener& listener) noexcept;
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;
  ~CaresChannel();

  [[nodiscard]] Result<void> open();
  /// Looks for the IPv4 and IPv6 addresses of the entry's name.
  void ask(NameEntry& entry);
  /// Ends every lookup: each is answered as failed.
  void cancel();
  /// Gives everything back; the last call, after cancel().
  [[nodiscard]] Task<void> close();

 private:
  class Watch;
  struct Question;

  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  static void on_answer(void* question, int status, int timeouts, ares_addrinfo* found);

  void watch(int fd, std::uint32_t events);
  void retire(int fd);
  void process(ares_socket_t readable_fd, ares_socket_t writable_fd);
  void watch_ended(Watch& watch) noexcept;
  void expired() noexcept override;
  void arm_timer();
  void destroy_channel();

  ring::Loop& loop_;
  const CaresResolverConfig& config_;
  Listener& listener_;
  ares_channel channel_ = nullptr;
  std::unordered_map<int, std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Watch>> retired_;  // their polls have not completed
  Event retired_gone_;
  std::size_t questions_ = 0;
  bool reopen_ = false;  // servers failed: read the system's list anew before the next question
};

}  // namespace sluice::net
