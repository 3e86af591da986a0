#include "sluice/catalog/url.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::catalog {
namespace {

struct Good {
  std::string_view text;
  Scheme scheme;
  HostKind kind;
  std::string_view host;
  std::uint16_t port;
  std::string_view path_prefix;
  std::string_view authority;
};

const Good good[] = {
    {"https://api.openai.com/v1", Scheme::https, HostKind::name, "api.openai.com", 443, "/v1",
     "api.openai.com"},
    {"HTTPS://API.Example.COM/V1/", Scheme::https, HostKind::name, "api.example.com", 443, "/V1",
     "api.example.com"},
    {"https://api.deepseek.com", Scheme::https, HostKind::name, "api.deepseek.com", 443, "",
     "api.deepseek.com"},
    {"http://localhost:8000/", Scheme::http, HostKind::name, "localhost", 8000, "",
     "localhost:8000"},
    {"http://[::1]:8080/a/b", Scheme::http, HostKind::ipv6, "::1", 8080, "/a/b", "[::1]:8080"},
    {"https://[2001:DB8::1]", Scheme::https, HostKind::ipv6, "2001:db8::1", 443, "",
     "[2001:db8::1]"},
    {"http://127.0.0.1:80/v1", Scheme::http, HostKind::ipv4, "127.0.0.1", 80, "/v1", "127.0.0.1"},
    {"https://my_service:443/x%2Fy", Scheme::https, HostKind::name, "my_service", 443, "/x%2Fy",
     "my_service"},
    {"https://h/client/v4/accounts/0a1/ai/v1", Scheme::https, HostKind::name, "h", 443,
     "/client/v4/accounts/0a1/ai/v1", "h"},
};

TEST(Url, TakesABaseUrlApart) {
  for (const Good& c : good) {
    SCOPED_TRACE(std::string(c.text));
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << url.error();
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->host_kind, c.kind);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path_prefix, c.path_prefix);
    EXPECT_EQ(url->authority, c.authority);
    EXPECT_EQ(parse_url(url->text()), *url) << "its text means the same";
  }
}

TEST(Url, RefusesEverythingDoubtful) {
  const std::string_view bad[] = {
      "",
      "api.openai.com",
      "api.openai.com/v1",
      "ftp://h",
      "wss://h",
      "https:/h",
      "https://",
      "https:///v1",
      "https://:443",
      "https://user@h",
      "https://user:pass@h/v1",
      "https://h:0",
      "https://h:65536",
      "https://h:",
      "https://h:+1",
      "https://h:8 0",
      "https://h?x=1",
      "https://h/#f",
      "https://h/a b",
      "https://h/a\r\nX: y",
      "https://h/\xc3\xa4",
      "https://h/%",
      "https://h/%4",
      "https://h/%zz",
      "https://h/a/../b",
      "https://h/.",
      "https://h/a//b",
      "https://h//",
      "https://-h",
      "https://h-",
      "https://h..x",
      "https://h.",
      "https://1.2.3",
      "https://127.0.0.256",
      "https://0x7f.1",
      "https://[::1",
      "https://[::1]x",
      "https://[1.2.3.4]",
      "https://[fe80::1%eth0]",
      "https://::1/",
      "https://h\\x",
      "https://%61",
      "https://{resource}.openai.azure.com",
  };
  for (const std::string_view text : bad) {
    const auto url = parse_url(text);
    EXPECT_FALSE(url) << text;
    EXPECT_TRUE(url || !url.error().empty());
  }
  EXPECT_FALSE(parse_url("https://h/" + std::string(url_bytes_max, 'a')));
  EXPECT_FALSE(parse_url("https://" + std::string(64, 'a'))) << "a label has at most 63 bytes";
  EXPECT_FALSE(parse_url(std::string_view("https://h\0x", 11)));
}

TEST(Url, AComplaintNeverRepeatsTheText) {
  const auto url = parse_url("https://sk-canary-1234@h/v1");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().find("canary"), std::string::npos);
}

TEST(Url, KnowsItsOwnMachine) {
  for (const std::string_view text :
       {"http://localhost", "http://a.localhost:1", "http://127.9.9.9", "http://[::1]",
        "http://[0:0:0:0:0:0:0:1]"}) {
    EXPECT_TRUE(parse_url(text)->loopback()) << text;
  }
  for (const std::string_view text : {"http://128.0.0.1", "http://localhost.example",
                                      "http://[::2]", "http://[::ffff:127.0.0.1]"}) {
    EXPECT_FALSE(parse_url(text)->loopback()) << text;
  }
}

}  // namespace
}  // namespace sluice::catalog
