#include "legal_name.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::llm {
namespace {

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }

TEST(LegalName, LeavesWhatIsLegalAsItIs) {
  EXPECT_EQ(legal_call_id(text("toolu_01-aZ")), "toolu_01-aZ");
  EXPECT_EQ(legal_tool_name(text("get_weather"), 64), "get_weather");
  EXPECT_FALSE(is_legal_name("", 64));
  EXPECT_FALSE(is_legal_name("abc", 2));
}

TEST(LegalName, ExchangesOthersAlwaysAlikeAndNeverTwoForOne) {
  std::set<std::string> made;
  const std::string long_id(1000, 'x');
  for (const std::string_view id :
       {"functions.get:0", "functions.get:1", "functions_get:0", "", " ", "é", long_id.c_str()}) {
    const std::string legal = legal_call_id(text(id));
    EXPECT_TRUE(is_legal_name(legal, 64)) << legal;
    EXPECT_EQ(legal_call_id(text(id)), legal);
    EXPECT_TRUE(made.insert(legal).second);
  }
  const std::string long_name(200, 'n');
  EXPECT_EQ(legal_tool_name(text(long_name), 128).size(), 128U);
  EXPECT_NE(legal_tool_name(text("a.b"), 64), legal_tool_name(text("a:b"), 64));
  EXPECT_EQ(legal_call_id({.bytes = R"(\u0061.b)", .escaped = true}), legal_call_id(text("a.b")));
}

}  // namespace
}  // namespace sluice::llm
