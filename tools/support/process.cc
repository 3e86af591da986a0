#include "support/process.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

namespace sluice::tools {

std::optional<std::string> pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) == 0) return std::nullopt;
  return fmt::format("cannot run on CPU {}: this machine or container has no such one", cpu);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  static_cast<void>(getrlimit(RLIMIT_NOFILE, &limit));
  return limit.rlim_cur;
}

}  // namespace sluice::tools
