#include "sluice/route/candidate.h"

#include <gtest/gtest.h>

#include <iterator>

namespace sluice::route {
namespace {

struct ObstacleCase {
  Obstacle obstacle;
  std::string_view name;
  bool passes;
};
const ObstacleCase obstacle_cases[] = {
    {Obstacle::none, "none", false},
    {Obstacle::region, "region", false},
    {Obstacle::operation, "operation", false},
    {Obstacle::key, "key", false},
    {Obstacle::other_provider, "other_provider", false},
    {Obstacle::ignored_provider, "ignored_provider", false},
    {Obstacle::not_in_order, "not_in_order", false},
    {Obstacle::data_policy, "data_policy", false},
    {Obstacle::quantization, "quantization", false},
    {Obstacle::price, "price", false},
    {Obstacle::capability, "capability", false},
    {Obstacle::context_length, "context_length", false},
    {Obstacle::no_credential, "no_credential", false},
    {Obstacle::resting, "resting", true},
    {Obstacle::cooling_down, "cooling_down", true},
    {Obstacle::ejected, "ejected", true},
};
static_assert(std::size(obstacle_cases) == obstacle_count);

TEST(Candidate, EachObstacleIsCalledAsItIsWritten) {
  for (std::size_t i = 0; i < obstacle_count; ++i) {
    EXPECT_EQ(obstacle_cases[i].obstacle, static_cast<Obstacle>(i));
    EXPECT_EQ(to_string(obstacle_cases[i].obstacle), obstacle_cases[i].name);
  }
}

TEST(Candidate, WaitingHelpsWhoIsLeftAloneForNow) {
  for (const ObstacleCase& c : obstacle_cases) {
    EXPECT_EQ(passes_by_itself(c.obstacle), c.passes) << c.name;
  }
}

// Who forgets to ask the pin has no way to send anything there.
TEST(Candidate, IsOutsideOfThePinUntilAPinLetsItIn) {
  const Candidate candidate;
  EXPECT_FALSE(candidate.passage);
  EXPECT_EQ(candidate.obstacle, Obstacle::none);
  EXPECT_EQ(candidate.free_at, MonotonicTime{});
}

}  // namespace
}  // namespace sluice::route
