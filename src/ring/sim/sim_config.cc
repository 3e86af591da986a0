#include "sluice/ring/sim/sim_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

namespace sluice::ring::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Odd {
  const char* name;
  double SimConfig::* value;
  double low;  // what draw() gives lies between low and high, spread evenly by magnitude
  double high;
};
// A `high` of 1 would mean a program that never gets on: retries need a chance.
constexpr Odd odds[] = {
    {"short_receive", &SimConfig::short_receive, 0.01, 0.9},
    {"short_segment", &SimConfig::short_segment, 0.01, 0.9},
    {"send_pause", &SimConfig::send_pause, 0.01, 0.5},
    {"short_write", &SimConfig::short_write, 0.01, 0.9},
    {"reset", &SimConfig::reset, 0.005, 0.5},
    {"stall", &SimConfig::stall, 0.0005, 0.05},
    {"connect_refused", &SimConfig::connect_refused, 0.01, 0.3},
    {"connect_silence", &SimConfig::connect_silence, 0.005, 0.1},
    {"accept_abort", &SimConfig::accept_abort, 0.01, 0.3},
    {"no_descriptors", &SimConfig::no_descriptors, 0.005, 0.2},
    {"late_completion", &SimConfig::late_completion, 0.01, 0.5},
    {"lost_cancel", &SimConfig::lost_cancel, 0.05, 0.9},
    {"multishot_end", &SimConfig::multishot_end, 0.01, 0.5},
    {"no_buffers", &SimConfig::no_buffers, 0.002, 0.2},
};

double between_magnitudes(Random& random, double low, double high) noexcept {
  return low * std::pow(high / low, random.unit());
}

// Up to `high`, short ones as likely as long ones.
DurationRange draw_range(Random& random, Duration shortest, Duration longest) noexcept {
  const auto draw = [&] {
    return Duration(static_cast<std::int64_t>(between_magnitudes(
        random, static_cast<double>(shortest.count()), static_cast<double>(longest.count()))));
  };
  const Duration a = draw();
  const Duration b = draw();
  return {std::min(a, b), std::max(a, b)};
}

std::uint32_t draw_power(Random& random, unsigned low_bit, unsigned high_bit) noexcept {
  return 1U << random.between(low_bit, high_bit);
}

}  // namespace

Duration DurationRange::draw(Random& random) const noexcept {
  if (low >= high) return low;
  return Duration(low.count() + static_cast<std::int64_t>(random.below(
                                    static_cast<std::uint64_t>((high - low).count()) + 1)));
}

SimConfig SimConfig::draw(Random& random) noexcept {
  SimConfig config;
  config.latency_up = draw_range(random, microseconds(1), milliseconds(50));
  config.latency_down = draw_range(random, microseconds(1), milliseconds(50));
  config.turn_cost = draw_range(random, Duration(500), microseconds(200));
  config.socket_buffer_bytes = draw_power(random, 11, 17);
  config.segment_bytes_max = draw_power(random, 8, 16);
  config.buffer_bytes = draw_power(random, 8, 15);
  config.buffers_max = 16U * 1024 * 1024 / config.buffer_bytes;
  config.reset_bytes_max = draw_power(random, 4, 20);
  config.stall_length = draw_range(random, milliseconds(1), seconds(120));
  config.lateness = draw_range(random, Duration(100), milliseconds(20));
  config.no_buffers_length = draw_range(random, microseconds(1), milliseconds(50));
  config.reorder = random.chance(0.5);
  for (const Odd& odd : odds) {
    if (random.chance(0.6)) continue;
    config.*odd.value = between_magnitudes(random, odd.low, odd.high);
  }
  return config;
}

SimConfig SimConfig::without_faults() const noexcept {
  SimConfig config = *this;
  for (const Odd& odd : odds) config.*odd.value = 0;
  config.reorder = false;
  return config;
}

std::optional<std::string_view> SimConfig::broken_rule() const noexcept {
  if (!std::has_single_bit(socket_buffer_bytes)) {
    return "socket_buffer_bytes must be a power of two";
  }
  if (segment_bytes_max == 0) return "segment_bytes_max must be at least 1";
  if (buffer_bytes == 0) return "buffer_bytes must be at least 1";
  if (reset_bytes_max == 0) return "reset_bytes_max must be at least 1";
  for (const Odd& odd : odds) {
    if (!(this->*odd.value >= 0 && this->*odd.value <= 1)) return "odds lie between 0 and 1";
  }
  for (const DurationRange& range :
       {latency_up, latency_down, turn_cost, stall_length, lateness, no_buffers_length}) {
    if (range.low < Duration(0) || range.high < range.low) {
      return "a range must not be negative nor end before it begins";
    }
  }
  return std::nullopt;
}

std::string SimConfig::to_string() const {
  const auto us = [](Duration d) { return static_cast<double>(d.count()) / 1000.0; };
  std::string text = fmt::format(
      "latency_us up {}..{} down {}..{}, socket_buffer {}, segment_max {}, buffers {} x {}, "
      "descriptors_max {}, lateness_us {}..{}",
      us(latency_up.low), us(latency_up.high), us(latency_down.low), us(latency_down.high),
      socket_buffer_bytes, segment_bytes_max, buffers_max, buffer_bytes, descriptors_max,
      us(lateness.low), us(lateness.high));
  for (const Odd& odd : odds) {
    if (this->*odd.value > 0) {
      fmt::format_to(std::back_inserter(text), ", {} {:.4f}", odd.name, this->*odd.value);
    }
  }
  if (reorder) text += ", reorder";
  return text;
}

}  // namespace sluice::ring::sim
