#include "gateway_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "sluice/config/load.h"
#include "sluice/config/parse.h"
#include "sluice/gateway/spoken.h"
#include "sluice/net/tls_stream.h"

namespace sluice::gateway::testing {
namespace {

const ring::SocketAddress gateway_address = ring::SocketAddress::ipv4({127, 0, 0, 1}, 8080);
const ring::SocketAddress provider_address = ring::SocketAddress::ipv4({127, 0, 0, 1}, 9000);

// No file, and no variables but where a machine of Google's would ask for its tokens, and keys: "a"
// for KEY_a.
config::Environment small_environment() {
  return {.variable =
              [](const std::string& name) {
                return name.starts_with("KEY_")      ? std::optional(name.substr(4))
                       : name == "GCE_METADATA_HOST" ? std::optional<std::string>("127.0.0.1:9100")
                       : name == "ENTRA_SECRET"      ? std::optional<std::string>("entra-secret")
                                                     : std::nullopt;
              },
          .read_file = [](const std::string&, std::size_t) -> Result<config::FileContents> {
            return fail(Error{.kind = ErrorKind::not_found});
          }};
}

}  // namespace

std::shared_ptr<const Snapshot> snapshot_of(const std::string& toml,
                                            telemetry::MetricLabels& labels) {
  static const catalog::Catalog no_catalogue{};
  config::Loaded loaded;
  loaded.config = config::parse(toml, "test.toml", loaded.complaints);
  loaded.models =
      config::build(loaded.config, no_catalogue, small_environment(), is_spoken, loaded.complaints);
  EXPECT_FALSE(loaded.complaints.failed()) << loaded.complaints.render();
  auto snapshot = make_snapshot(std::move(loaded), labels);
  EXPECT_TRUE(snapshot.has_value()) << snapshot.error();
  return *snapshot;
}

std::string config_text(std::size_t providers, std::string_view more) {
  std::string text(more);
  text += "\n[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
  for (std::size_t i = 0; i < providers; ++i) {
    const std::string number = std::to_string(i);
    text += "[[provider]]\nname = \"p" + number +
            "\"\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + i) +
            "/v1\"\nkeys = []\n";
  }
  text += "[[model]]\nname = \"m\"\n";
  for (std::size_t i = 0; i < providers; ++i) {
    text += "[[model.deployment]]\nprovider = \"p" + std::to_string(i) + "\"\nmodel = \"m-up-" +
            std::to_string(i) + "\"\n";
  }
  return text;
}

struct GatewayWorld::ScriptHandler final : http::Handler {
  explicit ScriptHandler(ProviderScript function) : script(std::move(function)) {}
  Task<void> handle(http::ServerExchange& exchange) override { return script(exchange); }
  http::RejectionBody rejected(const http::Rejection& rejection,
                               const ring::SocketAddress&) override {
    ADD_FAILURE() << "the gateway sent a provider bytes that are no request: " << rejection.reason;
    return {.content_type = "text/plain", .body = rejection.reason};
  }
  ProviderScript script;
};

GatewayWorld::GatewayWorld(ring::sim::SimWorld& world, const std::string& toml,
                           std::shared_ptr<const net::TlsClientContext> media_tls)
    : loop_(world.loop()),
      connector_(loop_, resolver_, nullptr, net::ConnectorConfig{}),
      metrics_(std::make_unique<telemetry::Metrics>()) {
  auto snapshot = snapshot_of(toml, labels_);
  TlsContexts tls(snapshot->models.providers().size());
  first_ = std::make_shared<Generation>(loop_, connector_, std::move(snapshot), std::move(tls),
                                        MediaAccess{.tls = std::move(media_tls)});
  gateway_ = std::make_unique<Gateway>(loop_, *metrics_, &log_, ready_, 1, first_);
  handler_ = std::make_unique<ListenerHandler>(*gateway_, 0);
}

GatewayWorld::~GatewayWorld() = default;

void GatewayWorld::use(const std::string& toml) {
  auto snapshot = snapshot_of(toml, labels_);
  TlsContexts tls(snapshot->models.providers().size());
  auto generation =
      std::make_shared<Generation>(loop_, connector_, std::move(snapshot), std::move(tls));
  gateway_->use(generation);
  keep_warm(std::move(generation));
}

void GatewayWorld::keep_warm(std::shared_ptr<Generation> generation) {
  if (warmth_) warmth_->stop.request_stop();
  warmth_ = std::make_shared<Warmth>();
  warmth_->generation = std::move(generation);
  scope_.spawn(keep_warm_until_stopped(warmth_, *metrics_));
}

Task<void> GatewayWorld::keep_warm_until_stopped(std::shared_ptr<Warmth> warmth,
                                                 telemetry::Metrics& metrics) {
  co_await warmth->generation->keep_warm(warmth->stop.token(), metrics);
}

Task<void> GatewayWorld::serve_one(int fd, const std::function<Task<void>(net::Stream&)>* serve,
                                   const net::TlsServerContext* tls) {
  std::unique_ptr<net::Stream> stream =
      std::make_unique<net::PlainStream>(ring::Connection(loop_, fd, {}));
  if (tls != nullptr) {
    auto shaken = co_await net::TlsStream::accept(std::move(stream), *tls, stop_.token());
    if (!shaken) co_return;
    stream = std::move(*shaken);
  }
  co_await (*serve)(*stream);
}

Task<void> GatewayWorld::listen(ring::SocketAddress address,
                                std::function<Task<void>(net::Stream&)> serve,
                                const net::TlsServerContext* tls) {
  Result<ring::Acceptor> acceptor = ring::Acceptor::listen(loop_, address, ring::ListenOptions{});
  SLUICE_ASSERT(acceptor.has_value());
  Scope connections;
  while (true) {
    const Result<int> fd = co_await acceptor->accept(stop_.token());
    if (!fd) break;
    connections.spawn(serve_one(*fd, &serve, tls));
  }
  co_await connections.join();
}

void GatewayWorld::add_provider(std::size_t index, ProviderScript script) {
  scripts_.push_back(std::make_unique<ScriptHandler>(std::move(script)));
  ScriptHandler* handler = scripts_.back().get();
  ring::SocketAddress address = provider_address;
  address.set_port(static_cast<std::uint16_t>(9000 + index));
  scope_.spawn(listen(address, [this, handler](net::Stream& stream) {
    return http::serve_http1(loop_, stream, *handler, server_config_,
                             {.drain = providers_.token(), .end = providers_.token()});
  }));
}

void GatewayWorld::add_raw_provider(std::size_t index, RawProviderScript script) {
  ring::SocketAddress address = provider_address;
  address.set_port(static_cast<std::uint16_t>(9000 + index));
  scope_.spawn(listen(address, [this, script = std::move(script)](net::Stream& stream) {
    return script(stream, providers_.token());
  }));
}

void GatewayWorld::add_host(std::string_view name, const ring::SocketAddress& address,
                            RawProviderScript script) {
  resolver_.add(name, address);
  if (!script) return;
  scope_.spawn(listen(address, [this, script = std::move(script)](net::Stream& stream) {
    return script(stream, providers_.token());
  }));
}

void GatewayWorld::add_tls_host(std::string_view name, const ring::SocketAddress& address,
                                const net::TlsServerContext& tls, RawProviderScript script) {
  resolver_.add(name, address);
  const auto serve = [this, script = std::move(script)](net::Stream& stream) {
    return script(stream, providers_.token());
  };
  scope_.spawn(listen(address, serve, &tls));
}

void GatewayWorld::start() {
  keep_warm(std::move(first_));
  scope_.spawn(listen(gateway_address, [this](net::Stream& stream) {
    return http::serve_http1(loop_, stream, *handler_, server_config_,
                             {.drain = drain_.token(), .end = end_.token()});
  }));
}

Task<Result<std::unique_ptr<net::Stream>>> GatewayWorld::connect() {
  Result<ring::Connection> connection = co_await ring::connect(loop_, gateway_address, {}, {});
  if (!connection) co_return fail(connection.error());
  std::unique_ptr<net::Stream> stream = std::make_unique<net::PlainStream>(std::move(*connection));
  co_return stream;
}

Task<void> GatewayWorld::stop() {
  stop_.request_stop();
  drain_.request_stop();
  // What is under way ends by itself, within the deadlines the configuration gives.
  while (gateway_->exchanges_in_flight() > 0) {
    (void)co_await ring::sleep_until(loop_, loop_.now() + std::chrono::milliseconds(100), {});
  }
  co_await gateway_->close();
  if (warmth_) warmth_->stop.request_stop();
  providers_.request_stop();
  co_await scope_.join();
  co_await resolver_.close();
  (void)log_lines();
  handler_.reset();
  gateway_.reset();
  first_.reset();
  warmth_.reset();
}

std::vector<std::string> GatewayWorld::log_lines() {
  const auto pieces = log_.peek();
  std::string text(pieces[0]);
  text += pieces[1];
  log_.consume(text.size());
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin)) {
    lines_.push_back(text.substr(begin, end - begin));
  }
  return lines_;
}

Task<SeenAnswer> ask(GatewayWorld& world, std::string method, std::string target, std::string body,
                     std::vector<std::pair<std::string, std::string>> headers) {
  SeenAnswer seen;
  Result<std::unique_ptr<net::Stream>> stream = co_await world.connect();
  if (!stream) co_return seen;
  http::ClientHttp1 connection(world.loop(), std::move(*stream), {});
  http::ClientHttp1::Exchange exchange(connection);
  std::vector<http::Header> own;
  if (!body.empty()) own.push_back({"Content-Type", "application/json"});
  for (const auto& [name, value] : headers) own.push_back({name, value});
  const http::OutgoingRequest request{
      .method = method, .target = target, .authority = "gateway", .fields = {.own = own}};
  SliceChain chain;
  chain.push(Slice::take(std::move(body)));
  const Result<const http::ResponseHead*> head =
      co_await exchange.send(request, std::move(chain), {});
  if (!head) co_return seen;
  seen.status = (*head)->status;
  seen.request_id = (*head)->headers.value("x-request-id").value_or("");
  seen.provider = (*head)->headers.value("x-sluice-provider").value_or("");
  for (const http::Header& header : (*head)->headers) {
    std::string name(header.name);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    seen.headers.emplace_back(std::move(name), header.value);
  }
  while (true) {
    Result<SliceChain> part = co_await exchange.read_body({});
    if (!part) co_return seen;
    if (part->empty()) break;
    seen.body += part->to_string();
  }
  seen.complete = true;
  co_return seen;
}

}  // namespace sluice::gateway::testing
