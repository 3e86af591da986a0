#include "sluice/base/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice {
namespace {

// RFC 4648 section 10.
TEST(Base64, IsWhatTheStandardShows) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    std::string out = "before:";
    append_base64(out, bytes);
    EXPECT_EQ(out, "before:" + std::string(text));
    EXPECT_EQ(base64_bytes(bytes.size()), text.size());
  }
}

TEST(Base64, KnowsEveryLetterAndEveryByte) {
  std::string bytes;
  for (int i = 0; i < 64; i += 4) {  // the 64 values in their order
    bytes.push_back(static_cast<char>(i << 2 | (i + 1) >> 4));
    bytes.push_back(static_cast<char>((i + 1) << 4 | (i + 2) >> 2));
    bytes.push_back(static_cast<char>((i + 2) << 6 | (i + 3)));
  }
  std::string out;
  append_base64(out, bytes);
  EXPECT_EQ(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

TEST(Base64, IsTheSameWhereverTheBytesAreCut) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes.push_back(static_cast<char>(i * 37 + 200));
  std::string whole;
  append_base64(whole, bytes);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      std::string out;
      Base64Encoder encoder(out);
      encoder.add(std::string_view(bytes).substr(0, first));
      encoder.add(std::string_view(bytes).substr(first, second - first));
      encoder.add(std::string_view(bytes).substr(second));
      encoder.finish();
      EXPECT_EQ(out, whole) << "cut at " << first << " and " << second;
    }
  }
}

TEST(Base64, BeginsAnewWithoutWhatWaited) {
  std::string out;
  Base64Encoder encoder(out);
  encoder.add("abcd");
  out.clear();
  encoder.begin_anew();
  encoder.add("abc");
  encoder.finish();
  EXPECT_EQ(out, "YWJj");
}

}  // namespace
}  // namespace sluice
