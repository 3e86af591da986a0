#include "sluice/config/spelling.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::config {
namespace {

constexpr std::size_t far_away = 1'000;
constexpr std::size_t word_bytes_max = 64;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) noexcept { return is_upper(c) || is_lower(c); }

// How the well-known kinds of keys begin.
constexpr std::array<std::string_view, 16> key_prefixes = {
    "sk-",  "sk_", "sl-",  "gsk_",   "xai-",   "AIza", "AKIA",  "hf_",
    "pplx", "r8_", "tgp_", "nvapi-", "Bearer", "eyJ",  "-----", "ghp_"};

// Counts what random text has and words have not.
bool looks_random(std::string_view word) noexcept {
  std::size_t run = 0;          // letters and digits without a separator
  std::size_t digit_turns = 0;  // from letter to digit or back, in the whole word
  std::size_t case_turns = 0;   // from lower to upper case, in one run
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (!is_digit(c) && !is_letter(c)) {
      run = 0;
      case_turns = 0;
      continue;
    }
    if (run > 0) {
      const char before = word[i - 1];
      if (is_digit(c) != is_digit(before)) ++digit_turns;
      if (is_upper(c) && is_lower(before)) ++case_turns;
    }
    if (++run > 20 || digit_turns >= 6 || case_turns >= 4) return true;
  }
  return false;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > word_bytes_max || b.size() > word_bytes_max) return far_away;
  using Row = std::array<std::size_t, word_bytes_max + 1>;
  Row two_above{};
  Row above{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
    two_above = above;
    above = row;
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  if (word.size() < 3) return best;  // everything is near to so short a word
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

bool showable(std::string_view word) {
  if (word.size() > 48) return false;
  if (!std::all_of(word.begin(), word.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return false;
  }
  // Shorter than any key; a key's beginning alone is no secret.
  if (word.size() < 8) return true;
  if (std::any_of(key_prefixes.begin(), key_prefixes.end(),
                  [&](std::string_view prefix) { return word.starts_with(prefix); })) {
    return false;
  }
  return !looks_random(word);
}

std::string shown(std::string_view word) {
  if (showable(word)) return "\"" + std::string(word) + "\"";
  return "a text of " + std::to_string(word.size()) + " bytes";
}

}  // namespace sluice::config
