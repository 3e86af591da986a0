#include "sluice/ring/sim/sim_history.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "sluice/base/assert.h"

namespace sluice::ring::sim {
namespace {

// One round of a multiply-xorshift hash: order matters, and every bit of the input does.
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29);
}

}  // namespace

SimHistory::SimHistory(std::size_t entries_max) : entries_(entries_max) {
  SLUICE_ASSERT(std::has_single_bit(entries_max));
}

void SimHistory::add(MonotonicTime time, const char* what, int fd, std::int64_t value) noexcept {
  entries_[count_ & (entries_.size() - 1)] = {time, what, value, fd};
  ++count_;
  // The first letters stand for the text: its address differs from run to run.
  const std::uint64_t name = static_cast<unsigned char>(what[0]);
  hash_ = mix(hash_, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  hash_ = mix(hash_, (name << 32) ^ static_cast<std::uint32_t>(fd));
  hash_ = mix(hash_, static_cast<std::uint64_t>(value));
}

std::string SimHistory::to_string(std::size_t lines_max) const {
  const std::uint64_t kept =
      std::min({count_, std::uint64_t{entries_.size()}, std::uint64_t{lines_max}});
  std::string text;
  for (std::uint64_t i = count_ - kept; i < count_; ++i) {
    const Entry& entry = entries_[i & (entries_.size() - 1)];
    const double us = static_cast<double>(entry.time.time_since_epoch().count()) / 1000.0;
    fmt::format_to(std::back_inserter(text), "{:>14.3f} us  {:<24} fd {:<6} {}\n", us, entry.what,
                   entry.fd, entry.value);
  }
  return text;
}

}  // namespace sluice::ring::sim
