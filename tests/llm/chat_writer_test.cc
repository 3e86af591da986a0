#include "sluice/llm/chat_writer.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

class Plain final : public ChatWriter {
 public:
  void take(const ChatEvent& event) override {
    out_ += event.text.bytes;
    ++events_;
  }
  void end() override { out_ += '.'; }
};

TEST(ChatWriter, GivesWhatItWroteOnce) {
  Plain writer;
  EXPECT_FALSE(writer.has_bytes());
  writer.take({.text = {.bytes = "a"}});
  EXPECT_TRUE(writer.has_bytes());
  EXPECT_EQ(writer.take_bytes(), "a");
  EXPECT_FALSE(writer.has_bytes());
  writer.end();
  EXPECT_EQ(writer.take_bytes(), ".");
  EXPECT_EQ(writer.events(), 1u);
}

}  // namespace
}  // namespace sluice::llm
