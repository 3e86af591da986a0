#include "sluice/llm/chat_call.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(ChatCall, HidesNothingUntilAWriterSaysSo) {
  const ChatCall call;
  EXPECT_TRUE(call.dropped.empty());
  EXPECT_TRUE(call.asked.output_tool.empty());
  EXPECT_TRUE(call.asked.custom_tools.empty());
}

}  // namespace
}  // namespace sluice::llm
