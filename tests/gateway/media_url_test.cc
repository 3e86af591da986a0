#include "media_url.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

config::MediaConfig open_config() {
  config::MediaConfig config;
  config.allow_http = true;
  return config;
}

// "host port target", or "no: ..." with the reason.
std::string taken_apart(std::string_view text, const config::MediaConfig& config = open_config()) {
  const auto url = parse_media_url(text, config);
  if (!url) return "no: " + url.error();
  return url->place.host + " " + std::to_string(url->place.port) + " " + url->target;
}

TEST(MediaUrl, IsTakenApartIntoWhatIsConnectedToAndWhatIsAskedFor) {
  const struct {
    std::string_view url, parts;
  } cases[] = {
      {"https://cdn.example.com/a.png", "cdn.example.com 443 /a.png"},
      {"HTTPS://CDN.Example.com/A.png?x=1&y=/..#top", "cdn.example.com 443 /A.png?x=1&y=/.."},
      {"http://cdn.example.com", "cdn.example.com 80 /"},
      {"https://cdn.example.com?x", "cdn.example.com 443 /?x"},
      {"https://cdn.example.com#x", "cdn.example.com 443 /"},
      {"https://cdn.example.com:443/a", "cdn.example.com 443 /a"},
      {"https://1.1.1.1/a", "1.1.1.1 443 /a"},
      {"https://[2606:4700::1]/a", "2606:4700::1 443 /a"},
      {"https://a.example/ä b/\"<>\\^`{|}",
       "a.example 443 /%C3%A4%20b/%22%3C%3E%5C%5E%60%7B%7C%7D"},
      {"https://a.example/a%20b?sig=%2F+=", "a.example 443 /a%20b?sig=%2F+="},
      {"https://a.example//x/../y", "a.example 443 //x/../y"},
  };
  for (const auto& c : cases) EXPECT_EQ(taken_apart(c.url), c.parts) << c.url;
}

TEST(MediaUrl, IsRefusedWhereItIsOddOrLeadsNowhere) {
  const struct {
    std::string_view url, says;
  } cases[] = {
      {"", "does not begin"},
      {"cdn.example.com/a", "does not begin"},
      {"ftp://a.example/a", "does not begin"},
      {"file:///etc/passwd", "does not begin"},
      {"gopher://127.0.0.1:6379/_", "does not begin"},
      {"https:/a.example", "does not begin"},
      {"https://", "names no host"},
      {"https:///etc/passwd", "names no host"},
      {"https://user@a.example/", "a user or a password"},
      {"https://user:password@a.example/", "a user or a password"},
      {"https://a.example\\@b.example/", "a user or a password"},
      {"https://a.example\\b.example/", "names no host"},
      {"https://a.example%2f@b.example/", "a user or a password"},
      {"https://2130706433/", "names no host"},  // 127.0.0.1 as one number
      {"https://0x7f000001/", "names no host"},  // in hexadecimal
      {"https://0X7F.0.0.1/", "names no host"},  // part of it
      {"https://127.0.0.0x1/", "names no host"},
      {"https://0177.0.0.1/", "names no host"},  // in octal
      {"https://127.1/", "names no host"},       // short
      {"https://127.0.0.1./", "names no host"},  // with a dot behind it
      {"https://a.example./", "names no host"},
      {"https://.a.example/", "names no host"},
      {"https://a..example/", "names no host"},
      {"https://1%32%37.0.0.1/", "names no host"},  // percent-encoded
      {"https://①②⑦.⓪.⓪.①/", "names no host"},      // letters that look like digits
      {"https://[::1%25lo]/", "names no host"},
      {"https://[::1/", "names no host"},
      {"https://a.example:0/", "names no host"},
      {"https://a.example:+443/", "names no host"},
      {"https://a.example:65536/", "names no host"},
      {"https://a.example:22/", "that port"},
      {"https://a.example:80/", "that port"},
      {"http://a.example:443/", "that port"},
      {"https://a.example/a\r\nHost: b", "control characters"},
      {std::string_view("https://a.example/\0", 19), "control characters"},
      {"https://a.example/\x7f", "control characters"},
      {"https://a.example \r\n/", "names no host"},
  };
  for (const auto& c : cases) {
    const std::string said = taken_apart(c.url);
    EXPECT_TRUE(said.starts_with("no: ")) << c.url << " became " << said;
    EXPECT_NE(said.find(c.says), std::string::npos) << c.url << ": " << said;
  }
  EXPECT_TRUE(taken_apart("https://a.example/" + std::string(9000, 'a')).starts_with("no: "));
}

TEST(MediaUrl, ObeysTheConfiguration) {
  config::MediaConfig config;
  EXPECT_EQ(taken_apart("http://a.example/", config), "no: its URL does not begin with https://");
  config.ports = {8443};
  EXPECT_EQ(taken_apart("https://a.example:8443/", config), "a.example 8443 /");
  config.hosts = {"*.example.com"};
  EXPECT_EQ(taken_apart("https://a.EXAMPLE.com/", config), "a.example.com 443 /");
  EXPECT_EQ(taken_apart("https://example.com/", config),
            "no: this gateway does not fetch from that host");
}

// RFC 3986 section 5.4, as far as it concerns redirects.
TEST(MediaUrl, FollowsALocationFromWhereItIs) {
  const MediaUrl from = *parse_media_url("http://a:80/b/c/d;p?q", open_config());
  const struct {
    std::string_view location, to;
  } cases[] = {
      {"https://x.example/y", "https://x.example/y"},
      {"//g", "http://g"},
      {"/g", "http://a/g"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../../../g", "http://a/g"},
      {"/./g/../h", "http://a/h"},
      {"javascript:alert(1)", "javascript:alert(1)"},
      {"g:h", "g:h"},
      {"/a:b", "http://a/a:b"},
  };
  for (const auto& c : cases) EXPECT_EQ(follow_location(from, c.location), c.to) << c.location;
}

TEST(MediaUrl, ShowsItsHostAndNothingThatMayBeSecret) {
  EXPECT_EQ(host_to_show("https://cdn.example.com/a?sig=secret"), "cdn.example.com");
  EXPECT_EQ(host_to_show("https://user:secret@cdn.example.com:8443/a"), "cdn.example.com:8443");
  EXPECT_EQ(host_to_show("nonsense"), "");
  EXPECT_LT(host_to_show("https://" + std::string(5000, 'a')).size(), 200U);
}

}  // namespace
}  // namespace sluice::gateway
