// What the TLS files share: BoringSSL's objects behind the public classes.
#pragma once
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/net/tls_context.h"

namespace sluice::net {

struct TlsCertificate::Parts {
  std::vector<bssl::UniquePtr<X509>> chain;  // the leaf first
  bssl::UniquePtr<EVP_PKEY> key;
};

struct TlsTicketKeys::Key {
  std::uint8_t name[SSL_TICKET_KEY_NAME_LEN];
  std::uint8_t cipher[32];  // AES-256-CBC
  std::uint8_t mac[32];     // HMAC-SHA-256
};

struct TlsTrust::Store {
  bssl::UniquePtr<X509_STORE> store;
};

class TlsServerContext::Impl {
 public:
  [[nodiscard]] SSL_CTX* default_context() const noexcept { return contexts.front().get(); }
  /// The certificate's context for a name in lower case: exact, then wildcard; null for none.
  [[nodiscard]] SSL_CTX* context_for(std::string_view name) const noexcept;

  std::vector<bssl::UniquePtr<SSL_CTX>> contexts;  // one per certificate, otherwise alike
  std::map<std::string, SSL_CTX*, std::less<>> exact;
  std::map<std::string, SSL_CTX*, std::less<>> wildcard;  // key: what follows "*"
  std::string alpn;                                       // as on the wire
  std::shared_ptr<const TlsTicketKeys> ticket_keys;
};

class TlsClientContext::Impl {
 public:
  /// Remembers one more session of `peer` (`host:port`).
  void remember(const std::string& peer, bssl::UniquePtr<SSL_SESSION> session);
  /// A session to resume; one that serves once is forgotten by taking it. Null when there is none.
  [[nodiscard]] bssl::UniquePtr<SSL_SESSION> take(const std::string& peer);

  TlsClientConfig config;
  bssl::UniquePtr<SSL_CTX> context;
  std::string alpn;  // as on the wire

  struct Host {
    std::vector<bssl::UniquePtr<SSL_SESSION>> sessions;  // the newest last
    std::list<std::string>::iterator age;
  };
  std::unordered_map<std::string, Host> hosts;
  std::list<std::string> ages;  // the longest unused first
};

/// One connection's way back from BoringSSL's callbacks; stored as the SSL's application data.
struct TlsSide {
  std::shared_ptr<TlsServerContext::Impl> server;  // one of the two
  std::shared_ptr<TlsClientContext::Impl> client;
  std::string session_peer;  // the client's key of remembered sessions
};

/// An SSL_CTX with what both sides have in common.
[[nodiscard]] bssl::UniquePtr<SSL_CTX> make_common_context();

/// Protocol names in the form of RFC 7301 section 3.1; nothing when a name is empty or over 255.
[[nodiscard]] std::expected<std::string, TlsProblem> alpn_wire(
    const std::vector<std::string>& protocols);

/// A file's bytes, at most 4 MiB of them.
[[nodiscard]] std::expected<std::string, TlsProblem> read_tls_file(const std::string& path);

/// Every certificate in PEM text. With `tolerant`, broken ones are left out.
[[nodiscard]] std::expected<std::vector<bssl::UniquePtr<X509>>, TlsProblem> parse_certificates(
    std::string_view pem, const std::string& name, bool tolerant);

}  // namespace sluice::net
