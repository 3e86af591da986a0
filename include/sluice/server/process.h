// The process itself, asked and set once at start: open files, cores, signals.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::server {

/// Raises the soft limit of open files to the hard one and returns what is in force. To be called
/// before the first accept is armed: the kernel keeps the limit an operation was submitted under.
std::uint64_t raise_open_files() noexcept;

/// A sentence when `limit` is too low for two descriptors per connection; nothing when it is not.
[[nodiscard]] std::optional<std::string> open_files_warning(std::uint64_t limit,
                                                            std::uint32_t workers,
                                                            std::uint32_t connections_max);

/// The cores this process may run on, in order (sched_getaffinity); never empty.
[[nodiscard]] std::vector<int> allowed_cpus();
/// Keeps the calling thread on one core. False: the kernel does not allow it.
bool pin_this_thread(int cpu) noexcept;
/// Names the calling thread for ps, top and perf; 15 bytes count.
void name_this_thread(const char* name) noexcept;

/// Blocks the signals the keeper reads by SignalReader, and ignores SIGPIPE. To be called in
/// main() before any thread starts: threads inherit it.
void block_signals() noexcept;

}  // namespace sluice::server
