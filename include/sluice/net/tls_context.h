// What TLS connections are made of: certificates, keys, trust, tickets, remembered sessions.
//
//   TlsCertificate --several--> TlsServerContext --one per accepted connection--> TlsStream
//   TlsTrust --shared--> TlsClientContext (one per worker) --one per connection--> TlsStream
//
// Files are read here alone, at start and on reload, never on a worker's data path. BoringSSL's
// objects are reached only by TlsStream (src/net/tls_internal.h). TLS 1.2 and 1.3, AEAD ciphers
// with forward secrecy, no renegotiation, no compression, no early data.
#pragma once
#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/secret.h"

namespace sluice::net {

/// Why something cannot be used, for the operator: names the file and the reason.
using TlsProblem = std::string;

/// A certificate chain with its private key. Immutable; shared between workers.
class TlsCertificate {
 public:
  /// From PEM files: the chain, leaf first; an unencrypted key. Fails when a file is missing,
  /// unreadable or not PEM, and when the key is not the leaf's.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsCertificate>, TlsProblem> load(
      const std::string& certificate_file, const std::string& key_file);
  /// From PEM text; `name` stands for the file in complaints.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsCertificate>, TlsProblem> parse(
      std::string_view certificate_pem, const Secret& key_pem, const std::string& name);
  ~TlsCertificate();

  /// The DNS names it is for, in lower case: `api.example.com`, `*.example.com`.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// The earliest end of validity in the chain.
  [[nodiscard]] WallTime valid_until() const noexcept { return valid_until_; }
  /// A sentence when it is expired, not yet valid, or for no DNS name; empty when all is well.
  [[nodiscard]] std::string warning(WallTime now) const;

  struct Parts;  // for src/net only
  [[nodiscard]] const Parts& parts() const noexcept { return *parts_; }

 private:
  TlsCertificate();
  std::unique_ptr<Parts> parts_;
  std::string source_;
  std::vector<std::string> names_;
  WallTime valid_from_{};
  WallTime valid_until_{};
};

/// The keys that seal session tickets: the first seals, all of them open. Immutable and stateless,
/// so any worker (or process that is given the same keys) resumes what another began.
class TlsTicketKeys {
 public:
  static constexpr std::size_t keys_max = 3;
  /// One fresh key.
  [[nodiscard]] static std::shared_ptr<const TlsTicketKeys> generate();
  /// A fresh key in front; the oldest beyond `keys_max` is forgotten, and its tickets with it.
  [[nodiscard]] std::shared_ptr<const TlsTicketKeys> rotated() const;
  ~TlsTicketKeys();

  /// How many keys open tickets.
  [[nodiscard]] std::size_t count() const noexcept;

  struct Key;  // for src/net only
  [[nodiscard]] const std::vector<Key>& keys() const noexcept { return keys_; }

 private:
  TlsTicketKeys();
  std::vector<Key> keys_;
};

struct TlsServerConfig {
  std::vector<std::shared_ptr<const TlsCertificate>> certificates;  // the first is the default
  std::vector<std::string> alpn = {"http/1.1"};                     // in order of preference
  std::chrono::seconds session_lifetime{4 * 3600};                  // of a ticket
};

/// The accepting side of one listener. Belongs to one worker: make one per worker.
class TlsServerContext {
 public:
  /// Fails when there is no certificate or BoringSSL refuses one.
  [[nodiscard]] static std::expected<std::unique_ptr<TlsServerContext>, TlsProblem> make(
      TlsServerConfig config, std::shared_ptr<const TlsTicketKeys> ticket_keys);
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;
  ~TlsServerContext();

  /// For connections from now on; tickets of keys that are in neither set start anew.
  void use_ticket_keys(std::shared_ptr<const TlsTicketKeys> ticket_keys) noexcept;

  class Impl;  // for src/net only
  [[nodiscard]] const std::shared_ptr<Impl>& share() const noexcept { return impl_; }

 private:
  explicit TlsServerContext(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;  // streams hold it too: they may outlive the context
};

/// Whom we believe: certificate authorities. Immutable; shared between workers.
class TlsTrust {
 public:
  /// The system's: /etc/ssl/certs/ca-certificates.crt, or where other distributions keep it.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> system();
  /// A PEM file of certificates, instead of the system's.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> load(
      const std::string& ca_file);
  /// From PEM text; `name` stands for the file in complaints.
  [[nodiscard]] static std::expected<std::shared_ptr<const TlsTrust>, TlsProblem> parse(
      std::string_view ca_pem, const std::string& name);
  ~TlsTrust();

  [[nodiscard]] std::size_t authorities() const noexcept { return authorities_; }

  struct Store;  // for src/net only
  [[nodiscard]] const Store& store() const noexcept { return *store_; }

 private:
  TlsTrust();
  std::unique_ptr<Store> store_;
  std::size_t authorities_ = 0;
};

struct TlsClientConfig {
  std::shared_ptr<const TlsTrust> trust;
  std::vector<std::string> alpn = {"http/1.1"};
  std::size_t sessions_hosts_max = 256;   // hosts whose sessions are remembered; then the oldest go
  std::size_t sessions_per_host_max = 4;  // TLS 1.3 tickets serve once each
};

/// The connecting side of one worker. There is no way to connect without verification.
class TlsClientContext {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<TlsClientContext>, TlsProblem> make(
      TlsClientConfig config);
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  ~TlsClientContext();

  /// Hosts with a remembered session.
  [[nodiscard]] std::size_t remembered_hosts() const noexcept;

  class Impl;  // for src/net only
  [[nodiscard]] const std::shared_ptr<Impl>& share() const noexcept { return impl_; }

 private:
  explicit TlsClientContext(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;  // streams hold it too: sessions arrive while they are read
};

}  // namespace sluice::net
