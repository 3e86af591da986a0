#include "sluice/config/config.h"

#include <gtest/gtest.h>

#include "sluice/net/address.h"

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

TEST(ListenerConfig, ListensOnLoopbackByDefault) {
  EXPECT_EQ(ListenerConfig{}.address.to_string(), "127.0.0.1:8080");
}

TEST(ListenerConfig, StrangersAreServedOnLocalAddressesWhileThereAreNoKeysOrWhenItIsSaid) {
  ListenerConfig listener;
  EXPECT_TRUE(listener.allows_anonymous(false));
  EXPECT_FALSE(listener.allows_anonymous(true));
  listener.address = net::parse_listen_address("0.0.0.0:8080").value();
  EXPECT_FALSE(listener.allows_anonymous(false));
  listener.anonymous = true;
  EXPECT_TRUE(listener.allows_anonymous(false));
  EXPECT_TRUE(listener.allows_anonymous(true));
  listener.address = net::parse_listen_address("127.0.0.1:8080").value();
  listener.anonymous = false;
  EXPECT_FALSE(listener.allows_anonymous(false));
}

TEST(ListenerConfig, PagesAreKeptOutWhereABrowserCanConnectAndNobodySaidAnonymous) {
  ListenerConfig listener;
  EXPECT_TRUE(listener.keeps_pages_out());
  listener.anonymous = true;
  EXPECT_FALSE(listener.keeps_pages_out());
  listener.anonymous.reset();
  listener.address = net::parse_listen_address("unix:/run/sluice.sock").value();
  EXPECT_FALSE(listener.keeps_pages_out());
}

TEST(AdminConfig, ListensOnLoopbackByDefault) {
  EXPECT_EQ(AdminConfig{}.address->to_string(), "127.0.0.1:9090");
  EXPECT_FALSE(AdminConfig{}.written);
}

TEST(AdminConfig, PagesAreKeptOutOnLoopbackAddressesUnlessItSaysAnonymous) {
  AdminConfig admin;
  EXPECT_TRUE(admin.keeps_pages_out());
  admin.anonymous = true;
  EXPECT_FALSE(admin.keeps_pages_out());
  admin.anonymous = false;
  admin.address = net::parse_listen_address("[::1]:9090").value();
  EXPECT_TRUE(admin.keeps_pages_out());
  for (const char* elsewhere : {"0.0.0.0:9090", "192.0.2.1:9090", "unix:/run/admin.sock"}) {
    admin.address = net::parse_listen_address(elsewhere).value();
    EXPECT_FALSE(admin.keeps_pages_out()) << elsewhere;
  }
  admin.address.reset();
  EXPECT_FALSE(admin.keeps_pages_out());
}

}  // namespace sluice::config
