#include "sluice/telemetry/label_table.h"

#include <limits>

#include "sluice/base/assert.h"

namespace sluice::telemetry {

LabelTable::LabelTable(std::size_t labels_max)
    : labels_max_(labels_max), names_(std::make_unique<std::string[]>(labels_max)) {
  SLUICE_ASSERT(labels_max >= 1);
  SLUICE_ASSERT(labels_max <= std::numeric_limits<LabelIndex>::max());
  names_[label_other] = "other";
  size_.store(1, std::memory_order_release);
}

LabelTable::~LabelTable() = default;

LabelIndex LabelTable::intern(std::string_view name) {
  const LabelIndex known = find(name);
  if (known != label_other) return known;
  const std::size_t index = size_.load(std::memory_order_relaxed);
  if (index == labels_max_ || name == names_[label_other]) return label_other;
  names_[index] = name;
  size_.store(index + 1, std::memory_order_release);  // from here on readers see the name
  return static_cast<LabelIndex>(index);
}

LabelIndex LabelTable::find(std::string_view name) const noexcept {
  const std::size_t known = size();
  for (std::size_t index = 0; index < known; ++index) {
    if (names_[index] == name) return static_cast<LabelIndex>(index);
  }
  return label_other;
}

std::string_view LabelTable::name(LabelIndex index) const noexcept {
  SLUICE_ASSERT(index < size());
  return names_[index];
}

}  // namespace sluice::telemetry
