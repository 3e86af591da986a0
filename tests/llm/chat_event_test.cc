#include "sluice/llm/chat_event.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

ChatEvent event(ChatEventKind kind, std::string_view text = {}) {
  return {.kind = kind, .text = {.bytes = text}};
}

TEST(ChatEvent, CommitsWithWhatTheModelSaid) {
  EXPECT_FALSE(is_content(event(ChatEventKind::started)));
  EXPECT_FALSE(is_content(event(ChatEventKind::usage)));
  EXPECT_FALSE(is_content(event(ChatEventKind::logprobs)));
  EXPECT_FALSE(is_content(event(ChatEventKind::text)));
  EXPECT_TRUE(is_content(event(ChatEventKind::text, "a")));
  EXPECT_TRUE(is_content(event(ChatEventKind::tool_call)));
  EXPECT_TRUE(is_content(event(ChatEventKind::finished)));
}

TEST(ChatEvent, NamesReasonsAsOpenaiDoes) {
  EXPECT_EQ(to_string(FinishReason::stop), "stop");
  EXPECT_EQ(to_string(FinishReason::paused), "stop");
  EXPECT_EQ(to_string(FinishReason::length), "length");
  EXPECT_EQ(to_string(FinishReason::tool_calls), "tool_calls");
  EXPECT_EQ(to_string(FinishReason::content_filter), "content_filter");
}

}  // namespace
}  // namespace sluice::llm
