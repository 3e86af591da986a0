#include "sluice/json/repair.h"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

#include "prefix_in_meaning.h"
#include "sluice/json/index.h"

namespace sluice::json {
namespace {

std::string repaired(std::string_view text, const RepairLimits& limits = {}) {
  const auto result = repair(text, limits);
  if (!result) return std::string("refused: ") + result.error().reason;
  Index index;
  EXPECT_TRUE(index.build(*result)) << *result;
  EXPECT_EQ(repair(*result, limits), *result) << "repaired again it stays";
  return *result;
}

struct Case {
  std::string_view name, text, json;
};

void check(std::span<const Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(repaired(c.text), c.json) << c.name;
}

TEST(Repair, WhatIsValidComesBackByteForByte) {
  for (const std::string_view text :
       {"{}", " [ 1 , 2.50e+3 ]\n", "\"a\"", "null", "-0", "{\"a\":{\"b\":[true,null]}}",
        "\"```json {}\"", "{\"a\":1,\"a\":2}", "\"\\ud83d\"", "[\"\\u0000“”'\"]",
        "{\"'\":\"it's // no # comment\"}"}) {
    EXPECT_EQ(repaired(text), text);
  }
}

TEST(Repair, AValueIsTakenOutOfFencesAndProse) {
  const Case cases[] = {
      {"what the header shows",
       "Sure! ```json\n{'name': “Ada”, age: 36, \"tags\": [\"a\" \"b\",], \"note\": \"she said "
       "\"hi\"\", // born 18",
       "{\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"b\"],\"note\":\"she said \\\"hi\\\"\"}"},
      {"a fence", "```json\n{\"a\":1}\n```", "{\"a\":1}"},
      {"a fence without a name", "```\n[1]\n```\n", "[1]"},
      {"a fence that is not closed", "```json\n{\"a\":1", "{\"a\":1}"},
      {"a value that is not closed before its fence is", "```json\n{\"a\":[1\n```\nHope it helps!",
       "{\"a\":[1]}"},
      {"prose on both sides", "Sure, here you are:\n{\"a\":1}\nAnything else?", "{\"a\":1}"},
      {"brackets in prose", "The [result] for {name}, see [below]: {\"a\":1}", "{\"a\":1}"},
      {"a placeholder first", "{name}: {\"a\":[1,2,3]}", "{\"a\":[1,2,3]}"},
      {"a footnote", "As in [1], it is {\"answer\":42}.", "{\"answer\":42}"},
      {"of several the longest", "{\"a\":1} or better {\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}"},
      {"of several so long the first", "{\"a\":1}\n{\"a\":2}", "{\"a\":1}"},
      {"an apostrophe in prose", "Here's what I'd say: {\"a\":\"b\"}", "{\"a\":\"b\"}"},
      {"quoted prose", "\"Sure\", {\"a\":1}", "{\"a\":1}"},
      {"a heading", "# Result\n{\"a\":1}", "{\"a\":1}"},
      {"a byte order mark", "\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}"},
      {"a fence inside a string", "{\"a\":\"```py\\nx\\n```\",}", "{\"a\":\"```py\\nx\\n```\"}"},
  };
  check(cases);
}

TEST(Repair, ACutTailIsClosedAndWhatIsHalfSaidIsDropped) {
  const Case cases[] = {
      {"a bracket", "{", "{}"},
      {"brackets", "[[{\"a\":[", "[[{\"a\":[]}]]"},
      {"a string", "{\"a\":\"b", "{\"a\":\"b\"}"},
      {"a key", "{\"a\":1,\"b", "{\"a\":1}"},
      {"a key without a value", "{\"a\":1,\"b\":", "{\"a\":1}"},
      {"a comma", "[1,", "[1]"},
      {"a literal", "[true,fal", "[true,false]"},
      {"a sign", "{\"a\":-", "{}"},
      {"a point", "[1.", "[1]"},
      {"an exponent", "[1e+", "[1]"},
      {"an escape", "[\"a\\", "[\"a\"]"},
      {"a code", "[\"a\\u00e", "[\"a\"]"},
      {"half a pair", "[\"a\\ud83d", "[\"a\"]"},
      {"half a pair and a little", "[\"a\\ud83d\\ude", "[\"a\"]"},
      {"half a character", "[\"a\xF0\x9F\x98", "[\"a\"]"},
      {"a string alone", "\"a {\\\"b\\\":1} c", "\"a {\\\"b\\\":1} c\""},
  };
  check(cases);
}

TEST(Repair, QuotesOfAllKindsAreQuotes) {
  const Case cases[] = {
      {"single", "{'a': 'b'}", "{\"a\":\"b\"}"},
      {"an apostrophe", "{'a': 'don't', 'b': 'it\\'s'}", "{\"a\":\"don't\",\"b\":\"it's\"}"},
      {"double inside single", "['say \"a\"']", "[\"say \\\"a\\\"\"]"},
      {"typographic", "{“a”: “b”, ‘c’: ‘d’}", "{\"a\":\"b\",\"c\":\"d\"}"},
      {"typographic inside double stay", "{\"a\": \"“b”\",}", "{\"a\":\"“b”\"}"},
      {"opened one way and closed another", "{“a\": “b\"}", "{\"a\":\"b\"}"},
      {"none around keys", "{a: 1, b_2: {c-d: 2}, $e: 3}",
       "{\"a\":1,\"b_2\":{\"c-d\":2},\"$e\":3}"},
      {"none around values", "{a: hello world, b: [x, y z]}",
       "{\"a\":\"hello world\",\"b\":[\"x\",\"y z\"]}"},
      {"none around an address", "{a: http://x.y/z, b: 2024-01-02}",
       "{\"a\":\"http://x.y/z\",\"b\":\"2024-01-02\"}"},
  };
  check(cases);
}

TEST(Repair, AQuoteInsideAStringThatCannotBeItsEndIsText) {
  const Case cases[] = {
      {"around words", "{\"a\": \"he said \"hi\" to me\", \"b\": 1}",
       "{\"a\":\"he said \\\"hi\\\" to me\",\"b\":1}"},
      {"before a comma", "{\"a\": \"he said \"hi\", then left\", \"b\": 1}",
       "{\"a\":\"he said \\\"hi\\\", then left\",\"b\":1}"},
      {"before a colon", "{\"a\": \"the key \"x\": is y\"}", "{\"a\":\"the key \\\"x\\\": is y\"}"},
      {"in a list", "[\"a \"b\" c\", \"d\"]", "[\"a \\\"b\\\" c\",\"d\"]"},
      {"before a comma and another", "{\"a\": \"say \"yes\", \"no\" or \"maybe\"\", \"b\": 2}",
       "{\"a\":\"say \\\"yes\\\", \\\"no\\\" or \\\"maybe\\\"\",\"b\":2}"},
      {"doubled at the end", "[\"say \"yes\"\", 1]", "[\"say \\\"yes\\\"\",1]"},
      {"inches", "{\"a\": \"5\" tall\"}", "{\"a\":\"5\\\" tall\"}"},
  };
  check(cases);
}

TEST(Repair, CommasColonsAndBracketsAreWhereTheyBelong) {
  const Case cases[] = {
      {"trailing", "{\"a\":[1,2,],}", "{\"a\":[1,2]}"},
      {"doubled", "[1,,2,,]", "[1,2]"},
      {"leading", "{,\"a\":1}", "{\"a\":1}"},
      {"missing between members", "{\"a\":1 \"b\":\"x\" \"c\":[] \"d\":{}}",
       "{\"a\":1,\"b\":\"x\",\"c\":[],\"d\":{}}"},
      {"missing at the end of a line", "{\"a\": \"x\"\n\"b\": y\n\"c\": 1}",
       "{\"a\":\"x\",\"b\":\"y\",\"c\":1}"},
      {"missing between elements", "[1 2 \"a\" \"b\" [3] {\"c\":4}]",
       "[1,2,\"a\",\"b\",[3],{\"c\":4}]"},
      {"a missing colon", "{\"a\" 1, \"b\" \"c\"}", "{\"a\":1,\"b\":\"c\"}"},
      {"semicolons", "{\"a\": \"x\"; \"b\": 1; \"c\": true}", "{\"a\":\"x\",\"b\":1,\"c\":true}"},
      {"an arrow", "{\"a\" => 1}", "{\"a\":1}"},
      {"a forgotten value", "{\"a\":, \"b\":}", "{\"a\":null,\"b\":null}"},
      {"a forgotten quote at the end of a line", "{\"a\": \"x,\n \"b\": \"y\"}",
       "{\"a\":\"x\",\"b\":\"y\"}"},
      {"a forgotten bracket", "{\"a\":[1,{\"b\":2}, \"c\":3}", "{\"a\":[1,{\"b\":2},\"c\",3]}"},
      {"a bracket of the other kind", "[{\"a\":1]", "[{\"a\":1}]"},
      {"a bracket too many", "{\"a\":1]}", "{\"a\":1}"},
      {"doubled braces", "{{\"a\":1}}", "{\"a\":1}"},
  };
  check(cases);
}

TEST(Repair, LiteralsAndNumbersOfOtherLanguagesAreJsons) {
  const Case cases[] = {
      {"Python", "{'a': True, 'b': False, 'c': None}", "{\"a\":true,\"b\":false,\"c\":null}"},
      {"a tuple", "{'a': ('x', 2, (3,)), b: f(x)}", "{\"a\":[\"x\",2,[3]],\"b\":\"f(x)\"}"},
      {"JavaScript", "[undefined, NaN, Infinity, -Infinity]", "[null,null,null,null]"},
      {"numbers", "[+1, .5, 5., 1_000, 0x1F, 007]", "[1,0.5,5,1000,\"0x1F\",\"007\"]"},
      {"spelled as they were", "[1.50, -0, 1E+05, 123456789012345678901234567890,]",
       "[1.50,-0,1E+05,123456789012345678901234567890]"},
      {"and so on", "[1, 2, ...]", "[1,2]"},
      {"a literal alone", "True", "true"},
      {"a string alone", "'a'", "\"a\""},
  };
  check(cases);
}

TEST(Repair, CommentsGo) {
  const Case cases[] = {
      {"to the end of the line", "{\"a\":1, // one\n \"b\":2 # two\n}", "{\"a\":1,\"b\":2}"},
      {"in a line", "[1, /* , 2 */ 3]", "[1,3]"},
      {"never closed", "[1, /* 2", "[1]"},
      {"not in strings", "{\"a\":\"http://x # y\",}", "{\"a\":\"http://x # y\"}"},
  };
  check(cases);
}

TEST(Repair, WhatAStringMayNotHoldIsEscapedOrReplaced) {
  const Case cases[] = {
      {"control characters", "[\"a\nb\tc\x01\"]", "[\"a\\nb\\tc\\u0001\"]"},
      {"wrong escapes", R"(["\d+ \x \u12g4"])", R"(["\\d+ \\x \\u12g4"])"},
      {"everything escaped once more", R"({\"a\":\"b\n\\\"c\\\"\"})", R"({"a":"b\n\"c\""})"},
      {"right escapes stay", "[\"\\u00e9\\/\\n\",]", "[\"\\u00e9\\/\\n\"]"},
      {"no UTF-8", "[\"a\xFF\xC3(\"]", "[\"a\xEF\xBF\xBD\xEF\xBF\xBD(\"]"},
  };
  check(cases);
}

TEST(Repair, WhatIsNoJsonAtAllIsRefusedWithAReason) {
  EXPECT_EQ(repair("").error().defect, RepairDefect::empty);
  EXPECT_EQ(repair(" \n").error().defect, RepairDefect::empty);
  for (const std::string_view text :
       {"I cannot do that.", "a, b", "\"a\" is the answer", "see [below]", ":", "\\", "#"}) {
    const auto result = repair(text);
    ASSERT_FALSE(result) << text << " -> " << *result;
    EXPECT_EQ(result.error().defect, RepairDefect::no_value) << text;
    EXPECT_STREQ(result.error().reason, "no object or array was found") << text;
  }
}

TEST(Repair, LimitsHoldForTextAndResult) {
  const RepairError deep = repair("[[1", {.depth_max = 1}).error();
  EXPECT_EQ(deep.defect, RepairDefect::too_deep);
  EXPECT_EQ(deep.offset, 1U);
  EXPECT_EQ(repaired("[[1", {.depth_max = 2}), "[[1]]");
  EXPECT_EQ(repair("[[1]]", {.depth_max = 1}).error().defect, RepairDefect::too_deep);
  EXPECT_EQ(repair("[1,2", {.bytes_max = 3}).error().defect, RepairDefect::too_large);
  EXPECT_EQ(repair("[\"\x01\x01\x01", {.bytes_max = 9}).error().defect, RepairDefect::too_large);
  EXPECT_EQ(repair("[1,2,3,4", {.tokens_max = 4}).error().defect, RepairDefect::too_many);
}

// No test measures time: what were quadratic would not end.
TEST(Repair, HostileTextsTakeTimeByTheirLengthAlone) {
  constexpr std::size_t times = 100'000;
  for (const std::string_view part :
       {"{",      "[",     "[a", "{a",  "\"",  "\" ,", "'", "\"\n",
        "\n",     "[\"\n", "/*", "//",  "#",   ",\"a", "“", "{\"a\":\"\n\n",
        "\",   ", "a ",    "\\", "\\u", "```", "[1",   "}", "]{",
        "\xF0",   "- "}) {
    for (const std::string_view begin : {"", "{\"a\":\"", "[\"", "[", "x ", "{'"}) {
      std::string text(begin);
      for (std::size_t i = 0; i < times; ++i) text += part;
      const auto result = repair(text);
      if (!result) continue;
      Index index({.tokens_max = 4 << 20});
      EXPECT_TRUE(index.build(*result)) << begin << part;
    }
  }
}

// A document with something of everything.
constexpr std::string_view sample =
    R"( {"a":[1,-2.5e+10,0,{"b c":null,"":true}, "x, \"y\": z"],"d":"\ud83d\ude00 é“\\","e":{},)"
    R"("f":[false , [ ] , "g: {h}, [i]"],"j":"// # /*","k":"'","l":"\u00e9\/","m":"😀","n":12} )";

TEST(Repair, OfAValidDocumentThatWasCutComesTheBeginningOfTheSame) {
  const std::array<std::string_view, 3> documents = {
      sample, R"("a {\"b\":[1]} \ud83d\ude00, 'c'")",
      R"([[[]],"a\n",["b","c"],{"d":{"e":[{"f":"g"}]}},1e5,"h"])"};
  for (const std::string_view document : documents) {
    Index whole;
    ASSERT_TRUE(whole.build(document)) << document;
    for (std::size_t cut = document.find_first_not_of(' ') + 1; cut <= document.size(); ++cut) {
      const std::string_view text = document.substr(0, cut);
      const std::string json = repaired(text);
      Index part;
      ASSERT_TRUE(part.build(json)) << text << " -> " << json;
      EXPECT_TRUE(testing::is_prefix(root(part), root(whole))) << text << " -> " << json;
    }
  }
}

TEST(Repair, ProseAroundADocumentChangesNothing) {
  for (const std::string_view before : {"Here: ", "```json\n", "\n\n", "Of course!\n```\n"}) {
    Index expected;
    ASSERT_TRUE(expected.build(sample));
    const std::string text = std::string(before) + std::string(sample) + "\n```\nDone.";
    const std::string json = repaired(text);
    Index found;
    ASSERT_TRUE(found.build(json));
    EXPECT_TRUE(testing::is_prefix(root(found), root(expected))) << json;
    EXPECT_TRUE(testing::is_prefix(root(expected), root(found))) << json;
  }
}

}  // namespace
}  // namespace sluice::json
