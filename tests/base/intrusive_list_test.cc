#include "sluice/base/intrusive_list.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct Node : IntrusiveLink {
  explicit Node(int number) : value(number) {}
  int value;
};

TEST(IntrusiveList, KeepsOrder) {
  Node a(1), b(2), c(3);
  IntrusiveList<Node> list;
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  EXPECT_EQ(list.back().value, 3);
  EXPECT_EQ(list.pop_front().value, 1);
  EXPECT_EQ(list.pop_front().value, 2);
  EXPECT_EQ(list.pop_front().value, 3);
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, AnElementLeavesWhenDestroyed) {
  IntrusiveList<Node> list;
  {
    Node a(1);
    list.push_back(a);
    EXPECT_TRUE(a.is_linked());
  }
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, SplicesAnotherBehindItself) {
  Node a(1), b(2);
  IntrusiveList<Node> one, two;
  one.push_back(a);
  two.push_back(b);
  one.splice_back(two);
  EXPECT_TRUE(two.empty());
  EXPECT_EQ(one.pop_front().value, 1);
  EXPECT_EQ(one.pop_front().value, 2);
}

}  // namespace
}  // namespace sluice
