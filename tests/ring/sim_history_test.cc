#include "sluice/ring/sim/sim_history.h"

#include <gtest/gtest.h>

namespace sluice::ring::sim {
namespace {

MonotonicTime at(int us) { return MonotonicTime(std::chrono::microseconds(us)); }

TEST(SimHistory, TheHashDependsOnEveryFieldAndOnTheOrder) {
  const auto hash_of = [](std::initializer_list<int> values) {
    SimHistory history(4);
    for (const int value : values) history.add(at(1), "event", 3, value);
    return history.hash();
  };
  EXPECT_EQ(hash_of({1, 2}), hash_of({1, 2}));
  EXPECT_NE(hash_of({1, 2}), hash_of({2, 1}));
  SimHistory a(4);
  SimHistory b(4);
  a.add(at(1), "event", 3, 1);
  b.add(at(1), "event", 4, 1);
  EXPECT_NE(a.hash(), b.hash());
}

TEST(SimHistory, KeepsTheLastEventsAndCountsAll) {
  SimHistory history(4);
  for (int i = 0; i < 10; ++i) history.add(at(i), "event", i, i * 100);
  EXPECT_EQ(history.count(), 10U);
  const std::string text = history.to_string();
  EXPECT_EQ(text.find(" 500\n"), std::string::npos);
  EXPECT_NE(text.find(" 600\n"), std::string::npos);
  EXPECT_NE(text.find(" 900\n"), std::string::npos);
  EXPECT_EQ(history.to_string(1).find(" 800\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::ring::sim
