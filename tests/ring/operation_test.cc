#include "sluice/ring/operation.h"

#include <gtest/gtest.h>

namespace sluice::ring {
namespace {

struct Probe final : Operation {
  void complete(Completion completion) noexcept override {
    ++completions;
    last = completion.result;
    in_flight_inside = in_flight();
  }
  int completions = 0;
  int last = 0;
  bool in_flight_inside = false;
};

TEST(Operation, StaysInFlightUntilItsFinalCompletion) {
  Probe operation;
  operation.mark_submitted();
  operation.deliver(Completion{.result = 1, .more = true, .bytes = {}});
  EXPECT_TRUE(operation.in_flight());
  operation.deliver(Completion{.result = 2, .more = false, .bytes = {}});
  EXPECT_FALSE(operation.in_flight());
  EXPECT_FALSE(operation.in_flight_inside);  // may be submitted again from inside
  EXPECT_EQ(operation.completions, 2);
}

TEST(OperationDeathTest, SubmittedTwiceStopsTheProcess) {
  Probe operation;
  operation.mark_submitted();
  EXPECT_DEATH(operation.mark_submitted(), "in_flight_");
  operation.deliver(Completion{});
}

TEST(OperationDeathTest, DestroyedInFlightStopsTheProcess) {
  EXPECT_DEATH(
      {
        Probe operation;
        operation.mark_submitted();
      },
      "in_flight_");
}

}  // namespace
}  // namespace sluice::ring
