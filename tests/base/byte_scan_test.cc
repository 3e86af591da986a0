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

TEST(ByteScan, BytesOutsideAsciiAreBelowZero) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(any_byte(text, [](ByteBlock block) { return block < every_byte('\0'); }), byte >= 128)
        << byte;
  }
}

}  // namespace
}  // namespace sluice
