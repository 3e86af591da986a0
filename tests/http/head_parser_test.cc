#include "sluice/http/head_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

using test::GuardedMemory;
using Fields = std::vector<std::pair<std::string, std::string>>;

const char chat_request[] =
    "POST /v1/chat/completions?x=1&y HTTP/1.1\r\n"
    "Host: api.example.com:8080\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Empty:\r\n"
    "Blank: \t \r\n"
    "Padded:\t in the middle \t\r\n"
    "X-Utf8: caf\xc3\xa9\r\n"
    "Content-Length: 12\r\n"
    "\r\n";

Fields fields_of(const HeaderList& headers) {
  Fields fields;
  for (const Header& header : headers) fields.emplace_back(header.name, header.value);
  return fields;
}

void expect_chat_request(const RequestHead& head) {
  EXPECT_EQ(head.method, Method::post);
  EXPECT_EQ(head.method_text, "POST");
  EXPECT_EQ(head.target, "/v1/chat/completions?x=1&y");
  EXPECT_EQ(head.path, "/v1/chat/completions");
  EXPECT_EQ(head.query, "x=1&y");
  EXPECT_EQ(head.authority, "api.example.com:8080");
  EXPECT_EQ(head.version, Version::http_1_1);
  EXPECT_EQ(fields_of(head.headers), (Fields{{"Host", "api.example.com:8080"},
                                             {"Accept-Encoding", "gzip, deflate"},
                                             {"Connection", "keep-alive"},
                                             {"Empty", ""},
                                             {"Blank", ""},
                                             {"Padded", "in the middle"},
                                             {"X-Utf8", "caf\xc3\xa9"},
                                             {"Content-Length", "12"}}));
}

TEST(RequestHeadParser, ReadsARequestAndLeavesWhatFollows) {
  const std::string wire = std::string(chat_request) + "{\"model\":\"a\"}";
  RequestHead head;
  const HeadParse parse = parse_request_head(wire, head);
  ASSERT_EQ(parse.status, ParseStatus::complete) << parse.rejection.reason;
  EXPECT_EQ(parse.bytes_consumed, sizeof(chat_request) - 1);
  expect_chat_request(head);
}

TEST(RequestHeadParser, NeedsMoreForEveryStrictPrefixAndThenReadsTheSame) {
  const std::string wire = chat_request;
  for (std::size_t cut = 0; cut < wire.size(); ++cut) {
    SCOPED_TRACE(cut);
    RequestHeadParser parser;
    RequestHead head;
    // Two copies: the bytes move between the reads, and the old place is gone.
    auto first = std::make_unique<GuardedMemory>(std::string_view(wire).substr(0, cut));
    ASSERT_EQ(parser.parse(first->view(), head).status, ParseStatus::need_more);
    const GuardedMemory whole(wire);
    first.reset();
    const HeadParse parse = parser.parse(whole.view(), head);
    ASSERT_EQ(parse.status, ParseStatus::complete);
    EXPECT_EQ(parse.bytes_consumed, wire.size());
    expect_chat_request(head);
  }
}

TEST(RequestHeadParser, ReadsByteByByteFromMemoryThatMovesEachTime) {
  const std::string wire = chat_request;
  RequestHeadParser parser;
  RequestHead head;
  std::unique_ptr<GuardedMemory> memory;
  for (std::size_t size = 0; size < wire.size(); ++size) {
    memory = std::make_unique<GuardedMemory>(std::string_view(wire).substr(0, size));
    ASSERT_EQ(parser.parse(memory->view(), head).status, ParseStatus::need_more);
  }
  memory = std::make_unique<GuardedMemory>(wire);
  ASSERT_EQ(parser.parse(memory->view(), head).status, ParseStatus::complete);
  expect_chat_request(head);
}

TEST(RequestHeadParser, IsReadyForTheNextMessageAfterReset) {
  const std::string wire = std::string(chat_request) + "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
  RequestHeadParser parser;
  RequestHead head;
  const HeadParse first = parser.parse(wire, head);
  ASSERT_EQ(first.status, ParseStatus::complete);
  parser.reset();
  const HeadParse second = parser.parse(std::string_view(wire).substr(first.bytes_consumed), head);
  ASSERT_EQ(second.status, ParseStatus::complete);
  EXPECT_EQ(first.bytes_consumed + second.bytes_consumed, wire.size());
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(fields_of(head.headers), (Fields{{"Host", "b"}}));
}

struct TargetCase {
  std::string_view wire, authority, path, query;
};
const TargetCase target_cases[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/", ""},
    {"GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/a", "b?c"},
    {"GET /? HTTP/1.1\r\nHost:\r\n\r\n", "", "/", ""},
    {"GET //x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "[::1]:80", "//x", ""},
    {"GET /%00{|}\" HTTP/1.1\r\nHost: a:\r\n\r\n", "a:", "/%00{|}\"", ""},
    {"GET http://a.b:80/c?d HTTP/1.1\r\nHost: A.b:80\r\n\r\n", "A.b:80", "/c", "d"},
    {"GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/", ""},
    {"GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/", "q"},
    {"GET http://[::1] HTTP/1.0\r\n\r\n", "[::1]", "/", ""},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a", "*", ""},
    {"GET / HTTP/1.0\r\n\r\n", "", "/", ""},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "a", "/", ""},
    {"M-SEARCH / HTTP/1.1\r\nHOST: a\r\n\r\n", "a", "/", ""},
};

TEST(RequestHeadParser, SplitsEveryFormOfTargetWhereverTheReadIsCut) {
  for (const TargetCase& c : target_cases) {
    for (std::size_t cut = 0; cut < c.wire.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << c.wire << ", cut at byte " << cut);
      RequestHeadParser parser;
      RequestHead head;
      const std::string first(c.wire.substr(0, cut));
      ASSERT_EQ(parser.parse(first, head).status, ParseStatus::need_more);
      const GuardedMemory whole(c.wire);
      ASSERT_EQ(parser.parse(whole.view(), head).status, ParseStatus::complete);
      EXPECT_EQ(head.authority, c.authority);
      EXPECT_EQ(head.path, c.path);
      EXPECT_EQ(head.query, c.query);
    }
  }
}

struct BadCase {
  std::string_view name, wire;
  StatusCode answer = 400;
};
using namespace std::string_view_literals;
const BadCase bad_requests[] = {
    // Line ends and control bytes.
    {"bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {"bare LF behind a header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
    {"bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {"bare LF in front", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n"},
    {"bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
    {"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv},
    {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv},
    {"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"},
    {"vertical tab around a value", "GET / HTTP/1.1\r\nHost: a\r\nX:\v1\r\n\r\n"},
    // Field lines.
    {"space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n"},
    {"tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n"},
    {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"},
    {"folded line with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n"},
    {"first header line begins with a blank", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"line of one blank", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n"},
    {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
    {"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
    {"bad character in a name", "GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n"},
    {"byte from 0x80 in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: b\r\n\r\n"},
    {"tab behind a coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n"},
    {"tab before a coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n"},
    {"tab and blank around a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\t \r\n\r\n"},
    // Host.
    {"no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n"},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"},
    {"list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {"list of Hosts without blank", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"},
    {"Host with user info", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"Host with a letter as port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
    {"Host with six digits as port", "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
    {"Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"},
    {"Host with only a port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
    {"Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {"Host with text behind the bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n"},
    {"Host with an empty bracket", "GET / HTTP/1.1\r\nHost: []\r\n\r\n"},
    {"Host differs from the target", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"},
    {"empty Host beside an absolute target", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n"},
    // The request line.
    {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"no version", "GET /\r\nHost: a\r\n\r\n"},
    {"no target", "GET\r\nHost: a\r\n\r\n"},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"two spaces behind the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"space in front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"long version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"comma in the version", "GET / HTTP/1,1\r\nHost: a\r\n\r\n"},
    {"method is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"byte from 0x80 in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"asterisk for another method", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"unknown scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no host in the target", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"user info in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"five empty lines", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a TLS hello", "\x16\x03\x01\x02"},
    // Other answers.
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"HTTP/0.9 spelt out", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501},
    {"endless method", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 501},
};

TEST(RequestHeadParser, RefusesWhateverTwoReadersCouldReadDifferently) {
  for (const BadCase& c : bad_requests) {
    for (std::size_t cut = 0; cut <= c.wire.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << c.name << ", cut at byte " << cut);
      RequestHeadParser parser;
      RequestHead head;
      const std::string first(c.wire.substr(0, cut));
      HeadParse parse = parser.parse(first, head);
      ASSERT_NE(parse.status, ParseStatus::complete);
      if (parse.status == ParseStatus::need_more) {
        const GuardedMemory whole(c.wire);
        parse = parser.parse(whole.view(), head);
      }
      ASSERT_EQ(parse.status, ParseStatus::malformed);
      EXPECT_EQ(parse.rejection.answer, c.answer) << parse.rejection.reason;
      EXPECT_STRNE(parse.rejection.reason, "");
    }
  }
}

StatusCode answer_to(const std::string& wire, const HeadLimits& limits = {}) {
  RequestHead head;
  const HeadParse parse = parse_request_head(wire, head, limits);
  return parse.status == ParseStatus::malformed ? parse.rejection.answer : StatusCode{0};
}

TEST(RequestHeadParser, HoldsEveryLimitAtItsEdge) {
  const auto with_target = [](std::size_t bytes, std::string_view end) {
    return "GET /" + std::string(bytes - 1, 'a') + std::string(end);
  };
  const std::string_view rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(answer_to(with_target(8192, rest)), 0);
  EXPECT_EQ(answer_to(with_target(8193, rest)), 414);
  EXPECT_EQ(answer_to(with_target(9000, "")), 414);  // refused before its line ends
  EXPECT_EQ(answer_to(with_target(40000, rest)), 414);

  const auto with_headers = [](int count) {
    std::string wire = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < count; ++i) wire += "X: y\r\n";
    return wire + "\r\n";
  };
  EXPECT_EQ(answer_to(with_headers(100)), 0);
  EXPECT_EQ(answer_to(with_headers(101)), 431);

  const std::string front = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::size_t room = 32 * 1024 - front.size() - 4;
  EXPECT_EQ(answer_to(front + std::string(room, 'x') + "\r\n\r\n"), 0);
  EXPECT_EQ(answer_to(front + std::string(room + 1, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(answer_to(front + std::string(32 * 1024, 'x')), 431);

  EXPECT_EQ(answer_to(std::string(32, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(answer_to(std::string(33, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(answer_to("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(HeadLimits, SayWhichRuleIsBroken) {
  EXPECT_FALSE(HeadLimits{}.broken_rule());
  EXPECT_TRUE(HeadLimits{.header_count_max = 0}.broken_rule());
  EXPECT_TRUE(HeadLimits{.method_bytes_max = 3}.broken_rule());
  EXPECT_TRUE(HeadLimits{.head_bytes_max = 4096}.broken_rule());
}

struct StatusLineCase {
  std::string_view wire;
  StatusCode status;
  std::string_view reason;
  Version version = Version::http_1_1;
};
const StatusLineCase status_lines[] = {
    {"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, "OK"},
    {"HTTP/1.1 200 \r\nA: b\r\n\r\n", 200, ""},
    {"HTTP/1.1 200\r\nA: b\r\n\r\n", 200, ""},
    {"HTTP/1.1 529 Site is overloaded\r\nA: b\r\n\r\n", 529, "Site is overloaded"},
    {"HTTP/1.0 404 Nicht gefunden \xfc\r\nA: b\r\n\r\n", 404, "Nicht gefunden \xfc",
     Version::http_1_0},
};

TEST(ResponseHeadParser, ReadsEveryStatusLineWhereverTheReadIsCut) {
  for (const StatusLineCase& c : status_lines) {
    for (std::size_t cut = 0; cut < c.wire.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << c.wire << ", cut at byte " << cut);
      ResponseHeadParser parser;
      ResponseHead head;
      auto first = std::make_unique<GuardedMemory>(c.wire.substr(0, cut));
      ASSERT_EQ(parser.parse(first->view(), head).status, ParseStatus::need_more);
      const GuardedMemory whole(std::string(c.wire) + "HTTP/1.1 200");
      first.reset();
      const HeadParse parse = parser.parse(whole.view(), head);
      ASSERT_EQ(parse.status, ParseStatus::complete);
      EXPECT_EQ(parse.bytes_consumed, c.wire.size());
      EXPECT_EQ(head.status, c.status);
      EXPECT_EQ(head.reason, c.reason);
      EXPECT_EQ(head.version, c.version);
      EXPECT_EQ(fields_of(head.headers), (Fields{{"A", "b"}}));
    }
  }
}

const BadCase bad_responses[] = {
    {"bare LF", "HTTP/1.1 200 OK\n\n"},
    {"empty line in front", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
    {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
    {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
    {"status below 100", "HTTP/1.1 099 OK\r\n\r\n"},
    {"status with a sign", "HTTP/1.1 +20 OK\r\n\r\n"},
    {"two spaces", "HTTP/1.1  200 OK\r\n\r\n"},
    {"no status", "HTTP/1.1\r\n\r\n"},
    {"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"another protocol", "ICY 200 OK\r\n\r\n"},
    {"NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n"sv},
    {"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
    {"blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n"},
    {"HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", 505},
};

TEST(ResponseHeadParser, RefusesWhatIsNoResponse) {
  for (const BadCase& c : bad_responses) {
    SCOPED_TRACE(c.name);
    const GuardedMemory memory(c.wire);
    ResponseHead head;
    const HeadParse parse = parse_response_head(memory.view(), head);
    ASSERT_EQ(parse.status, ParseStatus::malformed);
    EXPECT_EQ(parse.rejection.answer, c.answer) << parse.rejection.reason;
  }
}

}  // namespace
}  // namespace sluice::http
