// Requests through the whole gateway in virtual time, and what each provider heard: for tests of
// who is asked, when, and with which words.
//
//   asks --gateway--> providers, each with what it says the first time, the second, ... and so on
//   seen <--'            `--> heard, in the order of time
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway_world.h"

namespace sluice::gateway::testing {

using std::chrono::milliseconds;

inline constexpr std::string_view completion_body =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a"}}]})";

/// One answer of a provider.
struct Says {
  http::StatusCode status = 200;
  std::string body = std::string(completion_body);
  std::string retry_after = {};  // empty: no such field
  milliseconds thinks{0};        // before it answers
  bool is_silent = false;        // until the gateway leaves
  std::string type = "application/json";
  bool stalls = false;  // after the body, whose end never comes
  std::vector<std::pair<std::string, std::string>> fields = {};  // further ones
};

[[nodiscard]] inline Says failing(http::StatusCode status = 500) {
  return {.status = status, .body = R"({"error":{"message":"no","type":"t"}})"};
}
/// An error with a code of the provider's own.
[[nodiscard]] inline Says refusing(http::StatusCode status, std::string_view code) {
  return {.status = status,
          .body = R"({"error":{"message":"no","type":"t","code":")" + std::string(code) + R"("}})"};
}
[[nodiscard]] inline Says limited(std::string_view retry_after) {
  Says says = failing(429);
  says.retry_after = retry_after;
  return says;
}
[[nodiscard]] inline Says silent() { return {.is_silent = true}; }
[[nodiscard]] inline Says after(milliseconds thinks, Says says = {}) {
  says.thinks = thinks;
  return says;
}

/// What one provider says to its first request, its second, ...; the last to all that follow.
using SaysInTurn = std::vector<Says>;

struct Asks {
  std::string body = R"({"model":"m","messages":[]})";
  std::vector<std::pair<std::string, std::string>> headers = {};
  milliseconds pause{
      0};  // before it, from the end of the one before; of together(): from the start
  std::string target = "/v1/chat/completions";
  std::string reload = {};  // a configuration to be taken then; empty: none
};

/// A body for the model "m" with further members, as they stand in JSON.
[[nodiscard]] inline Asks saying_too(std::string_view members) {
  return {.body = R"({"model":"m","messages":[])" +
                  (members.empty() ? "" : "," + std::string(members)) + "}"};
}

struct Heard {
  std::size_t provider = 0;
  milliseconds at{0};  // since the gateway began
  std::string body = {};
  std::optional<milliseconds> left_at = {};  // when the gateway closed before it was answered
  std::string key = {};                      // that came along
  std::string target = {};
};

/// Puts lines behind the name of provider `index`.
inline void of_provider(std::string& config, std::size_t index, std::string_view lines) {
  const std::string name = "name = \"p" + std::to_string(index) + "\"\n";
  config.insert(config.find(name) + name.size(), lines);
}
/// The same of the deployment at provider `index`.
inline void of_deployment(std::string& config, std::size_t index, std::string_view lines) {
  const std::string model = "model = \"m-up-" + std::to_string(index) + "\"\n";
  config.insert(config.find(model) + model.size(), lines);
}
inline void of_listener(std::string& config, std::string_view lines) {
  const std::string last = "anonymous = true\n";
  config.insert(config.find(last) + last.size(), lines);
}
/// Gives provider `index` keys: "a", "b", ... of the variables KEY_a, KEY_b, ...
inline void of_keys(std::string& config, std::size_t index, std::string_view keys) {
  constexpr std::string_view none = "keys = []";
  const std::size_t provider = config.find("name = \"p" + std::to_string(index) + "\"\n");
  config.replace(config.find(none, provider), none.size(), "keys = [" + std::string(keys) + "]");
}
/// From provider `index` on the deployments are of a model of their own, "m" and its number.
inline void new_model_at(std::string& config, std::size_t index) {
  const std::string number = std::to_string(index);
  config.insert(config.find("[[model.deployment]]\nprovider = \"p" + number + "\""),
                "[[model]]\nname = \"m" + number + "\"\n");
}
/// Model "m" at p0, "m1" at p1, "m2" at p2, ...
[[nodiscard]] inline std::string a_model_each(std::size_t providers, std::string_view more = {}) {
  std::string config = config_text(providers, more);
  for (std::size_t i = 1; i < providers; ++i) new_model_at(config, i);
  return config;
}

class RoutedGateway : public ::testing::Test {
 protected:
  /// One request after the other.
  std::vector<SeenAnswer> play(const std::string& config, std::vector<SaysInTurn> providers,
                               const std::vector<Asks>& asks) {
    return play(config, std::move(providers), asks, one_by_one);
  }
  /// All at once, each after its pause.
  std::vector<SeenAnswer> play_together(const std::string& config,
                                        std::vector<SaysInTurn> providers,
                                        const std::vector<Asks>& asks) {
    return play(config, std::move(providers), asks, together);
  }
  SeenAnswer play_one(const std::string& config, std::vector<SaysInTurn> providers,
                      const Asks& asks = {}) {
    return play(config, std::move(providers), std::vector<Asks>{asks})[0];
  }

  /// Who was asked, in order: "0 1 0".
  [[nodiscard]] std::string order() const {
    std::string text;
    for (const Heard& each : heard)
      text += (text.empty() ? "" : " ") + std::to_string(each.provider);
    return text;
  }
  /// The keys that came along, in order: "a b a".
  [[nodiscard]] std::string keys() const {
    std::string text;
    for (const Heard& each : heard) text += (text.empty() ? "" : " ") + each.key;
    return text;
  }
  [[nodiscard]] std::size_t asked_with(std::string_view key) const {
    return static_cast<std::size_t>(std::ranges::count(heard, key, &Heard::key));
  }
  [[nodiscard]] std::size_t asked(std::size_t provider) const {
    return static_cast<std::size_t>(std::ranges::count(heard, provider, &Heard::provider));
  }
  /// From one request that was heard to the next.
  [[nodiscard]] milliseconds gap(std::size_t before) const {
    return heard.at(before + 1).at - heard.at(before).at;
  }
  [[nodiscard]] bool logged(std::size_t line, std::string_view text) const {
    return line < log.size() && log[line].find(text) != std::string::npos;
  }
  /// How many attempts a line of the log tells of.
  [[nodiscard]] std::size_t attempts_logged(std::size_t line) const {
    std::size_t count = 0;
    if (line >= log.size()) return count;
    constexpr std::string_view member = "\"outcome\":";
    for (std::size_t at = log[line].find(member); at != std::string::npos;
         at = log[line].find(member, at + 1)) {
      ++count;
    }
    return count;
  }

  ring::sim::SimWorld world{1, ring::sim::SimConfig::calm()};
  std::map<std::string, SaysInTurn> says_to_key;     // whatever provider is asked with it
  std::map<std::string, SaysInTurn> says_to_target;  // before the others
  std::vector<Heard> heard;
  std::vector<milliseconds> took;  // of each request
  std::vector<std::string> log;
  std::array<std::uint64_t, telemetry::credential_refusal_count> refusals{};
  std::array<std::uint64_t, telemetry::probe_count> probes{};  // good ones, others
  std::uint64_t retries = 0, hedges = 0, hedges_won = 0, hedges_over_budget = 0;

 private:
  struct Playing {
    RoutedGateway& test;
    GatewayWorld& gateway;
    const std::vector<Asks>& asks;
    std::vector<SeenAnswer> seen;
  };
  using How = Task<void> (*)(Playing&);

  std::vector<SeenAnswer> play(const std::string& config, std::vector<SaysInTurn> providers,
                               const std::vector<Asks>& asks, How how) {
    GatewayWorld gateway(world, config);
    says_ = std::move(providers);
    heard.clear();
    took.assign(asks.size(), milliseconds(0));
    began_ = world.loop().now();
    for (std::size_t i = 0; i < says_.size(); ++i) {
      gateway.add_provider(
          i, [this, i](http::ServerExchange& exchange) { return answer(*this, i, exchange); });
    }
    Playing playing{*this, gateway, asks, std::vector<SeenAnswer>(asks.size())};
    EXPECT_EQ(world.run(how(playing), std::chrono::hours(10)), "");
    log = gateway.log_lines();
    const telemetry::Metrics& metrics = gateway.metrics();
    retries = metrics.upstream_retries.value();
    hedges = metrics.hedges.value();
    hedges_won = metrics.hedges_won.value();
    hedges_over_budget = metrics.hedges_over_budget.value();
    for (std::size_t i = 0; i < refusals.size(); ++i) {
      refusals[i] = 0;
      for (const auto& each : metrics.providers) refusals[i] += each.credential_refusals[i].value();
    }
    for (std::size_t i = 0; i < probes.size(); ++i) {
      probes[i] = 0;
      for (const auto& each : metrics.providers) probes[i] += each.probes[i].value();
    }
    return std::move(playing.seen);
  }

  [[nodiscard]] milliseconds now() {
    return std::chrono::duration_cast<milliseconds>(world.loop().now() - began_);
  }

  [[nodiscard]] Says next_said(std::size_t provider, const std::string& key,
                               const std::string& target) const {
    const auto in_turn = [](const SaysInTurn& all, std::size_t turn) {
      return all[std::min(turn, all.size() - 1)];
    };
    if (const auto found = says_to_target.find(target); found != says_to_target.end()) {
      return in_turn(found->second,
                     static_cast<std::size_t>(std::ranges::count(heard, target, &Heard::target)));
    }
    if (const auto found = says_to_key.find(key); found != says_to_key.end()) {
      return in_turn(found->second, asked_with(key));
    }
    return in_turn(says_[provider], asked(provider));
  }

  static std::string key_of(const http::HeaderList& headers) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view value = headers.value("authorization").value_or("");
    return std::string(value.starts_with(scheme) ? value.substr(scheme.size()) : value);
  }

  // Lifetime: the fixture's, and the exchange's until the task ends.
  static Task<void> answer(RoutedGateway& test, std::size_t provider,
                           http::ServerExchange& exchange) {
    const milliseconds at = test.now();
    const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, exchange.departed());
    if (!body) co_return;
    const std::string key = key_of(exchange.head().headers);
    const std::string target(exchange.head().target);
    const Says says = test.next_said(provider, key, target);
    const std::size_t place = test.heard.size();
    test.heard.push_back({.provider = provider,
                          .at = at,
                          .body = std::string(body->view()),
                          .key = key,
                          .target = target});
    ring::Loop& loop = test.world.loop();
    if (says.is_silent || says.thinks > milliseconds(0)) {
      const Duration wait =
          says.is_silent ? Duration(std::chrono::hours(24)) : Duration(says.thinks);
      const Result<void> waited =
          co_await ring::sleep_until(loop, loop.now() + wait, exchange.departed());
      if (!waited) {
        test.heard[place].left_at = test.now();
        co_return;
      }
    }
    std::vector<http::Header> own = {{"Content-Type", says.type}};
    for (const auto& [name, value] : says.fields) own.push_back({name, value});
    if (!says.retry_after.empty()) own.push_back({"Retry-After", says.retry_after});
    const http::OutgoingResponse response{.status = says.status, .fields = {.own = own}};
    SliceChain chain;
    chain.push(Slice::copy_of(says.body));
    if (says.stalls) {
      if (!exchange.start(response, std::nullopt)) co_return;
      (void)co_await exchange.write(std::move(chain), http::More::yes, exchange.departed());
      (void)co_await ring::sleep_until(loop, loop.now() + std::chrono::hours(24),
                                       exchange.departed());
      test.heard[place].left_at = test.now();
      co_return;
    }
    const Result<void> sent =
        co_await exchange.respond(response, std::move(chain), exchange.departed());
    if (!sent) test.heard[place].left_at = test.now();
  }

  // Lifetime: who plays joins this task.
  static Task<void> ask_one(Playing& playing, std::size_t which) {
    ring::Loop& loop = playing.gateway.loop();
    const Asks& asks = playing.asks[which];
    (void)co_await ring::sleep_until(loop, loop.now() + asks.pause, {});
    if (!asks.reload.empty()) playing.gateway.use(asks.reload);
    const MonotonicTime began = loop.now();
    SeenAnswer seen = co_await ask(playing.gateway, "POST", asks.target, asks.body, asks.headers);
    playing.seen[which] = std::move(seen);
    playing.test.took[which] = std::chrono::duration_cast<milliseconds>(loop.now() - began);
    (void)playing.gateway.log_lines();  // before there are too many
  }
  static Task<void> one_by_one(Playing& playing) {
    playing.gateway.start();
    for (std::size_t i = 0; i < playing.asks.size(); ++i) co_await ask_one(playing, i);
    co_await playing.gateway.stop();
  }
  static Task<void> together(Playing& playing) {
    playing.gateway.start();
    {
      Scope scope;
      for (std::size_t i = 0; i < playing.asks.size(); ++i) scope.spawn(ask_one(playing, i));
      co_await scope.join();
    }
    co_await playing.gateway.stop();
  }

  std::vector<SaysInTurn> says_;
  MonotonicTime began_{};
};

}  // namespace sluice::gateway::testing
