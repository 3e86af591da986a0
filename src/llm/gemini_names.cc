#include "gemini_names.h"

#include <algorithm>

namespace sluice::llm {
namespace {

constexpr std::size_t name_bytes_max = 64;

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_legal(char c) noexcept {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

bool is_legal(std::string_view name) noexcept {
  return !name.empty() && name.size() <= name_bytes_max && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_legal(c); });
}

std::string legalised(std::string_view name) {
  std::string out;
  if (name.empty() || !is_letter(name.front())) out += '_';
  for (const char c : name.substr(0, name_bytes_max)) out += is_legal(c) ? c : '_';
  out.resize(std::min(out.size(), name_bytes_max));
  return out;
}

}  // namespace

GeminiNames::GeminiNames(const std::vector<Tool>& tools) {
  std::string scratch;
  for (const Tool& tool : tools) {
    const std::string_view name = tool.name.plain(scratch);
    if (is_legal(name)) taken_.emplace(name);
  }
  for (const Tool& tool : tools) (void)sent(tool.name);
}

json::Text GeminiNames::sent(json::Text name) {
  std::string scratch;
  const std::string_view plain = name.plain(scratch);
  if (is_legal(plain)) return name;
  const auto [place, is_new] = renamed_.try_emplace(std::string(plain));
  if (is_new) {
    place->second = unused(legalised(plain));
    taken_.insert(place->second);
  }
  return {.bytes = place->second};
}

std::string GeminiNames::unused(std::string_view wanted) const {
  std::string name(wanted);
  // Names are numbered from how many there are: the first try is nearly always free.
  for (std::size_t number = taken_.size(); taken_.contains(name); ++number) {
    const std::string suffix = "_" + std::to_string(number);
    name = std::string(wanted.substr(0, name_bytes_max - suffix.size())) + suffix;
  }
  return name;
}

std::vector<RenamedTool> GeminiNames::renamed() const {
  std::vector<RenamedTool> out;
  for (const auto& [name, sent] : renamed_) out.push_back({.sent = sent, .name = name});
  return out;
}

}  // namespace sluice::llm
