#include "sluice/policy/model_pattern.h"

namespace sluice::policy {

bool matches_pattern(std::string_view pattern, std::string_view name) noexcept {
  std::size_t at = 0;                               // in pattern
  std::size_t after_star = std::string_view::npos;  // where to resume when a guess was too short
  std::size_t guess_end = 0;                        // in name: where the last star's run ends
  std::size_t read = 0;                             // in name
  while (read < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      guess_end = read;
    } else if (at < pattern.size() && pattern[at] == name[read]) {
      ++at;
      ++read;
    } else if (after_star != std::string_view::npos) {
      // Only the last star need be lengthened: what came before it fits already.
      at = after_star;
      read = ++guess_end;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace sluice::policy
