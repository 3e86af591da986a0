#include "sluice/json/object_edit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::json {
namespace {

std::string edit(std::string_view text, const std::string& remove, bool first, bool last) {
  Index index;
  if (!index.build(text)) return "not JSON";
  ObjectEdit change(root(index));
  for (const Member member : root(index).members()) {
    if (remove.find(*member.key.string()) != std::string::npos) change.remove(member);
  }
  if (first) change.add_first("\"f\"", "1");
  if (last) change.add_last("\"l\"", "2");
  Splice splice;
  change.write_to(splice);
  return splice.apply(Slice::copy_of(text)).to_string();
}

TEST(ObjectEdit, RemovesMembersWithTheRightCommas) {
  const std::string_view text = R"({"a":1,"b":[2,3],"c":"4"})";
  EXPECT_EQ(edit(text, "", false, false), text);
  EXPECT_EQ(edit(text, "a", false, false), R"({"b":[2,3],"c":"4"})");
  EXPECT_EQ(edit(text, "b", false, false), R"({"a":1,"c":"4"})");
  EXPECT_EQ(edit(text, "c", false, false), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(edit(text, "ab", false, false), R"({"c":"4"})");
  EXPECT_EQ(edit(text, "bc", false, false), R"({"a":1})");
  EXPECT_EQ(edit(text, "ac", false, false), R"({"b":[2,3]})");
  EXPECT_EQ(edit(text, "abc", false, false), "{}");
}

TEST(ObjectEdit, AddsMembersInFrontAndBehind) {
  EXPECT_EQ(edit("{}", "", true, false), R"({"f":1})");
  EXPECT_EQ(edit("{}", "", false, true), R"({"l":2})");
  EXPECT_EQ(edit("{ }", "", true, true), R"({"f":1,"l":2 })");
  EXPECT_EQ(edit(R"({"a":1})", "", true, false), R"({"f":1,"a":1})");
  EXPECT_EQ(edit(R"({"a":1})", "", false, true), R"({"a":1,"l":2})");
  EXPECT_EQ(edit(R"({"a":1})", "a", true, true), R"({"f":1,"l":2})");
  EXPECT_EQ(edit(R"({"a":1,"b":2})", "a", true, true), R"({"f":1,"b":2,"l":2})");
  EXPECT_EQ(edit(R"({"a":1,"b":2})", "b", true, true), R"({"f":1,"a":1,"l":2})");
}

TEST(ObjectEdit, LeavesWhiteSpaceAroundWhatStays) {
  const std::string_view text = "{ \"a\" : 1 , \"b\" : 2 , \"c\" : 3 }";
  EXPECT_EQ(edit(text, "a", false, false), "{ \"b\" : 2 , \"c\" : 3 }");
  EXPECT_EQ(edit(text, "b", false, false), "{ \"a\" : 1 , \"c\" : 3 }");
  EXPECT_EQ(edit(text, "c", false, false), "{ \"a\" : 1 , \"b\" : 2 }");
  EXPECT_EQ(edit(text, "", false, true), "{ \"a\" : 1 , \"b\" : 2 , \"c\" : 3,\"l\":2 }");
}

// Every subset of removals with every addition: the result is JSON and holds what it should.
TEST(ObjectEdit, GivesAValidObjectForEveryChange) {
  const std::string names = "abcde";
  const std::string_view texts[] = {
      R"({"a":1,"b":{},"c":[1,2],"d":"}","e":null})",
      "{\"a\" :1\n, \"b\":{ } ,\"c\":[1 , 2],\t\"d\":\"}\" , \"e\":null }"};
  for (const std::string_view text : texts) {
    for (unsigned set = 0; set < 128; ++set) {
      std::string remove;
      std::string expected = (set & 32) != 0 ? "f" : "";
      for (unsigned i = 0; i < 5; ++i) ((set >> i) & 1U ? remove : expected) += names[i];
      if ((set & 64) != 0) expected += 'l';
      const std::string result = edit(text, remove, (set & 32) != 0, (set & 64) != 0);
      Index index;
      ASSERT_TRUE(index.build(result).has_value()) << result;
      std::string found;
      for (const Member member : root(index).members()) found += *member.key.string();
      EXPECT_EQ(found, expected) << result;
    }
  }
}

TEST(ObjectEdit, WorksOnANestedObjectAndTwiceRemovedIsOnce) {
  const std::string_view text = R"({"x":{"a":1,"b":2},"y":3})";
  Index index;
  ASSERT_TRUE(index.build(text).has_value());
  const Value inner = *root(index).find("x");
  ObjectEdit change(inner);
  EXPECT_TRUE(change.empty());
  const Member first = *inner.members().begin();
  change.remove(first);
  change.remove(first);
  EXPECT_FALSE(change.empty());
  Splice splice;
  change.write_to(splice);
  EXPECT_EQ(splice.apply(Slice::copy_of(text)).to_string(), R"({"x":{"b":2},"y":3})");
}

}  // namespace
}  // namespace sluice::json
