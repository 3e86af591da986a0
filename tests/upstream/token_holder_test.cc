// Tokens in virtual time: a token server of the test's on the simulated network.
#include "sluice/upstream/token_holder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/resolver.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::upstream {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::minutes;
using std::chrono::seconds;

std::string answer_of(std::string_view status, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string token_answer(int number, int lifetime) {
  return answer_of("200 OK", "{\"access_token\":\"t" + std::to_string(number) +
                                 "\",\"expires_in\":" + std::to_string(lifetime) + "}");
}

// Answers each connection by `script`; an empty text is silence.
class TokenServer {
 public:
  TokenServer(ring::Loop& loop, std::function<std::string(int)> script)
      : script_(std::move(script)), loop_(loop) {
    Result<ring::Acceptor> made = ring::Acceptor::listen(
        loop, ring::SocketAddress::ipv4({127, 0, 0, 1}, 9000), ring::ListenOptions{});
    SLUICE_ASSERT(made.has_value());
    acceptor_.emplace(std::move(*made));
    scope_.spawn(serve());
  }
  Task<void> stop() {
    stop_.request_stop();
    co_await scope_.join();
    acceptor_.reset();
  }
  std::vector<MonotonicTime> asked_at;
  std::string heard;

 private:
  Task<void> serve() {
    while (true) {
      const Result<int> fd = co_await acceptor_->accept(stop_.token());
      if (!fd) co_return;
      scope_.spawn(answer(*fd));
    }
  }
  Task<void> answer(int fd) {
    net::PlainStream stream(ring::Connection(loop_, fd, {}));
    const Result<SliceChain> request = co_await stream.read(stop_.token());
    if (!request || request->empty()) co_return;
    heard = request->to_string();
    asked_at.push_back(loop_.now());
    std::string text = script_(static_cast<int>(asked_at.size()));
    if (!text.empty()) {
      SliceChain chain;
      chain.push(Slice::take(std::move(text)));
      (void)co_await stream.write(std::move(chain), stop_.token());
    }
    (void)co_await stream.read(stop_.token());  // until the holder has gone
  }
  std::function<std::string(int)> script_;
  ring::Loop& loop_;
  std::optional<ring::Acceptor> acceptor_;
  StopSource stop_;
  Scope scope_;
};

class TokenHolderTest : public ::testing::Test {
 protected:
  using Scenario = std::function<Task<void>(TokenHolder&, TokenServer&)>;

  void run(std::function<std::string(int)> script, const Scenario& scenario) {
    EXPECT_EQ(world.run(run_all(std::move(script), scenario), std::chrono::hours(48)), "");
  }
  Task<void> run_all(std::function<std::string(int)> script, const Scenario& scenario) {
    TokenServer server(loop, std::move(script));
    {
      TokenHolder holder(loop, connector, nullptr, source, {});
      co_await scenario(holder, server);
      stop.request_stop();
      co_await scope.join();
    }
    co_await server.stop();
  }
  void start(TokenHolder& holder) {
    scope.spawn(holder.keep_fresh(stop.token(), [this, &holder](const TokenHolder::Fetch& fetch) {
      ++(fetch.succeeded ? fetched : failed);
      if (fetch.turns) turns.push_back(fetch.succeeded ? "good" : std::string(holder.problem()));
    }));
  }
  Task<void> nap(Duration length) {
    (void)co_await ring::sleep_until(loop, loop.now() + length, {});
  }
  static catalog::TokenSource machine() {
    catalog::TokenSource made;
    made.url = catalog::parse_url("http://127.0.0.1:9000").value();
    made.client = "default";
    return made;
  }

  SimWorld world{1, SimConfig::calm()};
  ring::Loop& loop = world.loop();
  net::StaticResolver resolver;
  net::Connector connector{loop, resolver, nullptr, net::ConnectorConfig{}};
  catalog::TokenSource source = machine();
  StopSource stop;
  Scope scope;
  int fetched = 0;
  int failed = 0;
  std::vector<std::string> turns;
};

TEST_F(TokenHolderTest, FetchesOneAtOnceAndWhoComesBeforeItWaits) {
  run([](int n) { return token_answer(n, 3600); },
      [this](TokenHolder& holder, TokenServer& server) -> Task<void> {
        EXPECT_FALSE(holder.settled());
        EXPECT_FALSE(holder.usable());
        start(holder);
        const Result<void> settled = co_await holder.wait_until_settled({});
        EXPECT_TRUE(settled.has_value());
        EXPECT_TRUE(holder.usable());
        EXPECT_TRUE(holder.header_value().equals("Bearer t1"));
        EXPECT_TRUE(server.heard.starts_with(
            "GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1\r\n"))
            << server.heard;
        EXPECT_NE(server.heard.find("Metadata-Flavor: Google\r\n"), std::string::npos);
        EXPECT_EQ(fetched, 1);
      });
}

TEST_F(TokenHolderTest, FetchesTheNextWellAheadOfTheEndOfTheLast) {
  run([](int n) { return token_answer(n, 3600); },
      [this](TokenHolder& holder, TokenServer& server) -> Task<void> {
        start(holder);
        for (int i = 0; i < 20 * 60; ++i) {
          co_await nap(minutes(1));
          EXPECT_TRUE(holder.usable()) << i;
        }
        // A day's fifth hour after hour: one each 42 to 48 minutes.
        EXPECT_GE(server.asked_at.size(), 20U * 60 / 48);
        EXPECT_LE(server.asked_at.size(), 20U * 60 / 42 + 1);
        for (std::size_t i = 1; i < server.asked_at.size(); ++i) {
          const Duration gap = server.asked_at[i] - server.asked_at[i - 1];
          EXPECT_GE(gap, minutes(42));
          EXPECT_LE(gap, minutes(48) + seconds(1));
        }
        EXPECT_NE(server.asked_at[2] - server.asked_at[1], server.asked_at[3] - server.asked_at[2])
            << "jitter";
        EXPECT_EQ(failed, 0);
      });
}

TEST_F(TokenHolderTest, KeepsTheOldOneWhileItLivesAndAsksLessAndLessOften) {
  run(
      [](int n) {
        return n == 1 ? token_answer(1, 3600) : answer_of("503 Busy", "{\"error\":\"busy\"}");
      },
      [this](TokenHolder& holder, TokenServer& server) -> Task<void> {
        start(holder);
        co_await nap(minutes(58));
        EXPECT_TRUE(holder.usable()) << "the server has failed for ten minutes";
        EXPECT_TRUE(holder.header_value().equals("Bearer t1"));
        EXPECT_GT(failed, 5);
        co_await nap(minutes(2));
        EXPECT_FALSE(holder.usable()) << "it has expired";
        EXPECT_EQ(holder.problem(), "its token server answered 503 (busy)");
        co_await nap(minutes(60));
        for (std::size_t i = 10; i < server.asked_at.size(); ++i) {
          const Duration gap = server.asked_at[i] - server.asked_at[i - 1];
          EXPECT_GE(gap, seconds(30));
          EXPECT_LE(gap, seconds(61));
        }
        EXPECT_LE(server.asked_at[2] - server.asked_at[1], seconds(2));
      });
}

TEST_F(TokenHolderTest, RecoversWhenItsServerDoes) {
  run([](int n) { return n < 4 ? answer_of("500 No", "") : token_answer(n, 3600); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        const Result<void> settled = co_await holder.wait_until_settled({});
        EXPECT_TRUE(settled.has_value());
        EXPECT_FALSE(holder.usable()) << "whoever waits for the first is told when it failed";
        co_await nap(seconds(10));
        EXPECT_TRUE(holder.usable());
        EXPECT_EQ(failed, 3);
        EXPECT_EQ(fetched, 1);
        EXPECT_EQ(turns, (std::vector<std::string>{"its token server answered 500", "good"}))
            << "once for all that failed, and once when it was over";
      });
}

TEST_F(TokenHolderTest, ATokenThatAProviderRefusedIsReplacedButNotMoreThanOnceAMinute) {
  run([](int n) { return token_answer(n, 3600); },
      [this](TokenHolder& holder, TokenServer& server) -> Task<void> {
        start(holder);
        co_await nap(seconds(10));
        holder.refused(holder.number());
        co_await nap(seconds(10));
        EXPECT_EQ(server.asked_at.size(), 1U) << "it is too young for another to be better";
        co_await nap(seconds(50));
        const std::uint32_t first = holder.number();
        holder.refused(first);
        EXPECT_TRUE(holder.usable()) << "it serves until there is another";
        co_await nap(seconds(1));
        EXPECT_TRUE(holder.header_value().equals("Bearer t2"));
        co_await nap(seconds(100));
        holder.refused(first);
        co_await nap(seconds(1));
        EXPECT_EQ(server.asked_at.size(), 2U) << "that one has been replaced already";
      });
}

TEST_F(TokenHolderTest, ASilentServerIsGivenUp) {
  run([](int) { return std::string(); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        const Result<void> settled = co_await holder.wait_until_settled({});
        EXPECT_TRUE(settled.has_value());
        EXPECT_EQ(holder.problem(), "its token server took too long");
        EXPECT_EQ(failed, 1);
      });
}

TEST_F(TokenHolderTest, AnEndlessAnswerIsCutOff) {
  run(
      [](int) {
        return "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + std::string(100'000, ' ');
      },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        const Result<void> settled = co_await holder.wait_until_settled({});
        EXPECT_TRUE(settled.has_value());
        EXPECT_EQ(holder.problem(), "its token server answered more than any token");
      });
}

TEST_F(TokenHolderTest, NobodyThereIsSaidSo) {
  source.url = catalog::parse_url("http://127.0.0.1:9001").value();
  run([](int) { return std::string(); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        const Result<void> settled = co_await holder.wait_until_settled({});
        EXPECT_TRUE(settled.has_value());
        EXPECT_EQ(holder.problem(), "its token server could not be connected to");
      });
}

TEST_F(TokenHolderTest, WhoWaitsLeavesWhenStopped) {
  run([](int) { return std::string(); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        ring::Deadline patience(loop, loop.now() + seconds(1), {});
        const Result<void> settled = co_await holder.wait_until_settled(patience.token());
        EXPECT_FALSE(settled.has_value());
        EXPECT_FALSE(holder.settled());
      });
}

TEST_F(TokenHolderTest, EndsAtOnceWhileFetchingWhenNobodyWaits) {
  run([](int) { return std::string(); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        co_await nap(seconds(1));
        const MonotonicTime asked = loop.now();
        stop.request_stop();
        co_await scope.join();
        EXPECT_LE(loop.now() - asked, std::chrono::milliseconds(10));
        EXPECT_EQ(failed, 0) << "no verdict on the server";
        EXPECT_TRUE(holder.settled()) << "nobody is left to wait";
      });
}

Task<void> wait_for(TokenHolder& holder, StopToken stop, int& outcome) {
  const Result<void> settled = co_await holder.wait_until_settled(stop);
  outcome = settled && holder.usable() ? 1 : -1;
}

Task<void> answer_late(ring::Loop& loop, net::Stream& stream) {
  (void)co_await ring::sleep_until(loop, loop.now() + seconds(2), {});
  SliceChain chain;
  chain.push(Slice::take(token_answer(1, 3600)));
  (void)co_await stream.write(std::move(chain), {});
}

// A reload stops the old configuration's holder; its exchanges get what they wait for.
TEST_F(TokenHolderTest, AFirstFetchThatSomebodyWaitsForIsNotBrokenOff) {
  const auto scene = [this]() -> Task<void> {
    Result<ring::Acceptor> acceptor = ring::Acceptor::listen(
        loop, ring::SocketAddress::ipv4({127, 0, 0, 1}, 9000), ring::ListenOptions{});
    TokenHolder holder(loop, connector, nullptr, source, {});
    start(holder);
    int outcome = 0;
    scope.spawn(wait_for(holder, {}, outcome));
    const Result<int> fd = co_await acceptor->accept({});
    net::PlainStream stream(ring::Connection(loop, *fd, {}));
    const Result<SliceChain> request = co_await stream.read({});
    EXPECT_TRUE(request.has_value());
    stop.request_stop();
    co_await answer_late(loop, stream);
    co_await scope.join();
    EXPECT_EQ(outcome, 1);
  };
  EXPECT_EQ(world.run(scene(), std::chrono::hours(1)), "");
}

TEST_F(TokenHolderTest, TheLastOneWhoWaitsTakesAStoppedFetchAlong) {
  run([](int) { return std::string(); },
      [this](TokenHolder& holder, TokenServer&) -> Task<void> {
        start(holder);
        StopSource leaving;
        int outcome = 0;
        scope.spawn(wait_for(holder, leaving.token(), outcome));
        co_await nap(seconds(1));
        stop.request_stop();
        co_await nap(seconds(1));
        EXPECT_EQ(outcome, 0);
        const MonotonicTime left = loop.now();
        leaving.request_stop();
        co_await scope.join();
        EXPECT_EQ(outcome, -1);
        EXPECT_LE(loop.now() - left, std::chrono::milliseconds(10));
      });
}

TEST_F(TokenHolderTest, TheNextConfigurationsHolderTakesTheTokenOver) {
  run([](int n) { return token_answer(n, 3600); },
      [this](TokenHolder& holder, TokenServer& server) -> Task<void> {
        start(holder);
        co_await nap(seconds(1));
        const catalog::TokenSource same = source.clone();
        TokenHolder next(loop, connector, nullptr, same, {});
        next.take_over(holder);
        EXPECT_TRUE(next.settled());
        EXPECT_TRUE(next.usable());
        EXPECT_TRUE(next.header_value().equals("Bearer t1"));
        StopSource next_stop;
        Scope next_scope;
        next_scope.spawn(next.keep_fresh(next_stop.token(), [](const TokenHolder::Fetch&) {}));
        co_await nap(minutes(10));
        EXPECT_EQ(server.asked_at.size(), 1U) << "not anew, for the same account";
        next_stop.request_stop();
        co_await next_scope.join();
      });
}

// Half an hour of tokens of ten minutes each.
Task<void> half_an_hour(ring::Loop& loop) {
  net::StaticResolver resolver;
  net::Connector connector(loop, resolver, nullptr, net::ConnectorConfig{});
  catalog::TokenSource source;
  source.url = catalog::parse_url("http://127.0.0.1:9000").value();
  source.client = "default";
  TokenServer server(loop, [](int n) { return token_answer(n, 600); });
  {
    TokenHolder holder(loop, connector, nullptr, source, {});
    StopSource stop;
    Scope scope;
    int ended = 0;
    scope.spawn(holder.keep_fresh(stop.token(), [&ended](const TokenHolder::Fetch&) { ++ended; }));
    const Result<void> settled = co_await holder.wait_until_settled({});
    EXPECT_TRUE(settled.has_value());
    (void)co_await ring::sleep_until(loop, loop.now() + minutes(30), {});
    EXPECT_GE(ended, 3);
    stop.request_stop();
    co_await scope.join();
  }
  co_await server.stop();
}

TEST(TokenHolder, LosesNothingAndHangsNowhereOnABadNetwork) {
  ring::sim::for_each_seed(1, 300, [](std::uint64_t seed) {
    SimWorld bad = SimWorld::drawn(seed);
    EXPECT_EQ(bad.run(half_an_hour(bad.loop()), std::chrono::hours(10)), "");
  });
}

}  // namespace
}  // namespace sluice::upstream
