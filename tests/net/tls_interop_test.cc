// TlsStream against another implementation: the openssl program, where it is installed.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "net/tls_fixture.h"
#include "net/world.h"
#include "sluice/net/listener.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/tls_stream.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/sleep.h"

extern char** environ;

namespace sluice::net {
namespace {

using testing::cert_path;

bool have_openssl() { return std::system("command -v openssl >/dev/null 2>&1") == 0; }

// `sh -c command` with its output in a file; killed when it goes.
class Program {
 public:
  explicit Program(const std::string& command) {
    path_ = ::testing::TempDir() + "sluice_interop_" + std::to_string(::getpid());
    const std::string line = "exec " + command + " >" + path_ + " 2>&1";
    const char* arguments[] = {"sh", "-c", line.c_str(), nullptr};
    if (::posix_spawn(&process_, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments),
                      environ) != 0) {
      std::abort();
    }
  }
  ~Program() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::unlink(path_.c_str());
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  [[nodiscard]] std::string output() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

 private:
  pid_t process_ = 0;
  std::string path_;
};

Task<void> serve_openssl(ring::Loop& loop, const TlsServerContext& server, std::string options,
                         std::string version) {
  auto listener =
      Listener::open(loop, {.address = ring::testing::loopback_any_port(), .tls = &server});
  SLUICE_ASSERT(listener.has_value());
  const std::string port = std::to_string(listener->local_address()->port());
  Program client("sh -c \"(echo question; sleep 5) | openssl s_client -quiet -connect 127.0.0.1:" +
                 port + " -servername localhost -CAfile " + cert_path("ca.crt") +
                 " -verify_return_error -alpn http/1.1 " + options + "\"");
  const Result<int> socket = co_await listener->accept({});
  SLUICE_ASSERT(socket.has_value());
  auto made = co_await listener->establish(*socket, {});
  EXPECT_TRUE(made.has_value()) << made.error().what;
  if (!made) co_return;
  auto& stream = static_cast<TlsStream&>(**made);
  EXPECT_EQ(stream.version(), version);
  EXPECT_EQ(stream.alpn(), "http/1.1");
  const Result<SliceChain> question = co_await stream.read({});
  EXPECT_TRUE(question && question->to_string() == "question\n");
  EXPECT_TRUE((co_await stream.write(testing::chain_of("the answer\n"), {})).has_value());
  co_await stream.finish({});
  for (int i = 0; i < 300; ++i) {
    if (client.output().find("the answer") != std::string::npos) co_return;
    static_cast<void>(
        co_await ring::sleep_until(loop, loop.now() + std::chrono::milliseconds(10), {}));
  }
  ADD_FAILURE() << client.output();
}

TEST(TlsInterop, ServesTheOpensslClient) {
  if (!have_openssl()) GTEST_SKIP() << "openssl is not installed";
  const auto server = testing::server_context({"localhost"});
  testing::KernelWorld world;
  world.run(serve_openssl(world.loop(), *server, "-tls1_3", "TLSv1.3"));
  world.run(serve_openssl(world.loop(), *server, "-tls1_2", "TLSv1.2"));
}

Task<Result<std::unique_ptr<TlsStream>>> connect_openssl(ring::Loop& loop, std::uint16_t port,
                                                         const TlsClientContext& context) {
  ring::SocketAddress address = ring::testing::loopback_any_port();
  address.set_port(port);
  // The program needs a moment until it listens.
  for (int i = 0; i < 300; ++i) {
    auto connection = co_await ring::connect(loop, address, {}, {});
    if (connection) {
      TlsPeer peer{.host = "localhost", .port = port, .now = testing::test_now()};
      co_return co_await TlsStream::connect(std::make_unique<PlainStream>(std::move(*connection)),
                                            context, std::move(peer), {});
    }
    static_cast<void>(
        co_await ring::sleep_until(loop, loop.now() + std::chrono::milliseconds(10), {}));
  }
  co_return fail(Error{.kind = ErrorKind::connect_failed, .what = "openssl does not listen"});
}

// A port nobody uses at this moment.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ring::SocketAddress address = ring::testing::loopback_any_port();
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  SLUICE_ASSERT(::bind(socket, address.data(), address.size()) == 0);
  SLUICE_ASSERT(::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) == 0);
  ::close(socket);
  return ring::SocketAddress::from(reinterpret_cast<sockaddr*>(&bound), size).port();
}

Task<void> ask_openssl(ring::Loop& loop, const TlsClientContext& context, std::string options,
                       std::string version) {
  const std::uint16_t port = free_port();
  Program server("openssl s_server -quiet -www -accept 127.0.0.1:" + std::to_string(port) +
                 " -cert " + cert_path("localhost.crt") + " -key " + cert_path("localhost.key") +
                 " -cert_chain " + cert_path("localhost.crt") + " -alpn http/1.1 " + options);
  for (const bool again : {false, true}) {
    auto made = co_await connect_openssl(loop, port, context);
    EXPECT_TRUE(made.has_value()) << made.error().what;
    if (!made) co_return;
    TlsStream& stream = **made;
    EXPECT_EQ(stream.version(), version);
    EXPECT_EQ(stream.alpn(), "http/1.1");
    EXPECT_EQ(stream.resumed(), again);
    EXPECT_TRUE((co_await stream.write(testing::chain_of("GET / HTTP/1.0\r\n\r\n"), {})));
    const Result<std::string> answer = co_await testing::read_to_end(stream);
    EXPECT_TRUE(answer.has_value()) << answer.error().what;
    EXPECT_TRUE(answer && answer->starts_with("HTTP/1.0 200 ok"));
  }
}

TEST(TlsInterop, AsksTheOpensslServerAndResumes) {
  if (!have_openssl()) GTEST_SKIP() << "openssl is not installed";
  const auto context = testing::client_context();
  testing::KernelWorld world;
  world.run(ask_openssl(world.loop(), *context, "-tls1_3", "TLSv1.3"));
  world.run(ask_openssl(world.loop(), *context, "-tls1_2", "TLSv1.2"));
}

}  // namespace
}  // namespace sluice::net
