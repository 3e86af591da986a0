#include <algorithm>

#include "anthropic_draft.h"

namespace sluice::llm {
namespace {

constexpr std::size_t marks_max = 4;

void write_mark(CacheMark mark, json::Writer& out) {
  if (mark == CacheMark::none) return;
  out.key("cache_control").begin_object().key("type").string("ephemeral");
  if (mark == CacheMark::one_hour) out.key("ttl").string("1h");
  out.end_object();
}

}  // namespace

void AnthropicCacheMarks::add(const void* marked, CacheMark mark) {
  if (mark != CacheMark::none) marks_.emplace_back(marked, mark);
}

bool AnthropicCacheMarks::choose(CacheMark of_request) {
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

void AnthropicCacheMarks::write(const void* marked, json::Writer& out) const {
  for (const auto& [kept, mark] : marks_) {
    if (kept == marked) return write_mark(mark, out);
  }
}

void AnthropicCacheMarks::write_of_request(json::Writer& out) const {
  write_mark(of_request_, out);
}

}  // namespace sluice::llm
