// A service account's key, made anew for every run: no private key lies in the repository.
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>

#include "sluice/base/assert.h"

namespace sluice::upstream::testing {

inline bssl::UniquePtr<EVP_PKEY> make_rsa_key(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  SLUICE_ASSERT(BN_set_word(exponent.get(), RSA_F4) == 1);
  SLUICE_ASSERT(RSA_generate_key_ex(rsa.get(), bits, exponent.get(), nullptr) == 1);
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  SLUICE_ASSERT(EVP_PKEY_set1_RSA(key.get(), rsa.get()) == 1);
  return key;
}

inline std::string pem_of(EVP_PKEY* key) {
  bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  SLUICE_ASSERT(
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  SLUICE_ASSERT(BIO_mem_contents(out.get(), &bytes, &size) == 1);
  return {reinterpret_cast<const char*>(bytes), size};
}

inline EVP_PKEY* signing_key() {
  static const bssl::UniquePtr<EVP_PKEY> key = make_rsa_key(2048);
  return key.get();
}

/// What Google's console gives for a service account, with this token endpoint.
inline std::string service_account_file(const std::string& token_uri) {
  std::string pem;
  for (const char c : pem_of(signing_key())) {
    if (c == '\n') {
      pem += "\\n";
    } else {
      pem += c;
    }
  }
  return R"({"type": "service_account", "project_id": "a-project", "private_key_id": "k1",)"
         R"( "private_key": ")" +
         pem + R"(", "client_email": "a@a-project.iam.gserviceaccount.com", "token_uri": ")" +
         token_uri + R"("})";
}

}  // namespace sluice::upstream::testing
