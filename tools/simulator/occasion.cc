#include "simulator/occasion.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::simulator {
namespace {

/// `before`: how many asked for it earlier; `since`: for how long they have.
bool is_due(const When& when, std::uint64_t before, Duration since) noexcept {
  const auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::max(since, Duration{})).count());
  switch (when.kind) {
    case When::Kind::always: return true;
    case When::Kind::first: return before < when.first;
    case When::Kind::within: return ms < when.first;
    case When::Kind::every: return ms % when.first < when.second;
  }
  return true;
}

}  // namespace

bool Occasions::strikes(const Fault& fault, WallTime now, bool drawn) {
  const std::lock_guard lock(mutex_);
  std::string text = fault_text(fault);
  auto found = seen_.find(text);
  if (found == seen_.end()) {
    if (seen_.size() >= faults_max) return drawn && is_due(fault.when, 0, {});
    found = seen_.emplace(std::move(text), Seen{.first_at = now}).first;
  }
  Seen& seen = found->second;
  const bool struck = drawn && is_due(fault.when, seen.asked, now - seen.first_at);
  ++seen.asked;
  if (struck) ++seen.struck;
  return struck;
}

std::string Occasions::to_json() const {
  const std::lock_guard lock(mutex_);
  std::string out = "{";
  for (const auto& [text, seen] : seen_) {  // names and numbers: nothing to escape
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"asked":{},"struck":{}}})",
                   out.size() > 1 ? "," : "", text, seen.asked, seen.struck);
  }
  return out + "}";
}

}  // namespace sluice::simulator
