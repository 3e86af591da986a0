#include "key_hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

namespace sluice::policy {
namespace {

TEST(KeyHash, CrcIsCastagnolis) {
  EXPECT_EQ(~crc32c(~0U, "123456789"), 0xe3069283U);  // the check value of RFC 3720's CRC
  EXPECT_EQ(~crc32c(~0U, ""), 0U);
}

TEST(KeyHash, CrcDoesNotDependOnHowTheBytesAreCut) {
  const std::string text = "thirty-one bytes, an odd length";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(crc32c(~0U, text.substr(0, cut)), text.substr(cut)), crc32c(~0U, text));
  }
}

TEST(KeyHash, HmacFromKeptStatesIsTheLibrarysHmac) {
  for (const std::size_t secret_bytes : {0UZ, 1UZ, 16UZ, 63UZ, 64UZ}) {
    std::vector<unsigned char> secret(secret_bytes);
    for (std::size_t i = 0; i < secret_bytes; ++i) secret[i] = static_cast<unsigned char>(i * 7);
    const HmacStates states = hmac_begin(secret);
    for (std::size_t message_bytes = 0; message_bytes <= 200; ++message_bytes) {
      const std::string message(message_bytes, 'm');
      Mac expected;
      unsigned size = 0;
      ASSERT_TRUE(HMAC(EVP_sha256(), secret.data(), secret.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       expected.data(), &size));
      EXPECT_EQ(hmac_end(states, message), expected) << message_bytes;
    }
  }
}

}  // namespace
}  // namespace sluice::policy
