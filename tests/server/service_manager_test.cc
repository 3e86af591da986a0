#include "sluice/server/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "support.h"

namespace sluice::server {
namespace {

// The receiving end, as systemd has it.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::close(fd_); }
  [[nodiscard]] std::string heard() const {
    char buffer[512];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }

 private:
  int fd_;
};

void tells_its_states(const std::string& name) {
  const Manager manager(name);
  ServiceManager service(name);
  service.ready("serving");
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving");
  service.reloading(MonotonicTime(std::chrono::microseconds(1234567)));
  EXPECT_EQ(manager.heard(), "RELOADING=1\nMONOTONIC_USEC=1234567");
  service.stopping("draining");
  EXPECT_EQ(manager.heard(), "STOPPING=1\nSTATUS=draining");
}

TEST(ServiceManager, TellsItsStatesToASocketInTheFileSystem) {
  const testing::Folder folder;
  tells_its_states(folder.path("notify"));
}

TEST(ServiceManager, TellsItsStatesToAnAbstractSocket) {
  tells_its_states("@sluice-test-" + std::to_string(::getpid()));
}

TEST(ServiceManager, WithoutASocketOrWithNobodyThereItIsSilent) {
  for (const char* name : {"", "relative", "/nowhere/at/all"}) {
    ServiceManager service(name);
    service.ready("serving");
  }
  ServiceManager(std::string(300, '/')).ready("serving");
}

}  // namespace
}  // namespace sluice::server
