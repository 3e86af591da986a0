#include "member_names.h"

#include <algorithm>

namespace sluice::llm {
namespace {

// Mixes length, first and last byte: OpenAI's members rarely share all three.
std::uint64_t bit_of(std::string_view name) noexcept {
  if (name.empty()) return 1;
  const std::size_t mixed = name.size() + 7 * static_cast<unsigned char>(name.front()) +
                            11 * static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << (mixed % 64);
}

// For sorting names of no particular order: lengths first, for those are at hand.
bool is_before(std::string_view a, std::string_view b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

void MemberNames::add(std::string_view name, bool in_scratch) {
  if (duplicate_) return;
  if (in_scratch) name = copies_.emplace_front(name);
  if (count_ == few) {
    more_.push_back(name);
    return;
  }
  const std::uint64_t bit = bit_of(name);
  if ((seen_ & bit) != 0) {
    const auto end = first_.begin() + static_cast<std::ptrdiff_t>(count_);
    if (std::find(first_.begin(), end, name) != end) duplicate_ = name;
  }
  seen_ |= bit;
  first_[count_++] = name;
}

std::optional<std::string_view> MemberNames::duplicate() {
  if (duplicate_ || more_.empty()) return duplicate_;
  more_.insert(more_.end(), first_.begin(), first_.end());
  std::sort(more_.begin(), more_.end(), is_before);
  const auto twice = std::adjacent_find(more_.begin(), more_.end());
  if (twice != more_.end()) duplicate_ = *twice;
  return duplicate_;
}

}  // namespace sluice::llm
