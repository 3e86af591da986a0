#include "sluice/server/keeper.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "sluice/server/process.h"
#include "support.h"

namespace sluice::server {
namespace {

using testing::get;

KeeperConfig keeping(const std::string& file_text) {
  KeeperConfig config;
  config.overrides.path = "test.toml";
  config.environment = testing::environment({}, file_text);
  return config;
}

TEST(Keeper, TheGraceIsATenthOfTheDrainAndTwoSecondsAtMost) {
  EXPECT_EQ(drain_grace(1'000).count(), 100);
  EXPECT_EQ(drain_grace(600'000).count(), 2'000);
  EXPECT_EQ(drain_grace(0).count(), 0);
}

TEST(Keeper, ABrokenConfigurationIsSaidAndNothingStarts) {
  const auto kept = keep(keeping("[server]\nworkerz = 1\n"));
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().find("test.toml:2"), std::string::npos) << kept.error();
}

TEST(Keeper, AnAdminAddressThatWasAskedForAndIsTakenIsAnError) {
  const auto kept = keep(keeping(std::string(testing::local_provider) +
                                 "[admin]\naddress = \"192.0.2.1:9\"\nanonymous = true\n"
                                 "[[listener]]\naddress = \"127.0.0.1:0\"\n"));
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().find("192.0.2.1:9"), std::string::npos) << kept.error();
}

TEST(Keeper, ServesUntilTheSignalAndEndsWell) {
  block_signals();
  // A port that was free a moment ago.
  std::uint16_t port = 0;
  {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    ::close(fd);
  }
  const std::string text =
      "[server]\nworkers = 2\ndrain_ms_max = 1000\n[log]\naccess = \"off\"\n" +
      std::string(testing::local_provider) +
      "[admin]\naddress = \"off\"\n[[listener]]\naddress = \"127.0.0.1:" + std::to_string(port) +
      "\"\n";
  std::thread client([port] {
    while (!get(port, "/readyz").starts_with("HTTP/1.1 200 ")) ::usleep(1000);
    ::kill(::getpid(), SIGHUP);
    EXPECT_NE(get(port, "/v1/models").find("\"m\""), std::string::npos);
    ::kill(::getpid(), SIGTERM);
  });
  const auto kept = keep(keeping(text));
  client.join();
  EXPECT_TRUE(kept.has_value()) << kept.error();
}

}  // namespace
}  // namespace sluice::server
