#include "sluice/server/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace sluice::server {

ServiceManager::ServiceManager(std::string socket_name) : socket_name_(std::move(socket_name)) {
  const bool usable = socket_name_.size() > 1 &&
                      socket_name_.size() < sizeof(sockaddr_un::sun_path) &&
                      (socket_name_[0] == '/' || socket_name_[0] == '@');
  if (usable) fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) ::close(fd_);
}

void ServiceManager::send(std::string_view state) noexcept {
  if (fd_ < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_name_.data(), socket_name_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name_.size());
  [[maybe_unused]] const ssize_t sent = ::sendto(fd_, state.data(), state.size(), MSG_NOSIGNAL,
                                                 reinterpret_cast<const sockaddr*>(&address), size);
}

void ServiceManager::ready(std::string_view status) noexcept {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceManager::reloading(MonotonicTime now) noexcept {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.time_since_epoch().count() / 1000));
}

void ServiceManager::stopping(std::string_view status) noexcept {
  send(fmt::format("STOPPING=1\nSTATUS={}", status));
}

}  // namespace sluice::server
