#include "sluice/catalog/timeouts.h"

#include <algorithm>

namespace sluice::catalog {
namespace {
std::chrono::milliseconds smaller(std::chrono::milliseconds value,
                                  std::optional<std::chrono::milliseconds> by) noexcept {
  return by ? std::min(value, *by) : value;
}
}  // namespace

Timeouts narrowed(const Timeouts& timeouts, const TimeoutOverrides& by) noexcept {
  return {
      .connect = smaller(timeouts.connect, by.connect),
      .first_byte = smaller(timeouts.first_byte, by.first_byte),
      .first_content = smaller(timeouts.first_content, by.first_content),
      .idle = smaller(timeouts.idle, by.idle),
      .total = smaller(timeouts.total, by.total),
  };
}

}  // namespace sluice::catalog
