#include "sluice/json/value.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "guarded_text.h"

namespace sluice::json {
namespace {

class ValueTest : public testing::Test {
 protected:
  Value read(std::string_view text) {
    text_ = std::make_unique<GuardedText>(text);
    const auto built = index_.build(text_->view());
    EXPECT_TRUE(built.has_value()) << text;
    return root(index_);
  }

 private:
  std::unique_ptr<GuardedText> text_;
  Index index_;
};

TEST_F(ValueTest, KnowsItsKind) {
  const std::pair<std::string_view, Kind> cases[] = {
      {"{}", Kind::object}, {"[]", Kind::array},     {"\"\"", Kind::string},   {"-1", Kind::number},
      {"0", Kind::number},  {"true", Kind::boolean}, {"false", Kind::boolean}, {"null", Kind::null},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(read(text).kind(), kind) << text;
}

TEST_F(ValueTest, SpansExactlyItsBytes) {
  const std::string_view text =
      " { \"a\" : [ 1 , 2 ] , \"b\" : \"x \" , \"c\" : 12.5 , \"d\" : null } ";
  const Value top = read(text);
  EXPECT_EQ(top.find("a")->raw(), "[ 1 , 2 ]");
  EXPECT_EQ(top.find("b")->raw(), "\"x \"");
  EXPECT_EQ(top.find("c")->raw(), "12.5");
  EXPECT_EQ(top.find("d")->raw(), "null");
  EXPECT_EQ(top.span(), (Span{1, text.size() - 2}));
  EXPECT_EQ(read(" 12 ").raw(), "12");
  EXPECT_EQ(read("\" a\"  ").raw(), "\" a\"");
}

TEST_F(ValueTest, WalksMembersInOrderAndOverNestedOnes) {
  std::vector<std::string> seen;
  for (const Member member : read(R"({"a":{"x":[1,{}]},"b":[],"c":{},"d":"e","a":2})").members()) {
    seen.push_back(*member.key.string() + "=" + std::string(member.value.raw()));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a={\"x\":[1,{}]}", "b=[]", "c={}", "d=\"e\"", "a=2"}));
}

TEST_F(ValueTest, WalksElements) {
  std::vector<std::string> seen;
  for (const Value element : read(R"([1,[2,[3]],{"a":[4]},"5",null])").elements()) {
    seen.emplace_back(element.raw());
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "[2,[3]]", "{\"a\":[4]}", "\"5\"", "null"}));
}

TEST_F(ValueTest, HasNoMembersOrElementsWhereThereAreNone) {
  for (const std::string_view text : {"{}", "[]", "1", "\"a\"", "null"}) {
    const Value value = read(text);
    EXPECT_EQ(value.members().begin(), value.members().end()) << text;
    EXPECT_EQ(value.elements().begin(), value.elements().end()) << text;
    EXPECT_FALSE(value.find("a").has_value());
    EXPECT_EQ(value.is_empty(), text == "{}" || text == "[]");
  }
  EXPECT_EQ(read("[1]").members().begin(), read("[1]").members().end());
}

TEST_F(ValueTest, ComparesKeysUnescaped) {
  EXPECT_EQ(read("{\"mod\\u0065l\":1}").find("model")->integer(), 1);
  EXPECT_EQ(read("{\"\\ud83d\\ude00\":1}").find("\xF0\x9F\x98\x80")->integer(), 1);
  EXPECT_EQ(read("{\"a\\/b\":1}").find("a/b")->integer(), 1);
  for (const std::string_view key : {"mode", "models", "Model", "m\\u006fdek", "", "mod\\u0065"}) {
    EXPECT_FALSE(read("{\"" + std::string(key) + "\":1}").find("model").has_value()) << key;
  }
  EXPECT_TRUE(read("{\"\":1}").find("").has_value());
}

TEST_F(ValueTest, FindsDuplicatesHoweverTheyAreSpelled) {
  const Lookup twice = read("{\"a\":1,\"b\":2,\"\\u0061\":3}").find_unique("a");
  EXPECT_TRUE(twice.duplicate);
  EXPECT_EQ(twice.value->integer(), 1);
  const Lookup once = read("{\"a\":{\"b\":1},\"b\":2}").find_unique("b");
  EXPECT_FALSE(once.duplicate);
  EXPECT_EQ(once.value->integer(), 2);
  EXPECT_FALSE(read("{\"a\":1}").find_unique("b").value.has_value());
}

TEST_F(ValueTest, UnescapesStrings) {
  const std::pair<std::string_view, std::string> cases[] = {
      {R"("")", ""},
      {R"("plain")", "plain"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("a\u0041\u00e9\u20AC!")", "aA\xC3\xA9\xE2\x82\xAC!"},
      {R"("\ud83d\ude00")", "\xF0\x9F\x98\x80"},
      {R"("\u0000")", std::string(1, '\0')},
      {R"("\ud83dx")", "\xEF\xBF\xBDx"},
      {R"("\ude00")", "\xEF\xBF\xBD"},
      {R"("\ud83d\ud83d\ude00")", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
      {R"("\ud83d\n")", "\xEF\xBF\xBD\n"},
      {R"("a long text with its only escape behind the fourth word of eight bytes: \n.")",
       "a long text with its only escape behind the fourth word of eight bytes: \n."},
  };
  for (const auto& [text, expected] : cases) {
    const Value value = read(text);
    EXPECT_EQ(value.string(), expected) << text;
    EXPECT_TRUE(value.string_equals(expected)) << text;
    EXPECT_FALSE(value.string_equals(expected + "x")) << text;
    if (!expected.empty()) {
      EXPECT_FALSE(value.string_equals(expected.substr(1))) << text;
    }
  }
  EXPECT_FALSE(read("1").string().has_value());
  EXPECT_FALSE(read("null").string_equals("null"));
}

TEST_F(ValueTest, ReadsWholeNumbersHoweverSpelled) {
  EXPECT_EQ(read("0").integer(), 0);
  EXPECT_EQ(read("-0").integer(), 0);
  EXPECT_EQ(read("12.0").integer(), 12);
  EXPECT_EQ(read("1.2e1").integer(), 12);
  EXPECT_EQ(read("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read("-9223372036854775808").integer(), std::numeric_limits<std::int64_t>::min());
  for (const std::string_view text : {"9223372036854775808", "1.5", "1e300", "1e400",
                                      "9007199254740993.0", "\"1\"", "true", "null"}) {
    EXPECT_FALSE(read(text).integer().has_value()) << text;
  }
}

TEST_F(ValueTest, ReadsDoublesAndRefusesWhatFitsNone) {
  EXPECT_EQ(read("1.5").number(), 1.5);
  EXPECT_EQ(read("-2e-3").number(), -0.002);
  EXPECT_EQ(read("1e-400").number(), 0.0);
  EXPECT_EQ(read("0." + std::string(400, '0') + "1").number(), 0.0);
  EXPECT_FALSE(read("1e400").number().has_value());
  EXPECT_FALSE(read("-1e400").number().has_value());
  EXPECT_FALSE(read(std::string(400, '9')).number().has_value());
  EXPECT_FALSE(read("1e99999999999999999999").number().has_value());
  EXPECT_EQ(read("1e-99999999999999999999").number(), 0.0);
  EXPECT_FALSE(read("\"1.5\"").number().has_value());
}

TEST_F(ValueTest, ReadsBooleansAndNull) {
  EXPECT_EQ(read("true").boolean(), true);
  EXPECT_EQ(read("false").boolean(), false);
  EXPECT_FALSE(read("null").boolean().has_value());
  EXPECT_FALSE(read("\"true\"").boolean().has_value());
  EXPECT_TRUE(read("null").is_null());
  EXPECT_FALSE(read("0").is_null());
}

}  // namespace
}  // namespace sluice::json
