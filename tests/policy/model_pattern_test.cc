#include "sluice/policy/model_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

struct PatternCase {
  std::string_view pattern, name;
  bool matches;
};
const PatternCase pattern_cases[] = {
    {"*", "", true},
    {"*", "anything/at:all", true},
    {"", "", true},
    {"", "a", false},
    {"gpt-5", "gpt-5", true},
    {"gpt-5", "gpt-5-mini", false},
    {"gpt-5", "gpt-", false},
    {"gpt-5", "GPT-5", false},
    {"gpt-*", "gpt-", true},
    {"gpt-*", "gpt-5-mini", true},
    {"gpt-*", "my-gpt-5", false},
    {"*-mini", "gpt-5-mini", true},
    {"*-mini", "-mini", true},
    {"*-mini", "gpt-5-mini-2025", false},
    {"*-mini", "a-mini-mini", true},
    {"gpt-*-mini", "gpt-5-mini", true},
    {"gpt-*-mini", "gpt-mini", false},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "abcX", false},
    {"**", "x", true},
    {"a**", "a", true},
    {"?", "x", false},  // only the star is special
    {"?", "?", true},
    {"[a]", "[a]", true},
};

TEST(ModelPattern, MatchesWholeNames) {
  for (const PatternCase& c : pattern_cases) {
    EXPECT_EQ(matches_pattern(c.pattern, c.name), c.matches) << c.pattern << " on " << c.name;
  }
}

// Says the same by recursion: every split of the name at every star.
bool matches_slowly(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip) {
      if (matches_slowly(pattern.substr(1), name.substr(skip))) return true;
    }
    return false;
  }
  return !name.empty() && name.front() == pattern.front() &&
         matches_slowly(pattern.substr(1), name.substr(1));
}

std::string word(unsigned number, unsigned length, std::string_view letters) {
  std::string text;
  for (unsigned i = 0; i < length; ++i, number /= static_cast<unsigned>(letters.size())) {
    text += letters[number % letters.size()];
  }
  return text;
}

TEST(ModelPattern, AgreesWithTheDefinitionOnAllShortWords) {
  for (unsigned pattern = 0; pattern < 243; ++pattern) {
    for (unsigned length = 0; length <= 6; ++length) {
      for (unsigned name = 0; name < 1U << length; ++name) {
        const std::string p = word(pattern, 5, "ab*");
        const std::string n = word(name, length, "ab");
        EXPECT_EQ(matches_pattern(p, n), matches_slowly(p, n)) << p << " on " << n;
      }
    }
  }
}

TEST(ModelPattern, ManyStarsDoNotExplode) {
  std::string pattern;
  while (pattern.size() + 2 <= model_pattern_bytes_max) pattern += "a*";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace sluice::policy
