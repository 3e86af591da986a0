#include "sluice/http/chunked.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

using test::GuardedMemory;
using namespace std::string_view_literals;

struct Decoded {
  ChunkedStatus status = ChunkedStatus::need_more;
  std::string data;
  std::size_t bytes_consumed = 0;
  Rejection rejection{};
};

// Feeds the pieces in turn, each in memory of its own that ends at an unreadable page.
Decoded decode(ChunkedDecoder& decoder, const std::vector<std::string_view>& pieces) {
  Decoded all;
  for (const std::string_view piece : pieces) {
    const GuardedMemory memory(piece);
    std::string_view input = memory.view();
    while (true) {
      const ChunkedStep step = decoder.next(input);
      all.status = step.status;
      all.bytes_consumed += step.bytes_consumed;
      all.rejection = step.rejection;
      input.remove_prefix(step.bytes_consumed);
      if (step.status != ChunkedStatus::data) break;
      EXPECT_FALSE(step.data.empty());
      all.data += step.data;
    }
    if (all.status != ChunkedStatus::need_more) break;
    EXPECT_TRUE(input.empty());
  }
  return all;
}

struct GoodCase {
  std::string_view name, wire, data;
};
const GoodCase good_cases[] = {
    {"empty body", "0\r\n\r\n", ""},
    {"two chunks", "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n", "hello, world"},
    {"digits of both cases", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "01234567890123456789"},
    {"leading zeros", "0005\r\nhello\r\n0000\r\n\r\n", "hello"},
    {"data that looks like framing", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"},
    {"extensions", "1;a\r\nx\r\n1;a=b;c=\"d;\\\"\t e\"\r\ny\r\n0;z\r\n\r\n", "xy"},
    {"a trailer whose name begins like a forbidden one",
     "1\r\nx\r\n0\r\nProxy-AuthorizationOfALongName: a\r\nHosts: b\r\n\r\n", "x"},
    {"trailers", "1\r\nx\r\n0\r\nExpires: never\r\nEmpty:\r\n\r\n", "x"},
};

TEST(ChunkedDecoder, GivesTheSameBodyWhereverTheReadsAreCut) {
  for (const GoodCase& c : good_cases) {
    const std::string wire = std::string(c.wire) + "GET /next";
    const std::string_view view = wire;
    for (std::size_t a = 0; a <= wire.size(); ++a) {
      for (std::size_t b = a; b <= wire.size(); ++b) {
        SCOPED_TRACE(testing::Message() << c.name << ", cut at " << a << " and " << b);
        ChunkedDecoder decoder;
        const Decoded all =
            decode(decoder, {view.substr(0, a), view.substr(a, b - a), view.substr(b)});
        ASSERT_EQ(all.status, ChunkedStatus::complete) << all.rejection.reason;
        ASSERT_EQ(all.data, c.data);
        ASSERT_EQ(all.bytes_consumed, c.wire.size());
        ASSERT_TRUE(decoder.is_complete());
      }
    }
  }
}

TEST(ChunkedDecoder, NeedsMoreForEveryStrictPrefix) {
  for (const GoodCase& c : good_cases) {
    for (std::size_t cut = 0; cut < c.wire.size(); ++cut) {
      ChunkedDecoder decoder;
      EXPECT_EQ(decode(decoder, {c.wire.substr(0, cut)}).status, ChunkedStatus::need_more)
          << c.name;
    }
  }
}

struct BadCase {
  std::string_view name, wire;
  StatusCode answer = 400;
};
const BadCase bad_cases[] = {
    {"no size", "\r\nhello\r\n"},
    {"size line ends in LF", "5\nhello\r\n0\r\n\r\n"},
    {"chunk ends in LF", "5\r\nhello\n0\r\n\r\n"},
    {"chunk ends in CR", "5\r\nhello\r0\r\n\r\n"},
    {"CR without LF behind the size", "5\rXhello\r\n0\r\n\r\n"},
    {"last line ends in LF", "0\r\n\n"},
    {"last chunk ends in LF", "0\n\r\n"},
    {"CR at the end without LF", "0\r\n\rX"},
    {"chunk longer than its size", "5\r\nhello!\r\n0\r\n\r\n"},
    {"negative size", "-5\r\nhello\r\n0\r\n\r\n"},
    {"size with plus", "+5\r\nhello\r\n0\r\n\r\n"},
    {"size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"},
    {"size that is no number", "g\r\nhello\r\n0\r\n\r\n"},
    {"blank before the size", " 5\r\nhello\r\n0\r\n\r\n"},
    {"blank behind the size", "5 \r\nhello\r\n0\r\n\r\n"},
    {"blank before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n"},
    {"seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"size that overflows 63 bits", "8000000000000000\r\nhello\r\n0\r\n\r\n"},
    {"size that overflows 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"extension without a name", "5;\r\nhello\r\n0\r\n\r\n"},
    {"extension with an empty value", "5;a=\r\nhello\r\n0\r\n\r\n"},
    {"LF in an extension", "5;a\nhello\r\n0\r\n\r\n"},
    {"LF in a quoted extension", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"},
    {"CR LF in a quoted extension", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"},
    {"text behind a quoted extension", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"},
    {"NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n"sv},
    {"comma for a semicolon", "5,a\r\nhello\r\n0\r\n\r\n"},
    {"trailer without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n"},
    {"trailer with a blank before the colon", "0\r\nA : b\r\n\r\n"},
    {"folded trailer", "0\r\nA: b\r\n c\r\n\r\n"},
    {"trailer line ends in LF", "0\r\nA: b\n\r\n"},
    {"NUL in a trailer", "0\r\nA: \0\r\n\r\n"sv},
    {"trailer of framing", "0\r\nA: b\r\ncontent-LENGTH: 5\r\n\r\n"},
    {"trailer of transfer coding", "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"trailer of the connection", "0\r\nConnection: close\r\n\r\n"},
    {"trailer of a host", "0\r\nHost: b\r\n\r\n"},
    {"trailer without a name", "0\r\n: b\r\n\r\n"},
};

TEST(ChunkedDecoder, RefusesWhateverTwoReadersCouldReadDifferently) {
  for (const BadCase& c : bad_cases) {
    for (std::size_t cut = 0; cut <= c.wire.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << c.name << ", cut at byte " << cut);
      ChunkedDecoder decoder;
      const Decoded all = decode(decoder, {c.wire.substr(0, cut), c.wire.substr(cut)});
      ASSERT_EQ(all.status, ChunkedStatus::malformed);
      EXPECT_EQ(all.rejection.answer, c.answer);
      EXPECT_STRNE(all.rejection.reason, "");
      EXPECT_EQ(decoder.next("0\r\n\r\n").status, ChunkedStatus::malformed);  // for good
    }
  }
}

TEST(ChunkedDecoder, BoundsExtensionsOverTheWholeBody) {
  const ChunkedLimits limits{.extension_bytes_max = 20};
  std::string wire;
  for (int i = 0; i < 4; ++i) wire += "1;abcd\r\nx\r\n";  // five bytes of extension each, CR too
  ChunkedDecoder fits(limits);
  EXPECT_EQ(decode(fits, {wire, "0\r\n\r\n"}).status, ChunkedStatus::complete);
  ChunkedDecoder too_many(limits);
  EXPECT_EQ(decode(too_many, {wire, "1;a\r\n"}).status, ChunkedStatus::malformed);
}

TEST(ChunkedDecoder, BoundsTrailersInBytesAndCount) {
  const auto answer = [](std::string_view wire, const ChunkedLimits& limits) {
    ChunkedDecoder decoder(limits);
    return decode(decoder, {wire}).rejection.answer;
  };
  const std::string_view two = "0\r\nA: b\r\nC: d\r\n\r\n";  // 14 bytes behind the last chunk
  EXPECT_EQ(answer(two, {.trailer_bytes_max = 14, .trailer_count_max = 2}), Rejection{}.answer);
  ChunkedDecoder fits({.trailer_bytes_max = 14, .trailer_count_max = 2});
  EXPECT_EQ(decode(fits, {two}).status, ChunkedStatus::complete);
  EXPECT_EQ(answer(two, {.trailer_bytes_max = 13}), 431);
  EXPECT_EQ(answer(two, {.trailer_count_max = 1}), 431);
}

TEST(ChunkedDecoder, GivesDataAsViewsOfItsInput) {
  ChunkedDecoder decoder;
  const std::string_view input = "5\r\nhello\r\n0\r\n\r\n";
  const ChunkedStep step = decoder.next(input);
  ASSERT_EQ(step.status, ChunkedStatus::data);
  EXPECT_EQ(step.data.data(), input.data() + 3);
  EXPECT_EQ(step.bytes_consumed, 8U);
}

TEST(ChunkedDecoder, StaysCompleteUntilReset) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.next("0\r\n\r\n").status, ChunkedStatus::complete);
  const ChunkedStep again = decoder.next("5\r\nhello");
  EXPECT_EQ(again.status, ChunkedStatus::complete);
  EXPECT_EQ(again.bytes_consumed, 0U);
  decoder.reset();
  EXPECT_EQ(decoder.next("5\r\nhello").status, ChunkedStatus::data);
}

TEST(ChunkPrefix, WritesTheSizeInHex) {
  EXPECT_EQ(ChunkPrefix(1).view(), "1\r\n");
  EXPECT_EQ(ChunkPrefix(255).view(), "ff\r\n");
  EXPECT_EQ(ChunkPrefix(4096).view(), "1000\r\n");
  EXPECT_EQ(ChunkPrefix(UINT64_MAX).view(), "ffffffffffffffff\r\n");
}

TEST(ChunkPrefix, WhatIsEncodedDecodesToTheSame) {
  std::string wire;
  std::string body;
  for (std::size_t size = 1; size < 300; size += 7) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    wire.append(ChunkPrefix(size).view()).append(part).append(chunk_suffix);
    body += part;
  }
  wire += last_chunk;
  ChunkedDecoder decoder;
  const Decoded all = decode(decoder, {wire});
  EXPECT_EQ(all.status, ChunkedStatus::complete);
  EXPECT_EQ(all.data, body);
}

TEST(ChunkPrefixDeathTest, AChunkOfNothingWouldEndTheBody) {
  EXPECT_DEATH(ChunkPrefix(0), "size_bytes > 0");
}

}  // namespace
}  // namespace sluice::http
