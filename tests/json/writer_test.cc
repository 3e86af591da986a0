#include "sluice/json/writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sluice/json/utf8.h"
#include "sluice/json/value.h"

namespace sluice::json {
namespace {

TEST(Writer, WritesNestedValuesWithTheirCommas) {
  std::string out = "before ";
  Writer writer(out);
  writer.begin_object();
  writer.key("a").integer(-1).key("b").begin_array().null().boolean(true).boolean(false);
  writer.begin_object().end_object().begin_array().end_array().end_array();
  writer.key("c").begin_object().key("d").string("e").end_object().key("f").raw("[1, 2]");
  EXPECT_FALSE(writer.complete());
  writer.end_object();
  EXPECT_TRUE(writer.complete());
  EXPECT_EQ(out, R"(before {"a":-1,"b":[null,true,false,{},[]],"c":{"d":"e"},"f":[1, 2]})");
}

TEST(Writer, WritesNumbersThatReadBackTheSame) {
  const auto text = [](auto write) {
    std::string out;
    Writer writer(out);
    write(writer);
    return out;
  };
  EXPECT_EQ(text([](Writer& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }),
            "-9223372036854775808");
  EXPECT_EQ(text([](Writer& w) { w.unsigned_integer(std::numeric_limits<std::uint64_t>::max()); }),
            "18446744073709551615");
  EXPECT_EQ(text([](Writer& w) { w.number(0.1); }), "0.1");
  EXPECT_EQ(text([](Writer& w) { w.number(3); }), "3");
  EXPECT_EQ(text([](Writer& w) { w.number(NAN); }), "null");
  EXPECT_EQ(text([](Writer& w) { w.number(-INFINITY); }), "null");
  for (const double value : {1e300, -5e-324, 0.1 + 0.2, 1234567.0625}) {
    const std::string out = text([&](Writer& w) { w.number(value); });
    Index index;
    ASSERT_TRUE(index.build(out).has_value()) << out;
    EXPECT_EQ(root(index).number(), value);
  }
}

TEST(Writer, EscapesWhatMustBe) {
  EXPECT_EQ(quote("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(quote("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
  EXPECT_EQ(quote(std::string_view("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(quote("\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  EXPECT_EQ(quote("a\xFF\xE2\x82z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(Writer, QuotesAnyBytesIntoAStringThatReadsBack) {
  std::string bytes;
  for (int i = 0; i < 65536; ++i) {
    bytes = {static_cast<char>(i >> 8), static_cast<char>(i & 255), 'x'};
    const std::string out = quote(bytes);
    Index index;
    ASSERT_TRUE(index.build(out).has_value()) << i;
    if (find_invalid_utf8(bytes) == bytes.size()) {
      ASSERT_EQ(root(index).string(), bytes);
    }
  }
}

TEST(WriterDeathTest, AssertsThatItIsUsedInOrder) {
  std::string out;
  EXPECT_DEATH(Writer(out).begin_object().string("value without key"), "after_key_");
  EXPECT_DEATH(Writer(out).begin_array().key("key in an array"), "objects_");
  EXPECT_DEATH(Writer(out).begin_array().end_object(), "objects_");
  EXPECT_DEATH(Writer(out).end_array(), "depth_");
  EXPECT_DEATH(Writer(out).null().null(), "has_item_");
}

}  // namespace
}  // namespace sluice::json
