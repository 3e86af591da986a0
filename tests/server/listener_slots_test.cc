#include "sluice/server/listener_slots.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "sluice/net/address.h"
#include "support.h"

namespace sluice::server {
namespace {

config::Config listening_on(std::initializer_list<std::string> addresses) {
  config::Config config;
  for (const std::string& address : addresses) {
    config::ListenerConfig listener;
    listener.address = net::parse_listen_address(address).value();
    listener.anonymous = true;
    config.listeners.push_back(std::move(listener));
  }
  return config;
}

// Another process' listener, on a port of the kernel's choice.
class Stranger {
 public:
  Stranger() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() { ::close(fd_); }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

TEST(ListenerSlots, PortZeroIsSettledOnceAndKept) {
  ListenerSlots slots;
  config::Config config = listening_on({"127.0.0.1:0"});
  slots.commit(slots.claim(config).value());
  const std::uint16_t port = slots.slots()[0].address.port();
  EXPECT_NE(port, 0);
  config = listening_on({"127.0.0.1:0"});
  slots.commit(slots.claim(config).value());
  EXPECT_EQ(slots.slots()[0].address.port(), port);
}

TEST(ListenerSlots, AnAddressKeepsItsNumberWhateverComesAndGoes) {
  ListenerSlots slots;
  config::Config config = listening_on({"127.0.0.1:0", "127.0.0.2:0"});
  slots.commit(slots.claim(config).value());
  config = listening_on({"127.0.0.3:0", "127.0.0.2:0"});
  slots.commit(slots.claim(config).value());
  ASSERT_EQ(slots.slots().size(), 3U);
  EXPECT_FALSE(slots.slots()[0].in_use);
  EXPECT_EQ(slots.slots()[1].text, "127.0.0.2:0");
  EXPECT_EQ(slots.slots()[2].text, "127.0.0.3:0");
  ASSERT_EQ(config.listeners.size(), 3U);
  EXPECT_EQ(config.listeners[1].address.to_string(), "127.0.0.2:0");
  EXPECT_FALSE(config.listeners[0].allows_anonymous(false)) << "a removed one admits nobody";
}

// Its connections drain for a while, and what comes in on them is pinned as ever.
TEST(ListenerSlots, ARemovedListenerKeepsItsPins) {
  ListenerSlots slots;
  config::Config config = listening_on({"127.0.0.1:0", "127.0.0.2:0"});
  config.listeners[0].regions = {"eu"};
  config.listeners[0].hosts = {{.host = "us.example.com", .regions = {"us"}}};
  slots.commit(slots.claim(config).value());
  for (int reload = 0; reload < 2; ++reload) {
    config = listening_on({"127.0.0.2:0"});
    slots.commit(slots.claim(config).value());
    ASSERT_EQ(config.listeners.size(), 2U);
    EXPECT_EQ(config.listeners[0].regions, std::vector<std::string>{"eu"});
    ASSERT_EQ(config.listeners[0].hosts.size(), 1U);
    EXPECT_EQ(config.listeners[0].hosts[0].regions, std::vector<std::string>{"us"});
    EXPECT_TRUE(config.listeners[1].regions.empty());
  }
}

TEST(ListenerSlots, SeesAnotherProcessThatSharesItsPort) {
  const Stranger stranger;
  ListenerSlots slots;
  config::Config config = listening_on({stranger.address()});
  const auto claim = slots.claim(config);
  ASSERT_FALSE(claim.has_value());
  EXPECT_NE(claim.error().find(stranger.address()), std::string::npos);
  EXPECT_NE(claim.error().find("in use"), std::string::npos);
}

// The workers' listener, as the kernel sees it.
class OwnListener {
 public:
  explicit OwnListener(const ring::SocketAddress& address)
      : fd_(::socket(address.family(), SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    EXPECT_EQ(::bind(fd_, address.data(), address.size()), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
  }
  OwnListener(const OwnListener&) = delete;
  OwnListener& operator=(const OwnListener&) = delete;
  ~OwnListener() { ::close(fd_); }

 private:
  int fd_;
};

TEST(ListenerSlots, APortOfOurOwnMovesToAnotherAddressAndBack) {
  ListenerSlots slots;
  config::Config config = listening_on({"127.0.0.1:0"});
  slots.commit(slots.claim(config).value());
  const ring::SocketAddress narrow = slots.slots()[0].address;
  const OwnListener first(narrow);
  const std::string wide_text = "0.0.0.0:" + std::to_string(narrow.port());
  config = listening_on({wide_text});
  auto wide = slots.claim(config);
  ASSERT_TRUE(wide.has_value()) << wide.error();
  slots.commit(std::move(*wide));
  const OwnListener second(slots.slots()[1].address);
  config = listening_on({wide_text, narrow.to_string()});
  const auto both = slots.claim(config);
  EXPECT_TRUE(both.has_value()) << both.error();
}

TEST(ListenerSlots, AClaimThatIsNotCommittedGivesItsAddressesBack) {
  ListenerSlots slots;
  std::string taken;
  {
    config::Config config = listening_on({"127.0.0.1:0"});
    const auto claim = slots.claim(config);
    ASSERT_TRUE(claim.has_value());
    taken = claim->slots()[0].address.to_string();
  }
  EXPECT_TRUE(slots.slots().empty());
  config::Config config = listening_on({taken});
  EXPECT_TRUE(slots.claim(config).has_value());
}

TEST(ListenerSlots, TheSameAddressTwiceIsRefused) {
  ListenerSlots slots;
  config::Config config = listening_on({"127.0.0.1:0", "127.0.0.1:0"});
  EXPECT_FALSE(slots.claim(config).has_value());
}

TEST(ListenerSlots, AUnixPathIsRemovedInTheEndAndAFileInTheWayIsNot) {
  const testing::Folder folder;
  const std::string path = folder.path("s.sock");
  {
    ListenerSlots slots;
    config::Config config = listening_on({"unix:" + path});
    slots.commit(slots.claim(config).value());
    (void)folder.write("s.sock", "stands for the socket");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  (void)folder.write("s.sock", "precious");
  ListenerSlots slots;
  config::Config config = listening_on({"unix:" + path});
  EXPECT_FALSE(slots.claim(config).has_value());
  EXPECT_EQ(testing::read_file(path), "precious");
}

}  // namespace
}  // namespace sluice::server
