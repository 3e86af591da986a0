// sluice: the command line. Parses, builds, wires; the rooms do the work.
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "simulator/config.h"
#include "simulator/simulator.h"
#include "sluice/catalog/catalog.h"
#include "sluice/config/environment.h"
#include "sluice/config/report.h"
#include "sluice/gateway/explain.h"
#include "sluice/net/address.h"
#include "sluice/policy/gateway_key.h"
#include "sluice/server/admin_client.h"
#include "sluice/server/cpu.h"
#include "sluice/server/keeper.h"
#include "sluice/server/listing.h"
#include "sluice/server/load_configuration.h"
#include "sluice/server/process.h"

#ifdef __clang__
#define SLUICE_COMPILER "clang " __clang_version__
#else
#define SLUICE_COMPILER "gcc " __VERSION__
#endif
#ifndef SLUICE_ISA
#define SLUICE_ISA "default"
#endif

namespace sluice {
namespace {

constexpr const char* description =
    "An LLM gateway: applications speak OpenAI's API to it, it speaks to the providers.\n"
    "Without a command it serves.";

constexpr const char* footer = R"(
Examples:
  OPENAI_API_KEY=... sluice                  every model of OpenAI on http://127.0.0.1:8080
  sluice --simulated-provider                the same without any key: model "simulated"
  sluice serve --config sluice.toml          by a configuration file
  sluice check sluice.toml                   what that file would do, and what is wrong with it
  sluice keygen --name team-a                a key for callers, and its hash for the file
  sluice models --json | jq .                what is served, where, at what price
  sluice explain gpt-5-mini                  where a request for that model goes, and why; the
                                             running server is asked, if there is one

Files:
  /etc/sluice/sluice.toml   the configuration, unless --config or $SLUICE_CONFIG names another.
                            Without any, provider keys in the environment are enough.

Environment:
  SLUICE_CONFIG             the configuration file
  OPENAI_API_KEY, ...       provider keys; sluice models shows what they bring
  CREDENTIALS_DIRECTORY     where systemd puts credentials that the file names
  NOTIFY_SOCKET             set by systemd: told when ready, reloading and stopping

Signals:
  SIGTERM   /readyz answers 503; for up to 2 s connections are still accepted, so that balancers
            notice; then what is in flight ends by itself, for server.drain_ms_max at most
  SIGINT    the same without those 2 s; a second SIGTERM or SIGINT breaks what is left
  SIGHUP    reads the configuration again; a broken one changes nothing and is reported
  SIGUSR1   opens the access log anew, after it was renamed

Exit status: 0 after a drain; 1 when it could not start, with the reason on standard error;
2 for a command line it does not understand.)";

struct Options {
  server::Overrides overrides;
  std::string config_path;
  std::string listen;
  std::uint32_t workers = 0;
  bool simulated = false;
  bool json = false;
  std::string check_path;
  std::string key_name = "team-a";
  std::string model;
  bool explain_stream = false;
  bool explain_offline = false;
  std::map<std::string, std::string> explain_parameters;
};

int fail_with(std::string_view why) {
  fmt::print(stderr, "sluice: {}{}", why, why.ends_with('\n') ? "" : "\n");
  return EXIT_FAILURE;
}

std::string version_text() {
  std::string zlib = zlibVersion();
  return fmt::format(
      "sluice {}\ncompiler     {}\ninstructions {}\nlibraries    BoringSSL, c-ares {}, CLI11 {}, "
      "fmt "
      "{}.{}.{}, liburing {}, mimalloc, simdjson {}, toml++, zlib {}, zstd {}\n",
      SLUICE_VERSION, SLUICE_COMPILER, SLUICE_ISA, SLUICE_CARES_VERSION, CLI11_VERSION,
      FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100, SLUICE_LIBURING_VERSION,
      SLUICE_SIMDJSON_VERSION, zlib, ZSTD_versionString());
}

// Lifetime: the thread that serves joins this task.
Task<void> simulate(ring::Loop& loop, net::Listener& listener, StopToken stop) {
  simulator::SimulatorConfig config;
  config.pace.first_token = std::chrono::milliseconds(200);
  config.pace.gap = std::chrono::milliseconds(15);
  simulator::SimulatorBoard board;
  simulator::Simulator provider(loop, config, nullptr, board, 1);
  co_await provider.run(listener, stop);
}

int serve(const Options& options) {
  server::block_signals();
  server::KeeperConfig config;
  config.overrides = options.overrides;
  if (options.simulated) {
    config.simulated_provider = [](ring::Loop& loop, net::Listener& listener, StopToken stop) {
      return simulate(loop, listener, stop);
    };
  }
  config.build = {.version = SLUICE_VERSION, .compiler = SLUICE_COMPILER, .isa = SLUICE_ISA};
  config.environment = config::process_environment();
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) config.notify_socket = socket;
  const auto kept = server::keep(std::move(config));
  if (!kept) return fail_with(kept.error());
  return EXIT_SUCCESS;
}

std::expected<catalog::Catalog, std::string> builtin_catalogue() {
  return catalog::Catalog::parse(catalog::builtin_catalog_json());
}

int check(const Options& options) {
  const auto catalogue = builtin_catalogue();
  if (!catalogue) return fail_with(catalogue.error());
  server::Overrides overrides = options.overrides;
  if (!options.check_path.empty()) overrides.path = options.check_path;
  config::Loaded loaded =
      server::load_configuration(overrides, *catalogue, config::process_environment());
  const std::string report = config::render_report(loaded);
  if (loaded.complaints.failed()) {
    fmt::print("{}", report);
    return EXIT_FAILURE;
  }
  const std::string file = loaded.config.file.empty() ? "the environment" : loaded.config.file;
  if (const auto tried = server::try_out(std::move(loaded)); !tried) {
    fmt::print("{}\n{} cannot be used as it is\n", tried.error(), file);
    return EXIT_FAILURE;
  }
  fmt::print("{}", report);
  return EXIT_SUCCESS;
}

int keygen(const Options& options) {
  const Result<policy::NewKey> key = policy::generate_key();
  if (!key) return fail_with(key.error().what);
  // The one place that shows a secret: it was made for this, and nobody keeps it but the reader.
  fmt::print("The key, for the caller. It is shown once and kept nowhere:\n\n  {}\n\n",
             key->key.reveal());
  fmt::print("Its hash, for the configuration:\n\n{}", policy::key_stanza(options.key_name, *key));
  return EXIT_SUCCESS;
}

// What the configuration or the environment serves, for the commands that show it.
std::expected<config::Loaded, std::string> load_to_show(const Options& options) {
  const auto catalogue = builtin_catalogue();
  if (!catalogue) return std::unexpected(catalogue.error());
  config::Loaded loaded =
      server::load_configuration(options.overrides, *catalogue, config::process_environment());
  if (loaded.complaints.failed()) return std::unexpected(loaded.complaints.render());
  return loaded;
}

int models(const Options& options) {
  const auto loaded = load_to_show(options);
  if (!loaded) return fail_with(loaded.error());
  fmt::print("{}", options.json ? server::render_models_json(loaded->models)
                                : server::render_model_rows(loaded->models));
  return EXIT_SUCCESS;
}

std::string explain_query_of(const Options& options) {
  std::string query;
  gateway::add_explain_parameter(query, "model", options.model);
  gateway::add_explain_parameter(query, "stream", options.explain_stream ? "true" : "");
  for (const auto& [name, value] : options.explain_parameters) {
    gateway::add_explain_parameter(query, name, value);
  }
  gateway::add_explain_parameter(query, "format", options.json ? "" : "text");
  return query;
}

int show_explanation(int status, std::string_view body) {
  if (status != 200) return fail_with(body);
  fmt::print("{}", body);
  return EXIT_SUCCESS;
}

// A running server knows how everybody stands, and has the keys that this shell may not have;
// without one the file alone has to do.
int explain(const Options& options) {
  const auto catalogue = builtin_catalogue();
  if (!catalogue) return fail_with(catalogue.error());
  config::Loaded loaded =
      server::load_configuration(options.overrides, *catalogue, config::process_environment());
  const std::string query = explain_query_of(options);
  const auto parsed = gateway::parse_explain_query(query);
  if (!parsed) {
    fail_with(parsed.error());
    return 2;
  }
  const auto& address = loaded.config.admin.address;
  if (!options.explain_offline && address) {
    const auto answer = server::ask_explanation(*address, query);
    if (answer) return show_explanation(answer->status, answer->body);
    if (loaded.config.admin.written || !options.json) {
      fmt::print(stderr, "sluice: no running server was asked at {}: {}\n", address->to_string(),
                 answer.error());
    }
  }
  if (loaded.complaints.failed()) return fail_with(loaded.complaints.render());
  telemetry::MetricLabels labels;
  const auto snapshot = gateway::make_snapshot(std::move(loaded), labels);
  if (!snapshot) return fail_with(snapshot.error());
  const gateway::ExplainAnswer answer = gateway::explain_without_health(*parsed, **snapshot);
  return show_explanation(answer.status, answer.body);
}

// Each is a parameter of the admin page's, by the same name.
void add_explain_options(CLI::App& app, Options& options) {
  struct Parameter {
    const char* name;
    const char* help;
    const char* type;
  };
  constexpr Parameter parameters[] = {
      {"region", "Where it must be served", "REGION"},
      {"sort", "By which rule: price, latency, throughput, order, weighted, score", "RULE"},
      {"provider", "At this provider alone", "NAME"},
      {"key", "For the gateway key of this name", "NAME"},
      {"prompt_tokens", "How long the prompt is", "N"},
      {"output_tokens", "How long the answer may be", "N"},
      {"needs", "What the model must be able to do: tools, images, json_schema, ...", "LIST"},
      {"endpoint", "By which operation: chat_completions, messages, responses, ...", "NAME"},
      {"worker", "Whose view of a running server", "N"},
  };
  app.add_flag("--stream", options.explain_stream, "The answer is to be a stream");
  for (const Parameter& each : parameters) {
    std::string flag = std::string("--") + each.name;
    std::ranges::replace(flag, '_', '-');
    app.add_option(flag, options.explain_parameters[each.name], each.help)->type_name(each.type);
  }
  app.add_flag("--offline", options.explain_offline,
               "From the configuration alone, without asking a running server");
  app.add_flag("--json", options.json, "As JSON");
}

void add_config(CLI::App& app, Options& options) {
  app.add_option("-c,--config", options.config_path, "Configuration file")->type_name("FILE");
}

void add_simulated(CLI::App& app, Options& options) {
  app.add_flag("--simulated-provider", options.simulated,
               "Serve model \"simulated\" from a provider inside this process, without any key");
}

// What the file accepts as the name of a [[key]], so that the stanza is one.
std::string key_name_complaint(const std::string& name) {
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  const bool is_name = !name.empty() && name.size() <= 256 && std::ranges::all_of(name, fits);
  return is_name ? ""
                 : "must be printable ASCII without spaces, quotes and backslashes, 1 to 256 bytes";
}

// An option before the command that the command would not obey.
std::optional<std::string> ignored_option(const CLI::App& app) {
  for (const CLI::App* const command : app.get_subcommands()) {
    const std::string& name = command->get_name();
    if (name == "serve" || name == "check") continue;
    for (const char* option : {"--listen", "--workers", "--config", "--simulated-provider"}) {
      const bool is_obeyed = name != "keygen" && command->get_option_no_throw(option) != nullptr;
      if (app.count(option) > 0 && !is_obeyed) {
        return fmt::format("{} means nothing to {}: leave it out", option, name);
      }
    }
  }
  return std::nullopt;
}

void add_serve_options(CLI::App& app, Options& options) {
  add_config(app, options);
  app.add_option("--listen", options.listen,
                 "Listen here instead: 127.0.0.1:8080, [::]:8080 or unix:/path")
      ->type_name("ADDRESS");
  app.add_option("--workers", options.workers, "Worker threads; 0: one per core")
      ->check(CLI::Range(0U, 1024U))
      ->type_name("N");
  add_simulated(app, options);
}

// What was given on the command line, in the form the server wants it.
std::expected<void, std::string> take_overrides(Options& options, bool workers_given) {
  if (!options.config_path.empty()) options.overrides.path = options.config_path;
  if (workers_given) options.overrides.workers = options.workers;
  if (options.listen.empty()) return {};
  const auto address = net::parse_listen_address(options.listen);
  if (!address) return std::unexpected("--listen: " + address.error());
  options.overrides.listen = *address;
  return {};
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app(description, "sluice");
  app.set_version_flag("-V,--version", version_text());
  app.require_subcommand(0, 1);
  add_serve_options(app, options);

  CLI::App* const serve_command = app.add_subcommand("serve", "Serve (the default)");
  add_serve_options(*serve_command, options);
  CLI::App* const check_command =
      app.add_subcommand("check", "Say what a configuration would do, and what is wrong with it");
  CLI::Option* const check_file =
      check_command->add_option("FILE", options.check_path, "The file; else as for serve");
  add_config(*check_command, options);
  check_command->get_option("--config")->excludes(check_file);
  CLI::App* const keygen_command =
      app.add_subcommand("keygen", "Make a key for callers, and its hash for the configuration");
  keygen_command->add_option("--name", options.key_name, "Name of the key, for logs")
      ->check(key_name_complaint)
      ->capture_default_str();
  CLI::App* const models_command =
      app.add_subcommand("models", "List what is served: provider, region, price");
  add_config(*models_command, options);
  add_simulated(*models_command, options);
  models_command->add_flag("--json", options.json, "As JSON");
  CLI::App* const explain_command =
      app.add_subcommand("explain", "Show where a request for a model goes, and why");
  add_config(*explain_command, options);
  add_simulated(*explain_command, options);
  explain_command->add_option("MODEL", options.model, "The model, as clients ask for it")
      ->required();
  add_explain_options(*explain_command, options);

  app.footer(footer);  // last: the commands take over what is there when they are added
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
  }
  if (const auto ignored = ignored_option(app)) {
    fail_with(*ignored);
    return 2;
  }
  const bool workers_given = app.count("--workers") + serve_command->count("--workers") > 0;
  if (auto taken = take_overrides(options, workers_given); !taken) return fail_with(taken.error());
  // What only shows the configuration starts no provider: any port stands for the one of serving.
  const bool shows = *check_command || *models_command || *explain_command;
  if (options.simulated && shows) options.overrides.simulated_port = 1;
  if (*check_command) return check(options);
  if (*keygen_command) return keygen(options);
  if (*models_command) return models(options);
  if (*explain_command) return explain(options);
  return serve(options);
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  // Linked so that its check comes before any other code; see cpu.h.
  if (sluice::server::cpu_missing(sluice::server::cpu_built_for, sluice::server::cpu_features())) {
    return EXIT_FAILURE;
  }
  try {
    return sluice::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
