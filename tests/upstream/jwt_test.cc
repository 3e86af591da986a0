#include "sluice/upstream/jwt.h"

#include <gtest/gtest.h>
#include <openssl/base64.h>

#include <array>
#include <string>

#include "signing_key.h"

namespace sluice::upstream {
namespace {

using testing::make_rsa_key;
using testing::pem_of;
using testing::signing_key;

std::string decoded(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (text.size() % 4 != 0) text += '=';
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  EXPECT_EQ(EVP_DecodeBase64(reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size(),
                             reinterpret_cast<const std::uint8_t*>(text.data()), text.size()),
            1);
  out.resize(size);
  return out;
}

bool verifies(EVP_PKEY* key, const std::string& text, const std::string& signature) {
  bssl::ScopedEVP_MD_CTX context;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const std::uint8_t*>(signature.data()),
                          signature.size(), bytes, text.size()) == 1;
}

JwtClaims claims() {
  return {.issuer = "a@p.iam.gserviceaccount.com",
          .audience = "https://oauth2.googleapis.com/token",
          .scope = "s",
          .key_id = "k1",
          .issued_at = WallTime(std::chrono::seconds(1'700'000'000))};
}

TEST(Jwt, IsSignedSoThatThePublicKeyVerifiesIt) {
  const auto made = sign_jwt(Secret(pem_of(signing_key())), claims());
  ASSERT_TRUE(made.has_value());
  const std::string text(made->reveal());
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  ASSERT_NE(first, last);
  EXPECT_EQ(text.find_first_of("+/="), text.npos) << "base64url, without padding";
  EXPECT_EQ(decoded(text.substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  EXPECT_EQ(decoded(text.substr(first + 1, last - first - 1)),
            R"({"iss":"a@p.iam.gserviceaccount.com","scope":"s",)"
            R"("aud":"https://oauth2.googleapis.com/token","iat":1700000000,"exp":1700003600})");
  const std::string signature = decoded(text.substr(last + 1));
  EXPECT_TRUE(verifies(signing_key(), text.substr(0, last), signature));
  EXPECT_FALSE(verifies(signing_key(), text.substr(0, last - 1), signature));
  EXPECT_FALSE(verifies(make_rsa_key(2048).get(), text.substr(0, last), signature));
}

TEST(Jwt, NamesNoKeyWhereTheFileNamesNone) {
  JwtClaims unnamed = claims();
  unnamed.key_id = {};
  const auto made = sign_jwt(Secret(pem_of(signing_key())), unnamed);
  ASSERT_TRUE(made.has_value());
  const std::string text(made->reveal());
  EXPECT_EQ(decoded(text.substr(0, text.find('.'))), R"({"alg":"RS256","typ":"JWT"})");
}

TEST(Jwt, TakesNoKeyThatCannotSignOrIsTooWeak) {
  const std::string good = pem_of(signing_key());
  EXPECT_TRUE(is_signing_key(Secret(std::string(good))));
  const std::string bad[] = {"", "no key", good.substr(0, good.size() / 2),
                             pem_of(make_rsa_key(1024).get())};
  for (const std::string& pem : bad) {
    EXPECT_FALSE(is_signing_key(Secret(std::string(pem)))) << pem.size();
    EXPECT_FALSE(sign_jwt(Secret(std::string(pem)), claims()).has_value()) << pem.size();
  }
}

}  // namespace
}  // namespace sluice::upstream
