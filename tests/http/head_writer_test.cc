#include "sluice/http/head_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/http/head_parser.h"

namespace sluice::http {
namespace {

using namespace std::string_view_literals;

std::string finished(HeadWriter& writer, std::string_view body = {}) {
  const Result<Slice> head = writer.finish(body);
  return head ? std::string(head->view()) : "failed: " + std::string(head.error().what);
}

TEST(HeadWriter, WritesARequest) {
  HeadWriter writer;
  writer.request_line("POST", "/v1/chat/completions?a=b");
  writer.header("Host", "a");
  writer.framing(BodyKind::length, 12);
  EXPECT_EQ(finished(writer),
            "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n");
}

TEST(HeadWriter, WritesAResponseWithItsBodyInOneBlock) {
  HeadWriter writer;
  writer.status_line(429);
  writer.header("Retry-After", "7");
  writer.framing(BodyKind::length, 2);
  EXPECT_EQ(finished(writer, "{}"),
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(HeadWriter, KeepsAForeignReasonAndAnUnknownCode) {
  HeadWriter writer;
  writer.status_line(529, "Overloaded");
  EXPECT_EQ(finished(writer), "HTTP/1.1 529 Overloaded\r\n\r\n");
  writer.status_line(599);
  EXPECT_EQ(finished(writer), "HTTP/1.1 599 \r\n\r\n");
}

TEST(HeadWriter, EachFramingHasItsHeader) {
  HeadWriter writer;
  const auto written = [&writer](BodyKind kind) {
    writer.status_line(200);
    writer.framing(kind, 5);
    return finished(writer);
  };
  EXPECT_EQ(written(BodyKind::none), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(written(BodyKind::until_close), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(written(BodyKind::chunked), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(written(BodyKind::length), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(HeadWriter, GrowsBeyondItsReserve) {
  HeadWriter writer(16);
  writer.status_line(200);
  std::string expected = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) {
    writer.header("X-Number", std::to_string(i));
    expected += "X-Number: " + std::to_string(i) + "\r\n";
  }
  EXPECT_EQ(finished(writer), expected + "\r\n");
}

TEST(HeadWriter, ForwardsEndToEndHeadersOnly) {
  HeaderList headers;
  for (const char* name :
       {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
        "Transfer-Encoding", "Proxy-Authenticate", "Proxy-Authorization"}) {
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
    headers.add(name, name == "Connection"sv ? "close, X-Private , x-other" : "x");
  }
  headers.add("connection", "X-Third");
  headers.add("x-private", "secret");
  headers.add("X-Other", "y");
  headers.add("x-third", "y");
  headers.add("Content-Length", "5");
  headers.add("Host", "a");
  headers.add("AUTHORIZATION", "key");
  headers.add("Accept", "all");
  headers.add("accept", "more");
  HeadWriter writer;
  writer.request_line("GET", "/");
  writer.end_to_end_headers(headers, {FieldName::host, FieldName::authorization});
  EXPECT_EQ(finished(writer), "GET / HTTP/1.1\r\nAccept: all\r\naccept: more\r\n\r\n");
}

TEST(HeadWriter, NothingWrittenCanEndALineEarly) {
  const std::string_view evil[] = {"a\r\nX: y", "a\nb", "a\rb", "a\0b"sv, "\x7f"};
  for (const std::string_view text : evil) {
    HeadWriter writer;
    writer.request_line("GET", "/");
    writer.header("X", text);
    EXPECT_TRUE(finished(writer).starts_with("failed")) << text;
    writer.request_line("GET", "/");
    writer.header(text, "y");
    EXPECT_TRUE(finished(writer).starts_with("failed")) << text;
    writer.request_line(text, "/");
    EXPECT_TRUE(finished(writer).starts_with("failed")) << text;
    writer.request_line("GET", text);
    EXPECT_TRUE(finished(writer).starts_with("failed")) << text;
    writer.status_line(200, text);
    EXPECT_TRUE(finished(writer).starts_with("failed")) << text;
  }
  HeadWriter writer;
  for (const std::string_view target : {"", "/a b", "/\xc3\xa9", "/a#b"}) {
    writer.request_line("GET", target);
    EXPECT_TRUE(finished(writer).starts_with("failed")) << target;
  }
  for (const std::string_view name : {"", "a b", "a:", " a"}) {
    writer.status_line(200);
    writer.header(name, "x");
    EXPECT_TRUE(finished(writer).starts_with("failed")) << name;
  }
  writer.status_line(200);
  EXPECT_EQ(finished(writer), "HTTP/1.1 200 OK\r\n\r\n");  // a failure is not carried over
}

TEST(HeadWriter, WhatIsWrittenIsReadAsTheSame) {
  HeadWriter writer;
  writer.request_line("PATCH", "/x?y");
  writer.header("Host", "a");
  writer.header("Empty", "");
  writer.header("Tab", "a\tb");
  const std::string wire = finished(writer);
  RequestHead head;
  ASSERT_EQ(parse_request_head(wire, head).status, ParseStatus::complete);
  EXPECT_EQ(head.method, Method::patch);
  EXPECT_EQ(head.target, "/x?y");
  EXPECT_EQ(head.headers.size(), 3U);
  EXPECT_EQ(head.headers.value("tab"), "a\tb");
}

TEST(HeadWriterDeathTest, AHeaderNeedsAStartLine) {
  HeadWriter writer;
  EXPECT_DEATH(writer.header("a", "b"), "started_");
}

TEST(HttpDate, IsTheRfcsOwnExample) {
  EXPECT_EQ(format_http_date(WallTime(std::chrono::seconds(784111777))).view(),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, KnowsLeapDaysAndCutsFractions) {
  using namespace std::chrono;
  EXPECT_EQ(format_http_date(WallTime{}).view(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(WallTime(seconds(1709251199) + milliseconds(999))).view(),
            "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(format_http_date(WallTime(seconds(4102444800))).view(),
            "Fri, 01 Jan 2100 00:00:00 GMT");
}

}  // namespace
}  // namespace sluice::http
