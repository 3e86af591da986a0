#include <fmt/format.h>
#include <openssl/cipher.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "sluice/base/assert.h"
#include "sluice/base/secret.h"
#include "tls_internal.h"

namespace sluice::net {
namespace {

using Impl = TlsServerContext::Impl;

const TlsSide& side_of(SSL* ssl) noexcept {
  auto* side = static_cast<const TlsSide*>(SSL_get_app_data(ssl));
  SLUICE_ASSERT(side != nullptr && side->server != nullptr);
  return *side;
}

int on_server_name(SSL* ssl, int*, void*) {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::string name(asked);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  SSL_CTX* context = side_of(ssl).server->context_for(name);
  // A name of nobody's gets the default certificate, and its client judges it.
  if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, context);
  return SSL_TLSEXT_ERR_OK;
}

int on_alpn(SSL* ssl, const std::uint8_t** out, std::uint8_t* out_size, const std::uint8_t* offered,
            unsigned offered_size, void*) {
  const std::string& ours = side_of(ssl).server->alpn;
  std::uint8_t* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const std::uint8_t*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  // RFC 7301 section 3.2: no common protocol is fatal. It also keeps a client of some other
  // protocol from being fooled into talking to us.
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int on_ticket_key(SSL* ssl, std::uint8_t* name, std::uint8_t* iv, EVP_CIPHER_CTX* cipher,
                  HMAC_CTX* mac, int encrypt) {
  const std::vector<TlsTicketKeys::Key>& keys = side_of(ssl).server->ticket_keys->keys();
  const auto set_up = [&](const TlsTicketKeys::Key& key) {
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher, iv, encrypt) == 1 &&
           HMAC_Init_ex(mac, key.mac, sizeof key.mac, EVP_sha256(), nullptr) == 1;
  };
  if (encrypt != 0) {
    const TlsTicketKeys::Key& key = keys.front();
    std::memcpy(name, key.name, sizeof key.name);
    RAND_bytes(iv, EVP_MAX_IV_LENGTH);
    return set_up(key) ? 1 : -1;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::memcmp(name, keys[i].name, sizeof keys[i].name) != 0) continue;
    if (!set_up(keys[i])) return -1;
    return i == 0 ? 1 : 2;  // 2: good, and to be renewed under the first key
  }
  return 0;
}

bssl::UniquePtr<SSL_CTX> make_context(const TlsServerConfig& config,
                                      const TlsCertificate& certificate) {
  bssl::UniquePtr<SSL_CTX> context = make_common_context();
  if (!context) return nullptr;
  const TlsCertificate::Parts& parts = certificate.parts();
  bool made = SSL_CTX_use_certificate(context.get(), parts.chain.front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), parts.key.get()) == 1;
  for (std::size_t i = 1; made && i < parts.chain.size(); ++i) {
    made = SSL_CTX_add1_chain_cert(context.get(), parts.chain[i].get()) == 1;
  }
  static constexpr std::uint8_t id_context[] = {'s', 'l', 'u', 'i', 'c', 'e'};
  made = made && SSL_CTX_set_session_id_context(context.get(), id_context, sizeof id_context) == 1;
  if (!made) return nullptr;

  const auto lifetime = static_cast<std::uint32_t>(config.session_lifetime.count());
  SSL_CTX_set_timeout(context.get(), lifetime);
  SSL_CTX_set_session_psk_dhe_timeout(context.get(), lifetime);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets, nothing kept here
  SSL_CTX_set_tlsext_ticket_key_cb(context.get(), &on_ticket_key);
  SSL_CTX_set_tlsext_servername_callback(context.get(), &on_server_name);
  if (!config.alpn.empty()) SSL_CTX_set_alpn_select_cb(context.get(), &on_alpn, nullptr);
  return context;
}

}  // namespace

SSL_CTX* Impl::context_for(std::string_view name) const noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (const auto found = exact.find(name); found != exact.end()) return found->second;
  // "*" stands for one whole label (RFC 9525 section 6.3).
  const std::size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos) return nullptr;
  const auto found = wildcard.find(name.substr(dot));
  return found == wildcard.end() ? nullptr : found->second;
}

TlsServerContext::TlsServerContext(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsServerContext::~TlsServerContext() = default;

std::expected<std::unique_ptr<TlsServerContext>, TlsProblem> TlsServerContext::make(
    TlsServerConfig config, std::shared_ptr<const TlsTicketKeys> ticket_keys) {
  SLUICE_ASSERT(ticket_keys != nullptr && !ticket_keys->keys().empty());
  if (config.certificates.empty()) {
    return std::unexpected(TlsProblem("a TLS listener needs a certificate"));
  }
  if (config.session_lifetime.count() < 1 || config.session_lifetime.count() > 7 * 86'400) {
    return std::unexpected(TlsProblem("a TLS session lives from one second to seven days"));
  }
  auto alpn = alpn_wire(config.alpn);
  if (!alpn) return std::unexpected(alpn.error());

  auto impl = std::make_shared<Impl>();
  impl->alpn = std::move(*alpn);
  impl->ticket_keys = std::move(ticket_keys);
  for (const std::shared_ptr<const TlsCertificate>& certificate : config.certificates) {
    bssl::UniquePtr<SSL_CTX> context = make_context(config, *certificate);
    if (!context) {
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      ERR_clear_error();
      return std::unexpected(fmt::format("the certificate cannot be used for TLS: {}",
                                         reason == nullptr ? "no reason given" : reason));
    }
    // The first certificate for a name wins.
    for (const std::string& name : certificate->names()) {
      if (name.starts_with("*.")) {
        impl->wildcard.emplace(name.substr(1), context.get());
      } else {
        impl->exact.emplace(name.ends_with('.') ? name.substr(0, name.size() - 1) : name,
                            context.get());
      }
    }
    impl->contexts.push_back(std::move(context));
  }
  return std::unique_ptr<TlsServerContext>(new TlsServerContext(std::move(impl)));
}

void TlsServerContext::use_ticket_keys(std::shared_ptr<const TlsTicketKeys> ticket_keys) noexcept {
  SLUICE_ASSERT(ticket_keys != nullptr && !ticket_keys->keys().empty());
  impl_->ticket_keys = std::move(ticket_keys);
}

// --- ticket keys ---

TlsTicketKeys::TlsTicketKeys() = default;

TlsTicketKeys::~TlsTicketKeys() {
  if (!keys_.empty()) wipe_memory(keys_.data(), keys_.size() * sizeof(Key));
}

std::size_t TlsTicketKeys::count() const noexcept { return keys_.size(); }

std::shared_ptr<const TlsTicketKeys> TlsTicketKeys::generate() {
  std::shared_ptr<TlsTicketKeys> made(new TlsTicketKeys);
  made->keys_.resize(1);
  RAND_bytes(reinterpret_cast<std::uint8_t*>(made->keys_.data()), sizeof(Key));
  return made;
}

std::shared_ptr<const TlsTicketKeys> TlsTicketKeys::rotated() const {
  std::shared_ptr<TlsTicketKeys> made(new TlsTicketKeys);
  const std::size_t kept = std::min(keys_.size(), keys_max - 1);
  made->keys_.resize(kept + 1);
  RAND_bytes(reinterpret_cast<std::uint8_t*>(made->keys_.data()), sizeof(Key));
  std::copy_n(keys_.begin(), kept, made->keys_.begin() + 1);
  return made;
}

}  // namespace sluice::net
