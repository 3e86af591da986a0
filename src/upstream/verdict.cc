#include "sluice/upstream/verdict.h"

namespace sluice::upstream {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::success: return "success";
    case Verdict::unreachable: return "unreachable";
    case Verdict::timed_out: return "timed_out";
    case Verdict::reset: return "reset";
    case Verdict::malformed: return "malformed";
    case Verdict::failed: return "failed";
    case Verdict::overloaded: return "overloaded";
    case Verdict::rate_limited: return "rate_limited";
    case Verdict::auth_refused: return "auth_refused";
    case Verdict::quota: return "quota";
    case Verdict::refused: return "refused";
    case Verdict::abandoned: return "abandoned";
  }
  return "unknown";
}

}  // namespace sluice::upstream
