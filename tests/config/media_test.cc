#include "sluice/config/media.h"

#include <gtest/gtest.h>

#include "sluice/config/parse.h"

namespace sluice::config {
namespace {

MediaConfig parsed(std::string_view toml) {
  Complaints complaints;
  Config config = parse(toml, "test.toml", complaints);
  EXPECT_FALSE(complaints.failed()) << complaints.render();
  return config.media;
}

std::string complaints_of(std::string_view toml) {
  Complaints complaints("test.toml");
  (void)parse(toml, "test.toml", complaints);
  std::string lines;
  for (const Complaint& each : complaints.all()) lines += complaints.render(each) + "\n";
  return lines;
}

TEST(Media, IsNotFetchedUnlessItIsSaid) {
  EXPECT_FALSE(parsed("").fetch);
  EXPECT_FALSE(parsed("[media]\nhosts = [\"a.example\"]").fetch);
  EXPECT_TRUE(parsed("[media]\nfetch = true").fetch);
  EXPECT_FALSE(MediaConfig{}.broken_rule());
}

TEST(Media, SaysWhatItMeansByEveryKey) {
  const MediaConfig media = parsed(R"([media]
fetch = true
bytes_max = 1000
total_bytes_max = 3000
held_bytes_max = 9000
items_max = 2
timeout_ms = 500
redirects_max = 0
allow_http = true
hosts = ["CDN.example.com", "*.images.example", "10.1.2.3", "::1"]
ports = [8443, 8080]
allow_private = ["10.1.0.0/16", "::1"]
)");
  EXPECT_EQ(media.bytes_max, 1000U);
  EXPECT_EQ(media.total_bytes_max, 3000U);
  EXPECT_EQ(media.held_bytes_max, 9000U);
  EXPECT_EQ(media.items_max, 2U);
  EXPECT_EQ(media.timeout_ms, 500U);
  EXPECT_EQ(media.redirects_max, 0U);
  EXPECT_TRUE(media.allow_http);
  EXPECT_EQ(media.hosts[0], "cdn.example.com");
  EXPECT_EQ(media.allow_private.size(), 2U);
  EXPECT_TRUE(media.admits_port(443, 443) && media.admits_port(8080, 443));
  EXPECT_FALSE(media.admits_port(80, 443));
}

TEST(Media, IsOfHostsThatAreNamedWhereSomeAre) {
  MediaConfig media;
  EXPECT_TRUE(media.admits_host("anything.example"));
  media.hosts = {"cdn.example.com", "*.images.example", "::1"};
  for (const char* host : {"cdn.example.com", "a.images.example", "a.b.images.example", "::1"}) {
    EXPECT_TRUE(media.admits_host(host)) << host;
  }
  for (const char* host :
       {"example.com", "xcdn.example.com", "a.cdn.example.com", "images.example", "ximages.example",
        ".images.example", "cdn.example.com.evil.example", "::2", ""}) {
    EXPECT_FALSE(media.admits_host(host)) << host;
  }
}

TEST(Media, IsComplainedAboutAtItsPlace) {
  const struct {
    const char* line;
    const char* says;
  } cases[] = {
      {"fetch = 1", "test.toml:2:1: media.fetch: must be true or false"},
      {"bytes_max = 0", "bytes_max must be at least 1"},
      {"bytes_max = 2000\ntotal_bytes_max = 1000", "total_bytes_max must not be below"},
      {"held_bytes_max = 41943040", "held_bytes_max must be at least 4/3 of total_bytes_max"},
      {"items_max = 257", "items_max must be at most"},
      {"timeout_ms = 0", "timeout_ms must be at least 1"},
      {"redirects_max = 21", "redirects_max must be at most"},
      {"hosts = []", "leave the line out"},
      {"hosts = [\"https://a.example\"]", "without scheme"},
      {"hosts = [\"a.example:443\"]", "without scheme"},
      {"hosts = [\"a.*.example\"]", "without scheme"},
      {"hosts = [\"*\"]", "without scheme"},
      {"hosts = [\"a.example.\"]", "without scheme"},
      {"ports = 8443", "list of numbers"},
      {"ports = [0]", "from 1 to 65535"},
      {"ports = [\"8443\"]", "from 1 to 65535"},
      {"allow_private = [\"10.1.0.0/8\"]", "bits behind"},
      {"allow_private = \"10.0.0.0/8\"", "a list of texts"},
      {"fetch = true\nallow_private = [\"10.0.0.0/8\"]", "name the hosts"},
      {"fetsch = true", "did you mean \"fetch\"?"},
  };
  for (const auto& c : cases) {
    const std::string said = complaints_of("[media]\n" + std::string(c.line));
    EXPECT_NE(said.find(c.says), std::string::npos) << c.line << ": " << said;
  }
}

}  // namespace
}  // namespace sluice::config
