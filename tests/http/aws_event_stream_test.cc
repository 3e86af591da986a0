#include "sluice/http/aws_event_stream.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "../support/aws_event_writer.h"
#include "../support/base64.h"
#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

using test::AwsHeader;
using test::write_aws_event;
using test::write_aws_exception;
using test::write_aws_message;

std::string shown(const AwsMessage& message) {
  std::string out;
  switch (message.kind) {
    case AwsMessageKind::event: out = "event "; break;
    case AwsMessageKind::exception: out = "exception "; break;
    case AwsMessageKind::error: out = "error "; break;
  }
  out.append(message.name);
  if (!message.error_message.empty()) out.append(" (").append(message.error_message).append(")");
  return out.append(" ").append(message.payload);
}

// What a stream comes to: a line per message, and how it ended.
struct Seen {
  std::vector<std::string> messages;
  std::string end;
};

std::string name_of(AwsEventStreamStatus status, const AwsEventStreamParser& parser) {
  switch (status) {
    case AwsEventStreamStatus::event: return "event";
    case AwsEventStreamStatus::need_more: return parser.held_bytes() == 0 ? "whole" : "broken off";
    case AwsEventStreamStatus::malformed: return parser.malformed_reason();
    case AwsEventStreamStatus::too_large: return "too large";
  }
  __builtin_unreachable();
}

class Splitter {
 public:
  explicit Splitter(const AwsEventStreamLimits& limits) : parser_(limits) {}

  /// False: nothing more is read.
  bool read(std::string_view bytes) {
    parser_.feed(Slice(bytes.data(), bytes.size(), nullptr));
    while ((status_ = parser_.next(message_)) == AwsEventStreamStatus::event) {
      seen_.messages.push_back(shown(message_));
      message_ = {};
    }
    return status_ == AwsEventStreamStatus::need_more;
  }
  Seen end() {
    seen_.end = name_of(status_, parser_);
    return std::move(seen_);
  }

 private:
  AwsEventStreamParser parser_;
  AwsMessage message_;
  AwsEventStreamStatus status_ = AwsEventStreamStatus::need_more;
  Seen seen_;
};

// Memory that ends at an unreadable page stands for each read.
Seen split(const std::vector<std::string_view>& reads, const AwsEventStreamLimits& limits = {}) {
  Splitter splitter(limits);
  for (const std::string_view read : reads) {
    const test::GuardedMemory memory(read);
    if (!splitter.read(memory.view())) break;
  }
  return splitter.end();
}

// The stream in one read, then cut in two at every byte: the same comes out.
Seen split_everywhere(std::string_view stream, const AwsEventStreamLimits& limits = {}) {
  const Seen whole = split({stream}, limits);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    const Seen seen = split({stream.substr(0, cut), stream.substr(cut)}, limits);
    EXPECT_EQ(seen.messages, whole.messages) << "cut at byte " << cut;
    EXPECT_EQ(seen.end, whole.end) << "cut at byte " << cut;
    if (testing::Test::HasFailure()) break;
  }
  return whole;
}

using Lines = std::vector<std::string>;

TEST(AwsEventStream, SeesTheSameMessagesWhereverTheReadIsCut) {
  const std::string stream = write_aws_event("messageStart", R"({"role":"assistant"})") +
                             write_aws_event("ping", "") +
                             write_aws_event("messageStop", R"({"stopReason":"end_turn"})");
  const Seen seen = split_everywhere(stream);
  EXPECT_EQ(seen.messages, (Lines{R"(event messageStart {"role":"assistant"})", "event ping ",
                                  R"(event messageStop {"stopReason":"end_turn"})"}));
  EXPECT_EQ(seen.end, "whole");
}

TEST(AwsEventStream, TellsExceptionsAndErrorsFromEvents) {
  const std::string stream = write_aws_exception("throttlingException", R"({"message":"slow"})") +
                             write_aws_message({{.name = ":message-type", .value = "error"},
                                                {.name = ":error-code", .value = "InternalFailure"},
                                                {.name = ":error-message", .value = "it broke"}},
                                               "");
  EXPECT_EQ(split_everywhere(stream).messages,
            (Lines{R"(exception throttlingException {"message":"slow"})",
                   "error InternalFailure (it broke) "}));
}

// A message with these headers in front of those that say what it is.
Seen with_headers(std::vector<AwsHeader> headers) {
  headers.push_back({.name = ":message-type", .value = "event"});
  headers.push_back({.name = ":event-type", .value = "x"});
  return split_everywhere(write_aws_message(headers, "{}"));
}

TEST(AwsEventStream, PassesOverHeadersOfEveryType) {
  const std::string_view zeros("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  const Seen seen = with_headers({{.name = "true", .type = 0},
                                  {.name = "false", .type = 1},
                                  {.name = "byte", .value = zeros.substr(0, 1), .type = 2},
                                  {.name = "short", .value = zeros.substr(0, 2), .type = 3},
                                  {.name = "integer", .value = zeros.substr(0, 4), .type = 4},
                                  {.name = "long", .value = zeros.substr(0, 8), .type = 5},
                                  {.name = "bytes", .value = zeros.substr(0, 3), .type = 6},
                                  {.name = "string", .value = "text", .type = 7},
                                  {.name = "timestamp", .value = zeros.substr(0, 8), .type = 8},
                                  {.name = "uuid", .value = zeros, .type = 9},
                                  {.name = "empty", .type = 6}});
  EXPECT_EQ(seen.messages, Lines{"event x {}"});
}

TEST(AwsEventStream, RefusesHeadersThatAreNone) {
  constexpr std::string_view cut = "a header is cut short or of an unknown type";
  EXPECT_EQ(with_headers({{.name = "type", .type = 10}}).end, cut);
  EXPECT_EQ(with_headers({{.name = "type", .type = 255}}).end, cut);
  EXPECT_EQ(with_headers({{.name = "", .value = "no name"}}).end, cut);
  EXPECT_EQ(with_headers({{.name = ":event-type", .type = 0}}).end,
            "a header that must be text is none");
  EXPECT_EQ(with_headers({{.name = ":event-type", .value = "y"}}).end, "a header is given twice");
  const std::string_view whole(
      "\x01"
      "a"
      "\x07\x00\x02"
      "bc",
      7);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(split({test::frame_aws_message(whole.substr(0, size), "{}")}).end, cut) << size;
  }
}

TEST(AwsEventStream, RefusesAMessageThatDoesNotSayWhatItIs) {
  const auto end_of = [](const std::vector<AwsHeader>& headers) {
    return split_everywhere(write_aws_message(headers, "{}")).end;
  };
  EXPECT_EQ(end_of({}), "a message does not say whether it is an event");
  EXPECT_EQ(end_of({{.name = ":message-type", .value = "odd"}}),
            "a message does not say whether it is an event");
  EXPECT_EQ(end_of({{.name = ":message-type", .value = "event"}}),
            "a message does not say which event it is");
  EXPECT_EQ(end_of({{.name = ":message-type", .value = "exception"},
                    {.name = ":event-type", .value = "x"}}),
            "a message does not say which event it is");
}

TEST(AwsEventStream, BelievesNoMessageWithAByteChanged) {
  const std::string first = write_aws_event("a", "{}");
  const std::string stream = first + write_aws_event("messageStop", R"({"stopReason":"x"})");
  for (std::size_t at = first.size(); at < stream.size(); ++at) {
    for (const int bit : {0, 7}) {
      std::string changed = stream;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const Seen seen = split({changed});
      EXPECT_EQ(seen.messages, Lines{"event a {}"});
      EXPECT_EQ(seen.end, "a checksum is wrong") << "byte " << at;
    }
  }
}

// A message with these lengths and a right checksum over them.
std::string with_lengths(std::uint32_t total, std::uint32_t headers) {
  std::string out;
  test::append_big_endian(out, total, 4);
  test::append_big_endian(out, headers, 4);
  test::append_big_endian(out, test::aws_checksum(out), 4);
  return out + std::string(64, '\0');
}

TEST(AwsEventStream, RefusesLengthsThatCannotBe) {
  constexpr std::string_view contradiction = "the lengths of a message contradict each other";
  EXPECT_EQ(split_everywhere(with_lengths(0, 0)).end, contradiction);
  EXPECT_EQ(split_everywhere(with_lengths(15, 0)).end, contradiction);
  EXPECT_EQ(split_everywhere(with_lengths(64, 49)).end, contradiction);
  EXPECT_EQ(split_everywhere(with_lengths(64, 0xffffffff)).end, contradiction);
  EXPECT_EQ(split_everywhere(with_lengths(1 << 20, (128 << 10) + 1)).end, contradiction);
}

TEST(AwsEventStream, RefusesAMessageLargerThanTheLimitBeforeItCame) {
  const std::string stream = write_aws_event("x", "0123456789");
  EXPECT_EQ(split_everywhere(stream, {.event_bytes_max = stream.size()}).end, "whole");
  EXPECT_EQ(split_everywhere(stream, {.event_bytes_max = stream.size() - 1}).end, "too large");
  EXPECT_EQ(split_everywhere(with_lengths(0xffffffff, 0)).end, "too large");
}

TEST(AwsEventStream, StaysFailed) {
  AwsEventStreamParser parser;
  AwsMessage message;
  const std::string stream = with_lengths(0, 0);
  parser.feed(Slice::of_static(stream));
  ASSERT_EQ(parser.next(message), AwsEventStreamStatus::malformed);
  const std::string good = write_aws_event("x", "{}");
  parser.feed(Slice::of_static(good));
  EXPECT_EQ(parser.next(message), AwsEventStreamStatus::malformed);
  EXPECT_EQ(parser.held_bytes(), 0U);
}

TEST(AwsEventStream, TellsAStreamThatBrokeOff) {
  const std::string stream = write_aws_event("x", "{}");
  EXPECT_EQ(split({}).end, "whole");
  for (std::size_t size = 1; size < stream.size(); ++size) {
    EXPECT_EQ(split({std::string_view(stream).substr(0, size)}).end, "broken off") << size;
  }
}

TEST(AwsEventStream, KeepsAMessageAsLongAsItsRawBytes) {
  const std::string stream = write_aws_event("x", "{1}") + write_aws_event("y", "{2}");
  AwsEventStreamParser parser;
  AwsMessage first;
  AwsMessage second;
  for (const char byte : stream) {
    parser.feed(Slice::copy_of({&byte, 1}));
    AwsMessage& place = first.raw.empty() ? first : second;
    (void)parser.next(place);
  }
  EXPECT_EQ(shown(first), "event x {1}");
  EXPECT_EQ(shown(second), "event y {2}");
}

// Every recorded stream: all of it is messages, and the last one is that of a stream that is whole.
TEST(AwsEventStream, ReadsEveryRecordedStream) {
  std::size_t streams = 0;
  std::size_t messages = 0;
  const auto folder = std::filesystem::path(SLUICE_TEST_FIXTURES) / "bedrock" / "converse";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.path().string().ends_with(".pairs.jsonl")) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      constexpr std::string_view key = R"("body_base64":)";
      const std::size_t at = line.find(key);
      if (at == line.npos) continue;
      const std::size_t begin = line.find('"', at + key.size()) + 1;
      const std::string body =
          test::decode_base64(std::string_view(line).substr(begin, line.find('"', begin) - begin));
      const Seen whole = split({body});
      EXPECT_EQ(whole.end, "whole");
      ASSERT_GT(whole.messages.size(), 3U);
      EXPECT_TRUE(whole.messages.front().starts_with("event messageStart {"));
      EXPECT_TRUE(whole.messages.back().starts_with("event metadata {"));
      Splitter byte_by_byte({});
      for (const char& byte : body) ASSERT_TRUE(byte_by_byte.read({&byte, 1}));
      EXPECT_EQ(byte_by_byte.end().messages, whole.messages);
      ++streams;
      messages += whole.messages.size();
    }
  }
  EXPECT_EQ(streams, 22U);
  EXPECT_GT(messages, 300U);
}

}  // namespace
}  // namespace sluice::http
