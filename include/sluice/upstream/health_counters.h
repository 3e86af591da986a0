// HealthCounters: what one core counts of each deployment and each credential it asks.
//
//   begin_attempt --> in flight --> end_attempt: verdict, times, tokens, spend
//                                        |
//   this core alone writes               `-> read by the core that sums the subject up for all
//                                            (scoreboard.h)
//
// Cumulative: nothing is ever set back, so a reader takes differences and loses nothing however
// rarely it comes. One object per core; only that core writes, any thread reads, without locks. A
// number (a deployment's, a credential's) means the same as long as the object lives.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/base/clock.h"
#include "sluice/base/counter.h"
#include "sluice/upstream/geometric_histogram.h"
#include "sluice/upstream/verdict.h"

namespace sluice::upstream {

using LatencyBuckets = GeometricBuckets<10, 27>;  // of microseconds: 1 ms to 134 s
using RateBuckets = GeometricBuckets<4, 16>;      // of sixteenths of tokens per second: 1 to 4 096

/// Everything counted of one subject, as two rows of plain numbers, so that a window can move all
/// of it with one loop. `Count` and `Sum` are counters where a core writes, and numbers elsewhere.
template <typename Count, typename Sum>
struct HealthCells {
  static constexpr std::size_t verdicts = 0;
  static constexpr std::size_t events = verdicts + verdict_count;
  static constexpr std::size_t gaps = events + 1;
  static constexpr std::size_t first_byte = gaps + 1;
  static constexpr std::size_t first_content = first_byte + LatencyBuckets::bucket_count;
  static constexpr std::size_t token_rate = first_content + LatencyBuckets::bucket_count;
  static constexpr std::size_t count_cells = token_rate + RateBuckets::bucket_count;

  enum SumCell : std::size_t {
    first_byte_ns,
    first_content_ns,
    output_tokens,  // of streams whose time is known
    generating_ns,  // what they took
    gaps_ns,
    spend_billionths,  // of a USD
    sum_cells,
  };

  std::array<Count, count_cells> counts{};
  std::array<Sum, sum_cells> sums{};
};
using HealthTotals = HealthCells<std::uint32_t, std::uint64_t>;

/// One attempt that has ended. Spans below zero: not reached, not known, not counted.
struct AttemptEnd {
  Verdict verdict = Verdict::abandoned;
  Duration first_byte{-1};             // from the start of the attempt
  Duration first_content{-1};          // from there too
  std::uint64_t output_tokens = 0;     // of a stream
  Duration generating{-1};             // of a stream: from its first content to its end
  std::uint32_t events = 0;            // of a stream, those with content
  Duration gaps{0};                    // of a stream: the times between them, added up
  std::uint64_t spend_billionths = 0;  // of a USD
};

/// One core's counters of all its deployments, or of all its credentials.
class HealthTable {
 public:
  /// Of one subject, on its own cache lines.
  struct alignas(64) Row : HealthCells<SmallCounter, Counter> {
    Gauge in_flight;
    Gauge cooling_until_ns;  // MonotonicTime; 0: not cooling
  };

  explicit HealthTable(std::size_t subjects);

  /// The owning core only. Every attempt that begins ends, once.
  void begin_attempt(std::size_t subject) noexcept;
  void end_attempt(std::size_t subject, const AttemptEnd& attempt) noexcept;
  /// For the others to know; an earlier moment than one told before changes nothing.
  void cool_until(std::size_t subject, MonotonicTime until) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// Any thread. Another number than before means that something changed, and what was written
  /// ahead of that is then seen in the row; 0: nothing ever was.
  [[nodiscard]] std::uint32_t version(std::size_t subject) const noexcept {
    return versions_[subject / versions_per_line].values[subject % versions_per_line].load(
        std::memory_order_acquire);
  }
  /// The version after that: never 0.
  [[nodiscard]] static constexpr std::uint32_t next_version(std::uint32_t version) noexcept {
    return version == 0xffff'ffff ? 1 : version + 1;
  }
  /// Any thread.
  [[nodiscard]] const Row& row(std::size_t subject) const noexcept { return rows_[subject]; }

 private:
  // Apart from the rows and dense: of subjects at rest a reader touches a cache line per sixteen.
  static constexpr std::size_t versions_per_line = 16;
  struct alignas(64) Versions {
    std::array<std::atomic<std::uint32_t>, versions_per_line> values{};
  };
  void publish(std::size_t subject) noexcept;

  std::vector<Row> rows_;
  std::vector<Versions> versions_;
};

struct HealthCounters {
  HealthCounters(std::size_t deployment_count, std::size_t credential_count)
      : deployments(deployment_count), credentials(credential_count) {}

  HealthTable deployments;
  HealthTable credentials;
};

}  // namespace sluice::upstream
