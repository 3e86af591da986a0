#include "sluice/json/splice.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

Slice text(std::string_view bytes) { return Slice::copy_of(bytes); }

TEST(Splice, LeavesABodyWithoutEditsInOneSlice) {
  const Slice body = text("{\"a\":1}");
  const SliceChain chain = Splice().apply(body);
  ASSERT_EQ(chain.count(), 1U);
  EXPECT_EQ(chain[0].data(), body.data());
  EXPECT_EQ(chain[0].size(), body.size());
}

TEST(Splice, SharesTheBytesAroundAnEdit) {
  const Slice body = text("{\"model\":\"fast\",\"n\":1}");
  Splice splice;
  splice.replace({9, 6}, text("\"slow-1\""));
  const SliceChain chain = splice.apply(body);
  EXPECT_EQ(chain.to_string(), "{\"model\":\"slow-1\",\"n\":1}");
  EXPECT_EQ(splice.edited_bytes(body.size()), chain.size_bytes());
  ASSERT_EQ(chain.count(), 3U);
  EXPECT_EQ(chain[0].data(), body.data());
  EXPECT_EQ(chain[2].data(), body.data() + 15);
}

TEST(Splice, TakesEditsInAnyOrder) {
  const Slice body = text("0123456789");
  Splice splice;
  splice.replace({8, 2}, text("EI"));
  splice.remove({0, 1});
  splice.insert(5, text("-"));
  splice.replace({2, 1}, text("two"));
  EXPECT_EQ(splice.apply(body).to_string(), "1two34-567EI");
  EXPECT_EQ(splice.edited_bytes(10), 12U);
}

TEST(Splice, KeepsInsertionsAtOnePlaceInTheirOrder) {
  const Slice body = text("ab");
  Splice splice;
  splice.insert(1, text("1"));
  splice.insert(1, text("2"));
  splice.replace({1, 1}, text("B"));
  splice.insert(1, text("3"));
  splice.insert(0, text("<"));
  splice.insert(2, text(">"));
  ASSERT_TRUE(splice.fits(2));
  EXPECT_EQ(splice.apply(body).to_string(), "<a123B>");
}

TEST(Splice, EditsTheWholeAndTheEmptyBody) {
  Splice splice;
  splice.replace({0, 3}, text("x"));
  EXPECT_EQ(splice.apply(text("abc")).to_string(), "x");
  Splice insertion;
  insertion.insert(0, text("x"));
  EXPECT_EQ(insertion.apply(Slice()).to_string(), "x");
}

TEST(Splice, KnowsWhetherItsEditsFit) {
  Splice overlap;
  overlap.replace({0, 4}, text("x"));
  overlap.replace({3, 2}, text("y"));
  EXPECT_FALSE(overlap.fits(10));
  Splice beyond;
  beyond.replace({8, 3}, text("x"));
  EXPECT_FALSE(beyond.fits(10));
  EXPECT_TRUE(beyond.fits(11));
  Splice insertion_behind;
  insertion_behind.insert(11, text("x"));
  EXPECT_FALSE(insertion_behind.fits(10));
  Splice inside;
  inside.replace({2, 4}, text("x"));
  inside.insert(4, text("y"));
  EXPECT_FALSE(inside.fits(10));
  Splice touching;
  touching.replace({2, 4}, text("x"));
  touching.replace({6, 1}, text("y"));
  EXPECT_TRUE(touching.fits(7));
}

TEST(SpliceDeathTest, AssertsThatEditsFit) {
  Splice splice;
  splice.replace({1, 5}, text("x"));
  EXPECT_DEATH((void)splice.apply(text("abc")), "fits");
}

TEST(Splice, IsAppliedOnceMoreForEachAttempt) {
  const Slice body = text("{\"m\":1,\"x\":2}");
  Splice shared;
  shared.remove({6, 6});
  for (const std::string_view model : {"\"first\"", "\"second\""}) {
    Splice attempt = shared.clone();
    attempt.replace({5, 1}, text(model));
    EXPECT_EQ(attempt.apply(body).to_string(), "{\"m\":" + std::string(model) + "}");
  }
  EXPECT_EQ(shared.count(), 1U);
}

}  // namespace
}  // namespace sluice::json
