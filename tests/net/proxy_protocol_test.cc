#include "sluice/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/guarded_memory.h"

namespace sluice::net {
namespace {

using Status = ProxyHeader::Status;
using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(char version_command, char family, const std::string& body) {
  return signature + version_command + family + static_cast<char>(body.size() >> 8) +
         static_cast<char>(body.size() & 0xff) + body;
}

const std::string body4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\x30\x39\x01\xbb"s;
const std::string body6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" +
                          "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x02" +
                          "\x30\x39\x01\xbb"s;

struct Case {
  const char* name;
  std::string wire;
  const char* source;  // null: no addresses
};

const Case good[] = {
    {"v1 IPv4", "PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n", "192.0.2.1:12345"},
    {"v1 IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 12345 443\r\n", "[2001:db8::1]:12345"},
    {"v1 unknown", "PROXY UNKNOWN\r\n", nullptr},
    {"v1 unknown with anything", "PROXY UNKNOWN ffff:: blah 1 x\r\n", nullptr},
    {"v1 longest",
     "PROXY TCP6 1111:1111:1111:1111:1111:1111:1111:1111 2222:2222:2222:2222:2222:2222:2222:2222 "
     "65535 65535\r\n",
     "[1111:1111:1111:1111:1111:1111:1111:1111]:65535"},
    {"v2 IPv4", v2(0x21, 0x11, body4), "192.0.2.1:12345"},
    {"v2 IPv6", v2(0x21, 0x21, body6), "[2001:db8::1]:12345"},
    {"v2 with extensions", v2(0x21, 0x11, body4 + "\x04\x00\x02zz\x05\x00\x00"s),
     "192.0.2.1:12345"},
    {"v2 local", v2(0x20, 0x00, ""), nullptr},
    {"v2 local with a body to skip", v2(0x20, 0x11, "x"), nullptr},
    {"v2 unspecified", v2(0x21, 0x00, "abc"), nullptr},
    {"v2 unix", v2(0x21, 0x31, std::string(216, 'p')), nullptr},
    {"v2 UDP", v2(0x21, 0x12, body4), nullptr},
};

TEST(ProxyProtocol, IsReadWhereverTheReadIsCut) {
  for (const Case& c : good) {
    for (std::size_t cut = 0; cut < c.wire.size(); ++cut) {
      SCOPED_TRACE(::testing::Message() << c.name << ", cut at byte " << cut);
      const test::GuardedMemory prefix(std::string_view(c.wire).substr(0, cut));
      EXPECT_EQ(parse_proxy_header(prefix.view()).status, Status::need_more);
    }
    SCOPED_TRACE(c.name);
    const ProxyHeader header = parse_proxy_header(c.wire + "GET / HTTP/1.1\r\n");
    ASSERT_EQ(header.status, Status::complete) << header.what;
    EXPECT_EQ(header.bytes_consumed, c.wire.size());
    EXPECT_EQ(header.has_addresses, c.source != nullptr);
    if (c.source != nullptr) {
      EXPECT_EQ(header.source.to_string(), c.source);
      EXPECT_EQ(header.destination.port(), std::string_view(c.name) == "v1 longest" ? 65535 : 443);
    }
  }
}

TEST(ProxyProtocol, IsRefusedAtTheFirstDoubt) {
  const std::string bad[] = {
      "GET / HTTP/1.1\r\n",
      "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rX",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1  2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
      "PROXY TCP4 ::1 ::2 1 2\r\n",
      "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP6 [::1] ::2 1 2\r\n",
      "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY UNKNOWNX\r\n",
      "PROXY \r\n",
      "PROXY UNKNOWN " + std::string(94, 'x') + "\r\n",
      "\r\n\r\n\r\n",
      signature + "\x11\x11"s,
      signature + "\x22\x11"s,
      signature + "\x21\x41"s,
      signature + "\x21\x13"s,
      v2(0x21, 0x11, body4.substr(0, 11)),
      v2(0x21, 0x11, body4 + "\x04\x00\x03zz"s),
      v2(0x21, 0x11, body4 + "\x04\x00"s),
      signature + "\x21\x11\xff\xff"s,
  };
  for (const std::string& wire : bad) {
    const test::GuardedMemory memory(wire);
    const ProxyHeader header = parse_proxy_header(memory.view());
    EXPECT_EQ(header.status, Status::malformed) << wire;
    EXPECT_STRNE(header.what, "") << wire;
  }
}

TEST(ProxyProtocol, NeverAsksForMoreThanItsBound) {
  EXPECT_EQ(parse_proxy_header("PROXY " + std::string(200, 'x')).status, Status::malformed);
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN " + std::string(93, 'x')).status, Status::malformed);
  EXPECT_EQ(parse_proxy_header(v2(0x21, 0x00, std::string(4080, 'x'))).status, Status::complete);
  EXPECT_EQ(parse_proxy_header(v2(0x21, 0x00, std::string(4081, 'x'))).status, Status::malformed);
}

}  // namespace
}  // namespace sluice::net
