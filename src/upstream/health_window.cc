#include "sluice/upstream/health_window.h"

#include <algorithm>
#include <chrono>

#include "sluice/base/assert.h"
#include "sluice/upstream/circuit_breaker.h"

// A second is a run of records, one per subject that something happened to:
//
//   position in the range (varint) | cells (1 byte) | { cell (1 byte) | difference (varint) } ...
//
// where cells below count_cells are counts and the others sums. Most differences take one byte.
namespace sluice::upstream {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t cells_max = HealthTotals::count_cells + HealthTotals::sum_cells;
static_assert(cells_max <= 255, "a cell's number, and how many there are, fit a byte");

void put_varint(Bytes& bytes, std::uint64_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<std::uint8_t>(value));
}

std::uint64_t take_varint(const std::uint8_t*& at) noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

// Adds what is new in one row of cells to the window, and writes it down. Returns how many were.
template <typename Cells>
unsigned move_differences(const Cells& now, Cells& seen, Cells& window, std::size_t first_cell,
                          Bytes& bytes) {
  unsigned moved = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto difference = now[i] - seen[i];
    if (difference == 0) continue;
    seen[i] = now[i];
    window[i] += difference;
    bytes.push_back(static_cast<std::uint8_t>(first_cell + i));
    put_varint(bytes, difference);
    ++moved;
  }
  return moved;
}

void add_row(const HealthTable::Row& row, HealthTotals& sum) noexcept {
  for (std::size_t i = 0; i < sum.counts.size(); ++i) sum.counts[i] += row.counts[i].value();
  for (std::size_t i = 0; i < sum.sums.size(); ++i) sum.sums[i] += row.sums[i].value();
}

void count_verdicts(const HealthTotals& now, HealthWindow::Subject& subject) noexcept {
  for (std::size_t i = 0; i < verdict_count; ++i) {
    const Outcome outcome = outcome_of(static_cast<Verdict>(i));
    const std::size_t cell = HealthTotals::verdicts + i;
    const std::uint32_t attempts = now.counts[cell] - subject.seen.counts[cell];
    if (outcome != Outcome::abandoned) subject.attempts_ever += attempts;
    if (outcome == Outcome::failed) subject.failures_ever += attempts;
  }
}

const HealthWindow::Subject nothing_heard{};

}  // namespace

HealthWindow::HealthWindow(SubjectRange range, std::uint32_t window_s)
    : range_(range),
      window_s_(window_s),
      subjects_(range.count),
      is_active_(range.count),
      is_changed_(range.count) {
  SLUICE_ASSERT(window_s >= 1);
}

const HealthWindow::Subject& HealthWindow::subject(std::size_t index) const noexcept {
  SLUICE_ASSERT(range_.contains(index));
  const auto& subject = subjects_[index - range_.first];
  return subject == nullptr ? nothing_heard : *subject;
}

void HealthWindow::refresh(std::span<const HealthTable* const> tables, MonotonicTime now) {
  for (const std::uint32_t index : changed_) is_changed_[index - range_.first] = false;
  changed_.clear();
  const auto at_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  now_s_ = std::max(now_s_, std::int64_t{at_s});
  forget_before(now_s_ - window_s_ + 1);
  find_active(tables);
  if (active_.empty()) return;
  Second& second = second_of(now_s_);
  const std::size_t bytes_before = second.bytes.size();
  for (const std::uint32_t position : active_) take(position, tables, second);
  bytes_kept_ += second.bytes.size() - bytes_before;
}

HealthWindow::Second& HealthWindow::second_of(std::int64_t at_s) {
  if (seconds_.empty() || seconds_.back().at_s != at_s) {
    const std::size_t guess = seconds_.empty() ? 0 : seconds_.back().bytes.size();
    seconds_.push_back({.at_s = at_s, .bytes = {}});
    seconds_.back().bytes.reserve(guess);
  }
  return seconds_.back();
}

void HealthWindow::mark_changed(std::uint32_t position) {
  if (is_changed_[position]) return;
  is_changed_[position] = true;
  changed_.push_back(range_.first + position);
}

void HealthWindow::forget_before(std::int64_t first_s) {
  while (!seconds_.empty() && seconds_.front().at_s < first_s) {
    const Bytes& bytes = seconds_.front().bytes;
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    while (at != end) {
      const auto position = static_cast<std::uint32_t>(take_varint(at));
      HealthTotals& totals = subjects_[position]->totals;
      for (unsigned cells = *at++; cells > 0; --cells) {
        const std::size_t cell = *at++;
        const std::uint64_t difference = take_varint(at);
        if (cell < totals.counts.size()) {
          totals.counts[cell] -= static_cast<std::uint32_t>(difference);
        } else {
          totals.sums[cell - totals.counts.size()] -= difference;
        }
      }
      mark_changed(position);
    }
    bytes_kept_ -= bytes.size();
    seconds_.pop_front();
  }
}

// By the tables' versions: of a subject at rest nothing else is looked at.
void HealthWindow::find_active(std::span<const HealthTable* const> tables) {
  for (const std::uint32_t position : active_) is_active_[position] = false;
  active_.clear();
  if (versions_.empty()) versions_.resize(tables.size() * subjects_.size());
  SLUICE_ASSERT(versions_.size() == tables.size() * subjects_.size());
  std::uint32_t* seen = versions_.data();
  for (const HealthTable* table : tables) {
    SLUICE_ASSERT(range_.first + range_.count <= table->size());
    for (std::uint32_t position = 0; position < range_.count; ++position, ++seen) {
      const std::uint32_t version = table->version(range_.first + position);
      if (version == *seen) continue;
      *seen = version;
      if (is_active_[position]) continue;
      is_active_[position] = true;
      active_.push_back(position);
    }
  }
}

// What a core writes while its row is read is taken in part, and the rest by the next refresh: its
// version has changed by then.
void HealthWindow::take(std::uint32_t position, std::span<const HealthTable* const> tables,
                        Second& second) {
  if (subjects_[position] == nullptr) subjects_[position] = std::make_unique<Subject>();
  Subject& subject = *subjects_[position];
  HealthTotals now;
  std::int64_t in_flight = 0;
  std::int64_t cooling_until_ns = 0;
  for (std::size_t core = 0; core < tables.size(); ++core) {
    if (versions_[core * subjects_.size() + position] == 0) continue;
    const HealthTable::Row& row = tables[core]->row(range_.first + position);
    add_row(row, now);
    in_flight += row.in_flight.value();
    cooling_until_ns = std::max(cooling_until_ns, row.cooling_until_ns.value());
  }
  subject.in_flight = static_cast<std::uint32_t>(std::max<std::int64_t>(in_flight, 0));
  subject.cooling_until = MonotonicTime{Duration(cooling_until_ns)};
  count_verdicts(now, subject);

  Bytes& bytes = second.bytes;
  const std::size_t begin = bytes.size();
  put_varint(bytes, position);
  bytes.push_back(0);
  const std::size_t cells_at = bytes.size() - 1;
  unsigned cells =
      move_differences(now.counts, subject.seen.counts, subject.totals.counts, 0, bytes);
  cells += move_differences(now.sums, subject.seen.sums, subject.totals.sums,
                            HealthTotals::count_cells, bytes);
  bytes[cells_at] = static_cast<std::uint8_t>(cells);
  if (cells == 0) bytes.resize(begin);
  mark_changed(position);
}

}  // namespace sluice::upstream
