#include "sluice/server/tls_material.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::server {
namespace {

const std::string certs = SLUICE_TEST_CERTS;

std::string listener_with(const std::string& certificate, const std::string& key) {
  return std::string(testing::local_provider) +
         "[[listener]]\naddress = \"127.0.0.1:0\"\ntls = { certificate = \"" + certificate +
         "\", key = \"" + key + "\" }\n[[listener]]\naddress = \"127.0.0.2:0\"\n";
}

TEST(TlsMaterial, EachListenerHasItsOwnAndAPlainOneNone) {
  const config::Loaded loaded =
      testing::loaded(listener_with(certs + "/localhost.crt", certs + "/localhost.key"));
  const auto material = TlsMaterial::load(loaded.config, loaded.models);
  ASSERT_TRUE(material.has_value()) << material.error();
  const auto keys = net::TlsTicketKeys::generate();
  EXPECT_NE(*material->server("127.0.0.1:0", keys), nullptr);
  EXPECT_EQ(*material->server("127.0.0.2:0", keys), nullptr);
  EXPECT_EQ(material->upstream()->size(), 1U);
  EXPECT_EQ(material->upstream()->at(0), nullptr) << "plain http needs none";
}

TEST(TlsMaterial, MediaHasAContextWhereItIsFetched) {
  for (const bool fetch : {true, false}) {
    config::Loaded loaded = testing::loaded(std::string(testing::local_provider));
    loaded.config.media.fetch = fetch;
    const auto material = TlsMaterial::load(loaded.config, loaded.models);
    ASSERT_TRUE(material.has_value()) << material.error();
    const auto media = material->media();
    ASSERT_TRUE(media.has_value()) << media.error();
    EXPECT_EQ(*media != nullptr, fetch);
  }
}

TEST(TlsMaterial, AKeyThatCannotBeReadIsNamedWithItsPlace) {
  config::Loaded loaded =
      testing::loaded(listener_with(certs + "/localhost.crt", certs + "/localhost.key"));
  // Gone between the check and the reading.
  loaded.config.listeners[0].tls[0].key = certs + "/nothing.key";
  const auto material = TlsMaterial::load(loaded.config, loaded.models);
  ASSERT_FALSE(material.has_value());
  EXPECT_NE(material.error().find("nothing.key"), std::string::npos) << material.error();
  EXPECT_NE(material.error().find("test.toml:"), std::string::npos) << material.error();
}

TEST(TlsMaterial, AnExpiredCertificateIsWarnedOf) {
  const config::Loaded loaded =
      testing::loaded(listener_with(certs + "/expired.crt", certs + "/expired.key"));
  const auto material = TlsMaterial::load(loaded.config, loaded.models);
  ASSERT_TRUE(material.has_value()) << material.error();
  const WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  EXPECT_EQ(material->warnings(now).size(), 1U);
}

}  // namespace
}  // namespace sluice::server
