#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "sluice/net/address.h"
#include "tls_internal.h"

namespace sluice::net {
namespace {

// An encrypted key must not make BoringSSL ask the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

std::expected<bssl::UniquePtr<EVP_PKEY>, TlsProblem> parse_key(const Secret& pem,
                                                               const std::string& name) {
  const std::string_view text = pem.reveal();
  bssl::UniquePtr<BIO> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool asked = false;
  bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, &asked));
  ERR_clear_error();
  if (key) return key;
  if (asked) return std::unexpected(fmt::format("{}: the key is encrypted; store it plain", name));
  return std::unexpected(fmt::format("{}: holds no PEM private key", name));
}

std::optional<WallTime> to_wall_time(const ASN1_TIME* time) {
  bssl::UniquePtr<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  // Nanoseconds end in 2262; certificates may say 9999.
  constexpr int days_max = 290 * 365;
  days = std::clamp(days, -days_max, days_max);
  return WallTime(std::chrono::days(days) + std::chrono::seconds(seconds));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Subject alternative names alone: RFC 9525 section 2 leaves the common name out.
std::vector<std::string> dns_names(const X509& leaf) {
  std::vector<std::string> names;
  bssl::UniquePtr<GENERAL_NAMES> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&leaf, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  if (!alternatives) return names;
  for (std::size_t i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* alternative = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (alternative->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(alternative->d.dNSName));
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(alternative->d.dNSName));
    const std::string name = lower_case({text, size});
    const std::string_view plain =
        name.starts_with("*.") ? std::string_view(name).substr(2) : std::string_view(name);
    if (is_host_name(plain)) names.push_back(name);
  }
  return names;
}

std::string day_of(WallTime time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                        std::chrono::time_point_cast<std::chrono::seconds>(time))));
}

}  // namespace

TlsCertificate::TlsCertificate() : parts_(std::make_unique<Parts>()) {}
TlsCertificate::~TlsCertificate() = default;

std::expected<std::shared_ptr<const TlsCertificate>, TlsProblem> TlsCertificate::load(
    const std::string& certificate_file, const std::string& key_file) {
  std::expected<std::string, TlsProblem> certificate = read_tls_file(certificate_file);
  if (!certificate) return std::unexpected(certificate.error());
  std::expected<std::string, TlsProblem> key_text = read_tls_file(key_file);
  if (!key_text) return std::unexpected(key_text.error());
  const Secret key_pem(std::move(*key_text));
  auto key = parse_key(key_pem, key_file);
  if (!key) return std::unexpected(key.error());
  auto made = parse(*certificate, key_pem, certificate_file);
  if (!made && certificate_file != key_file)
    return std::unexpected(made.error() + " (key file: " + key_file + ")");
  return made;
}

std::expected<std::shared_ptr<const TlsCertificate>, TlsProblem> TlsCertificate::parse(
    std::string_view certificate_pem, const Secret& key_pem, const std::string& name) {
  auto chain = parse_certificates(certificate_pem, name, /*tolerant=*/false);
  if (!chain) return std::unexpected(chain.error());
  auto key = parse_key(key_pem, name);
  if (!key) return std::unexpected(key.error());
  X509* leaf = chain->front().get();
  const bool matches = X509_check_private_key(leaf, key->get()) == 1;
  ERR_clear_error();
  if (!matches) {
    return std::unexpected(fmt::format("{}: the key does not belong to the certificate", name));
  }

  std::shared_ptr<TlsCertificate> made(new TlsCertificate);
  made->source_ = name;
  made->names_ = dns_names(*leaf);
  made->valid_from_ = WallTime::min();
  made->valid_until_ = WallTime::max();
  for (const bssl::UniquePtr<X509>& one : *chain) {
    const std::optional<WallTime> from = to_wall_time(X509_get0_notBefore(one.get()));
    const std::optional<WallTime> until = to_wall_time(X509_get0_notAfter(one.get()));
    if (!from || !until) {
      return std::unexpected(fmt::format("{}: a certificate has no readable validity", name));
    }
    made->valid_from_ = std::max(made->valid_from_, *from);
    made->valid_until_ = std::min(made->valid_until_, *until);
  }
  made->parts_->chain = std::move(*chain);
  made->parts_->key = std::move(*key);
  return std::shared_ptr<const TlsCertificate>(std::move(made));
}

std::string TlsCertificate::warning(WallTime now) const {
  if (now >= valid_until_) {
    return fmt::format("{}: the certificate expired on {}", source_, day_of(valid_until_));
  }
  if (now < valid_from_) {
    return fmt::format("{}: the certificate is not valid before {}", source_, day_of(valid_from_));
  }
  if (names_.empty()) {
    return fmt::format("{}: the certificate names no DNS name, so most clients will refuse it",
                       source_);
  }
  return {};
}

}  // namespace sluice::net
