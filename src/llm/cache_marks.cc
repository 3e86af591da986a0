#include "cache_marks.h"

#include <algorithm>

namespace sluice::llm {
namespace {

constexpr std::size_t marks_max = 4;

}  // namespace

void CacheMarks::add(const void* marked, CacheMark mark) {
  if (mark != CacheMark::none) marks_.emplace_back(marked, mark);
}

bool CacheMarks::choose(CacheMark of_request) {
  of_request_ = of_request;
  const std::size_t room = of_request == CacheMark::none ? marks_max : marks_max - 1;
  const bool all_fit = marks_.size() <= room;
  if (!all_fit) {
    marks_.erase(marks_.begin(), marks_.end() - static_cast<std::ptrdiff_t>(room));
  }
  CacheMark longest = CacheMark::one_hour;
  for (auto& [marked, mark] : marks_) {
    mark = std::min(mark, longest);
    longest = mark;
  }
  of_request_ = std::min(of_request_, longest);
  return all_fit;
}

CacheMark CacheMarks::kept(const void* marked) const noexcept {
  for (const auto& [kept, mark] : marks_) {
    if (kept == marked) return mark;
  }
  return CacheMark::none;
}

}  // namespace sluice::llm
