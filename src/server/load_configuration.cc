#include "sluice/server/load_configuration.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "sluice/gateway/snapshot.h"
#include "sluice/gateway/spoken.h"
#include "sluice/net/address.h"
#include "sluice/policy/gateway_key.h"
#include "sluice/server/tls_material.h"

namespace sluice::server {
namespace {

config::ParseOptions parse_options() {
  return {.hash_complaint = [](std::string_view hash) -> std::optional<std::string> {
    const Result<policy::KeyVerifier> verifier = policy::KeyVerifier::parse(hash);
    if (verifier) return std::nullopt;
    return std::string(verifier.error().what);
  }};
}

config::ProviderConfig simulated_provider(std::uint16_t port) {
  config::ProviderConfig provider;
  provider.name = simulated_name;
  provider.dialect = catalog::Dialect::openai;
  const auto url = catalog::parse_url(fmt::format("http://127.0.0.1:{}/v1", port));
  if (url) provider.base_url = *url;
  provider.keys.emplace();
  provider.region = "local";
  provider.all_models = false;
  return provider;
}

config::ModelConfig simulated_model() {
  config::ModelConfig model;
  model.name = simulated_name;
  model.key = "model simulated";
  config::DeploymentConfig deployment;
  deployment.provider = simulated_name;
  deployment.model = simulated_name;
  deployment.price.emplace();
  deployment.price->input = 0;
  deployment.price->output = 0;
  deployment.key = "model simulated";
  model.deployments.push_back(std::move(deployment));
  return model;
}

void add_simulated(config::Config& config, std::uint16_t port) {
  // A [[model]] turns the default of all_models off; this one must change nothing for the others.
  if (config.models.empty()) {
    for (config::ProviderConfig& provider : config.providers) {
      if (!provider.all_models) provider.all_models = true;
    }
  }
  config.providers.push_back(simulated_provider(port));
  config.models.push_back(simulated_model());
}

void apply(const Overrides& overrides, config::Config& config) {
  if (overrides.workers) config.server.workers = *overrides.workers;
  if (overrides.listen) {
    config::ListenerConfig listener;
    listener.address = *overrides.listen;
    config.listeners.clear();
    config.listeners.push_back(std::move(listener));
  }
  if (overrides.simulated_port) add_simulated(config, *overrides.simulated_port);
}

// As for a [[listener]] of the file: without a key to ask for, other machines could only be turned
// away, and strangers must not be served by oversight.
void check_listen(const Overrides& overrides, config::Loaded& loaded) {
  if (!overrides.listen || !loaded.config.keys.empty() || overrides.listen->is_loopback()) return;
  loaded.complaints.error(
      {}, "--listen",
      fmt::format("other machines reach {} and there is no [[key]]: add one to the file (sluice "
                  "keygen), listen on 127.0.0.1, or write that address as a [[listener]] with "
                  "anonymous = true in place of --listen",
                  overrides.listen->to_string()));
}

}  // namespace

config::Loaded load_configuration(const Overrides& overrides, const catalog::Catalog& catalogue,
                                  const config::Environment& environment) {
  config::Loaded loaded;
  const auto path = config::find_file(overrides.path, environment);
  if (path) {
    loaded.complaints = config::Complaints(*path);
    Result<config::FileContents> contents = environment.read_file(*path, config::config_bytes_max);
    if (!contents) {
      loaded.complaints.error({}, "", config::why_unreadable(contents.error()));
      return loaded;
    }
    loaded.config = config::parse(contents->bytes, *path, loaded.complaints, parse_options());
    if (loaded.complaints.failed()) return loaded;
  } else {
    loaded.config = config::config_of_environment(catalogue, environment);
  }
  apply(overrides, loaded.config);
  check_listen(overrides, loaded);
  loaded.models =
      config::build(loaded.config, catalogue, environment, gateway::is_spoken, loaded.complaints);
  return loaded;
}

namespace {

std::optional<std::string> missing_folder(std::string_view path) {
  const std::string folder(path.substr(0, path.rfind('/') + 1));
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return std::nullopt;
  return fmt::format("there is no folder {}: make it, or choose another path", folder);
}

// What serving would stumble over when it opens addresses and the log, as far as it can be known
// without opening any.
std::optional<std::string> cannot_be_opened(const config::Config& config) {
  const auto unix_folder = [](const ring::SocketAddress& address) {
    return address.family() == AF_UNIX ? missing_folder(net::unix_path_of(address)) : std::nullopt;
  };
  for (const config::ListenerConfig& listener : config.listeners) {
    const ring::SocketAddress& address = listener.address;
    if (auto missing = unix_folder(address)) return address.to_string() + ": " + *missing;
    const bool fixed = address.port() != 0 || address.family() == AF_UNIX;
    if (fixed && config.admin.written && config.admin.address == address) {
      return fmt::format(
          "admin.address: {} is a [[listener]]'s already; choose another, or \"off\"",
          address.to_string());
    }
  }
  if (config.admin.address) {
    if (auto missing = unix_folder(*config.admin.address)) return "admin.address: " + *missing;
  }
  if (config.log.access == config::LogConfig::Target::file) {
    if (auto missing = missing_folder(config.log.access_path)) return "log.access: " + *missing;
  }
  return std::nullopt;
}

}  // namespace

std::expected<void, std::string> try_out(config::Loaded loaded) {
  if (auto fault = cannot_be_opened(loaded.config)) {
    return std::unexpected(loaded.config.file.empty() ? *fault
                                                      : loaded.config.file + ": " + *fault);
  }
  const auto tls = TlsMaterial::load(loaded.config, loaded.models);
  if (!tls) return std::unexpected(tls.error());
  const auto ticket_keys = net::TlsTicketKeys::generate();
  for (const config::ListenerConfig& listener : loaded.config.listeners) {
    const auto server = tls->server(listener.address.to_string(), ticket_keys);
    if (!server) return std::unexpected(server.error());
  }
  if (const auto upstream = tls->upstream(); !upstream) return std::unexpected(upstream.error());
  if (const auto media = tls->media(); !media) return std::unexpected(media.error());
  telemetry::MetricLabels labels;
  const auto snapshot = gateway::make_snapshot(std::move(loaded), labels);
  if (!snapshot) return std::unexpected(snapshot.error());
  return {};
}

}  // namespace sluice::server
