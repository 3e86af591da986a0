// A deployment: one model at one provider's endpoint, resolved to what the data path needs, so that
// no request looks anything up in a configuration or a catalogue.
//
//   Model "gpt-5-mini" --> Deployment[0] --> Provider "openai" (URL, credentials, pool limits)
//                      `-> Deployment[1] --> Provider "azure-eu"
//
// Built by config::build(), owned by a ModelTable, immutable, shared by all cores. Providers and
// deployments are numbered from 0 within one table, so that per-core state (pools, breakers) is an
// array indexed by `index`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/secret.h"
#include "sluice/catalog/aws_key.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/dialect.h"
#include "sluice/catalog/health_policy.h"
#include "sluice/catalog/price.h"
#include "sluice/catalog/timeouts.h"
#include "sluice/catalog/token_source.h"
#include "sluice/catalog/url.h"
#include "sluice/llm/host_traits.h"
#include "sluice/llm/model_traits.h"
#include "sluice/llm/quantization.h"

namespace sluice::catalog {

/// Limits of the connections to one provider from one core: times the number of workers is what
/// the provider sees.
struct PoolLimits {
  std::uint32_t connections_max = 1'024;  // open sockets, idle ones included
  std::uint32_t waiters_max = 4'096;      // beyond this we answer 503 at once
  std::uint32_t idle_ms = 45'000;      // shorter than providers' own (60 s and up): we close first
  std::uint32_t warm_connections = 0;  // opened ahead of the first request, per core

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (connections_max == 0) return "connections_max must be at least 1";
    if (idle_ms == 0) return "idle_ms must be at least 1";
    if (warm_connections > connections_max) {
      return "warm_connections must not be larger than connections_max";
    }
    return std::nullopt;
  }
  friend bool operator==(const PoolLimits&, const PoolLimits&) = default;
};
static_assert(!PoolLimits{}.broken_rule());

/// One provider key. `label` says where it came from ("env OPENAI_API_KEY") and may be shown.
struct Credential {
  std::string label;
  Secret key;
  /// The auth header's whole value: `auth.format` with the key in it. For the wire only.
  Secret header_value;
  std::string header = {};         // where that is not the provider's auth.header
  std::optional<AwsKey> aws = {};  // requests are signed with it; then there is no header_value
  std::optional<TokenSource> tokens = {};  // or a token goes along: in Authorization
  double weight = 1.0;                     // share among the provider's; > 0
  std::uint32_t concurrency_max = 0;       // attempts at once, of one core; 0: no limit

  [[nodiscard]] Credential clone() const;
};

/// A provider as the operator configured it, at one base URL.
struct Provider {
  std::uint32_t index = 0;  // within the table
  std::string name;         // the operator's; the same for all regions of one provider
  Dialect dialect = Dialect::openai;
  Url url;
  Auth auth;
  std::vector<Credential> credentials;  // a pool, in the file's order; may be empty
  std::string aws_region;               // of Bedrock: what signatures are made for
  std::string api_version;              // of Azure's deployments; empty: its v1 API, or no Azure
  std::string region;                   // "global" when nothing is promised
  Timeouts timeouts;                    // before a model narrows them
  PoolLimits pool;
  HealthPolicy health;
  std::string probe_target;  // of a GET that costs nothing; not empty where it is to be probed
  std::string ca_file;       // PEM; empty: the system's
  bool byok = false;         // a caller's own key may be forwarded to this provider
  llm::HostTraits host;      // of a provider that speaks the OpenAI dialect

  /// Whether a request can be sent without a key of the caller's.
  [[nodiscard]] bool usable_without_byok() const noexcept {
    return !credentials.empty() || auth.optional;
  }
};

struct Deployment {
  std::uint32_t index = 0;             // within the table
  const Provider* provider = nullptr;  // never null in a table; owned by it
  std::string upstream_model;          // what the provider calls the model
  double weight = 1.0;                 // share among equals; > 0
  std::string region;                  // where it is served
  Price price;
  Timeouts timeouts;        // the provider's and the model's, the smallest of each
  llm::ModelTraits traits;  // narrowed by the host's
  llm::Quantization quantization = llm::Quantization::unknown;
  DataPolicy data_policy;
};

/// The field that Google's API keys travel in: express mode of Vertex AI takes them there alone.
inline constexpr std::string_view google_key_header = "x-goog-api-key";

/// How a provider of this dialect wants this very key: as `auth` says but for Google's API keys on
/// Vertex AI, where tokens are the rule.
[[nodiscard]] Auth auth_of_key(Dialect dialect, const Auth& auth, const Secret& key);

/// The auth header's value: the format with "{key}" replaced.
[[nodiscard]] Secret render_auth(const Auth& auth, const Secret& key);

}  // namespace sluice::catalog
