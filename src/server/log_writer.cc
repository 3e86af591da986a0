#include "sluice/server/log_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <utility>

#include "sluice/server/process.h"

namespace sluice::server {
namespace {

// A buffer of 4 MiB fills in a tenth of a second only at rates where lines come all the time, and
// then the pause is the short one.
constexpr auto pause_busy = std::chrono::milliseconds(10);
constexpr auto pause_idle = std::chrono::milliseconds(100);
constexpr int last_rounds = 200;  // of pause_busy each, when the writer ends
constexpr std::size_t batch_bytes = 256 * 1024;

enum class Kind : std::uint8_t { file, pipe, socket };

Kind kind_of(int fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Kind::pipe;
  if (S_ISSOCK(status.st_mode)) return Kind::socket;
  return S_ISREG(status.st_mode) ? Kind::file : Kind::pipe;
}

}  // namespace

/// One target and the lines on their way to it.
struct LogWriter::Output {
  Output(int descriptor, bool is_ours)
      : fd(descriptor), owned(is_ours), kind(kind_of(descriptor)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (owned) ::close(fd);
  }

  [[nodiscard]] bool empty() const noexcept { return written == pending.size(); }

  // Writes without waiting. A pipe or terminal that polls writable takes PIPE_BUF bytes at least.
  [[nodiscard]] ssize_t write_some(std::string_view bytes) const noexcept {
    if (kind == Kind::socket) {
      return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (kind == Kind::pipe) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, 0) <= 0) {
        errno = EAGAIN;
        return -1;
      }
      bytes = bytes.substr(0, PIPE_BUF);
    }
    return ::write(fd, bytes.data(), bytes.size());
  }

  /// Whether anything could be written. What a target refuses for good is dropped.
  bool flush() {
    bool moved = false;
    while (!empty()) {
      const ssize_t sent = write_some(std::string_view(pending).substr(written));
      if (sent > 0) {
        written += static_cast<std::size_t>(sent);
        moved = true;
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return moved;
      break;  // EPIPE, ENOSPC, EIO, EBADF: these lines are lost, later ones may fare better
    }
    pending.clear();
    written = 0;
    return moved;
  }

  int fd;
  bool owned;
  Kind kind;
  std::string pending;
  std::size_t written = 0;
};

LogWriter::LogWriter() : errors_(std::make_unique<Output>(STDERR_FILENO, false)) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::expected<void, std::string> LogWriter::use_access_target(const config::LogConfig& config) {
  std::unique_ptr<Output> opened;
  if (config.access == config::LogConfig::Target::standard_output) {
    opened = std::make_unique<Output>(STDOUT_FILENO, false);
  } else if (config.access == config::LogConfig::Target::file) {
    const int fd = ::open(config.access_path.c_str(),
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0) {
      return std::unexpected(
          fmt::format("the access log {} cannot be opened: {}; make its folder "
                      "and let this user write there, or change log.access",
                      config.access_path, std::strerror(errno)));
    }
    opened = std::make_unique<Output>(fd, true);
  }
  const std::lock_guard lock(mutex_);
  // The rest of a line goes where its beginning went, if that takes it at once.
  if (access_) access_->flush();
  access_ = std::move(opened);
  access_target_ = config.access;
  access_path_ = config.access_path;
  return {};
}

std::expected<void, std::string> LogWriter::reopen() {
  config::LogConfig same;
  {
    const std::lock_guard lock(mutex_);
    same.access = access_target_;
    same.access_path = access_path_;
  }
  if (same.access != config::LogConfig::Target::file) return {};
  return use_access_target(same);
}

void LogWriter::read_access_lines(telemetry::LogBuffer& buffer) {
  sources_.push_back({&buffer, true});
}
void LogWriter::read_events(telemetry::LogBuffer& buffer) { sources_.push_back({&buffer, false}); }

void LogWriter::start() {
  thread_ = std::thread([this] { run(); });
}

// Copies whole lines from the buffers that lead to `output`, up to a batch.
bool LogWriter::gather(Output& output) {
  const std::size_t before = output.pending.size();
  for (const Source& source : sources_) {
    Output* const target = source.is_access && access_ ? access_.get() : errors_.get();
    const bool discarded = source.is_access && access_target_ == config::LogConfig::Target::off;
    if (target != &output || output.pending.size() >= batch_bytes) continue;
    std::size_t taken = 0;
    for (const std::string_view piece : source.buffer->peek()) {
      if (!discarded) output.pending.append(piece);
      taken += piece.size();
    }
    source.buffer->consume(taken);
  }
  return output.pending.size() > before;
}

// One round over the targets; whether anything moved.
bool LogWriter::pump() {
  bool moved = false;
  for (Output* const output : {errors_.get(), access_.get()}) {
    if (output == nullptr) continue;
    if (output->empty()) moved |= gather(*output);
    moved |= output->flush();
  }
  return moved;
}

void LogWriter::run() {
  name_this_thread("sluice-log");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const bool moved = pump();
    changed_.wait_for(lock, moved ? pause_busy : pause_idle);
  }
  for (int round = 0; round < last_rounds; ++round) {
    if (pump()) continue;
    const bool all_out = errors_->empty() && (!access_ || access_->empty());
    if (all_out) return;
    lock.unlock();
    std::this_thread::sleep_for(pause_busy);
    lock.lock();
  }
}

}  // namespace sluice::server
