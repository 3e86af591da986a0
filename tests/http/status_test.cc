#include "sluice/http/status.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(Status, KnownCodesHaveTheirPhrase) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(429), "Too Many Requests");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
}

TEST(Status, UnknownCodesHaveNone) {
  EXPECT_EQ(reason_phrase(599), "");
  EXPECT_EQ(reason_phrase(0), "");
}

TEST(Status, ARejectionKeepsItsKindAsAnError) {
  const auto kind = [](StatusCode code) { return to_error({code, "why"}, Fault::client).kind; };
  EXPECT_EQ(kind(400), ErrorKind::malformed);
  EXPECT_EQ(kind(413), ErrorKind::too_large);
  EXPECT_EQ(kind(414), ErrorKind::too_large);
  EXPECT_EQ(kind(431), ErrorKind::too_large);
  EXPECT_EQ(kind(417), ErrorKind::unsupported);
  EXPECT_EQ(kind(501), ErrorKind::unsupported);
  EXPECT_EQ(kind(505), ErrorKind::unsupported);
  const Error error = to_error({400, "why"}, Fault::provider);
  EXPECT_EQ(error.fault, Fault::provider);
  EXPECT_EQ(error.retry, Retry::never);
  EXPECT_STREQ(error.what, "why");
}

}  // namespace
}  // namespace sluice::http
