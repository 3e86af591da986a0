#include "sluice/net/cares_resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "net/dns_server.h"
#include "net/tls_fixture.h"
#include "net/world.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

using testing::DnsServer;
using testing::KernelWorld;
using Mood = DnsServer::Mood;
using std::chrono::milliseconds;
using std::chrono::seconds;

CaresResolverConfig config_for(const DnsServer& server) {
  return {.servers = server.where(),
          .try_timeout = milliseconds(30),
          .tries = 2,
          .ttl_min = seconds(0),
          .failure_ttl = milliseconds(0),
          .stale_after = milliseconds(5)};
}

std::unique_ptr<CaresResolver> make(ring::Loop& loop, const CaresResolverConfig& config) {
  auto made = CaresResolver::make(loop, config);
  SLUICE_ASSERT(made.has_value());
  return std::move(*made);
}

constexpr const char* three_names[] = {"a.test", "b.test", "c.test"};
constexpr const char* there_and_back[] = {"a.test", "b.test", "c.test",
                                          "c.test", "b.test", "a.test"};
constexpr Mood broken_moods[] = {Mood::fails, Mood::silent};

// A resolver for the length of one case; closed at its end.
using Case = Task<void> (*)(ring::Loop&, DnsServer&, CaresResolver&);

Task<void> run_and_close(ring::Loop& loop, DnsServer& server, CaresResolver& resolver, Case body) {
  co_await body(loop, server, resolver);
  co_await resolver.close();
}

void run_case(Case body, std::function<void(CaresResolverConfig&)> change = {}) {
  DnsServer server;
  KernelWorld world;
  CaresResolverConfig config = config_for(server);
  if (change) change(config);
  const auto resolver = make(world.loop(), config);
  world.run(run_and_close(world.loop(), server, *resolver, body));
}

// The addresses in order, or why there are none. A string: GCC 12 stumbles over initialiser lists
// beside a co_await.
std::string texts(const Result<AddressList>& list) {
  if (!list) return list.error().what;
  std::vector<std::string> all;
  for (const ring::SocketAddress& address : list->addresses) all.push_back(address.to_string());
  std::sort(all.begin(), all.end());
  std::string joined;
  for (const std::string& one : all) joined += (joined.empty() ? "" : " ") + one;
  return joined;
}

Task<void> both_families(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1", "192.0.2.2", "2001:db8::1"}, 60);
  const auto list = co_await resolver.resolve("API.test", 443, {});
  EXPECT_EQ(texts(list), "192.0.2.1:443 192.0.2.2:443 [2001:db8::1]:443");
  EXPECT_TRUE(list && !list->stale);
}
TEST(CaresResolver, FindsIPv4AndIPv6) { run_case(&both_families); }

Task<void> cache(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 60);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "192.0.2.1:1");
  const int questions = server.questions();
  server.set("api.test", {"192.0.2.9"}, 60);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 2, {})), "192.0.2.1:2");
  EXPECT_EQ(server.questions(), questions);
  EXPECT_EQ(resolver.stats().cache_hits, 1U);
}
TEST(CaresResolver, AnswersFromItsCacheWithinTheTtl) { run_case(&cache); }

Task<void> expiry(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 0);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "192.0.2.1:1");
  server.set("api.test", {"192.0.2.9"}, 0);
  // An old answer is served when the new one takes too long; it comes soon.
  Result<AddressList> list = co_await resolver.resolve("api.test", 1, {});
  for (int i = 0; i < 50 && list && list->stale; ++i) {
    list = co_await resolver.resolve("api.test", 1, {});
  }
  EXPECT_EQ(texts(list), "192.0.2.9:1");
  EXPECT_GE(resolver.stats().lookups, 2U);
}
TEST(CaresResolver, AsksAgainWhenTheTtlIsOver) { run_case(&expiry); }

Task<void> tiny_ttl(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 0);
  static_cast<void>(co_await resolver.resolve("api.test", 1, {}));
  static_cast<void>(co_await resolver.resolve("api.test", 1, {}));
  EXPECT_EQ(resolver.stats().lookups, 1U);
}
TEST(CaresResolver, RaisesATinyTtlToItsMinimum) {
  run_case(&tiny_ttl, [](CaresResolverConfig& config) { config.ttl_min = seconds(60); });
}

Task<void> unknown(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  const auto list = co_await resolver.resolve("nowhere.test", 1, {});
  EXPECT_EQ(texts(list), "the host name does not exist");
  EXPECT_TRUE(!list && list.error().kind == ErrorKind::resolve_failed &&
              list.error().retry == Retry::safe);
  const int questions = server.questions();
  EXPECT_EQ(texts(co_await resolver.resolve("nowhere.test", 1, {})),
            "the host name does not exist");
  EXPECT_EQ(server.questions(), questions) << "a negative answer is remembered";
}
TEST(CaresResolver, RemembersThatANameDoesNotExist) { run_case(&unknown); }

Task<void> stale(ring::Loop& loop, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 0);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "192.0.2.1:1");
  for (const Mood mood : broken_moods) {
    server.set_mood(mood);
    const auto list = co_await resolver.resolve("api.test", 1, {});
    EXPECT_EQ(texts(list), "192.0.2.1:1");
    EXPECT_TRUE(list && list->stale);
  }
  EXPECT_GE(resolver.stats().stale_served, 2U);
  // The lookup goes on in the background; when the servers are back, so is the truth.
  server.set_mood(Mood::answers);
  server.set("api.test", {"192.0.2.7"}, 60);
  for (int i = 0; i < 500; ++i) {
    const auto list = co_await resolver.resolve("api.test", 1, {});
    if (texts(list) == "192.0.2.7:1") co_return;
    static_cast<void>(co_await ring::sleep_until(loop, loop.now() + milliseconds(5), {}));
  }
  ADD_FAILURE() << "the new address was never seen";
}
TEST(CaresResolver, ServesAnOldAnswerWhileTheServersFail) { run_case(&stale); }

Task<void> withdrawn(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 0);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "192.0.2.1:1");
  server.remove("api.test");
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "the host name does not exist");
}
TEST(CaresResolver, ServesNoOldAnswerOfANameThatWasWithdrawn) {
  run_case(&withdrawn, [](CaresResolverConfig& config) { config.stale_after = seconds(5); });
}

Task<void> too_old(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 0);
  static_cast<void>(co_await resolver.resolve("api.test", 1, {}));
  server.set_mood(Mood::fails);
  const std::string said = texts(co_await resolver.resolve("api.test", 1, {}));
  // The first is what c-ares 1.18 makes of servers that fail, the second what 1.34 does.
  EXPECT_TRUE(said == "the name servers cannot be reached or all failed" ||
              said == "the name servers failed")
      << said;
}
TEST(CaresResolver, ServesNothingOlderThanItsBound) {
  run_case(&too_old, [](CaresResolverConfig& config) { config.stale_max = seconds(0); });
}

Task<void> no_answer(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set_mood(Mood::silent);
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "no name server answered in time");
}
TEST(CaresResolver, GivesUpOnServersThatSayNothing) { run_case(&no_answer); }

Task<void> coalesce(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set("api.test", {"192.0.2.1"}, 60);
  std::vector<std::optional<Result<AddressList>>> out(10);
  StopSource impatient;
  Scope scope;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const StopToken stop = i % 2 == 0 ? impatient.token() : StopToken{};
    scope.spawn(
        testing::store(resolver.resolve("api.test", static_cast<std::uint16_t>(i), stop), out[i]));
  }
  impatient.request_stop();
  co_await scope.join();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 2 == 0) {
      EXPECT_TRUE(!*out[i] && out[i]->error().kind == ErrorKind::cancelled);
    } else {
      EXPECT_EQ(texts(*out[i]), "192.0.2.1:" + std::to_string(i));
    }
  }
  EXPECT_EQ(resolver.stats().lookups, 1U);
  EXPECT_EQ(resolver.stats().coalesced, 9U);
}
TEST(CaresResolver, AsksOnceForManyAndLetsOneLeaveAlone) { run_case(&coalesce); }

Task<void> literals(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  EXPECT_EQ(texts(co_await resolver.resolve("192.0.2.1", 5, {})), "192.0.2.1:5");
  EXPECT_EQ(texts(co_await resolver.resolve("[::1]", 5, {})), "[::1]:5");
  EXPECT_EQ(texts(co_await resolver.resolve("a b", 5, {})), "the host name is malformed");
  EXPECT_EQ(texts(co_await resolver.resolve("", 5, {})), "the host name is malformed");
  EXPECT_EQ(server.questions(), 0);
}
TEST(CaresResolver, AsksNobodyAboutAddressesAndNonsense) { run_case(&literals); }

Task<void> hosts_file(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  const auto list = co_await resolver.resolve("localhost", 5, {});
  EXPECT_TRUE(list && list->addresses.front().is_loopback());
  EXPECT_EQ(server.questions(), 0);
}
TEST(CaresResolver, HonoursTheHostsFile) { run_case(&hosts_file); }

Task<void> few_names(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  for (const char* name : three_names) server.set(name, {"192.0.2.1"}, 60);
  for (const char* name : there_and_back) {
    EXPECT_EQ(texts(co_await resolver.resolve(name, 1, {})), "192.0.2.1:1");
  }
  EXPECT_EQ(resolver.stats().lookups, 4U) << "only the oldest had gone";
}
TEST(CaresResolver, KeepsABoundedNumberOfNames) {
  run_case(&few_names, [](CaresResolverConfig& config) { config.names_max = 2; });
}

Task<void> close_amid(ring::Loop&, DnsServer& server, CaresResolver& resolver) {
  server.set_mood(Mood::silent);
  std::optional<Result<AddressList>> out;
  Scope scope;
  scope.spawn(testing::store(resolver.resolve("api.test", 1, {}), out));
  co_await resolver.close();
  co_await scope.join();
  EXPECT_EQ(texts(*out), "the resolver is closed");
  EXPECT_EQ(texts(co_await resolver.resolve("api.test", 1, {})), "the resolver is closed");
}
TEST(CaresResolver, EndsEverythingWhenClosed) {
  DnsServer server;
  KernelWorld world;
  const auto resolver = make(world.loop(), config_for(server));
  world.run(close_amid(world.loop(), server, *resolver));
}

TEST(CaresResolver, RefusesAMalformedListOfServers) {
  KernelWorld world;
  const auto made = CaresResolver::make(world.loop(), {.servers = "not a server:x"});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace sluice::net
