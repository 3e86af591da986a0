// sluice-load: builds and wires the load generator.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <expected>
#include <fstream>
#include <map>

#include "load/generator.h"
#include "sluice/coro/scope.h"
#include "sluice/net/cares_resolver.h"
#include "sluice/ring/kernel_backend.h"
#include "support/process.h"

namespace sluice::load {
namespace {

constexpr const char* description =
    R"(Sends requests to a gateway or a provider and checks every answer, byte by byte, against what
sluice-sim must say to that very request. Exit status: 0 all right, 1 errors, 2 wrong answers.

  sluice-load --target http://127.0.0.1:8080 --connections 64 --duration 10
  sluice-load --model simulated              (against sluice --simulated-provider)
  sluice-load --target http://127.0.0.1:8080 --stream --rate 2000 --connections 1000
  sluice-load --target unix:/run/sluice.sock --scenario embeddings --json result.json

With --rate the loop is open: requests are due at a fixed rate whether or not answers come, and
latency counts from when they were due. Without it each connection waits for its answer.)";

struct Options {
  ScenarioConfig scenario{};
  GeneratorConfig generator{};
  std::string target = "http://127.0.0.1:8080";
  std::string scenario_name = "chat";
  std::string ca_file{};
  std::string key{};
  std::string json_file{};
  std::vector<std::string> headers{};
  double duration = 10;
  double warmup = 0;
  double cooldown = 0;
  double timeout = 60;
  double read_pause_ms = 0;
  std::optional<unsigned> cpu{};
  bool allow_errors = false;
};

Duration seconds(double count) { return Duration(static_cast<Duration::rep>(count * 1e9)); }

int complain(std::string_view sentence) {
  fmt::print(stderr, "sluice-load: {}\n", sentence);
  return 1;
}

// "http://host:port", "https://host", "unix:/path".
std::expected<net::Endpoint, std::string> parse_target(std::string_view text) {
  const std::string problem =
      fmt::format("'{}' should be http://HOST:PORT, https://HOST[:PORT] or unix:/PATH", text);
  net::Endpoint endpoint;
  if (text.starts_with("unix:/")) {
    endpoint.scheme = net::Scheme::http;
    endpoint.host = text;
    return endpoint;
  }
  endpoint.scheme = text.starts_with("https://") ? net::Scheme::https : net::Scheme::http;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == text.npos || !text.starts_with("http")) return std::unexpected(problem);
  text.remove_prefix(scheme_end + 3);
  if (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && text.find(']', colon) == text.npos;
  endpoint.port = endpoint.scheme == net::Scheme::https ? 443 : 80;
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc{} || end != port.data() + port.size()) return std::unexpected(problem);
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  endpoint.host = text;
  if (text.empty() || text.find('/') != text.npos) return std::unexpected(problem);
  return endpoint;
}

void add_options(CLI::App& app, Options& options) {
  ScenarioConfig& scenario = options.scenario;
  GeneratorConfig& generator = options.generator;
  app.add_option("--target", options.target, "http://HOST:PORT, https://HOST or unix:/PATH")
      ->capture_default_str();
  app.add_option("--scenario", options.scenario_name, "chat, embeddings or models")
      ->check(CLI::IsMember({"chat", "embeddings", "models"}));
  app.add_flag("--stream", scenario.stream, "Chat as a stream, followed event by event");
  app.add_flag("--include-usage", scenario.include_usage, "Ask for the usage event of a stream");
  app.add_option("--model", scenario.model, "The model asked for")->capture_default_str();
  app.add_option("--prompt-bytes", scenario.prompt_bytes, "Size of the one message")
      ->check(CLI::Range(16, 32 << 20))
      ->capture_default_str();
  app.add_option("--image-bytes", scenario.image_bytes, "Size of an image behind the text; 0: none")
      ->check(CLI::Range(0, 32 << 20));
  app.add_option("--tokens", scenario.tokens, "Sent as max_tokens; 0: not sent");
  app.add_option("--dimensions", scenario.dimensions, "Of an embedding")
      ->check(CLI::Range(1, 65'536));
  app.add_option("--connections", generator.connections, "Connections, each with one request")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--rate", generator.rate, "Requests due per second; 0: closed loop")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--requests", generator.requests, "End after so many, whatever --duration says");
  app.add_option("--requests-per-connection", generator.requests_per_connection,
                 "Then it is closed and another one opened; 0: no end");
  app.add_option("--read-pause-ms", options.read_pause_ms,
                 "A slow reader: waits so long before it reads on in a stream")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--expect-status", generator.expected_status,
                 "The right answer is one of this status, and of another status wrong")
      ->check(CLI::Range(200, 599))
      ->capture_default_str();
  app.add_option("--duration", options.duration, "Seconds measured")->check(CLI::PositiveNumber);
  app.add_option("--warmup", options.warmup, "Seconds before, not counted")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--cooldown", options.cooldown,
                 "Seconds behind, not counted: what counts then ends under the same load")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--timeout", options.timeout, "Seconds one request may take")
      ->check(CLI::PositiveNumber);
  app.add_option("--key", options.key,
                 "Sent as Authorization: Bearer. Everybody on the machine sees a command line; the "
                 "environment is your own")
      ->envname("SLUICE_LOAD_KEY");
  app.add_option("--header", options.headers, "NAME: VALUE, sent too; may be repeated");
  app.add_option("--ca", options.ca_file, "PEM file of authorities to believe, not the system's");
  app.add_option("--seed", generator.seed, "Of the prompts");
  app.add_option("--cpu", options.cpu, "Run on this CPU alone");
  app.add_option("--json", options.json_file, "Write the results there; - is standard output");
  app.add_flag("--allow-errors", options.allow_errors,
               "Exit 0 in spite of errors (never of wrong answers)");
}

std::optional<std::string> apply(Options& options) {
  GeneratorConfig& generator = options.generator;
  auto endpoint = parse_target(options.target);
  if (!endpoint) return endpoint.error();
  generator.endpoint = std::move(*endpoint);
  generator.authority = generator.endpoint.host.starts_with("unix:")
                            ? "localhost"
                            : options.target.substr(options.target.find("://") + 3);
  if (generator.authority.ends_with('/')) generator.authority.pop_back();
  options.scenario.kind = options.scenario_name == "embeddings" ? Kind::embeddings
                          : options.scenario_name == "models"   ? Kind::models
                                                                : Kind::chat;
  if (options.scenario.stream && options.scenario.kind != Kind::chat)
    return "--stream goes with the chat scenario alone";
  generator.duration = seconds(options.duration);
  generator.warmup = seconds(options.warmup);
  generator.cooldown = seconds(options.cooldown);
  generator.timeout = seconds(options.timeout);
  generator.read_pause = seconds(options.read_pause_ms / 1e3);
  if (!options.key.empty())
    generator.headers.emplace_back("authorization", "Bearer " + options.key);
  for (const std::string& header : options.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos) return "--header should be NAME: VALUE";
    const std::size_t value = header.find_first_not_of(' ', colon + 1);
    generator.headers.emplace_back(header.substr(0, colon),
                                   value == std::string::npos ? "" : header.substr(value));
  }
  return std::nullopt;
}

std::expected<std::unique_ptr<net::TlsClientContext>, std::string> make_tls(
    const Options& options) {
  if (options.generator.endpoint.scheme != net::Scheme::https) return nullptr;
  auto trust =
      options.ca_file.empty() ? net::TlsTrust::system() : net::TlsTrust::load(options.ca_file);
  if (!trust) return std::unexpected(trust.error());
  return net::TlsClientContext::make({.trust = std::move(*trust)});
}

// Lifetime: run() owns the arguments and turns the loop until this has ended.
Task<void> run_all(ring::Loop& loop, Generator& generator, net::Resolver& resolver) {
  co_await generator.run();
  co_await resolver.close();
  loop.backend().wake();  // else this turn would wait for something to happen
}

int report(const Options& options, const Results& results) {
  const std::string json = to_json(results, options.scenario_name, options.target);
  if (options.json_file == "-") {
    fmt::print("{}", json);
  } else {
    fmt::print("{}", to_summary(results));
    if (!options.json_file.empty()) {
      std::ofstream out(options.json_file);
      out << json;
      if (!out.flush()) return complain(fmt::format("cannot write {}", options.json_file));
    }
  }
  if (results.errors.contains("status 404")) {
    fmt::print(stderr,
               "sluice-load: some answers were 404: is model \"{}\" served there? --model names "
               "another (\"simulated\" for sluice --simulated-provider)\n",
               options.scenario.model);
  }
  if (results.wrong != 0) return 2;
  const bool failed = !results.errors.empty() || results.right == 0;
  return failed && !options.allow_errors ? 1 : 0;
}

int run(const Options& options) {
  const std::size_t descriptors = tools::raise_descriptor_limit();
  if (descriptors < options.generator.connections + 64UL) {
    return complain(
        fmt::format("{} connections need more than the {} files this process may "
                    "have open: raise it with ulimit -n",
                    options.generator.connections, descriptors));
  }
  if (options.cpu) {
    if (const auto problem = tools::pin_to_cpu(*options.cpu)) return complain(*problem);
  }
  auto tls = make_tls(options);
  if (!tls) return complain(tls.error());
  auto backend = ring::make_kernel_backend({.completions = 65'536, .buffers_max = 8'192});
  if (!backend) return complain(backend.error().what);
  ring::Loop loop(**backend, options.generator.seed);
  auto resolver = net::CaresResolver::make(loop, {});
  if (!resolver) return complain(resolver.error().what);
  net::Connector connector(loop, **resolver, tls->get(), {});
  const Scenario scenario(options.scenario);
  auto generator = std::make_unique<Generator>(loop, connector, scenario, options.generator);
  Scope scope;
  scope.spawn(run_all(loop, *generator, **resolver));
  while (scope.running() > 0) loop.turn();
  while (loop.closing_sockets() > 0) loop.turn((*backend)->now() + std::chrono::milliseconds(10));
  resolver->reset();
  return report(options, generator->results());
}

}  // namespace
}  // namespace sluice::load

int main(int argc, char** argv) {
  CLI::App app(sluice::load::description, "sluice-load");
  app.set_version_flag("-V,--version", "sluice-load " SLUICE_VERSION);
  sluice::load::Options options;
  sluice::load::add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (const auto problem = sluice::load::apply(options)) return sluice::load::complain(*problem);
  return sluice::load::run(options);
}
