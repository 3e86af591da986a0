#include "sluice/server/tls_material.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace sluice::server {
namespace {

std::string in_folder(const config::Config& config, const std::string& path) {
  return path.starts_with('/') ? path : config.folder() + "/" + path;
}

// Where a provider is written, to put before a sentence; nothing for one of the environment.
std::string place_of(const config::Config& config, const std::string& provider) {
  for (const config::ProviderConfig& written : config.providers) {
    const config::Place place = written.ca_file_place;
    if (written.name != provider || place.line == 0) continue;
    return fmt::format("{}:{}:{}: ", config.file, place.line, place.column);
  }
  return {};
}

// The token servers of a provider's credentials are believed by the same authorities as itself.
bool needs_tls(const catalog::Provider& provider) {
  const auto is_https = [](const catalog::Url& url) {
    return url.scheme == catalog::Scheme::https;
  };
  return is_https(provider.url) ||
         std::ranges::any_of(provider.credentials, [&](const catalog::Credential& credential) {
           return credential.tokens && is_https(credential.tokens->url);
         });
}

using Trusts = std::map<std::string, std::shared_ptr<const net::TlsTrust>>;

std::expected<std::shared_ptr<const net::TlsTrust>, std::string> trust_of(
    const catalog::Provider& provider, Trusts& known) {
  const auto found = known.find(provider.ca_file);
  if (found != known.end()) return found->second;
  auto loaded =
      provider.ca_file.empty() ? net::TlsTrust::system() : net::TlsTrust::load(provider.ca_file);
  if (!loaded)
    return std::unexpected(fmt::format("provider {}: {}", provider.name, loaded.error()));
  known.emplace(provider.ca_file, *loaded);
  return *loaded;
}

}  // namespace

std::expected<TlsMaterial, std::string> TlsMaterial::load(const config::Config& config,
                                                          const catalog::ModelTable& models) {
  TlsMaterial material;
  for (const config::ListenerConfig& listener : config.listeners) {
    for (const config::TlsConfig& tls : listener.tls) {
      auto loaded =
          net::TlsCertificate::load(in_folder(config, tls.certificate), in_folder(config, tls.key));
      if (!loaded) {
        return std::unexpected(fmt::format("{}:{}:{}: listener {}: {}", config.file, tls.place.line,
                                           tls.place.column, listener.address.to_string(),
                                           loaded.error()));
      }
      material.certificates_[listener.address.to_string()].push_back(std::move(*loaded));
    }
  }
  Trusts known;
  for (const auto& provider : models.providers()) {
    if (!needs_tls(*provider)) {
      material.trust_.push_back(nullptr);
      continue;
    }
    auto trust = trust_of(*provider, known);
    if (!trust) return std::unexpected(place_of(config, provider->name) + trust.error());
    material.trust_.push_back(std::move(*trust));
  }
  if (config.media.fetch) {
    const auto system = known.find("");
    if (system != known.end()) {
      material.media_trust_ = system->second;
    } else {
      auto trust = net::TlsTrust::system();
      if (!trust) return std::unexpected(fmt::format("{}: media: {}", config.file, trust.error()));
      material.media_trust_ = std::move(*trust);
    }
  }
  return material;
}

std::expected<std::shared_ptr<net::TlsServerContext>, std::string> TlsMaterial::server(
    const std::string& address, std::shared_ptr<const net::TlsTicketKeys> ticket_keys) const {
  const auto found = certificates_.find(address);
  if (found == certificates_.end()) return nullptr;
  net::TlsServerConfig config;
  config.certificates = found->second;
  auto made = net::TlsServerContext::make(std::move(config), std::move(ticket_keys));
  if (!made) return std::unexpected(made.error());
  return std::shared_ptr<net::TlsServerContext>(std::move(*made));
}

namespace {

std::expected<std::shared_ptr<const net::TlsClientContext>, std::string> client_context(
    std::shared_ptr<const net::TlsTrust> trust) {
  net::TlsClientConfig config;
  config.trust = std::move(trust);
  auto made = net::TlsClientContext::make(std::move(config));
  if (!made) return std::unexpected(made.error());
  return std::shared_ptr<const net::TlsClientContext>(std::move(*made));
}

}  // namespace

// A context of their own: sessions with whatever hosts callers name push out no provider's.
std::expected<std::shared_ptr<const net::TlsClientContext>, std::string> TlsMaterial::media()
    const {
  if (media_trust_ == nullptr) return nullptr;
  return client_context(media_trust_);
}

std::expected<gateway::TlsContexts, std::string> TlsMaterial::upstream() const {
  std::map<const net::TlsTrust*, std::shared_ptr<const net::TlsClientContext>> made;
  gateway::TlsContexts contexts;
  for (const auto& trust : trust_) {
    if (trust == nullptr) {
      contexts.push_back(nullptr);
      continue;
    }
    auto& context = made[trust.get()];
    if (context == nullptr) {
      auto fresh = client_context(trust);
      if (!fresh) return std::unexpected(fresh.error());
      context = std::move(*fresh);
    }
    contexts.push_back(context);
  }
  return contexts;
}

std::vector<std::string> TlsMaterial::warnings(WallTime now) const {
  std::vector<std::string> sentences;
  for (const auto& [address, certificates] : certificates_) {
    for (const auto& certificate : certificates) {
      std::string warning = certificate->warning(now);
      if (!warning.empty()) sentences.push_back(std::move(warning));
    }
  }
  return sentences;
}

}  // namespace sluice::server
