#include "sluice/net/tls_context.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "net/tls_fixture.h"

namespace sluice::net {
namespace {

using testing::cert_path;
using testing::load_cert;
using testing::test_now;

std::string problem_of(const std::string& certificate, const std::string& key) {
  const auto made = TlsCertificate::load(certificate, key);
  return made ? "" : made.error();
}

std::string temporary(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/sluice_tls_" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(TlsCertificate, SaysWhichFileIsWrongAndWhy) {
  const std::string certificate = cert_path("localhost.crt");
  const std::string key = cert_path("localhost.key");
  EXPECT_EQ(problem_of(certificate, key), "");
  const struct {
    std::string certificate, key, file, reason;
  } cases[] = {
      {"/nowhere/x.crt", key, "/nowhere/x.crt", "No such file"},
      {certificate, "/nowhere/x.key", "/nowhere/x.key", "No such file"},
      {certificate, cert_path("api.key"), cert_path("api.key"), "does not belong"},
      {certificate, cert_path("encrypted.key"), cert_path("encrypted.key"), "encrypted"},
      {key, key, key, "holds no PEM certificate"},
      {certificate, certificate, certificate, "holds no PEM private key"},
      {temporary("empty", ""), key, "sluice_tls_empty", "holds no PEM certificate"},
      {temporary("damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), key,
       "sluice_tls_damaged", "certificate 1 is damaged"},
      {"/etc", key, "/etc", "directory"},
  };
  for (const auto& c : cases) {
    const std::string problem = problem_of(c.certificate, c.key);
    EXPECT_NE(problem.find(c.file), std::string::npos) << problem;
    EXPECT_NE(problem.find(c.reason), std::string::npos) << problem;
  }
}

TEST(TlsCertificate, KnowsItsNamesAndItsValidity) {
  const auto certificate = load_cert("localhost");
  EXPECT_EQ(certificate->names(), (std::vector<std::string>{"*.example.test", "localhost"}));
  EXPECT_EQ(certificate->warning(test_now()), "");
  EXPECT_GT(certificate->valid_until(), test_now());
}

TEST(TlsCertificate, ThatHasExpiredIsAWarningAndNoError) {
  const auto certificate = load_cert("expired");
  EXPECT_NE(certificate->warning(test_now()).find("expired on 2021-01-01"), std::string::npos);
  const WallTime early(std::chrono::sys_days(std::chrono::year(2019) / 1 / 1).time_since_epoch());
  EXPECT_NE(certificate->warning(early).find("not valid before 2020-01-01"), std::string::npos);
}

TEST(TlsTicketKeys, AreDifferentEveryTimeAndForgetTheOldest) {
  auto keys = TlsTicketKeys::generate();
  EXPECT_EQ(keys->count(), 1U);
  for (int i = 0; i < 5; ++i) keys = keys->rotated();
  EXPECT_EQ(keys->count(), TlsTicketKeys::keys_max);
}

TEST(TlsServerContext, NeedsACertificateAndSaneSettings) {
  const auto keys = TlsTicketKeys::generate();
  EXPECT_FALSE(TlsServerContext::make({}, keys).has_value());
  TlsServerConfig config{.certificates = {load_cert("localhost")}};
  EXPECT_TRUE(TlsServerContext::make(config, keys).has_value());
  config.alpn = {""};
  EXPECT_FALSE(TlsServerContext::make(config, keys).has_value());
  config.alpn = {std::string(256, 'x')};
  EXPECT_FALSE(TlsServerContext::make(config, keys).has_value());
  config.alpn = {};
  config.session_lifetime = std::chrono::seconds(0);
  EXPECT_FALSE(TlsServerContext::make(config, keys).has_value());
}

TEST(TlsTrust, CountsItsAuthoritiesAndNamesABrokenFile) {
  const auto trust = TlsTrust::load(cert_path("ca.crt"));
  ASSERT_TRUE(trust.has_value());
  EXPECT_EQ((*trust)->authorities(), 1U);
  const auto missing = TlsTrust::load("/nowhere/ca.pem");
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().find("/nowhere/ca.pem: No such file"), std::string::npos);
  const auto wrong = TlsTrust::load(cert_path("ca.key"));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().find("holds no PEM certificate"), std::string::npos);
}

TEST(TlsTrust, FindsTheSystemsAuthorities) {
  if (!std::filesystem::exists("/etc/ssl/certs/ca-certificates.crt")) {
    GTEST_SKIP() << "ca-certificates is not installed";
  }
  const auto trust = TlsTrust::system();
  ASSERT_TRUE(trust.has_value()) << trust.error();
  EXPECT_GT((*trust)->authorities(), 10U);
}

TEST(TlsClientContext, CannotBeMadeWithoutAuthorities) {
  EXPECT_FALSE(TlsClientContext::make({}).has_value());
}

}  // namespace
}  // namespace sluice::net
