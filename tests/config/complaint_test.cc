#include "sluice/config/complaint.h"

#include <gtest/gtest.h>

namespace sluice::config {

TEST(Complaints, NameFileLineColumnKeyAndText) {
  Complaints complaints("s.toml");
  complaints.error({12, 9}, "provider[0].dialect", "is no dialect");
  EXPECT_EQ(complaints.render(), "s.toml:12:9: provider[0].dialect: is no dialect\n");
}

TEST(Complaints, LeaveOutWhatThereIsNot) {
  Complaints complaints;
  complaints.error({}, "", "nothing here");
  complaints.warning({}, "k", "odd");
  complaints.note("by the way");
  EXPECT_EQ(complaints.render(Severity::note), "nothing here\nwarning: k: odd\nnote: by the way\n");
}

TEST(Complaints, AreOrderedByPlaceWhateverTheOrderTheyCameIn) {
  Complaints complaints("f");
  complaints.error({3, 1}, "c", "x");
  complaints.error({1, 9}, "b", "x");
  complaints.error({1, 2}, "a", "x");
  EXPECT_EQ(complaints.render(), "f:1:2: a: x\nf:1:9: b: x\nf:3:1: c: x\n");
}

TEST(Complaints, OnlyErrorsMakeAConfigurationUnusable) {
  Complaints complaints("f");
  complaints.note("n");
  complaints.warning({}, "k", "w");
  EXPECT_FALSE(complaints.failed());
  EXPECT_EQ(complaints.render(), "");
  complaints.error({}, "k", "e");
  EXPECT_TRUE(complaints.failed());
}

TEST(Complaints, AreBoundedAndSayHowManyAreLeftOut) {
  Complaints complaints("f");
  for (std::uint32_t i = 0; i < 60; ++i) complaints.warning({i + 1, 1}, "k", "w");
  for (std::uint32_t i = 0; i < 60; ++i) complaints.error({i + 1, 1}, "k", "e");
  EXPECT_EQ(complaints.all().size(), 2 * Complaints::kept_max) << "warnings do not hide errors";
  EXPECT_EQ(complaints.left_out(), 20U);
  EXPECT_TRUE(complaints.render().ends_with("... and 20 more\n"));
  EXPECT_TRUE(complaints.failed());
}

}  // namespace sluice::config
