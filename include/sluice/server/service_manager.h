// What systemd is told, by the datagrams of sd_notify(3): ready, reloading, stopping.
//
// With Type=notify-reload a reload is over when READY=1 follows RELOADING=1. Without
// $NOTIFY_SOCKET every call does nothing. Never waits: a datagram that does not fit is lost.
#pragma once
#include <string>
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice::server {

class ServiceManager {
 public:
  /// `socket_name`: the value of $NOTIFY_SOCKET, a path or `@abstract`; empty: nobody listens.
  explicit ServiceManager(std::string socket_name);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  /// `status` is one line for `systemctl status`.
  void ready(std::string_view status) noexcept;
  /// `now` is the moment of the monotonic clock, which systemd compares.
  void reloading(MonotonicTime now) noexcept;
  void stopping(std::string_view status) noexcept;

 private:
  void send(std::string_view state) noexcept;
  std::string socket_name_;
  int fd_ = -1;
};

}  // namespace sluice::server
