#include "sluice/upstream/jwt.h"

#include <openssl/base64.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/json/writer.h"

namespace sluice::upstream {
namespace {

constexpr unsigned key_bits_min = 2048;
constexpr unsigned key_bits_max = 16'384;  // BoringSSL's own bound

// An encrypted key is none: nobody is asked for its pass phrase.
int no_pass_phrase(char*, int, int, void*) { return -1; }

bssl::UniquePtr<EVP_PKEY> read_key(const Secret& pem) {
  const std::string_view text = pem.reveal();
  bssl::UniquePtr<BIO> bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  SLUICE_ASSERT(bytes != nullptr);
  bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_RSA) return nullptr;
  const unsigned bits = static_cast<unsigned>(EVP_PKEY_bits(key.get()));
  if (bits < key_bits_min || bits > key_bits_max) return nullptr;
  return key;
}

// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that is written behind
  const auto* input = reinterpret_cast<const std::uint8_t*>(bytes.data());
  auto* output = reinterpret_cast<std::uint8_t*>(out.data());
  out.resize(EVP_EncodeBlock(output, input, bytes.size()));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

std::string header_of(const JwtClaims& claims) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("alg").string("RS256").key("typ").string("JWT");
  if (!claims.key_id.empty()) writer.key("kid").string(claims.key_id);
  writer.end_object();
  return out;
}

std::string payload_of(const JwtClaims& claims) {
  const auto issued =
      std::chrono::duration_cast<std::chrono::seconds>(claims.issued_at.time_since_epoch());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("iss").string(claims.issuer);
  if (!claims.scope.empty()) writer.key("scope").string(claims.scope);
  writer.key("aud").string(claims.audience);
  writer.key("iat").integer(issued.count());
  writer.key("exp").integer((issued + claims.lifetime).count());
  writer.end_object();
  return out;
}

std::optional<std::string> signature_of(EVP_PKEY* key, std::string_view text) {
  bssl::ScopedEVP_MD_CTX context;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_size(key));
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<std::uint8_t*>(signature.data());
  const bool is_signed =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestSign(context.get(), out, &size, bytes, text.size()) == 1;
  ERR_clear_error();
  if (!is_signed) return std::nullopt;
  signature.resize(size);
  return signature;
}

}  // namespace

bool is_signing_key(const Secret& pem) { return read_key(pem) != nullptr; }

std::optional<Secret> sign_jwt(const Secret& pem, const JwtClaims& claims) {
  const bssl::UniquePtr<EVP_PKEY> key = read_key(pem);
  if (key == nullptr) return std::nullopt;
  const std::string text = base64url(header_of(claims)) + "." + base64url(payload_of(claims));
  const std::optional<std::string> signature = signature_of(key.get(), text);
  if (!signature) return std::nullopt;
  return Secret(text + "." + base64url(*signature));
}

}  // namespace sluice::upstream
