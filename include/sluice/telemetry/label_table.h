// LabelTable: names that became metric labels, and the small index each is counted under.
//
// Append-only and bounded: a provider that leaves the configuration and comes back goes on counting
// where it stopped, and no configuration can make the metrics grow without end. Index 0 is "other":
// what there is no room for is counted there.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/attributes.h"

namespace sluice::telemetry {

/// An index given out by a LabelTable.
using LabelIndex = std::uint16_t;
inline constexpr LabelIndex label_other = 0;

class LabelTable {
 public:
  /// Room for `labels_max` names, "other" included; at least 1.
  explicit LabelTable(std::size_t labels_max);
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;
  ~LabelTable();

  /// The name's index, entering it when new; label_other when the table is full. One thread at a
  /// time: whoever builds snapshots.
  [[nodiscard]] LabelIndex intern(std::string_view name);

  /// The name's index, or label_other. Any thread; linear, so not for the data path.
  [[nodiscard]] LabelIndex find(std::string_view name) const noexcept;

  /// Names entered so far, "other" included. Any thread, while another one interns.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t capacity() const noexcept { return labels_max_; }
  /// Any thread; `index` must be below size().
  [[nodiscard]] std::string_view name(LabelIndex index) const noexcept SLUICE_LIFETIMEBOUND;

 private:
  std::size_t labels_max_;
  std::unique_ptr<std::string[]> names_;  // a name never moves or changes once size_ covers it
  std::atomic<std::size_t> size_{0};
};

}  // namespace sluice::telemetry
