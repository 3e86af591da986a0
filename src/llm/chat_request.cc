#include "sluice/llm/chat_request.h"

#include <array>
#include <utility>

namespace sluice::llm {
namespace {

constexpr std::array<std::pair<Effort, std::string_view>, 7> effort_names = {{
    {Effort::none, "none"},
    {Effort::minimal, "minimal"},
    {Effort::low, "low"},
    {Effort::medium, "medium"},
    {Effort::high, "high"},
    {Effort::xhigh, "xhigh"},
    {Effort::max, "max"},
}};

}  // namespace

std::string_view to_string(Effort effort) noexcept {
  return effort_names[static_cast<std::size_t>(effort)].second;
}

std::optional<Effort> parse_effort(json::Text text) noexcept {
  for (const auto& [effort, name] : effort_names) {
    if (text.equals(name)) return effort;
  }
  return std::nullopt;
}

}  // namespace sluice::llm
