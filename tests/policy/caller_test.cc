#include "sluice/policy/caller.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

TEST(Caller, MayUseWhatOneOfItsPatternsNames) {
  const Caller caller("team-a", {"gpt-5", "claude-*"}, {});
  EXPECT_TRUE(caller.may_use("gpt-5"));
  EXPECT_TRUE(caller.may_use("claude-sonnet"));
  EXPECT_FALSE(caller.may_use("gpt-5-mini"));
  EXPECT_FALSE(caller.may_use(""));
}

TEST(Caller, WithAStarMayUseEverything) {
  const Caller caller("team-a", {"gpt-5", "*"}, {});
  EXPECT_TRUE(caller.may_use("anything"));
}

TEST(Caller, WithoutPatternsMayUseNothing) {
  const Caller caller("team-a", {}, {});
  EXPECT_FALSE(caller.may_use("gpt-5"));
  EXPECT_FALSE(caller.may_use(""));
}

TEST(Caller, PinnedReachesItsRegionsOnly) {
  const Caller caller("team-a", {"*"}, {"eu", "ch"});
  EXPECT_TRUE(caller.may_reach("eu"));
  EXPECT_TRUE(caller.may_reach("ch"));
  EXPECT_FALSE(caller.may_reach("us"));
  EXPECT_FALSE(caller.may_reach("e"));
  EXPECT_FALSE(caller.may_reach("")) << "an unknown place is outside every pin";
}

TEST(Caller, WithoutAPinReachesEverything) {
  const Caller caller("team-a", {"*"}, {});
  EXPECT_TRUE(caller.may_reach("us"));
  EXPECT_TRUE(caller.may_reach(""));
}

TEST(Caller, AnonymousHasANameForTheLogAndNoLimits) {
  const Caller nobody = Caller::anonymous();
  EXPECT_TRUE(nobody.is_anonymous());
  EXPECT_EQ(nobody.name(), "anonymous");
  EXPECT_TRUE(nobody.may_use("gpt-5"));
  EXPECT_TRUE(nobody.may_reach("us"));
  EXPECT_FALSE(Caller("team-a", {}, {}).is_anonymous());
}

}  // namespace
}  // namespace sluice::policy
