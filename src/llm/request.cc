#include "sluice/llm/request.h"

namespace sluice::llm {

std::optional<PinnedModel> split_provider_pin(std::string_view name) noexcept {
  const std::size_t slash = name.find('/');
  if (slash == name.npos || slash == 0 || slash + 1 == name.size()) return std::nullopt;
  return PinnedModel{name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace sluice::llm
