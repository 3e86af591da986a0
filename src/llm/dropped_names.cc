#include "dropped_names.h"

#include <algorithm>
#include <utility>

#include "sluice/llm/api_error.h"

namespace sluice::llm {
namespace {

constexpr std::size_t name_bytes_max = 64;

}  // namespace

void add_dropped(std::vector<std::string>& dropped, std::string_view name) {
  if (dropped.size() == dropped_names_max) return;
  std::string shown = quotable(name, name_bytes_max);
  // A header field holds ASCII alone for sure.
  std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  if (std::ranges::find(dropped, shown) == dropped.end()) dropped.push_back(std::move(shown));
}

}  // namespace sluice::llm
