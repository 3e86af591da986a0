#include "sluice/server/listener_slots.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sluice/net/address.h"
#include "sluice/net/listener.h"

namespace sluice::server {
namespace {

class Socket {
 public:
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Binds a socket that will not listen. `shares`: with SO_REUSEPORT, as the workers' own.
std::expected<int, int> bind_socket(const ring::SocketAddress& address, bool shares) {
  Socket socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return std::unexpected(errno);
  const int on = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shares) ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(socket.fd(), address.data(), address.size()) != 0) return std::unexpected(errno);
  return socket.release();
}

ring::SocketAddress bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ring::SocketAddress::from(reinterpret_cast<sockaddr*>(&storage), size);
}

void remove_path(const ring::SocketAddress& address) noexcept {
  if (address.family() != AF_UNIX) return;
  ::unlink(reinterpret_cast<const sockaddr_un*>(address.data())->sun_path);
}

using Slots = std::vector<ListenerSlots::Slot>;

// Whether one of our own listeners has that port, at whatever address.
bool has_port(const Slots& slots, std::uint16_t port) {
  return std::any_of(slots.begin(), slots.end(), [port](const ListenerSlots::Slot& slot) {
    return slot.in_use && slot.address.family() != AF_UNIX && slot.address.port() == port;
  });
}

std::expected<ListenerSlots::Slot, std::string> reserve(const ring::SocketAddress& address,
                                                        const std::string& text, const Slots& now,
                                                        const Slots& next) {
  if (const std::string path = net::unix_path_of(address); !path.empty()) {
    const auto cleared = net::clear_stale_unix_path(path);
    if (!cleared) return std::unexpected(cleared.error());
    return ListenerSlots::Slot{.text = text, .address = address, .in_use = true};
  }
  // From 127.0.0.1 to 0.0.0.0 and back: who listens there already is this very process.
  const bool is_ours = has_port(now, address.port()) || has_port(next, address.port());
  auto reserved = ReservedAddress::reserve(
      address, is_ours ? ReservedAddress::Probe::no : ReservedAddress::Probe::yes);
  if (!reserved) return std::unexpected(reserved.error());
  return ListenerSlots::Slot{.text = text,
                             .address = reserved->address(),
                             .in_use = true,
                             .reservation = reserved->release()};
}

std::expected<std::vector<std::string>, std::string> texts_of(const config::Config& config) {
  std::vector<std::string> texts;
  for (const config::ListenerConfig& listener : config.listeners) {
    std::string text = listener.address.to_string();
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
      return std::unexpected(fmt::format("{} is listened on twice", text));
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

std::string why_not_listening(const std::string& address, int os_errno) {
  switch (os_errno) {
    case EADDRINUSE:
      return fmt::format(
          "{} is in use by another process: stop that one (ss -ltnp shows it), or choose another "
          "address",
          address);
    case EACCES:
      return fmt::format(
          "{} may not be listened on by this user: ports below 1024 need CAP_NET_BIND_SERVICE, or "
          "choose a higher one",
          address);
    case EADDRNOTAVAIL:
      return fmt::format("{} is no address of this machine: see ip address, or listen on [::]",
                         address);
    case ENOENT:
      return fmt::format("{} cannot be made: make its folder first, or choose another path",
                         address);
    default: return fmt::format("{} cannot be listened on: {}", address, std::strerror(os_errno));
  }
}

std::expected<ReservedAddress, std::string> ReservedAddress::reserve(
    const ring::SocketAddress& address, Probe probes) {
  if (address.port() != 0 && probes == Probe::yes) {
    // Without SO_REUSEPORT the kernel tells of any listener there, ours of an older run too.
    const auto probe = bind_socket(address, false);
    if (!probe) return std::unexpected(why_not_listening(address.to_string(), probe.error()));
    ::close(*probe);
  }
  const auto bound = bind_socket(address, true);
  if (!bound) return std::unexpected(why_not_listening(address.to_string(), bound.error()));
  return ReservedAddress(bound_address(*bound), *bound);
}

ReservedAddress::ReservedAddress(ReservedAddress&& other) noexcept
    : address_(other.address_), fd_(std::exchange(other.fd_, -1)) {}
ReservedAddress::~ReservedAddress() {
  if (fd_ >= 0) ::close(fd_);
}
int ReservedAddress::release() noexcept { return std::exchange(fd_, -1); }

ListenerSlots::~ListenerSlots() {
  remove_paths();
  for (const Slot& slot : slots_) {
    if (slot.reservation >= 0) ::close(slot.reservation);
  }
}

void ListenerSlots::remove_paths() noexcept {
  for (const Slot& slot : slots_) {
    if (slot.in_use) remove_path(slot.address);
  }
}

ListenerSlots::Claim::~Claim() {
  for (const int fd : fresh_) ::close(fd);
}

std::expected<ListenerSlots::Claim, std::string> ListenerSlots::claim(
    config::Config& config) const {
  const auto texts = texts_of(config);
  if (!texts) return std::unexpected(texts.error());

  Claim claim;
  claim.next_ = slots_;
  for (Slot& slot : claim.next_) slot.in_use = false;
  std::vector<std::size_t> slot_of(texts->size());
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const auto known = std::find_if(claim.next_.begin(), claim.next_.end(),
                                    [&](const Slot& slot) { return slot.text == (*texts)[i]; });
    slot_of[i] = static_cast<std::size_t>(known - claim.next_.begin());
    if (slot_of[i] < slots_.size() && slots_[slot_of[i]].in_use) {
      known->in_use = true;
      continue;
    }
    auto reserved = reserve(config.listeners[i].address, (*texts)[i], slots_, claim.next_);
    if (!reserved) return std::unexpected(reserved.error());
    if (reserved->reservation >= 0) claim.fresh_.push_back(reserved->reservation);
    if (known == claim.next_.end()) {
      claim.next_.push_back(std::move(*reserved));
    } else {
      *known = std::move(*reserved);
    }
  }

  std::vector<config::ListenerConfig> ordered(claim.next_.size());
  // The last connections of a removed listener see the strictest rule.
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    ordered[i].anonymous = false;
    ordered[i].regions = claim.next_[i].regions;
    ordered[i].hosts = claim.next_[i].hosts;
  }
  for (std::size_t i = 0; i < texts->size(); ++i) {
    Slot& slot = claim.next_[slot_of[i]];
    slot.regions = config.listeners[i].regions;
    slot.hosts = config.listeners[i].hosts;
    ordered[slot_of[i]] = std::move(config.listeners[i]);
  }
  config.listeners = std::move(ordered);
  return claim;
}

void ListenerSlots::commit(Claim claim) noexcept {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].in_use || claim.next_[i].in_use) continue;
    remove_path(slots_[i].address);
    if (slots_[i].reservation >= 0) ::close(slots_[i].reservation);
    claim.next_[i].reservation = -1;
  }
  slots_ = std::move(claim.next_);
  claim.fresh_.clear();
}

}  // namespace sluice::server
