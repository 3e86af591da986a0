#include "sluice/json/index.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "guarded_text.h"
#include "plain_reader.h"
#include "sluice/json/value.h"

namespace sluice::json {
namespace {

using namespace std::string_view_literals;

// In the manner of JSONTestSuite: must be accepted, must be refused, and what the RFC leaves open.
const std::string_view accepted[] = {
    "{}",
    "[]",
    "[[]]",
    "[{}]",
    "{\"\":0}",
    "\"\"",
    "\" \"",
    "0",
    "-0",
    "-1",
    "12",
    "1.5",
    "-0.1",
    "1e1",
    "1E+1",
    "1e-1",
    "0e1",
    "0.0e+0",
    "123456789012345678901234567890",
    "1e400",
    "-1e-400",
    "true",
    "false",
    "null",
    " true ",
    "\t\r\n[\t\r\n]\t\r\n",
    "[1,2,3]",
    "[1 , 2]",
    "[true,false,null]",
    "{\"a\":1}",
    "{\"a\" : 1 , \"b\" : 2}",
    "{\"a\":{\"b\":[{}]}}",
    "{\"a\":1,\"a\":2}",
    "[\"a\",\"b\"]",
    "[\"\\\"\"]",
    "[\"\\\\\"]",
    "[\"\\\\\\\"\"]",
    "\"\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0041\\u00e9\\uABCD\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"\x7f\"",
    "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
    "\"{[,:]}\"",
    "\"\xEF\xBB\xBF\"",
    // i_: accepted by us, see the header
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"a string that is longer than one block of sixty-four bytes, so that it spans two of them\"",
    "[\"a\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"
    "\\\\\\\\\\\\\\\\\\\",1]",
};

const std::string_view refused[] = {
    "",
    " ",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "[}",
    "{]",
    "[[]",
    "[]]",
    "{}}",
    "{}{}",
    "[][]",
    "1 2",
    "{} x",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "{\"a\":1,}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{\"a\",1}",
    "{a:1}",
    "{1:1}",
    "{null:1}",
    "{[]:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\"::1}",
    "{\"a\":1:2}",
    "{'a':1}",
    ",",
    ":",
    "tru",
    "truee",
    "True",
    "TRUE",
    "nul",
    "nulll",
    "fals",
    "falsey",
    "nan",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "+1",
    "-",
    "--1",
    "01",
    "-01",
    "00",
    "1.",
    ".1",
    "-.1",
    "1.e1",
    "1e",
    "1e+",
    "1E-",
    "1e1.5",
    "0x1",
    "1_000",
    "1a",
    "1-2",
    "0 1",
    "1,2",
    "\"",
    "\"a",
    "a\"",
    "\"a\"b",
    "\"a\"\"b\"",
    "\"a\" \"b\"",
    "[\"a\"b]",
    "[1\"a\"]",
    "[true\"a\"]",
    "[\"a\"1]",
    "[1true]",
    "\"\\\"",
    "\"\\x\"",
    "\"\\a\"",
    "\"\\ \"",
    "\"\\u\"",
    "\"\\u1\"",
    "\"\\u12\"",
    "\"\\u123\"",
    "\"\\u123g\"",
    "\"\\U0041\"",
    "\"\\'\"",
    "\\\"a\"",
    "[\\\"a\"]",
    "[1\\\"]",
    "[\"a\"\\\"]",
    "\"\n\"",
    "\"\t\"",
    "\"\x1f\"",
    "\"\0\""sv,
    "\"\\\n\"",
    "[1]\0"sv,
    "\0[1]"sv,
    "[1\0]"sv,
    "[\f]",
    "[1]\f",
    "\v1",
    "\xC2\xA0[1]",
    "\xEF\xBB\xBF[1]",
    "/* */1",
    "1//",
    "# 1",
    "\x1a",
    "[1\x1a"sv,
    "[1\f2]",
    "{\"a\"\f1}",
    "\"\x80\"",
    "\"\xC1\x81\"",
    "\"\xED\xA0\x80\"",
    "\"\xF4\x90\x80\x80\"",
    "\"\xE2\x82\"",
    "[\"a\", \xFF]",
    "\xFF",
    "{\"a\":1}extra",
    "{\"a\":1}\n{\"b\":2}",
    "[\"\\ud8\"]",
    "[\"\\ud80",
    "<html></html>",
};

bool index_accepts(std::string_view text, std::uint32_t depth_max = 128) {
  Index index({.depth_max = depth_max});
  return index.build(text).has_value();
}

TEST(Index, AcceptsWhatIsJson) {
  for (const std::string_view text : accepted) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(index_accepts(GuardedText(text).view()));
    EXPECT_TRUE(PlainReader(text, 128).is_json());
  }
}

TEST(Index, RefusesWhatIsNotJson) {
  for (const std::string_view text : refused) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(index_accepts(GuardedText(text).view()));
    EXPECT_FALSE(PlainReader(text, 128).is_json());
  }
}

// The text ends at an unreadable page and is cut at every byte; and a defect is seen wherever
// blocks of 64 bytes begin and end.
TEST(Index, JudgesEveryCutAsThePlainReaderDoesAndReadsNotAByteTooFar) {
  std::vector<std::string_view> all(std::begin(accepted), std::end(accepted));
  all.insert(all.end(), std::begin(refused), std::end(refused));
  Index index;
  for (const std::string_view text : all) {
    for (const std::size_t shift : {0UZ, 1UZ, 60UZ, 63UZ}) {
      const std::string padded = std::string(shift, ' ') + std::string(text);
      for (std::size_t cut = 0; cut <= padded.size(); ++cut) {
        const GuardedText guarded(std::string_view(padded).substr(0, cut));
        const bool expected = PlainReader(guarded.view(), 128).is_json();
        ASSERT_EQ(index.build(guarded.view()).has_value(), expected)
            << padded << ", cut at byte " << cut;
      }
    }
  }
}

struct ErrorCase {
  std::string_view text;
  Defect defect;
  std::size_t offset;
};

const ErrorCase error_cases[] = {
    {"", Defect::empty, 0},
    {" \n\t", Defect::empty, 0},
    {"[1,]", Defect::malformed, 3},
    {"{\"a\" 1}", Defect::malformed, 5},
    {"{\"a\":1,}", Defect::malformed, 7},
    {"{a:1}", Defect::malformed, 1},
    {"[1 2]", Defect::malformed, 3},
    {"[1}", Defect::malformed, 2},
    {"[1", Defect::malformed, 2},
    {"{\"a\"", Defect::malformed, 4},
    {"[tru]", Defect::malformed, 1},
    {"[01]", Defect::malformed, 1},
    {"[\"ab\\q\"]", Defect::malformed, 4},
    {"[1] x", Defect::malformed, 4},
    {"[\"a\", \"b]", Defect::malformed, 6},
    {"[\"a\nb\"]", Defect::malformed, 3},
    {"[\"a\\\nb\"]", Defect::malformed, 4},
    {"[\"a\", \"\xFF\"]", Defect::invalid_utf8, 7},
    {"[[[[1]]]]", Defect::too_deep, 3},
};

TEST(Index, SaysWhatIsWrongAndWhere) {
  Index index({.depth_max = 3});
  for (const ErrorCase& c : error_cases) {
    SCOPED_TRACE(c.text);
    const auto built = index.build(c.text);
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().defect, c.defect);
    EXPECT_EQ(built.error().offset, c.offset);
    EXPECT_GT(std::string_view(built.error().reason).size(), 5U);
    EXPECT_FALSE(index.has_document());
  }
}

TEST(Index, HoldsTheLimitOfDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(index_accepts(nested(128)));
  EXPECT_FALSE(index_accepts(nested(129)));
  EXPECT_TRUE(index_accepts(nested(1), 1));
  EXPECT_FALSE(index_accepts(nested(2), 1));
  EXPECT_TRUE(index_accepts("[[],[],{}]", 2));
  EXPECT_FALSE(index_accepts(std::string(1'000'000, '[')));
  EXPECT_FALSE(index_accepts(std::string(1'000'000, '{')));
}

TEST(Index, HoldsTheLimitOfSize) {
  Index index({.bytes_max = 10});
  EXPECT_TRUE(index.build("[1,2,3,45]").has_value());
  const auto built = index.build("[1,2,3,456]");
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().defect, Defect::too_large);
}

// A JSON value of random shape, with strings that end anywhere in a block of 64 bytes.
std::string random_value(std::mt19937& random, int depth) {
  const auto blanks = [&] { return std::string(random() % 3, " \n"[random() % 2]); };
  const auto kind = random() % (depth > 0 ? 5 : 3);
  if (kind == 0) return std::array{"0", "-12.5e3", "true", "null"}[random() % 4];
  if (kind <= 2) {
    std::string text = "\"";
    for (std::size_t count = random() % (kind == 1 ? 6 : 90); count > 0; --count) {
      text += std::array{"a", "[", ",", " ", "\\\\", "\\\"", "\\\\\\\"", ":"}[random() % 8];
    }
    return text + "\"";
  }
  std::string text = kind == 3 ? "[" : "{";
  for (std::size_t count = random() % 5; count > 0; --count) {
    text += blanks();
    if (kind == 4) text += "\"k\\\\\"" + blanks() + ":" + blanks();
    text += random_value(random, depth - 1) + blanks() + (count > 1 ? "," : "");
  }
  return text + (kind == 3 ? "]" : "}");
}

TEST(Index, HoldsTheLimitOfTokensExactly) {
  std::mt19937 random(4711);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_value(random, 6);
    const GuardedText guarded(text);
    Index index;
    ASSERT_TRUE(index.build(guarded.view()).has_value()) << text;
    const std::uint32_t count = index.tokens_count();
    EXPECT_TRUE(Index({.tokens_max = count}).build(guarded.view()).has_value()) << text;
    const auto built = Index({.tokens_max = count - 1}).build(guarded.view());
    ASSERT_FALSE(built.has_value()) << text;
    EXPECT_EQ(built.error().defect, Defect::too_many);
  }
}

TEST(Index, ATextOfTooManyTokensNeedsNoMemory) {
  for (const std::string_view piece : {"1,", "[],", "{", "1 ", "\"\","}) {
    std::string text = "[";
    while (text.size() < 8'000'000) text += piece;
    Index index;
    const auto built = index.build(text);
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().defect, Defect::too_many) << piece;
    EXPECT_EQ(index.storage_bytes(), 0U);
  }
}

TEST(Index, GivesTheMemoryOfALargeTextBack) {
  Index index({.retained_bytes_max = 64 * 1024});
  const std::string large = "[\"" + std::string(1'000'000, 'x') + "\"]";
  ASSERT_TRUE(index.build("[1]").has_value());
  const std::size_t small_bytes = index.storage_bytes();
  ASSERT_TRUE(index.build(large).has_value());
  EXPECT_GT(index.storage_bytes(), 1'000'000U);
  index.clear();
  EXPECT_EQ(index.storage_bytes(), 0U);
  EXPECT_FALSE(index.build(large + "]").has_value());  // a text that is refused, too
  EXPECT_EQ(index.storage_bytes(), 0U);
  ASSERT_TRUE(index.build("[1]").has_value());
  EXPECT_EQ(index.storage_bytes(), small_bytes);
}

TEST(Index, KnowsEachBracketsPartner) {
  Index index;
  ASSERT_TRUE(index.build("{\"a\":[1,2],\"b\":null}").has_value());
  EXPECT_EQ(index.tokens_count(), 13U);
  EXPECT_EQ(index.token_partner(0), 12U);
  EXPECT_EQ(index.token_partner(3), 7U);
  EXPECT_EQ(index.token_offset(13), 20U);
}

TEST(Index, ServesOneDocumentAfterTheOther) {
  Index index({.retained_bytes_max = 64 * 1024});
  for (const std::size_t size : {10UZ, 100'000UZ, 20UZ, 50'000UZ, 3'000'000UZ, 1UZ}) {
    const std::string text = "[\"" + std::string(size, 'x') + "\",[]]";
    ASSERT_TRUE(index.build(text).has_value());
    EXPECT_EQ(root(index).span(), (Span{0, text.size()}));
    ASSERT_FALSE(index.build("[").has_value());
    EXPECT_FALSE(index.has_document());
  }
}

TEST(Index, MovesWithItsDocument) {
  const std::string text = "{\"a\":1}";
  Index first;
  ASSERT_TRUE(first.build(text).has_value());
  Index second(std::move(first));
  ASSERT_TRUE(second.has_document());
  EXPECT_EQ(root(second).find("a")->integer(), 1);
  Index third;
  third = std::move(second);
  EXPECT_EQ(root(third).find("a")->integer(), 1);
}

// The memory behind a text may hold the next request: it is no part of the number.
TEST(Index, DoesNotTakeWhatLiesBehindTheTextForAPartOfIt) {
  Index index;
  const std::string_view memory = "12345true\"";
  ASSERT_TRUE(index.build(memory.substr(0, 2)).has_value());
  EXPECT_EQ(root(index).integer(), 12);
  EXPECT_FALSE(index.build(memory.substr(5, 3)).has_value());
}

}  // namespace
}  // namespace sluice::json
