#include "sluice/http/text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

TEST(Text, ATokenHoldsExactlyTheCharactersOfTheRfc) {
  const std::string_view punctuation = "!#$%&'*+-.^_`|~";
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const bool expected = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') ||
                          (c != 0 && punctuation.find(byte) != punctuation.npos);
    EXPECT_EQ(is_token(std::string_view(&byte, 1)), expected) << "byte " << c;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(Text, AControlByteAnywhereMakesAFieldValueInvalid) {
  for (std::size_t size = 1; size <= 70; ++size) {
    const test::GuardedMemory good(std::string(size, 'x'));
    EXPECT_TRUE(is_field_value(good.view()));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char bad : {'\0', '\r', '\n', '\x1f', '\x7f'}) {
        std::string text(size, '\xff');
        text[at] = bad;
        const test::GuardedMemory memory(text);
        EXPECT_FALSE(is_field_value(memory.view())) << size << " " << at;
      }
    }
  }
  EXPECT_TRUE(is_field_value("tab\tand \x80\xff"));
  EXPECT_TRUE(is_field_value(""));
}

TEST(Text, EveryByteOfATextIsComparedWhateverItsLength) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string text(size, 'k');
    const test::GuardedMemory memory(text);
    EXPECT_TRUE(equal_ignoring_case(memory.view(), std::string(size, 'K')));
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = text;
        other[at] = static_cast<char>(byte);
        EXPECT_EQ(equal_ignoring_case(memory.view(), other), byte == 'k' || byte == 'K');
        EXPECT_EQ(equal_ignoring_case(other, memory.view()), byte == 'k' || byte == 'K');
      }
    }
  }
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const bool both_letters = std::isalpha(a) != 0 && std::isalpha(b) != 0;
      const char left = static_cast<char>(a);
      const char right = static_cast<char>(b);
      EXPECT_EQ(equal_ignoring_case({&left, 1}, {&right, 1}),
                a == b || (both_letters && std::tolower(a) == std::tolower(b)))
          << a << " " << b;
    }
  }
}

TEST(Text, LetterCaseIsIgnoredForLettersOnly) {
  EXPECT_TRUE(equal_ignoring_case("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));  // differ by 0x20 only
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("\xc0", "\xe0"));
}

TEST(Text, BlanksAreTrimmedAtTheEndsOnly) {
  EXPECT_EQ(trim_blanks(" \t a b\t "), "a b");
  EXPECT_EQ(trim_blanks(" \t "), "");
  EXPECT_EQ(trim_blanks("\va"), "\va");
}

TEST(Text, DecimalsAreDigitsWithinTheRange) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("007"), 7U);
  EXPECT_EQ(parse_decimal("9223372036854775807"), 9223372036854775807U);
  for (const char* bad : {"", "9223372036854775808", "9999999999999999999", "00000000000000000001",
                          "-1", "+1", "1 ", " 1", "1,1", "0x1", "1e3", "１"}) {
    EXPECT_FALSE(parse_decimal(bad)) << bad;
  }
}

TEST(Text, ACommaListGivesItsElementsWithoutEmptyOnes) {
  std::vector<std::string> seen;
  CommaList list(", a ,,b\t,  ,c d,");
  while (const auto element = list.next()) seen.emplace_back(*element);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c d"}));
  EXPECT_TRUE(list_has_token("x, Close", "close"));
  EXPECT_FALSE(list_has_token("closed, not-close", "close"));
}

}  // namespace
}  // namespace sluice::http
