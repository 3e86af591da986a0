#include "sluice/config/config.h"

#include <gtest/gtest.h>

namespace sluice::config {

TEST(Config, RelativePathsStartInTheFilesFolder) {
  Config config;
  EXPECT_EQ(config.folder(), ".");
  config.file = "sluice.toml";
  EXPECT_EQ(config.folder(), ".");
  config.file = "/etc/sluice/sluice.toml";
  EXPECT_EQ(config.folder(), "/etc/sluice");
  config.file = "/sluice.toml";
  EXPECT_EQ(config.folder(), "/");
}

TEST(ListenerConfig, StrangersAreServedOnLocalAddressesWhileThereAreNoKeysOrWhenItIsSaid) {
  ListenerConfig listener;
  EXPECT_TRUE(listener.allows_anonymous(false));
  EXPECT_FALSE(listener.allows_anonymous(true));
  listener.address.host = "0.0.0.0";
  EXPECT_FALSE(listener.allows_anonymous(false));
  listener.anonymous = true;
  EXPECT_TRUE(listener.allows_anonymous(false));
  EXPECT_TRUE(listener.allows_anonymous(true));
  listener.address.host = "127.0.0.1";
  listener.anonymous = false;
  EXPECT_FALSE(listener.allows_anonymous(false));
}

TEST(AdminConfig, ListensOnLoopbackByDefault) {
  EXPECT_EQ(AdminConfig{}.address->text(), "127.0.0.1:9090");
  EXPECT_FALSE(AdminConfig{}.written);
}

}  // namespace sluice::config
