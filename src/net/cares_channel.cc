#include "cares_channel.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "sluice/base/assert.h"

namespace sluice::net {
namespace {

using Outcome = NameEntry::Outcome;

// Once per process; nothing is ever given back, as c-ares' own memory functions are the only thing
// it sets up on Linux.
int initialise_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

const char* failure_text(int status) noexcept {
  switch (status) {
    case ARES_ENOTFOUND: return "the host name does not exist";
    case ARES_ENODATA: return "the host name has no address";
    case ARES_ETIMEOUT: return "no name server answered in time";
    case ARES_ECONNREFUSED:
      return "the name servers cannot be reached or all failed";  // c-ares says both so
    case ARES_ESERVFAIL: return "the name servers failed";
    case ARES_EREFUSED: return "the name servers refused the question";
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return "the resolver is closed";
    case ARES_EBADRESP:
    case ARES_EFORMERR: return "the name server's answer is malformed";
    case ARES_ENOMEM: return "no memory for the lookup";
    default: return "the lookup failed";
  }
}

// Addresses in c-ares' order (RFC 6724: those that can be reached come first), without doubles.
NameAnswer read_answer(const ares_addrinfo& found, std::size_t addresses_max) {
  NameAnswer answer{.outcome = Outcome::found};
  std::chrono::seconds ttl = std::chrono::seconds::max();
  for (const ares_addrinfo_cname* alias = found.cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl, std::chrono::seconds(alias->ttl));
  }
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    ttl = std::min(ttl, std::chrono::seconds(node->ai_ttl));
    const ring::SocketAddress address = ring::SocketAddress::from(node->ai_addr, node->ai_addrlen);
    const bool known = std::find(answer.addresses.begin(), answer.addresses.end(), address) !=
                       answer.addresses.end();
    if (!known && answer.addresses.size() < addresses_max) answer.addresses.push_back(address);
  }
  answer.ttl = std::max(ttl, std::chrono::seconds(0));
  if (answer.addresses.empty()) {
    return NameAnswer{.outcome = Outcome::no_such_name, .failure = failure_text(ARES_ENODATA)};
  }
  return answer;
}

}  // namespace

// One socket of c-ares, polled again and again.
class CaresChannel::Watch final : public ring::Operation {
 public:
  Watch(CaresChannel& channel, int fd) noexcept : channel_(channel), fd_(fd) {}

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool busy() const noexcept { return in_flight() || processing_; }
  [[nodiscard]] bool retired() const noexcept { return retired_; }

  void want(std::uint32_t events) noexcept {
    wanted_ = events;
    if (in_flight()) {
      if (armed_ != wanted_) channel_.loop_.backend().cancel(*this);  // armed anew as it ends
    } else if (!processing_) {
      arm();
    }
  }
  void retire() noexcept {
    retired_ = true;
    if (in_flight()) channel_.loop_.backend().cancel(*this);
  }

 private:
  void arm() noexcept {
    armed_ = wanted_;
    channel_.loop_.backend().poll(*this, fd_, armed_);
  }

  void complete(ring::Completion completion) noexcept override {
    if (in_flight()) return;
    if (!retired_ && completion.result != -ECANCELED) {
      // A failed poll is told as readiness: c-ares meets the error itself.
      const auto events =
          completion.result < 0 ? armed_ : static_cast<std::uint32_t>(completion.result);
      const bool readable = (events & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool writable = (events & (POLLOUT | POLLERR | POLLHUP)) != 0;
      processing_ = true;
      channel_.process(readable ? fd_ : ARES_SOCKET_BAD, writable ? fd_ : ARES_SOCKET_BAD);
      processing_ = false;
    }
    if (retired_) {
      channel_.watch_ended(*this);  // we are gone
      return;
    }
    arm();
  }

  CaresChannel& channel_;
  const int fd_;
  std::uint32_t wanted_ = 0;
  std::uint32_t armed_ = 0;
  bool processing_ = false;
  bool retired_ = false;
};

struct CaresChannel::Question {
  CaresChannel& channel;
  NameEntry& entry;
};

CaresChannel::CaresChannel(ring::Loop& loop, const CaresResolverConfig& config,
                           Listener& listener) noexcept
    : loop_(loop), config_(config), listener_(listener), retired_gone_(loop) {}

CaresChannel::~CaresChannel() {
  if (channel_ != nullptr) {  // open() succeeded and nothing was ever asked
    SLUICE_ASSERT(questions_ == 0);
    destroy_channel();
  }
  SLUICE_ASSERT(retired_.empty());
}

Result<void> CaresChannel::open() {
  SLUICE_ASSERT(channel_ == nullptr);
  if (initialise_library() != ARES_SUCCESS) {
    return fail(Error{.kind = ErrorKind::exhausted, .what = "c-ares cannot be initialised"});
  }
  char hosts_file_then_dns[] = "fb";
  ares_options options{};
  options.timeout = static_cast<int>(config_.try_timeout.count());
  options.tries = config_.tries;
  options.lookups = hosts_file_then_dns;
  options.sock_state_cb = &CaresChannel::on_socket_state;
  options.sock_state_cb_data = this;
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  const int status = ares_init_options(&channel_, &options, mask);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return fail(Error{.kind = ErrorKind::exhausted, .what = "c-ares cannot make a channel"});
  }
  if (!config_.servers.empty() &&
      ares_set_servers_ports_csv(channel_, config_.servers.c_str()) != ARES_SUCCESS) {
    destroy_channel();
    return fail(Error{.kind = ErrorKind::invalid, .what = "the list of name servers is malformed"});
  }
  return {};
}

void CaresChannel::ask(NameEntry& entry) {
  if (reopen_ && questions_ == 0) {
    // The machine's name servers may have changed since /etc/resolv.conf was read.
    reopen_ = false;
    destroy_channel();
    if (Result<void> opened = open(); !opened) {
      reopen_ = true;
      listener_.answered(entry, NameAnswer{.failure = opened.error().what});
      return;
    }
  }
  if (channel_ == nullptr) {
    reopen_ = true;
    listener_.answered(entry, NameAnswer{.failure = "c-ares cannot make a channel"});
    return;
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ++questions_;
  auto* question = new Question{*this, entry};  // on_answer() deletes it
  ares_getaddrinfo(channel_, entry.name.c_str(), nullptr, &hints, &CaresChannel::on_answer,
                   question);
  arm_timer();
}

void CaresChannel::cancel() {
  if (channel_ != nullptr) ares_cancel(channel_);
  SLUICE_ASSERT(questions_ == 0);
}

Task<void> CaresChannel::close() {
  destroy_channel();
  while (!retired_.empty()) {
    retired_gone_.reset();
    static_cast<void>(co_await retired_gone_.wait(StopToken{}));
  }
}

void CaresChannel::destroy_channel() {
  ring::TimerWheel::cancel(*this);
  if (channel_ == nullptr) return;
  ares_destroy(std::exchange(channel_, nullptr));
  // Not every release tells of the sockets that it closes here.
  while (!watches_.empty()) retire(watches_.begin()->first);
}

// --- what c-ares tells us ---

void CaresChannel::on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
  auto* channel = static_cast<CaresChannel*>(self);
  if (readable == 0 && writable == 0) {
    channel->retire(fd);
    return;
  }
  std::uint32_t events = 0;
  if (readable != 0) events |= POLLIN;
  if (writable != 0) events |= POLLOUT;
  channel->watch(fd, events);
}

void CaresChannel::on_answer(void* argument, int status, int, ares_addrinfo* found) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  CaresChannel& channel = question->channel;
  --channel.questions_;
  NameAnswer answer;
  if (status == ARES_SUCCESS && found != nullptr) {
    answer = read_answer(*found, channel.config_.addresses_max);
  } else {
    const bool no_such_name = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    answer.outcome = no_such_name ? Outcome::no_such_name : Outcome::servers_failed;
    answer.failure = failure_text(status);
    if (!no_such_name) channel.reopen_ = true;
  }
  if (found != nullptr) ares_freeaddrinfo(found);
  channel.listener_.answered(question->entry, std::move(answer));
}

// --- sockets and time ---

void CaresChannel::watch(int fd, std::uint32_t events) {
  std::unique_ptr<Watch>& watch = watches_[fd];
  if (!watch) watch = std::make_unique<Watch>(*this, fd);
  watch->want(events);
}

void CaresChannel::retire(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  std::unique_ptr<Watch> watch = std::move(found->second);
  watches_.erase(found);
  watch->retire();
  if (watch->busy()) retired_.push_back(std::move(watch));
}

void CaresChannel::watch_ended(Watch& watch) noexcept {
  std::erase_if(retired_, [&](const auto& retired) { return retired.get() == &watch; });
  if (retired_.empty()) retired_gone_.set();
}

void CaresChannel::process(ares_socket_t readable_fd, ares_socket_t writable_fd) {
  if (channel_ == nullptr) return;
  ares_process_fd(channel_, readable_fd, writable_fd);
  arm_timer();
}

void CaresChannel::expired() noexcept { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void CaresChannel::arm_timer() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    ring::TimerWheel::cancel(*this);
    return;
  }
  // The loop's time is that of the turn's start; a millisecond more keeps us from asking too early.
  const Duration span = std::chrono::seconds(left.tv_sec) +
                        std::chrono::microseconds(left.tv_usec) + std::chrono::milliseconds(1);
  loop_.timers().arm(*this, loop_.now() + span);
}

}  // namespace sluice::net
