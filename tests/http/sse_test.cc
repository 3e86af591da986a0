#include "sluice/http/sse.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

using Strings = std::vector<std::string>;

struct Seen {
  Strings data, names, ids;
  std::string raw;  // of every piece, in order
  bool unterminated = false;
  bool too_large = false;
};

void keep(Seen& seen, const SseEvent& event) {
  seen.raw += event.raw.view();
  seen.unterminated = seen.unterminated || !event.terminated;
  if (event.kind != SseKind::event) return;
  seen.data.emplace_back(event.data);
  seen.names.emplace_back(event.name);
  seen.ids.emplace_back(event.id);
}

// Memory that ends at an unreadable page stands for each read.
Seen split(const std::vector<std::string_view>& reads, const SseLimits& limits = {},
           bool finish = true) {
  Seen seen;
  SseParser parser(limits);
  SseEvent event;
  for (const std::string_view read : reads) {
    const test::GuardedMemory memory(read);
    parser.feed(Slice(memory.view().data(), memory.view().size(), nullptr));
    while (true) {
      const SseStatus status = parser.next(event);
      if (status == SseStatus::too_large) {
        seen.too_large = true;
        return seen;
      }
      if (status == SseStatus::need_more) break;
      keep(seen, event);
      event.raw.reset();
    }
  }
  if (finish && parser.finish(event) == SseStatus::event) keep(seen, event);
  return seen;
}

struct SseCase {
  std::string_view name, wire;
  Strings data;
  Strings names{};
  Strings ids{};
  bool unterminated = false;
};
const SseCase sse_cases[] = {
    {"LF line ends", "data: a\n\ndata: b\n\n", {"a", "b"}},
    {"CRLF line ends", "data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
    {"CR line ends", "data: a\r\rdata: b\r\r", {"a", "b"}},
    {"mixed line ends", "data: a\r\n\ndata: b\n\rdata: c\r\r\ndata: d\n\r\n", {"a", "b", "c", "d"}},
    {"mixed line ends inside an event",
     "data: a\rdata: b\ndata: c\r\ndata: d\r\n\r\n",
     {"a\nb\nc\nd"}},
    {"no space behind the colon", "data:a\n\n", {"a"}},
    {"only one space is taken off", "data:  a \n\n", {" a "}},
    {"two data lines join with LF", "data: a\ndata: b\n\n", {"a\nb"}},
    {"empty data lines count", "data:\ndata\n\n", {"\n"}},
    {"one empty data line is an event", "data:\n\n", {""}},
    {"data without a colon is an event", "data\n\n", {""}},
    {"a colon in the data", "data: {\"a\":1}\n\n", {"{\"a\":1}"}},
    {"a comment keeps alive and says nothing", ": ping\n\ndata: a\n\n", {"a"}},
    {"a comment in front of the data", ": ping\ndata: a\n:\n\n", {"a"}},
    {"blank lines in front", "\n\n\r\n\rdata: a\n\n", {"a"}},
    {"many blank lines between", "data: a\n\n\n\n\ndata: b\n\n", {"a", "b"}},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "data: a\n\n",
     {"a"}},
    {"a byte order mark and a blank line", "\xef\xbb\xbf\n\ndata: a\n\n", {"a"}},
    {"a byte order mark and two data lines",
     "\xef\xbb\xbf"
     "data: a\ndata: b\n\n",
     {"a\nb"}},
    {"a byte order mark later is part of a name",
     "data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     {"a"}},
    {"event names",
     "event: x\ndata: a\n\ndata: b\n\nevent:y\nevent: z\ndata: c\n\n",
     {"a", "b", "c"},
     {"x", "", "z"}},
    {"ids and retries", "id: 7\nretry: 10\ndata: a\n\nid\ndata: b\n\n", {"a", "b"}, {}, {"7", ""}},
    {"fields without data are no event", "event: x\nid: 1\n\ndata: a\n\n", {"a"}, {""}, {""}},
    {"unknown fields", "datax: b\ndat: c\n data: d\nDATA: e\ndata: a\n\n", {"a"}},
    {"text of many bytes",
     "data: gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a\n\n",
     {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8c\x8a"}},
    {"NUL is a byte", std::string_view("data: a\0b\n\n", 11), {std::string("a\0b", 3)}},
    {"a long line",
     "data: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n",
     {"0123456789012345678901234567890123456789012345678901234567890123456789"}},
    {"no blank line at the end", "data: a\n\ndata: b\n", {"a", "b"}, {}, {}, true},
    {"no blank line at the end, CR", "data: a\rdata: b\r", {"a\nb"}, {}, {}, true},
    {"no line end at the end", "data: a\n\ndata: b\ndata: c", {"a", "b\nc"}, {}, {}, true},
    {"a comment at the end", "data: a\n\n: bye", {"a"}, {}, {}, true},
};

void expect_case(const SseCase& c, const Seen& seen) {
  EXPECT_EQ(seen.data, c.data);
  EXPECT_EQ(seen.raw, c.wire);  // no byte lost, none added, none moved
  EXPECT_EQ(seen.unterminated, c.unterminated);
  if (!c.names.empty()) {
    EXPECT_EQ(seen.names, c.names);
  }
  if (!c.ids.empty()) {
    EXPECT_EQ(seen.ids, c.ids);
  }
}

// A read may end anywhere, between CR and LF too.
TEST(SseParser, SeesTheSameEventsWhereverTheReadsAreCut) {
  for (const SseCase& c : sse_cases) {
    for (std::size_t a = 0; a <= c.wire.size(); ++a) {
      for (std::size_t b = a; b <= c.wire.size(); ++b) {
        SCOPED_TRACE(testing::Message() << c.name << ", cut at bytes " << a << " and " << b);
        expect_case(c, split({c.wire.substr(0, a), c.wire.substr(a, b - a), c.wire.substr(b)}));
      }
    }
  }
}

TEST(SseParser, SeesTheSameEventsByteByByte) {
  for (const SseCase& c : sse_cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string_view> reads;
    for (std::size_t i = 0; i < c.wire.size(); ++i) reads.push_back(c.wire.substr(i, 1));
    expect_case(c, split(reads));
  }
}

TEST(SseParser, AnEventIsNeverLateBecauseOfALineEndStillToCome) {
  for (const std::string_view end : {"\n\n", "\r\r", "\r\n\r\n", "\r\n\r", "\n\r"}) {
    const std::string wire = "data: a" + std::string(end);
    EXPECT_EQ(split({wire}, {}, false).data, Strings{"a"});
    EXPECT_EQ(split({"data:", wire.substr(5)}, {}, false).data, Strings{"a"});
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
      EXPECT_EQ(split({wire.substr(0, cut), wire.substr(cut)}, {}, false).data, Strings{"a"});
    }
  }
}

TEST(SseParser, AnEventInOneReadIsAViewOfIt) {
  Slice read = Slice::copy_of("data: a\n\ndata: b\n\n");
  const char* const begin = read.data();
  SseParser parser;
  SseEvent event;
  parser.feed(std::move(read));
  ASSERT_EQ(parser.next(event), SseStatus::event);
  EXPECT_EQ(event.raw.data(), begin);
  EXPECT_EQ(event.data.data(), begin + 6);
  ASSERT_EQ(parser.next(event), SseStatus::event);
  EXPECT_EQ(event.raw.data(), begin + 9);
  EXPECT_EQ(parser.next(event), SseStatus::need_more);
  EXPECT_EQ(parser.held_bytes(), 0U);
}

TEST(SseParser, AnIncompleteEventDoesNotKeepItsReadAlive) {
  static bool released = false;
  struct Owner : SliceOwner {
    Owner() : SliceOwner([](SliceOwner*) noexcept { released = true; }) {}
  } owner;
  const std::string_view text = "data: half";
  SseParser parser;
  parser.feed(Slice(text.data(), text.size(), &owner));
  SseEvent event;
  EXPECT_EQ(parser.next(event), SseStatus::need_more);
  EXPECT_TRUE(released);
  EXPECT_EQ(parser.held_bytes(), text.size());
}

TEST(SseParser, AnEventBeyondTheLimitIsAnErrorForGood) {
  const std::string_view fits = "data: 34567\n\n";  // 13 bytes
  const std::string_view wire = "data: 345678\n\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    EXPECT_TRUE(split({wire.substr(0, cut), wire.substr(cut)}, {.event_bytes_max = 13}).too_large)
        << cut;
  }
  for (std::size_t cut = 0; cut <= fits.size(); ++cut) {
    const Seen seen = split({fits.substr(0, cut), fits.substr(cut)}, {.event_bytes_max = 13});
    EXPECT_FALSE(seen.too_large) << cut;
    EXPECT_EQ(seen.data, Strings{"34567"});
  }
  SseParser parser({.event_bytes_max = 5});
  SseEvent event;
  parser.feed(Slice::copy_of("data: a"));
  EXPECT_EQ(parser.next(event), SseStatus::too_large);
  EXPECT_EQ(parser.next(event), SseStatus::too_large);
  EXPECT_EQ(parser.finish(event), SseStatus::too_large);
  EXPECT_EQ(parser.held_bytes(), 0U);
}

TEST(SseParser, BlankLinesAreNeverHeldBack) {
  const std::string blanks(1000, '\n');
  const Seen seen = split({blanks, blanks, "data: a\n\n"}, {.event_bytes_max = 16});
  EXPECT_FALSE(seen.too_large);
  EXPECT_EQ(seen.raw, blanks + blanks + "data: a\n\n");
}

TEST(SseParser, NothingIsLeftAfterACompleteStream) {
  SseParser parser;
  SseEvent event;
  EXPECT_EQ(parser.finish(event), SseStatus::need_more);
  parser.feed(Slice::copy_of("data: a\n\n"));
  EXPECT_EQ(parser.next(event), SseStatus::event);
  EXPECT_EQ(parser.finish(event), SseStatus::need_more);
}

}  // namespace
}  // namespace sluice::http
