#include "sluice/llm/stream_event.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(StreamEvent, SaysNothingUntilToldOtherwise) {
  const StreamEvent event;
  EXPECT_EQ(event.kind, StreamEventKind::unknown);
  EXPECT_FALSE(event.carries_content);
  EXPECT_FALSE(event.usage.known());
  EXPECT_FALSE(event.error.has_value());
}

TEST(StreamEvent, NamesKindsAndEndsForLogs) {
  EXPECT_EQ(to_string(StreamEventKind::usage_only), "usage_only");
  EXPECT_EQ(to_string(StreamEventKind::malformed), "malformed");
  EXPECT_EQ(to_string(StreamEnd::truncated), "truncated");
  EXPECT_EQ(to_string(StreamEnd::complete), "complete");
}

}  // namespace
}  // namespace sluice::llm
