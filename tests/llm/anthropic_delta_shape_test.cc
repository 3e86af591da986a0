#include "anthropic_delta_shape.h"

#include <gtest/gtest.h>

#include "sluice/json/index.h"

namespace sluice::llm {
namespace {

std::string data(std::string_view text, std::string_view index = "0", std::string_view pad = "",
                 std::string_view name = "text") {
  return R"({"type":"content_block_delta","index":)" + std::string(index) +
         R"(,"delta":{"type":")" + std::string(name) + R"(_delta",")" + std::string(name) +
         R"(":")" + std::string(text) + "\"}" + std::string(pad) + "}";
}
std::string event(std::string_view text, std::string_view index = "0", std::string_view pad = "",
                  std::string_view name = "text") {
  return "event: content_block_delta\ndata: " + data(text, index, pad, name) + "\n\n";
}

class DeltaShape : public testing::Test {
 protected:
  void learn(std::string_view text) {
    ASSERT_TRUE(index.build(text)) << text;
    shape.learn(text, json::root(index));
  }
  std::string seen(std::string_view stream) {
    const auto found = shape.first_of(stream);
    if (!found) return "nothing";
    EXPECT_LE(found->size_bytes, stream.size());
    return std::string(found->text.bytes);
  }
  json::Index index;
  AnthropicDeltaShape shape;
};

TEST_F(DeltaShape, SeesTheTextOfEventsLikeTheLearnedOne) {
  EXPECT_EQ(seen(event("Hel")), "nothing");
  learn(data("Hel"));
  EXPECT_EQ(seen(event("lo, world")), "lo, world");
  EXPECT_EQ(seen(event("")), "");
  EXPECT_EQ(seen(event("a\\n\\u00e9")), "a\\n\\u00e9");
  EXPECT_EQ(seen(event("\xC3\xA9") + "more"), "\xC3\xA9");
  EXPECT_EQ(shape.first_of(event("x") + "more")->size_bytes, event("x").size());
  shape.forget();
  EXPECT_EQ(seen(event("lo")), "nothing");
}

TEST_F(DeltaShape, TakesPaddingForNoDifference) {
  for (const std::string_view pad : {"", " ", "          "}) {
    learn(data("Hel", "0", pad));
    for (const std::string_view other : {"", "  ", "            "}) {
      EXPECT_EQ(seen(event("lo", "0", other)), "lo") << pad.size() << other.size();
    }
  }
}

TEST_F(DeltaShape, SeesNothingInWhatDiffersElsewhereOrIsNotWhole) {
  learn(data("Hel"));
  for (const std::string& other :
       {event("lo", "1"), event("lo", "0", "", "thinking"), event("a\"b"), event("a\\"),
        event("a\nb"), event("\xC3"), event("\\x"), " " + event("lo"),
        event("lo", "0", ",\"usage\":{}"), data("lo") + "\n\n", std::string()}) {
    EXPECT_EQ(seen(other), "nothing") << other;
  }
  const std::string whole = event("lo", "0", "  ");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(seen(whole.substr(0, cut)), "nothing") << cut;
  }
}

TEST_F(DeltaShape, LearnsNothingThatDoesNotEndWithItsText) {
  for (const std::string_view other :
       {R"({"type":"content_block_delta","index":0,"delta":{"type":"x"}})",
        R"({"delta":{"text":"a","type":"text_delta"}})", R"({"delta":{"text":"a"},"index":0})",
        R"({"delta":{"text":1}})", R"({"delta":"text"})", "[]", "1"}) {
    learn(data("a"));
    learn(other);
    EXPECT_EQ(seen(event("a")), "nothing") << other;
  }
}

}  // namespace
}  // namespace sluice::llm
