#include "sluice/json/text.h"

#include <gtest/gtest.h>

#include "sluice/json/writer.h"

namespace sluice::json {
namespace {

constexpr Text escaped{.bytes = R"(tell \"me\" \u0041 \ud83d\ude00)", .escaped = true};
constexpr std::string_view plain = "tell \"me\" A \U0001F600";

TEST(Text, IsComparedByWhatItSays) {
  EXPECT_TRUE(escaped.equals(plain));
  EXPECT_FALSE(escaped.equals(escaped.bytes));
  EXPECT_TRUE((Text{.bytes = escaped.bytes}).equals(escaped.bytes));
  EXPECT_TRUE((Text{.bytes = "image\\/png", .escaped = true}).equals("image/png"));
}

TEST(Text, IsUnescapedOnlyWhereItMustBe) {
  std::string scratch;
  EXPECT_EQ(escaped.plain(scratch), plain);
  const Text simple{.bytes = "simple", .escaped = true};
  EXPECT_EQ(simple.plain(scratch).data(), simple.bytes.data());
}

TEST(Text, TravelsIntoADocumentAsItWasSpelled) {
  std::string out;
  Writer writer(out);
  writer.begin_array().text(escaped).text({.bytes = "a\"b\n"}).end_array();
  EXPECT_EQ(out, R"(["tell \"me\" \u0041 \ud83d\ude00","a\"b\n"])");
}

TEST(Text, OfAValueOutlivesItsIndex) {
  const std::string document = R"({"a":"x\ny","b":1})";
  Text a;
  Text b;
  {
    Index index;
    ASSERT_TRUE(index.build(document).has_value());
    a = raw_text(*root(index).find("a"));
    b = raw_text(*root(index).find("b"));
  }
  std::string out;
  append_plain(out, a);
  EXPECT_EQ(out, "x\ny");
  EXPECT_TRUE(b.empty());
}

TEST(Text, WithALoneSurrogateBecomesPlainAllTheSame) {
  std::string out;
  append_plain(out, {.bytes = R"(\ud800)", .escaped = true});
  EXPECT_EQ(out, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace sluice::json
