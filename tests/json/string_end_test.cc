#include "sluice/json/string_end.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::json {
namespace {

std::ptrdiff_t end_of(std::string_view text) {
  const char* const end = string_end(text.data(), text.data() + text.size());
  return end == nullptr ? -1 : end - text.data();
}

TEST(StringEnd, IsTheFirstQuoteThatIsNotEscaped) {
  EXPECT_EQ(end_of("\""), 0);
  EXPECT_EQ(end_of("abc\"def\""), 3);
  EXPECT_EQ(end_of("a\\\"b\""), 4);
  EXPECT_EQ(end_of("a\\\\\"b\""), 3);
  EXPECT_EQ(end_of("\\ud83d\\ude00\""), 12);
  EXPECT_EQ(end_of(std::string(100, 'x') + "\xC3\xA9\""), 102);
}

TEST(StringEnd, IsNowhereInWhatIsNoString) {
  for (const std::string_view text :
       {"", "abc", "a\\", "a\\\"", "a\nb\"", "\\x\"", "\\u12\"", "\xC3\"", "\x80\""}) {
    EXPECT_EQ(end_of(text), -1) << text;
    EXPECT_EQ(end_of(std::string(40, 'y') + std::string(text)), -1) << text;
  }
}

// The index is the second opinion, at every place of a block.
TEST(StringEnd, AgreesWithTheIndex) {
  Index index;
  for (const std::string_view piece : {"\\n", "\xE2\x82\xAC", "\x1F", "\xF0\x9F\x98", "\\u00e9"}) {
    for (std::size_t before = 0; before < 40; ++before) {
      const std::string content = std::string(before, 'a') + std::string(piece) + "bc";
      const bool valid = index.build("[\"" + content + "\"]").has_value();
      EXPECT_EQ(end_of(content + "\"]"), valid ? static_cast<std::ptrdiff_t>(content.size()) : -1)
          << content;
    }
  }
}

}  // namespace
}  // namespace sluice::json
