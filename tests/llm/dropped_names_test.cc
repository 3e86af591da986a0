#include "dropped_names.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(DroppedNames, AreToldOnceEach) {
  std::vector<std::string> dropped;
  for (const char* name : {"seed", "n", "seed"}) add_dropped(dropped, name);
  EXPECT_EQ(dropped, (std::vector<std::string>{"seed", "n"}));
}

TEST(DroppedNames, AreFitForAHeaderWhateverTheCallerWrote) {
  std::vector<std::string> dropped;
  add_dropped(dropped, "a\r\nX-Evil: 1");
  add_dropped(dropped,
              "\x01"
              "b\xC3\xA9");
  add_dropped(dropped, std::string(10'000, 'c'));
  for (const std::string& name : dropped) {
    EXPECT_LE(name.size(), 128u);
    for (const char c : name) EXPECT_TRUE(c >= ' ' && c < 0x7f) << name;
  }
}

TEST(DroppedNames, AreBounded) {
  std::vector<std::string> dropped;
  for (int i = 0; i < 100'000; ++i) add_dropped(dropped, "k" + std::to_string(i));
  EXPECT_EQ(dropped.size(), dropped_names_max);
}

}  // namespace
}  // namespace sluice::llm
