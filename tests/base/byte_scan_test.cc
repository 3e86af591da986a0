#include "sluice/base/byte_scan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sluice {
namespace {

bool holds_blank(std::string_view text) {
  return any_byte(text, [](ByteBlock block) { return block == every_byte(' '); });
}

// Memory of exactly the text's size, so that a sanitizer sees a read beyond either end.
TEST(ByteScan, FindsAByteAnywhereInATextOfAnyLength) {
  for (std::size_t size = 0; size <= 70; ++size) {
    const auto bytes = std::make_unique<char[]>(size);
    std::memset(bytes.get(), 'x', size);
    const std::string_view text(bytes.get(), size);
    EXPECT_FALSE(holds_blank(text)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      bytes[at] = ' ';
      EXPECT_TRUE(holds_blank(text)) << at << " of " << size;
      bytes[at] = 'x';
    }
  }
}

TEST(ByteScan, CopiesTheWholeTextAndNoMore) {
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string text(size, 'x');
    for (std::size_t at = 0; at < size; ++at) text[at] = static_cast<char>('!' + at);
    const auto copy = std::make_unique<char[]>(size);
    const auto is_blank = [](ByteBlock block) { return block == every_byte(' '); };
    EXPECT_FALSE(copy_any_byte(copy.get(), text, is_blank)) << size;
    EXPECT_EQ(std::string_view(copy.get(), size), text);
    for (std::size_t at = 0; at < size; ++at) {
      std::string blank = text;
      blank[at] = ' ';
      EXPECT_TRUE(copy_any_byte(copy.get(), blank, is_blank)) << at << " of " << size;
    }
  }
}

TEST(ByteScan, BytesOutsideAsciiAreBelowZero) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(any_byte(text, [](ByteBlock block) { return block < every_byte('\0'); }), byte >= 128)
        << byte;
  }
}

}  // namespace
}  // namespace sluice
