// The configuration: what the file says, field by field, with nothing resolved yet. Secrets are
// places here, not values; models name providers that build() looks up.
//
//   text --parse()--> Config --build(catalogue, environment)--> ModelTable
//
// Field names are the keys of the file; sluice.example.toml shows all of them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/catalog/deployment.h"
#include "sluice/catalog/dialect.h"
#include "sluice/catalog/price.h"
#include "sluice/catalog/timeouts.h"
#include "sluice/catalog/url.h"
#include "sluice/config/complaint.h"
#include "sluice/config/limits.h"
#include "sluice/config/media.h"
#include "sluice/config/secret_source.h"
#include "sluice/llm/trait_overrides.h"
#include "sluice/ring/socket_address.h"
#include "sluice/route/policy.h"

namespace sluice::config {

/// One certificate of a listener. Several: chosen by the name the client asks for (SNI), the first
/// one when none fits. Read by who opens the listener, at start and on reload.
struct TlsConfig {
  std::string certificate;  // path of a PEM chain, leaf first
  std::string key;          // path of its PEM key
  Place place;
};

/// What a name that callers use for a listener says of where their data may go.
struct HostPin {
  std::string host;  // lower case, without a port
  std::vector<std::string> regions;
};

struct ListenerConfig {
  ring::SocketAddress address = ring::SocketAddress::ipv4({127, 0, 0, 1}, 8080);
  std::vector<TlsConfig> tls;        // empty: plaintext
  bool proxy_protocol = false;       // the peer must send a PROXY header (v1 or v2) first
  std::optional<bool> anonymous;     // unset: yes on a local address while there are no keys
  std::vector<std::string> regions;  // a pin of everybody who calls here; empty: anywhere
  std::vector<HostPin> hosts;        // pins besides, by the Host that is asked for
  Place place;

  /// Whether callers without a gateway key are served here.
  [[nodiscard]] bool allows_anonymous(bool any_keys) const noexcept {
    return anonymous.value_or(!any_keys && address.is_loopback());
  }
  /// Whether those are to be programs of this machine, and not web pages that its browser shows:
  /// where nobody said `anonymous`, and a browser can connect.
  [[nodiscard]] bool keeps_pages_out() const noexcept {
    return !anonymous && address.family() != AF_UNIX;
  }
};

struct AdminConfig {
  /// Nothing when the file says address = "off".
  std::optional<ring::SocketAddress> address = ring::SocketAddress::ipv4({127, 0, 0, 1}, 9090);
  bool written = false;    // false: the default; when that port is taken, go without and say so
  bool anonymous = false;  // must be said for an address that other machines reach
  Place place;

  /// As ListenerConfig::keeps_pages_out(): what only programs of this machine were to see, no web
  /// page that its browser shows may read. Where other machines may ask, any Host may be theirs.
  [[nodiscard]] bool keeps_pages_out() const noexcept {
    return address && !anonymous && address->is_loopback() && address->family() != AF_UNIX;
  }
};

/// An application at Microsoft Entra that Azure knows: tokens in place of a key.
struct EntraConfig {
  std::string tenant;     // a GUID or a domain
  std::string client_id;  // a GUID
  SecretSource client_secret;
  std::string scope = "https://cognitiveservices.azure.com/.default";
  std::optional<catalog::Url> authority;  // unset: https://login.microsoftonline.com
  Place place;
};

struct ProviderConfig {
  std::string name;
  /// The catalogue's provider whose dialect, URL, auth and models are the defaults; empty when the
  /// catalogue has none of this name and the file names none.
  std::string catalogue;
  std::optional<catalog::Dialect> dialect;
  std::optional<catalog::Url> base_url;
  std::optional<catalog::Auth> auth;
  std::vector<std::pair<std::string, std::string>> headers;  // sent with every request
  std::optional<std::vector<SecretSource>> keys;             // unset is not the same as []
  std::optional<EntraConfig> entra;  // of Azure: one more of its credentials
  std::string project;               // of Vertex AI, as the next one: parts of its
  std::string location;              // URL, where no base_url is written
  std::string api_version;           // of Azure: its deployments' paths, not v1
  std::string region;
  /// Serve every model the catalogue has for this provider. Unset: yes when the file has no
  /// [[model]] at all.
  std::optional<bool> all_models;
  bool byok = false;    // forward a caller's own key to this provider
  std::string ca_file;  // PEM with the CAs to trust for it; empty: the system's
  Place ca_file_place;
  catalog::TimeoutOverrides timeouts;
  catalog::PoolLimits pool;
  catalog::HealthPolicy health;                   // [health], and the provider's own over it
  std::string probe_path;                         // empty: that of the dialect's model list
  std::optional<llm::Quantization> quantization;  // of all its deployments that say nothing else
  catalog::DataPolicy data_policy;                // over the catalogue's
  llm::HostTraitOverrides quirks;                 // over the catalogue's
  std::optional<Place> quirks_place;              // nothing: none are written
  Place place;
};

struct DeploymentConfig {
  std::string provider;
  std::string model;  // what the provider calls it; empty: the catalogue's name for it there
  double weight = 1.0;
  std::string region;  // empty: the provider's
  std::optional<catalog::TokenPrice> price;
  llm::ModelTraitOverrides traits;                // over the catalogue's
  std::optional<llm::Quantization> quantization;  // unset: the provider's
  catalog::DataPolicy data_policy;                // over the provider's
  Place place;                                    // of the table
  Place provider_place;                           // of the provider's name
  std::string key;                                // "model[0].deployment[1]"
};

struct ModelConfig {
  std::string name;
  std::vector<std::string> aliases;
  std::string catalogue;  // the catalogue's model it is; empty: the one of its name
  std::vector<DeploymentConfig> deployments;  // empty: the catalogue's, at every provider here
  std::vector<std::string> members;           // a list: other models' names, and no deployments
  catalog::TimeoutOverrides timeouts;
  route::RoutingPolicy routing;  // [routing], and the model's own over it
  Place place;
  std::string key;  // "model[0]"
};

/// A gateway key, as `sluice keygen` prints it. The key itself is in no file.
struct KeyConfig {
  std::string name;
  std::string hash;
  std::vector<std::string> models;   // names or patterns with *; the default is everything
  std::vector<std::string> regions;  // a pin; empty: anywhere
  Place place;
  Place hash_place;
};

enum class LogLevel : std::uint8_t { error, warning, info, debug };

struct LogConfig {
  enum class Target : std::uint8_t { off, standard_error, standard_output, file };
  Target access = Target::standard_error;  // one JSON line per exchange
  std::string access_path;                 // of Target::file; absolute
  LogLevel level = LogLevel::info;         // of everything else, which goes to standard error
};

/// Where nothing is written, for models whose deployments come from the catalogue.
[[nodiscard]] inline route::RoutingPolicy default_routing() noexcept {
  route::RoutingPolicy policy;
  policy.strategy = route::Strategy::score;
  return policy;
}

struct Config {
  std::string file;  // empty: made of the environment
  ServerConfig server;
  std::vector<ListenerConfig> listeners;  // none written: 127.0.0.1:8080
  AdminConfig admin;
  std::vector<ProviderConfig> providers;
  std::vector<ModelConfig> models;
  std::vector<KeyConfig> keys;
  catalog::Timeouts timeouts;
  LimitsConfig limits;
  StreamingConfig streaming;
  MediaConfig media;
  catalog::PoolLimits pool;      // the default of every provider's
  catalog::HealthPolicy health;  // the same
  /// Of models that the file does not name. A strategy that nobody wrote is `score` there, and of a
  /// model whose deployments the file writes `order`.
  route::RoutingPolicy routing = default_routing();
  bool strategy_written = false;  // in [routing]: then it is that one for all
  LogConfig log;

  /// The folder relative paths in the file start from; "." without a file.
  [[nodiscard]] std::string folder() const;

  /// The policy of a model of the table, by its file_position.
  [[nodiscard]] const route::RoutingPolicy& routing_of(
      std::optional<std::uint32_t> file_position) const noexcept {
    return file_position ? models[*file_position].routing : routing;
  }
};

}  // namespace sluice::config
