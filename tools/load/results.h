// What a run found, and how it is told.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "load/latency.h"

namespace sluice::load {

struct Results {
  double seconds = 0;      // from the warm-up's end to the last answer that counts
  double cpu_seconds = 0;  // of this process, in all
  std::uint64_t requests = 0;
  std::uint64_t right = 0;  // answers that came whole and were right
  std::uint64_t wrong = 0;  // answers that came and were not
  std::uint64_t connects = 0;
  std::uint64_t retries = 0;  // on a fresh connection, because a kept-alive one had gone
  std::uint64_t events = 0;   // content events of streams
  // Warm-up and cool-down included: what the processor time of whoever answered was spent on.
  std::uint64_t all_requests = 0;
  std::uint64_t all_right = 0;
  std::uint64_t all_events = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::map<std::string, std::uint64_t, std::less<>> errors{};  // by kind, wrong answers included
  LatencyHistogram latency{};                                  // to the last byte of the answer
  LatencyHistogram first{};  // of streams: to the first content event
  LatencyHistogram gap{};    // of streams: between two content events

  void count_error(std::string_view kind) {
    const auto found = errors.find(kind);
    found == errors.end() ? void(errors.emplace(kind, 1)) : void(++found->second);
  }
  [[nodiscard]] double per_second() const noexcept {
    return seconds > 0 ? static_cast<double>(right) / seconds : 0;
  }
};

/// One JSON object; spans in microseconds.
[[nodiscard]] std::string to_json(const Results& results, std::string_view scenario,
                                  std::string_view target);
/// A few lines for people.
[[nodiscard]] std::string to_summary(const Results& results);

}  // namespace sluice::load
