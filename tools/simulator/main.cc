// sluice-sim: builds and wires the provider simulator.
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <expected>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "simulator/options.h"
#include "simulator/simulator.h"
#include "sluice/coro/scope.h"
#include "sluice/net/address.h"
#include "sluice/net/listener.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/kernel_backend.h"
#include "support/process.h"

namespace sluice::simulator {
namespace {

using Addresses = std::vector<ring::SocketAddress>;
using Started = std::expected<Addresses, std::string>;  // or why not

// What all workers share; immutable once they run.
struct Common {
  const Options& options;
  std::optional<Recordings> recordings{};
  std::shared_ptr<const net::TlsCertificate> certificate{};
  SimulatorBoard board{};
  std::atomic<bool> stopping{false};
};

// One thread with its loop. The thread that makes a back-end is the one that may use it.
class Worker {
 public:
  Worker(Common& common, unsigned index, Addresses addresses)
      : common_(common), index_(index), addresses_(std::move(addresses)) {
    started_ = promise_.get_future();
    thread_ = std::thread([this] { run(); });
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { thread_.join(); }

  /// The addresses it listens on, ports filled in.
  Started started() { return started_.get(); }
  void wake() {
    const std::lock_guard lock(backend_mutex_);
    if (backend_ != nullptr) backend_->wake();
  }

 private:
  void run() {
    if (common_.options.first_cpu) {
      if (auto problem = tools::pin_to_cpu(*common_.options.first_cpu + index_))
        return promise_.set_value(std::unexpected(std::move(*problem)));
    }
    auto backend = ring::make_kernel_backend({.buffers_max = 4096});
    if (!backend) return promise_.set_value(std::unexpected(std::string(backend.error().what)));
    publish(std::move(*backend));
    {
      ring::Loop loop(*backend_, common_.options.seed + index_);
      serve(loop);
    }
    publish(nullptr);  // a back-end is destroyed where it was made
  }

  void publish(std::unique_ptr<ring::Backend> backend) {
    const std::lock_guard lock(backend_mutex_);
    backend_ = std::move(backend);
  }

  void serve(ring::Loop& loop) {
    std::unique_ptr<net::TlsServerContext> tls;
    if (common_.certificate) {
      auto made = net::TlsServerContext::make({.certificates = {common_.certificate}},
                                              net::TlsTicketKeys::generate());
      if (!made) return promise_.set_value(std::unexpected(made.error()));
      tls = std::move(*made);
    }
    std::vector<net::Listener> listeners;
    Addresses bound;
    for (const ring::SocketAddress& address : addresses_) {
      const bool is_unix = address.family() == AF_UNIX;
      auto opened =
          net::Listener::open(loop, {.address = address, .tls = is_unix ? nullptr : tls.get()});
      if (!opened) {
        return promise_.set_value(std::unexpected(
            fmt::format("cannot listen on {}: {}", address.to_string(), opened.error().what)));
      }
      bound.push_back(opened->local_address().value_or(address));
      listeners.push_back(std::move(*opened));
    }
    Simulator simulator(loop, common_.options.simulator,
                        common_.recordings ? &*common_.recordings : nullptr, common_.board,
                        common_.options.seed + index_);
    promise_.set_value(std::move(bound));
    StopSource stop;
    Scope scope;
    for (net::Listener& listener : listeners) scope.spawn(simulator.run(listener, stop.token()));
    while (!common_.stopping.load(std::memory_order_relaxed)) loop.turn();
    stop.request_stop();
    const auto turn = [&] { loop.turn(backend_->now() + std::chrono::milliseconds(10)); };
    while (scope.running() > 0) turn();
    listeners.clear();  // their accepts end on the loop too
    while (loop.closing_sockets() > 0) turn();
  }

  Common& common_;
  unsigned index_;
  Addresses addresses_;
  std::promise<Started> promise_;
  std::future<Started> started_;
  std::mutex backend_mutex_;  // of the pointer: the thread swaps it, others wake through it
  std::unique_ptr<ring::Backend> backend_;
  std::thread thread_;
};

int complain(const std::string& sentence) {
  fmt::print(stderr, "sluice-sim: {}\n", sentence);
  return 1;
}

// The workers share their ports (SO_REUSEPORT), and would share them with another simulator too:
// who listens there shows to a socket that does not share.
std::optional<std::string> why_taken(const ring::SocketAddress& address) {
  if (address.family() == AF_UNIX || address.port() == 0) return std::nullopt;
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;  // listening will say what is wrong
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool taken = ::bind(fd, address.data(), address.size()) != 0 && errno == EADDRINUSE;
  ::close(fd);
  if (!taken) return std::nullopt;
  return fmt::format(
      "{} is in use by another process: stop that one (ss -ltnp shows it), or choose another with "
      "--listen",
      address.to_string());
}

std::expected<Addresses, std::string> parse_addresses(const std::vector<std::string>& texts) {
  Addresses addresses;
  for (const std::string& text : texts) {
    const auto address = net::parse_listen_address(text);
    if (!address) return std::unexpected(fmt::format("--listen {}: {}", text, address.error()));
    if (address->family() == AF_UNIX) {
      const auto cleared = net::clear_stale_unix_path(net::unix_path_of(*address));
      if (!cleared) return std::unexpected(cleared.error());
    }
    if (auto taken = why_taken(*address)) return std::unexpected(std::move(*taken));
    addresses.push_back(*address);
  }
  return addresses;
}

std::optional<std::string> load_files(Common& common) {
  const Options& options = common.options;
  if (!options.replay.empty()) {
    auto recordings = Recordings::load(options.replay);
    if (!recordings) return recordings.error();
    common.recordings = std::move(*recordings);
  }
  if (!options.tls_certificate.empty()) {
    auto certificate = net::TlsCertificate::load(options.tls_certificate, options.tls_key);
    if (!certificate) return certificate.error();
    common.certificate = std::move(*certificate);
  }
  return std::nullopt;
}

int run(const Options& options) {
  // Blocked before any thread is made: only sigwait() below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  tools::raise_descriptor_limit();
  if (const std::string missing = ring::missing_kernel_feature(); !missing.empty())
    return complain(missing);
  Common common{.options = options};
  if (const auto problem = load_files(common)) return complain(*problem);
  auto addresses = parse_addresses(options.listen);
  if (!addresses) return complain(addresses.error());

  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<std::string> problem;
  for (unsigned i = 0; i < options.workers && !problem; ++i) {
    // A Unix socket cannot be shared as a port can: the first worker serves it.
    if (i == 1) std::erase_if(*addresses, [](const auto& a) { return a.family() == AF_UNIX; });
    workers.push_back(std::make_unique<Worker>(common, i, *addresses));
    Started started = workers.back()->started();
    if (!started) {
      problem = started.error();
    } else if (i == 0) {
      *addresses = *started;  // the others share the ports the kernel chose
      for (const ring::SocketAddress& address : *addresses) {
        const bool tls = common.certificate && address.family() != AF_UNIX;
        fmt::print("listening on {}{}\n",
                   address.family() == AF_UNIX ? ""
                   : tls                       ? "https://"
                                               : "http://",
                   address.to_string());
      }
      std::fflush(stdout);
    }
  }
  int signal = 0;
  if (!problem) sigwait(&signals, &signal);
  common.stopping = true;
  for (const auto& worker : workers) worker->wake();
  workers.clear();
  return problem ? complain(*problem) : 0;
}

}  // namespace
}  // namespace sluice::simulator

int main(int argc, char** argv) {
  auto options = sluice::simulator::parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&options)) return *status;
  return sluice::simulator::run(std::get<sluice::simulator::Options>(options));
}
