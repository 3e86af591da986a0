#include "sluice/ring/kernel_backend.h"

#include <fcntl.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "buffer_ring.h"
#include "sluice/base/assert.h"

namespace sluice::ring {
namespace {

constexpr int buffer_group = 0;

Error system_error(ErrorKind kind, int os_errno, const char* what) noexcept {
  return Error{.kind = kind, .os_errno = os_errno, .what = what};
}

bool is_exhaustion(int os_errno) noexcept {
  return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOBUFS || os_errno == ENOMEM;
}

void set_flag(int fd, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

class KernelBackend final : public Backend {
 public:
  KernelBackend() = default;
  ~KernelBackend() override {
    if (ring_.ring_fd >= 0) {
      io_uring_submit(&ring_);  // closes that are still queued
      // A wake-up that is still pending wins over the cancel and arms the waker anew: ask again.
      while (waker_.in_flight()) {
        cancel(waker_);
        wait(MonotonicTime::max());
      }
      buffers_.reset();
      io_uring_queue_exit(&ring_);
    }
    if (event_fd_ >= 0) ::close(event_fd_);
  }
  KernelBackend(const KernelBackend&) = delete;
  KernelBackend& operator=(const KernelBackend&) = delete;

  [[nodiscard]] Result<void> start(const KernelBackendConfig& config) {
    io_uring_params parameters{};
    // DEFER_TASKRUN: completions are produced when we wait, never by interrupting user code.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_NO_SQARRAY | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |
                       IORING_SETUP_SUBMIT_ALL;
    parameters.cq_entries = config.completions;
    const int made = io_uring_queue_init_params(config.submissions, &ring_, &parameters);
    if (made < 0) {
      ring_.ring_fd = -1;
      return fail(setup_error(-made));
    }
    // Saves a look-up of the descriptor per enter. Not essential: a refusal changes nothing.
    io_uring_register_ring_fd(&ring_);
    auto buffers = BufferRing::make(ring_, buffer_group, config.buffer_bytes, config.buffers_start,
                                    config.buffers_max);
    if (!buffers) return fail(buffers.error());
    buffers_ = std::move(*buffers);
    event_fd_ = ::eventfd(0, EFD_CLOEXEC);
    if (event_fd_ < 0) {
      return fail(system_error(ErrorKind::exhausted, errno, "no descriptor for an eventfd"));
    }
    arm_waker();
    return {};
  }

  MonotonicTime now() noexcept override {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return MonotonicTime(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
  }
  WallTime wall_now() noexcept override {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return WallTime(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
  }

  Result<int> open_listener(const SocketAddress& address, const ListenOptions& options) override {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(system_error(ErrorKind::exhausted, errno, "no descriptor to listen"));
    const bool is_unix = address.family() == AF_UNIX;
    if (!is_unix) {
      set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
      if (options.reuse_port) set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
      set_flag(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
    }
    if (::bind(fd, address.data(), address.size()) != 0 ||
        ::listen(fd, static_cast<int>(options.backlog)) != 0) {
      const int error = errno;
      ::close(fd);
      return fail(system_error(ErrorKind::invalid, error, "the address cannot be listened on"));
    }
    if (is_unix) {
      const auto* local = reinterpret_cast<const sockaddr_un*>(address.data());
      ::chmod(local->sun_path, static_cast<mode_t>(options.unix_mode));
    }
    ++stats_.descriptors;
    return fd;
  }

  Result<int> open_socket(int family) override {
    // Blocking on purpose: io_uring arms its own poll, and takes O_NONBLOCK for "do not wait".
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      const int error = errno;
      return fail(Error{.kind = is_exhaustion(error) ? ErrorKind::exhausted : ErrorKind::io,
                        .retry = Retry::safe,
                        .os_errno = error,
                        .what = "no descriptor for a connection: raise the open-files limit"});
    }
    if (family != AF_UNIX) set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
    ++stats_.descriptors;
    return fd;
  }

  Result<SocketAddress> local_address(int fd) override { return address_of(fd, ::getsockname); }
  Result<SocketAddress> peer_address(int fd) override { return address_of(fd, ::getpeername); }

  void shutdown_send(int fd) noexcept override { ::shutdown(fd, SHUT_WR); }
  void reset_on_close(int fd) noexcept override {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  void close(int fd) noexcept override {
    io_uring_sqe* sqe = next_sqe();
    io_uring_prep_close(sqe, fd);
    io_uring_sqe_set_data(sqe, nullptr);
    io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
    --stats_.descriptors;
  }

  void accept(Operation& operation, int listener_fd) noexcept override {
    io_uring_sqe* sqe = prepare(operation, true);
    io_uring_prep_multishot_accept(sqe, listener_fd, nullptr, nullptr, SOCK_CLOEXEC);
    attach(sqe, operation);
  }
  void connect(Operation& operation, int fd, const SocketAddress& address) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_connect(sqe, fd, address.data(), address.size());
    attach(sqe, operation);
  }
  void receive(Operation& operation, int fd) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    select_buffer(sqe);
    attach(sqe, operation);
  }
  void receive_once(Operation& operation, int fd, std::size_t bytes_max) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_recv(sqe, fd, nullptr, bytes_max, 0);
    select_buffer(sqe);
    attach(sqe, operation);
  }
  void receive_into(Operation& operation, int fd, std::span<char> memory,
                    bool all) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_recv(sqe, fd, memory.data(), memory.size(), all ? MSG_WAITALL : 0);
    attach(sqe, operation);
  }
  void send(Operation& operation, int fd, std::span<const iovec> parts) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    // WAITALL makes the kernel go on after a short send by itself.
    if (parts.size() == 1) {
      io_uring_prep_send(sqe, fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL);
    } else {
      // The kernel reads the msghdr while it takes the submission, at the latest in the next wait.
      msghdr& message = next_message();
      message = {};
      message.msg_iov = const_cast<iovec*>(parts.data());
      message.msg_iovlen = parts.size();
      io_uring_prep_sendmsg(sqe, fd, &message, MSG_NOSIGNAL | MSG_WAITALL);
    }
    attach(sqe, operation);
  }
  void poll(Operation& operation, int fd, std::uint32_t events) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_poll_add(sqe, fd, events);
    attach(sqe, operation);
  }
  void write(Operation& operation, int fd, std::span<const char> bytes) noexcept override {
    io_uring_sqe* sqe = prepare(operation);
    io_uring_prep_write(sqe, fd, bytes.data(), static_cast<unsigned>(bytes.size()),
                        static_cast<__u64>(-1));
    attach(sqe, operation);
  }
  void cancel(Operation& operation) noexcept override {
    if (!operation.in_flight()) return;
    io_uring_sqe* sqe = next_sqe();
    io_uring_prep_cancel(sqe, &operation, 0);
    io_uring_sqe_set_data(sqe, nullptr);
    io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
  }

  void wait(MonotonicTime until) noexcept override {
    enter(until);
    messages_used_ = 0;
    io_uring_cqe* cqe = nullptr;
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++seen;
      deliver(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
    stats_.completions += seen;
  }

  void wake() noexcept override {
    const std::uint64_t one = 1;
    // A full counter means that a wake-up is pending anyway.
    [[maybe_unused]] const ssize_t written = ::write(event_fd_, &one, sizeof one);
  }

  [[nodiscard]] BackendStats stats() const noexcept override {
    BackendStats stats = stats_;
    stats.buffer_bytes = buffers_->memory_bytes();
    stats.buffers_leased = buffers_->leased();
    return stats;
  }

 private:
  struct Waker final : Operation {
    explicit Waker(KernelBackend& owner) noexcept : backend(owner) {}
    void complete(Completion completion) noexcept override {
      if (completion.result >= 0) backend.arm_waker();
    }
    KernelBackend& backend;
    std::uint64_t count = 0;
  };

  static Error setup_error(int os_errno) noexcept {
    switch (os_errno) {
      case EINVAL:
        return system_error(ErrorKind::unsupported, os_errno,
                            "this kernel's io_uring is too old: run Linux 6.12 or newer");
      case ENOSYS:
        return system_error(ErrorKind::unsupported, os_errno,
                            "this kernel has no io_uring: run Linux 6.12 or newer");
      case EPERM:
        return system_error(ErrorKind::unsupported, os_errno,
                            "io_uring is not permitted here: set sysctl kernel.io_uring_disabled=0 "
                            "or allow it in the container's seccomp profile");
      case ENOMEM:
        return system_error(ErrorKind::exhausted, os_errno,
                            "io_uring got no locked memory: raise the limit (ulimit -l, or "
                            "LimitMEMLOCK= in the unit)");
      default: return system_error(ErrorKind::unsupported, os_errno, "io_uring cannot be set up");
    }
  }

  using AddressFunction = int (*)(int, sockaddr*, socklen_t*);
  static Result<SocketAddress> address_of(int fd, AddressFunction function) {
    sockaddr_storage storage{};
    socklen_t size_bytes = sizeof storage;
    if (function(fd, reinterpret_cast<sockaddr*>(&storage), &size_bytes) != 0) {
      return fail(system_error(ErrorKind::io, errno, "the socket has no address"));
    }
    return SocketAddress::from(reinterpret_cast<sockaddr*>(&storage), size_bytes);
  }

  io_uring_sqe* next_sqe() noexcept {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr) {  // the queue is full: hand it over and go on
      ++stats_.enters;
      io_uring_submit(&ring_);
      sqe = io_uring_get_sqe(&ring_);
    }
    return sqe;
  }
  io_uring_sqe* prepare(Operation& operation, bool yields_descriptors = false) noexcept {
    operation.mark_submitted(yields_descriptors);
    ++stats_.operations;
    return next_sqe();
  }
  static void attach(io_uring_sqe* sqe, Operation& operation) noexcept {
    io_uring_sqe_set_data(sqe, &operation);
  }
  static void select_buffer(io_uring_sqe* sqe) noexcept {
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = buffer_group;
  }
  // One per send of several parts since the last wait; a deque-like growth keeps addresses.
  msghdr& next_message() noexcept {
    if (messages_used_ == messages_.size()) messages_.push_back(std::make_unique<msghdr>());
    return *messages_[messages_used_++];
  }

  void arm_waker() noexcept {
    io_uring_sqe* sqe = prepare(waker_);
    io_uring_prep_read(sqe, event_fd_, &waker_.count, sizeof waker_.count, 0);
    attach(sqe, waker_);
  }

  void enter(MonotonicTime until) noexcept {
    ++stats_.enters;
    if (until == MonotonicTime::max()) {
      io_uring_submit_and_wait(&ring_, 1);
      return;
    }
    const MonotonicTime current = now();
    if (until <= current) {
      io_uring_submit_and_get_events(&ring_);
      return;
    }
    const Duration left = until - current;
    __kernel_timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                              .tv_nsec = left.count() % 1'000'000'000};
    io_uring_cqe* unused = nullptr;
    io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &timeout, nullptr);
  }

  void deliver(const io_uring_cqe& cqe) noexcept {
    auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(&cqe));
    Completion completion{
        .result = cqe.res, .more = (cqe.flags & IORING_CQE_F_MORE) != 0, .bytes = {}};
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
      completion.bytes =
          buffers_->lease(cqe.flags, cqe.res > 0 ? static_cast<std::size_t>(cqe.res) : 0);
    }
    if (operation == nullptr) return;  // a cancel or close that failed: its target had gone
    if (cqe.res == -ENOBUFS) {
      ++stats_.buffers_exhausted;
      buffers_->grow();
    }
    if (operation->yields_descriptors() && cqe.res >= 0) ++stats_.descriptors;
    operation->deliver(std::move(completion));
  }

  io_uring ring_ = [] {
    io_uring unset{};
    unset.ring_fd = -1;
    return unset;
  }();
  std::unique_ptr<BufferRing> buffers_;
  std::vector<std::unique_ptr<msghdr>> messages_;
  std::size_t messages_used_ = 0;
  int event_fd_ = -1;
  Waker waker_{*this};
  BackendStats stats_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_kernel_backend(const KernelBackendConfig& config) {
  auto backend = std::make_unique<KernelBackend>();
  const Result<void> started = backend->start(config);
  if (!started) return fail(started.error());
  return std::unique_ptr<Backend>(std::move(backend));
}

std::string missing_kernel_feature() {
  KernelBackendConfig small;
  small.submissions = 8;
  small.completions = 16;
  small.buffer_bytes = 4096;
  small.buffers_start = 1;
  small.buffers_max = 16;
  const auto probe = make_kernel_backend(small);
  return probe ? std::string() : std::string(probe.error().what);
}

}  // namespace sluice::ring
