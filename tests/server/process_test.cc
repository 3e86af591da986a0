#include "sluice/server/process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <thread>

namespace sluice::server {
namespace {

TEST(Process, TheSoftLimitOfOpenFilesBecomesTheHardOne) {
  const std::uint64_t limit = raise_open_files();
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, now.rlim_max);
  EXPECT_EQ(limit, now.rlim_max);
}

TEST(Process, WarnsWhenTwoDescriptorsPerConnectionDoNotFit) {
  EXPECT_EQ(open_files_warning(400, 2, 100), std::nullopt);
  const auto warning = open_files_warning(399, 2, 100);
  ASSERT_TRUE(warning.has_value());
  EXPECT_NE(warning->find("399"), std::string::npos);
  EXPECT_NE(warning->find("LimitNOFILE="), std::string::npos);
}

TEST(Process, AThreadStaysOnTheCoreItIsPinnedTo) {
  const std::vector<int> cpus = allowed_cpus();
  ASSERT_FALSE(cpus.empty());
  std::thread([&cpus] {
    ASSERT_TRUE(pin_this_thread(cpus.back()));
    EXPECT_EQ(::sched_getcpu(), cpus.back());
    EXPECT_EQ(allowed_cpus(), std::vector<int>{cpus.back()});
  }).join();
}

}  // namespace
}  // namespace sluice::server
