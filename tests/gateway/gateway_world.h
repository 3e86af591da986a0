// A whole gateway on a simulated network, for tests: a client, the gateway and its providers on one
// loop in virtual time. Everything but the back-end is the code that runs in production.
//
//   client --127.0.0.1:8080--> gateway --127.0.0.1:9000 + i--> provider i (a handler of the test)
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/coro/stop_token.h"
#include "sluice/gateway/gateway.h"
#include "sluice/http/client_http1.h"
#include "sluice/http/server_http1.h"
#include "sluice/net/connector.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/resolver.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::gateway::testing {

/// What a provider does with one request.
using ProviderScript = std::function<Task<void>(http::ServerExchange&)>;
/// What a provider does with one connection, below HTTP.
using RawProviderScript = std::function<Task<void>(net::Stream&, StopToken)>;

/// A snapshot from the text of a configuration file; a complaint fails the test.
[[nodiscard]] std::shared_ptr<const Snapshot> snapshot_of(const std::string& toml,
                                                          telemetry::MetricLabels& labels);

/// Providers "p0", "p1", ... at the world's addresses, model "m" deployed on all of them in order.
[[nodiscard]] std::string config_text(std::size_t providers, std::string_view more = {});

class GatewayWorld {
 public:
  /// `media_tls`: whom to trust where chats name files by https; null: none is fetched. Lifetime:
  /// `world` outlives this.
  GatewayWorld(ring::sim::SimWorld& world, const std::string& toml,
               std::shared_ptr<const net::TlsClientContext> media_tls = nullptr);
  ~GatewayWorld();
  GatewayWorld(const GatewayWorld&) = delete;
  GatewayWorld& operator=(const GatewayWorld&) = delete;

  /// Provider `index` listens and answers by the script until the world stops.
  void add_provider(std::size_t index, ProviderScript script);
  void add_raw_provider(std::size_t index, RawProviderScript script);
  /// A host of the web: a name that leads to `address`, where the script answers. Again for a
  /// further address of it; a null script: nobody listens there.
  void add_host(std::string_view name, const ring::SocketAddress& address,
                RawProviderScript script);
  /// The same by https, as `tls` shows itself; a handshake that fails is over. Lifetime: `tls`
  /// outlives this.
  void add_tls_host(std::string_view name, const ring::SocketAddress& address,
                    const net::TlsServerContext& tls, RawProviderScript script);
  /// The gateway listens, and fetches the tokens it needs.
  void start();

  /// A connection of a client to the gateway.
  [[nodiscard]] Task<Result<std::unique_ptr<net::Stream>>> connect();

  /// Ends listeners, providers and the gateway, and joins everything.
  [[nodiscard]] Task<void> stop();

  [[nodiscard]] ring::Loop& loop() noexcept { return loop_; }
  [[nodiscard]] Gateway& gateway() noexcept { return *gateway_; }
  [[nodiscard]] telemetry::Metrics& metrics() noexcept { return *metrics_; }
  /// Lines of the access log so far.
  [[nodiscard]] std::vector<std::string> log_lines();
  void drain() noexcept { drain_.request_stop(); }
  /// As the end of a drain: what is under way is to end at once.
  void end() noexcept { end_.request_stop(); }
  void use(const std::string& toml);

 private:
  struct ScriptHandler;
  // A generation in force and the task that keeps its connections warm and its tokens fresh.
  struct Warmth {
    std::shared_ptr<Generation> generation;
    StopSource stop;
  };
  void keep_warm(std::shared_ptr<Generation> generation);
  static Task<void> keep_warm_until_stopped(std::shared_ptr<Warmth> warmth,
                                            telemetry::Metrics& metrics);
  Task<void> listen(ring::SocketAddress address, std::function<Task<void>(net::Stream&)> serve,
                    const net::TlsServerContext* tls = nullptr);
  Task<void> serve_one(int fd, const std::function<Task<void>(net::Stream&)>* serve,
                       const net::TlsServerContext* tls);

  ring::Loop& loop_;
  net::StaticResolver resolver_;
  net::Connector connector_;
  telemetry::MetricLabels labels_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  telemetry::LogBuffer log_{1 << 20};
  std::atomic<bool> ready_{true};
  std::shared_ptr<Generation> first_;  // until start()
  std::unique_ptr<Gateway> gateway_;
  std::shared_ptr<Warmth> warmth_;
  std::unique_ptr<ListenerHandler> handler_;
  http::ServerHttp1Config server_config_;
  StopSource stop_;       // listeners and raw providers
  StopSource providers_;  // break what providers still do
  StopSource end_{providers_.token()};
  StopSource drain_{end_.token()};  // the gateway's connections end when idle
  Scope scope_;
  std::vector<std::unique_ptr<ScriptHandler>> scripts_;
  std::vector<std::string> lines_;
};

/// What a client saw of one answer.
struct SeenAnswer {
  int status = 0;  // 0: no head came
  std::string body;
  bool complete = false;  // to the end of its framing
  std::string request_id;
  std::string provider;
  std::vector<std::pair<std::string, std::string>> headers = {};  // names in small letters

  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
      if (known == name) return value;
    }
    return {};
  }
};

/// Sends one request on a fresh connection and reads all of the answer.
[[nodiscard]] Task<SeenAnswer> ask(GatewayWorld& world, std::string method, std::string target,
                                   std::string body,
                                   std::vector<std::pair<std::string, std::string>> headers = {});

}  // namespace sluice::gateway::testing
