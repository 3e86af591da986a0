// A small DNS server on a loopback UDP port, on a thread of its own, for tests. It knows A and
// AAAA.
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/assert.h"

namespace sluice::net::testing {

class DnsServer {
 public:
  enum class Mood : std::uint8_t { answers, silent, fails };  // fails: SERVFAIL

  DnsServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SLUICE_ASSERT(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    SLUICE_ASSERT(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    stopping_ = true;
    thread_.join();
    ::close(socket_);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  /// For CaresResolverConfig::servers.
  [[nodiscard]] std::string where() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Literals, IPv4 and IPv6; a name that was never set does not exist.
  void set(const std::string& name, std::vector<std::string> addresses, std::uint32_t ttl_s) {
    const std::lock_guard lock(mutex_);
    names_[name] = {std::move(addresses), ttl_s};
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.erase(name);
  }
  void set_mood(Mood mood) { mood_ = mood; }
  /// Questions received, of every kind.
  [[nodiscard]] int questions() const { return questions_; }

 private:
  struct Name {
    std::vector<std::string> addresses;
    std::uint32_t ttl_s;
  };

  static void put16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8 & 0xff);
    out += static_cast<char>(value & 0xff);
  }

  // The answer to one question, of the same wire form as RFC 1035 section 4.
  std::string answer(const std::string& question) {
    std::string name;
    std::size_t at = 12;
    while (at < question.size() && question[at] != 0) {
      const auto length = static_cast<std::size_t>(question[at]);
      if (!name.empty()) name += '.';
      name += question.substr(at + 1, length);
      at += 1 + length;
    }
    at += 1;
    const int type = static_cast<unsigned char>(question.at(at + 1));
    const std::string asked = question.substr(12, at + 4 - 12);

    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name);
    std::string records;
    unsigned count = 0;
    if (found != names_.end()) {
      for (const std::string& literal : found->second.addresses) {
        const bool v6 = literal.find(':') != std::string::npos;
        if (type != (v6 ? 28 : 1)) continue;
        std::string octets(v6 ? 16 : 4, '\0');
        SLUICE_ASSERT(::inet_pton(v6 ? AF_INET6 : AF_INET, literal.c_str(), octets.data()) == 1);
        put16(records, 0xc00c);  // the name asked for
        put16(records, v6 ? 28 : 1);
        put16(records, 1);
        put16(records, found->second.ttl_s >> 16);
        put16(records, found->second.ttl_s & 0xffff);
        put16(records, static_cast<unsigned>(octets.size()));
        records += octets;
        ++count;
      }
    }
    unsigned flags = 0x8180;
    if (found == names_.end()) flags |= 3;     // NXDOMAIN
    if (mood_ == Mood::fails) flags = 0x8182;  // SERVFAIL
    std::string out = question.substr(0, 2);
    put16(out, flags);
    put16(out, 1);
    put16(out, mood_ == Mood::fails ? 0 : count);
    put16(out, 0);
    put16(out, 0);
    out += asked;
    if (mood_ != Mood::fails) out += records;
    return out;
  }

  void serve() {
    while (!stopping_) {
      pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 10) <= 0) continue;
      char buffer[1500];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(socket_, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 17) continue;
      ++questions_;
      if (mood_ == Mood::silent) continue;
      const std::string out = answer(std::string(buffer, static_cast<std::size_t>(got)));
      ::sendto(socket_, out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::map<std::string, Name> names_;
  std::atomic<Mood> mood_{Mood::answers};
  std::atomic<int> questions_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sluice::net::testing
