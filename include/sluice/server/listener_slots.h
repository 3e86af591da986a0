// Listener slots: every address ever listened on keeps its number for the life of the process.
//
//   slot 0  127.0.0.1:8080         in use        numbers are positions in Config::listeners, so a
//   slot 1  unix:/run/x.sock       removed       connection accepted before a reload still finds
//   slot 2  [::]:8443              in use        its own listener's rules after it
//
// A slot also reserves its TCP address: a socket that is bound and never listens. It finds out
// that another process listens there, which SO_REUSEPORT alone would hide, and it settles the port
// where 0 was asked for. Keeper only; blocking, at start and on reload.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/ring/socket_address.h"

namespace sluice::server {

class ListenerSlots {
 public:
  ListenerSlots() = default;
  ListenerSlots(const ListenerSlots&) = delete;
  ListenerSlots& operator=(const ListenerSlots&) = delete;
  /// Gives the addresses back and removes the paths of Unix sockets.
  ~ListenerSlots();

  struct Slot {
    std::string text;             // as the configuration writes the address
    ring::SocketAddress address;  // with the real port
    bool in_use = false;
    int reservation = -1;
    // Where data that comes in there may go: its last connections keep the pins it had.
    std::vector<std::string> regions = {};
    std::vector<config::HostPin> hosts = {};
  };

  /// What the slots would become: addresses not listened on before are reserved already.
  class Claim {
   public:
    Claim(Claim&&) noexcept = default;
    Claim& operator=(Claim&&) = delete;
    /// Gives back what was reserved, unless it was committed.
    ~Claim();
    [[nodiscard]] const std::vector<Slot>& slots() const noexcept { return next_; }

   private:
    friend class ListenerSlots;
    Claim() = default;
    std::vector<Slot> next_;
    std::vector<int> fresh_;  // reservations to close when there is no commit
  };

  /// Gives every listener of `config` its slot and puts config.listeners into the slots' order;
  /// removed ones become listeners that admit nobody. On failure one sentence for the operator,
  /// and nothing has changed.
  [[nodiscard]] std::expected<Claim, std::string> claim(config::Config& config) const;
  /// Makes a claim hold. Addresses that are no longer listened on are given back.
  void commit(Claim claim) noexcept;

  [[nodiscard]] const std::vector<Slot>& slots() const noexcept { return slots_; }
  /// Removes the paths of Unix sockets, so that a successor finds them free.
  void remove_paths() noexcept;

 private:
  std::vector<Slot> slots_;
};

/// Why an address cannot be listened on and what to do about it: a sentence for the operator.
[[nodiscard]] std::string why_not_listening(const std::string& address, int os_errno);

/// An address reserved on its own: of the admin listener, of the simulated provider.
class ReservedAddress {
 public:
  /// Whether to look for another process there first. Not where this one listens at the same port:
  /// the kernel does not say whose a listener is.
  enum class Probe : std::uint8_t { no, yes };
  [[nodiscard]] static std::expected<ReservedAddress, std::string> reserve(
      const ring::SocketAddress& address, Probe probes = Probe::yes);
  ReservedAddress(ReservedAddress&& other) noexcept;
  ReservedAddress& operator=(ReservedAddress&&) = delete;
  ~ReservedAddress();
  [[nodiscard]] const ring::SocketAddress& address() const noexcept { return address_; }
  /// The socket, whose owner the caller becomes.
  [[nodiscard]] int release() noexcept;

 private:
  ReservedAddress(const ring::SocketAddress& address, int fd) noexcept
      : address_(address), fd_(fd) {}
  ring::SocketAddress address_;
  int fd_;
};

}  // namespace sluice::server
