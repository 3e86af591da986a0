#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sluice/base/assert.h"
#include "tls_internal.h"

namespace sluice::net {
namespace {

using Impl = TlsClientContext::Impl;

// Where distributions keep their authorities: Debian and Arch, Fedora, openSUSE, Alpine.
constexpr const char* bundle_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
constexpr const char* bundle_folders[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

using Certificates = std::vector<bssl::UniquePtr<X509>>;

Certificates certificates_of_folder(const char* folder) {
  Certificates all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension();
    if (extension != ".pem" && extension != ".crt") continue;
    auto text = read_tls_file(entry.path());
    if (!text) continue;
    auto some = parse_certificates(*text, entry.path(), /*tolerant=*/true);
    if (!some) continue;
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

bssl::UniquePtr<X509_STORE> make_store(const Certificates& certificates) {
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  if (!store) return nullptr;
  for (const bssl::UniquePtr<X509>& certificate : certificates) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) return nullptr;
  }
  ERR_clear_error();
  return store;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* side = static_cast<const TlsSide*>(SSL_get_app_data(ssl));
  SLUICE_ASSERT(side != nullptr && side->client != nullptr);
  side->client->remember(side->session_peer, bssl::UniquePtr<SSL_SESSION>(session));
  return 1;  // the session is ours
}

}  // namespace

// --- trust ---

TlsTrust::TlsTrust() : store_(std::make_unique<Store>()) {}
TlsTrust::~TlsTrust() = default;

std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> TlsTrust::system() {
  Certificates found;
  for (const char* file : bundle_files) {
    auto text = read_tls_file(file);
    if (!text) continue;
    auto certificates = parse_certificates(*text, file, /*tolerant=*/true);
    if (!certificates) continue;
    found = std::move(*certificates);
    break;
  }
  for (const char* folder : bundle_folders) {
    if (!found.empty()) break;
    found = certificates_of_folder(folder);
  }
  if (found.empty()) {
    return std::unexpected(
        TlsProblem("/etc/ssl/certs/ca-certificates.crt: no certificate authorities on this system; "
                   "install the package ca-certificates or name a CA file"));
  }
  std::shared_ptr<TlsTrust> trust(new TlsTrust);
  trust->authorities_ = found.size();
  trust->store_->store = make_store(found);
  if (!trust->store_->store) return std::unexpected(TlsProblem("no memory for the authorities"));
  return std::shared_ptr<const TlsTrust>(std::move(trust));
}

std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> TlsTrust::load(
    const std::string& ca_file) {
  auto text = read_tls_file(ca_file);
  if (!text) return std::unexpected(text.error());
  return parse(*text, ca_file);
}

std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> TlsTrust::parse(
    std::string_view ca_pem, const std::string& name) {
  auto certificates = parse_certificates(ca_pem, name, /*tolerant=*/false);
  if (!certificates) return std::unexpected(certificates.error());
  std::shared_ptr<TlsTrust> trust(new TlsTrust);
  trust->authorities_ = certificates->size();
  trust->store_->store = make_store(*certificates);
  if (!trust->store_->store) return std::unexpected(fmt::format("{}: cannot be used", name));
  return std::shared_ptr<const TlsTrust>(std::move(trust));
}

// --- context ---

TlsClientContext::TlsClientContext(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsClientContext::~TlsClientContext() = default;

std::expected<std::unique_ptr<TlsClientContext>, TlsProblem> TlsClientContext::make(
    TlsClientConfig config) {
  if (config.trust == nullptr) {
    return std::unexpected(TlsProblem("TLS to providers needs certificate authorities"));
  }
  auto alpn = alpn_wire(config.alpn);
  if (!alpn) return std::unexpected(alpn.error());
  auto impl = std::make_shared<Impl>();
  impl->alpn = std::move(*alpn);
  impl->context = make_common_context();
  if (!impl->context) return std::unexpected(TlsProblem("BoringSSL cannot make a context"));

  SSL_CTX* context = impl->context.get();
  X509_STORE* store = config.trust->store().store.get();
  X509_STORE_up_ref(store);
  SSL_CTX_set_cert_store(context, store);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &on_new_session);
  impl->config = std::move(config);
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(std::move(impl)));
}

std::size_t TlsClientContext::remembered_hosts() const noexcept { return impl_->hosts.size(); }

// --- remembered sessions ---

void Impl::remember(const std::string& peer, bssl::UniquePtr<SSL_SESSION> session) {
  if (config.sessions_hosts_max == 0 || config.sessions_per_host_max == 0) return;
  auto found = hosts.find(peer);
  if (found == hosts.end()) {
    if (hosts.size() >= config.sessions_hosts_max) {
      hosts.erase(ages.front());
      ages.pop_front();
    }
    found = hosts.emplace(peer, Host{.sessions = {}, .age = ages.insert(ages.end(), peer)}).first;
  }
  Host& host = found->second;
  ages.splice(ages.end(), ages, host.age);
  if (host.sessions.size() >= config.sessions_per_host_max) {
    host.sessions.erase(host.sessions.begin());
  }
  host.sessions.push_back(std::move(session));
}

bssl::UniquePtr<SSL_SESSION> Impl::take(const std::string& peer) {
  const auto found = hosts.find(peer);
  if (found == hosts.end()) return nullptr;
  Host& host = found->second;
  ages.splice(ages.end(), ages, host.age);
  bssl::UniquePtr<SSL_SESSION> session = std::move(host.sessions.back());
  host.sessions.pop_back();
  if (SSL_SESSION_should_be_single_use(session.get()) == 0) {
    // TLS 1.2: the same session serves until a newer one comes.
    SSL_SESSION_up_ref(session.get());
    host.sessions.push_back(bssl::UniquePtr<SSL_SESSION>(session.get()));
  }
  if (host.sessions.empty()) {
    ages.erase(host.age);
    hosts.erase(found);
  }
  return session;
}

}  // namespace sluice::net
