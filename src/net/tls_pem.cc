// PEM files and what both sides' contexts have in common.
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tls_internal.h"

namespace sluice::net {
namespace {

constexpr std::size_t file_bytes_max = 4 << 20;

// AEAD with forward secrecy only; within a bracket the peer's preference decides, since it knows
// whether its processor has AES instructions. TLS 1.3's suites are all of that kind.
constexpr const char* ciphers_tls12 =
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]:"
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

bool at_end_of_pem() {
  const std::uint32_t error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

bssl::UniquePtr<SSL_CTX> make_common_context() {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (!context) return nullptr;
  const bool made = SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_strict_cipher_list(context.get(), ciphers_tls12) == 1;
  if (!made) return nullptr;
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  return context;
}

std::expected<std::string, TlsProblem> alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return std::unexpected(fmt::format("\"{}\" is no ALPN protocol name", protocol));
    }
    wire.push_back(static_cast<char>(protocol.size()));
    wire += protocol;
  }
  return wire;
}

std::expected<std::string, TlsProblem> read_tls_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  // Its final size at once: a string that grows would leave copies of a key behind.
  std::string bytes(file_bytes_max, '\0');
  std::size_t size_bytes = 0;
  ssize_t got = 0;
  int reason = 0;
  while (size_bytes < bytes.size()) {
    got = ::read(file, bytes.data() + size_bytes, bytes.size() - size_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size_bytes += static_cast<std::size_t>(got);
  }
  if (got < 0) reason = errno;
  ::close(file);
  if (reason != 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(reason)));
  if (size_bytes == bytes.size()) return std::unexpected(fmt::format("{}: over 4 MiB", path));
  bytes.resize(size_bytes);
  return bytes;
}

std::expected<std::vector<bssl::UniquePtr<X509>>, TlsProblem> parse_certificates(
    std::string_view pem, const std::string& name, bool tolerant) {
  bssl::UniquePtr<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<bssl::UniquePtr<X509>> certificates;
  while (true) {
    ERR_clear_error();
    bssl::UniquePtr<X509> certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
    if (certificate) {
      certificates.push_back(std::move(certificate));
      continue;
    }
    const bool end = at_end_of_pem();
    ERR_clear_error();
    if (end) break;
    if (!tolerant) {
      return std::unexpected(
          fmt::format("{}: certificate {} is damaged", name, certificates.size() + 1));
    }
  }
  if (certificates.empty()) {
    return std::unexpected(fmt::format("{}: holds no PEM certificate", name));
  }
  return certificates;
}

}  // namespace sluice::net
