// Certificates, contexts and handshakes for TLS tests. SLUICE_TEST_CERTS is tests/certs.
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/memory_stream.h"
#include "sluice/coro/scope.h"
#include "sluice/net/tls_context.h"
#include "sluice/net/tls_stream.h"
#include "support/manual_executor.h"

namespace sluice::net::testing {

inline std::string cert_path(const std::string& file) {
  return std::string(SLUICE_TEST_CERTS) + "/" + file;
}

inline std::shared_ptr<const TlsCertificate> load_cert(const std::string& name) {
  auto made = TlsCertificate::load(cert_path(name + ".crt"), cert_path(name + ".key"));
  if (!made) {
    ADD_FAILURE() << made.error();
    std::abort();
  }
  return *made;
}

inline std::unique_ptr<TlsServerContext> server_context(
    const std::vector<std::string>& names, std::vector<std::string> alpn = {"http/1.1"},
    std::shared_ptr<const TlsTicketKeys> keys = TlsTicketKeys::generate()) {
  TlsServerConfig config{.certificates = {}, .alpn = std::move(alpn)};
  for (const std::string& name : names) config.certificates.push_back(load_cert(name));
  auto made = TlsServerContext::make(std::move(config), std::move(keys));
  if (!made) {
    ADD_FAILURE() << made.error();
    std::abort();
  }
  return std::move(*made);
}

inline std::unique_ptr<TlsClientContext> client_context(std::vector<std::string> alpn = {
                                                            "http/1.1"}) {
  auto trust = TlsTrust::load(cert_path("ca.crt"));
  if (!trust) {
    ADD_FAILURE() << trust.error();
    std::abort();
  }
  auto made = TlsClientContext::make({.trust = *trust, .alpn = std::move(alpn)});
  if (!made) {
    ADD_FAILURE() << made.error();
    std::abort();
  }
  return std::move(*made);
}

/// A moment inside the validity of the test certificates.
inline WallTime test_now() {
  return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1).time_since_epoch());
}

using TlsResult = Result<std::unique_ptr<TlsStream>>;

// Lifetime: the callers own what is referred to and run the executor until this has ended.
inline Task<void> store_accept(std::unique_ptr<Stream> under, const TlsServerContext& context,
                               std::optional<TlsResult>& out, StopToken stop = {}) {
  out.emplace(co_await TlsStream::accept(std::move(under), context, stop));
}
inline Task<void> store_connect(std::unique_ptr<Stream> under, const TlsClientContext& context,
                                std::string host, std::optional<TlsResult>& out,
                                StopToken stop = {}) {
  TlsPeer peer{.host = std::move(host), .port = 443, .now = test_now()};
  out.emplace(co_await TlsStream::connect(std::move(under), context, std::move(peer), stop));
}
template <typename T>
Task<void> store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
}

/// Both ends after their handshakes over memory.
struct Handshake {
  std::optional<TlsResult> client;
  std::optional<TlsResult> server;
  std::shared_ptr<MemoryPipe> to_server;
  std::shared_ptr<MemoryPipe> to_client;
  [[nodiscard]] bool ok() const {
    return client && client->has_value() && server && server->has_value();
  }
};

/// Runs one task on the executor until it ends.
template <typename T>
T run_on(sluice::testing::ManualExecutor& executor, Task<T> task) {
  std::optional<T> out;
  Scope scope;
  scope.spawn(store(std::move(task), out));
  executor.run();
  if (!out) {
    ADD_FAILURE() << "the task hangs";
    std::abort();
  }
  return std::move(*out);
}
inline void run_on(sluice::testing::ManualExecutor& executor, Task<void> task) {
  Scope scope;
  scope.spawn(std::move(task));
  executor.run();
  if (scope.running() != 0) {
    ADD_FAILURE() << "the task hangs";
    std::abort();
  }
}

inline Handshake shake_hands(sluice::testing::ManualExecutor& executor, MemoryPair pair,
                             const TlsServerContext& server, const TlsClientContext& client,
                             const std::string& host = "localhost") {
  Handshake out{
      .client = {}, .server = {}, .to_server = pair.to_server, .to_client = pair.to_client};
  Scope scope;
  scope.spawn(store_accept(std::move(pair.server), server, out.server));
  scope.spawn(store_connect(std::move(pair.client), client, host, out.client));
  executor.run();
  if (scope.running() != 0) {
    ADD_FAILURE() << "the handshake hangs";
    std::abort();
  }
  return out;
}

}  // namespace sluice::net::testing
