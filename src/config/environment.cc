#include "sluice/config/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace sluice::config {
namespace {

struct Descriptor {
  int value;
  explicit Descriptor(int opened) noexcept : value(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};

Error error_of(int os_errno) noexcept {
  return {.kind = os_errno == ENOENT || os_errno == ENOTDIR ? ErrorKind::not_found : ErrorKind::io,
          .os_errno = os_errno,
          .what = "the file cannot be read"};
}

Result<FileContents> read_open_file(int descriptor, std::size_t bytes_max) {
  struct stat status{};
  if (fstat(descriptor, &status) != 0) return fail(error_of(errno));
  if (!S_ISREG(status.st_mode)) {
    return fail({.kind = ErrorKind::invalid, .what = "not a regular file"});
  }
  FileContents contents;
  contents.mode = static_cast<std::uint32_t>(status.st_mode & 07777);
  // One byte more than allowed tells a file that is too large from one that just fits, and the
  // buffer never grows: a string that grows leaves copies of a secret behind.
  const std::size_t expected = static_cast<std::size_t>(status.st_size);
  contents.bytes.resize(std::min(expected, bytes_max) + 1);
  std::size_t size = 0;
  while (size < contents.bytes.size()) {
    const ssize_t got =
        read(descriptor, contents.bytes.data() + size, contents.bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error_of(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > bytes_max)
    return fail({.kind = ErrorKind::too_large, .what = "the file is too large"});
  if (size == contents.bytes.size()) {
    return fail({.kind = ErrorKind::invalid, .what = "the file grew while it was read"});
  }
  contents.bytes.resize(size);
  return contents;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  environment.read_file = [](const std::string& path, std::size_t bytes_max) {
    // O_NONBLOCK: a FIFO must not hang the start.
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.value < 0) return Result<FileContents>(fail(error_of(errno)));
    return read_open_file(file.value, bytes_max);
  };
  return environment;
}

}  // namespace sluice::config
