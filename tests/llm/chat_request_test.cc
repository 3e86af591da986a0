#include "sluice/llm/chat_request.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(Effort, IsReadAsItIsNamed) {
  for (const Effort effort : {Effort::none, Effort::minimal, Effort::low, Effort::medium,
                              Effort::high, Effort::xhigh, Effort::max}) {
    EXPECT_EQ(parse_effort({.bytes = to_string(effort)}), effort);
  }
  EXPECT_EQ(parse_effort({.bytes = "l\\u006fw", .escaped = true}), Effort::low);
  EXPECT_FALSE(parse_effort({.bytes = "LOW"}).has_value());
}

TEST(ReasoningWanted, IsOffByEffortOrSwitch) {
  EXPECT_FALSE(ReasoningWanted{}.off());
  EXPECT_TRUE(ReasoningWanted{.effort = Effort::none}.off());
  EXPECT_TRUE(ReasoningWanted{.enabled = false}.off());
  EXPECT_FALSE(ReasoningWanted{.enabled = true}.off());
}

}  // namespace
}  // namespace sluice::llm
