#include "sluice/route/candidate.h"

namespace sluice::route {

std::string_view to_string(Obstacle obstacle) noexcept {
  switch (obstacle) {
    case Obstacle::none: return "none";
    case Obstacle::region: return "region";
    case Obstacle::operation: return "operation";
    case Obstacle::key: return "key";
    case Obstacle::other_provider: return "other_provider";
    case Obstacle::ignored_provider: return "ignored_provider";
    case Obstacle::not_in_order: return "not_in_order";
    case Obstacle::data_policy: return "data_policy";
    case Obstacle::quantization: return "quantization";
    case Obstacle::price: return "price";
    case Obstacle::capability: return "capability";
    case Obstacle::context_length: return "context_length";
    case Obstacle::no_credential: return "no_credential";
    case Obstacle::resting: return "resting";
    case Obstacle::cooling_down: return "cooling_down";
    case Obstacle::ejected: return "ejected";
  }
  __builtin_unreachable();
}

}  // namespace sluice::route
