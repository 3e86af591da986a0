// What a configuration's TLS is made of, read once by the keeper; each worker gets contexts of its
// own made of it.
//
//   files --load()--> certificates by listener, trust by provider --server(), upstream()-->
//   contexts
#pragma once
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/catalog/model_table.h"
#include "sluice/config/config.h"
#include "sluice/gateway/generation.h"
#include "sluice/net/tls_context.h"

namespace sluice::server {

class TlsMaterial {
 public:
  /// Reads every certificate, key and CA file that is named. On failure one sentence that names
  /// the file, the place in the configuration and the reason. Blocking.
  [[nodiscard]] static std::expected<TlsMaterial, std::string> load(
      const config::Config& config, const catalog::ModelTable& models);

  /// The accepting side of the listener of that address, as the configuration writes it; null for
  /// a plain one.
  [[nodiscard]] std::expected<std::shared_ptr<net::TlsServerContext>, std::string> server(
      const std::string& address, std::shared_ptr<const net::TlsTicketKeys> ticket_keys) const;
  /// The connecting side, by provider.
  [[nodiscard]] std::expected<gateway::TlsContexts, std::string> upstream() const;
  /// The same for what chats name by URLs, with the system's CAs; null where nothing is fetched.
  [[nodiscard]] std::expected<std::shared_ptr<const net::TlsClientContext>, std::string> media()
      const;
  /// A sentence for every certificate that is expired, not yet valid, or for no name.
  [[nodiscard]] std::vector<std::string> warnings(WallTime now) const;

 private:
  TlsMaterial() = default;
  using Certificates = std::vector<std::shared_ptr<const net::TlsCertificate>>;
  std::map<std::string, Certificates> certificates_;  // by listener address; plain ones have none
  std::vector<std::shared_ptr<const net::TlsTrust>> trust_;  // by provider; null: plain http
  std::shared_ptr<const net::TlsTrust> media_trust_;         // null: nothing is fetched
};

}  // namespace sluice::server
