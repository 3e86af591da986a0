#include "sluice/json/utf8.h"

#include <gtest/gtest.h>

namespace sluice::json {
namespace {

struct Utf8Case {
  const char* name;
  std::string_view bytes;
  std::size_t valid_bytes;  // where the first wrong byte is
};

using namespace std::string_view_literals;

const Utf8Case utf8_cases[] = {
    {"nothing", "", 0},
    {"ASCII with a zero byte", "a\0b"sv, 3},
    {"the first and the last of two bytes", "\xC2\x80\xDF\xBF", 4},
    {"the first and the last of three bytes", "\xE0\xA0\x80\xEF\xBF\xBF", 6},
    {"around the surrogates", "\xED\x9F\xBF\xEE\x80\x80", 6},
    {"the first and the last of four bytes", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8},
    {"a lone continuation", "ab\x80", 2},
    {"overlong in two bytes", "\xC1\xBF", 0},
    {"overlong in three bytes", "\xE0\x9F\xBF", 0},
    {"overlong in four bytes", "\xF0\x8F\xBF\xBF", 0},
    {"a surrogate", "\xED\xA0\x80", 0},
    {"above U+10FFFF", "x\xF4\x90\x80\x80", 1},
    {"a byte that never occurs", "\xF5\x80\x80\x80", 0},
    {"cut after one of two", "a\xC3", 1},
    {"cut after two of three", "a\xE2\x82", 1},
    {"cut after three of four", "a\xF0\x9F\x98", 1},
    {"a sequence broken by a letter", "\xE2\x82z", 0},
};

TEST(Utf8, FindsTheFirstByteThatIsWrong) {
  for (const Utf8Case& c : utf8_cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(find_invalid_utf8(c.bytes), c.valid_bytes);
  }
}

TEST(Utf8, EncodesEveryCodePointAsItDecodesIt) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string out;
    append_utf8(out, point);
    ASSERT_EQ(utf8_sequence_bytes(out), out.size()) << static_cast<std::uint32_t>(point);
  }
}

TEST(Utf8, ReplacesWhatIsNoCharacter) {
  for (const char32_t point : {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}}) {
    std::string out;
    append_utf8(out, point);
    EXPECT_EQ(out, "\xEF\xBF\xBD");
  }
}

TEST(Utf8, CutsAPrefixBetweenCharacters) {
  const std::string_view text =
      "a\xE2\x82\xAC"
      "b";
  EXPECT_EQ(utf8_prefix(text, 9), text);
  EXPECT_EQ(utf8_prefix(text, 4), "a\xE2\x82\xAC");
  EXPECT_EQ(utf8_prefix(text, 3), "a");
  EXPECT_EQ(utf8_prefix(text, 1), "a");
  EXPECT_EQ(utf8_prefix(text, 0), "");
}

}  // namespace
}  // namespace sluice::json
