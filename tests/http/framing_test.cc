#include "sluice/http/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/http/head_parser.h"

namespace sluice::http {
namespace {

std::expected<Framing, Rejection> of_request(std::string_view headers,
                                             std::string_view version = "1.1") {
  const std::string wire =
      "POST / HTTP/" + std::string(version) + "\r\nHost: a\r\n" + std::string(headers) + "\r\n";
  RequestHead head;
  const HeadParse parse = parse_request_head(wire, head);
  EXPECT_EQ(parse.status, ParseStatus::complete) << parse.rejection.reason;
  return request_framing(head);
}

std::expected<Framing, Rejection> of_response(std::string_view wire, Method method = Method::post) {
  ResponseHead head;
  const HeadParse parse = parse_response_head(wire, head);
  EXPECT_EQ(parse.status, ParseStatus::complete) << parse.rejection.reason;
  return response_framing(head, method);
}

TEST(RequestFraming, NeitherHeaderMeansNoBody) {
  EXPECT_EQ(of_request(""), (Framing{BodyKind::none, 0, true, false}));
}

TEST(RequestFraming, ALengthIsTaken) {
  EXPECT_EQ(of_request("Content-Length: 0\r\n"), (Framing{BodyKind::length, 0, true, false}));
  EXPECT_EQ(of_request("content-length:9223372036854775807\r\n"),
            (Framing{BodyKind::length, 9223372036854775807U, true, false}));
}

TEST(RequestFraming, ChunkedIsTakenInAnyLetterCase) {
  EXPECT_EQ(of_request("Transfer-Encoding: chunked\r\n"),
            (Framing{BodyKind::chunked, 0, true, false}));
  EXPECT_EQ(of_request("TRANSFER-ENCODING:  ChunKED  \r\n"),
            (Framing{BodyKind::chunked, 0, true, false}));
}

struct SmugglingCase {
  std::string_view name, headers;
  StatusCode answer = 400;
  std::string_view version = "1.1";
};
const SmugglingCase smuggling_cases[] = {
    {"CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"},
    {"TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"},
    {"CL 0 and TE", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"},
    {"bad CL and TE", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n"},
    {"CL and TE that is not chunked", "Content-Length: 6\r\nTransfer-Encoding: identity\r\n"},
    {"two TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"},
    {"TE, then another", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"},
    {"another, then TE", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"},
    {"chunked twice in one", "Transfer-Encoding: chunked, chunked\r\n"},
    {"chunked not last", "Transfer-Encoding: chunked, gzip\r\n"},
    {"chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n"},
    {"quoted chunked", "Transfer-Encoding: \"chunked\"\r\n"},
    {"chunked with a letter in front", "Transfer-Encoding: xchunked\r\n"},
    {"chunked with a letter behind", "Transfer-Encoding: chunkedx\r\n"},
    {"chunked with a comma", "Transfer-Encoding: chunked,\r\n", 501},
    {"identity", "Transfer-Encoding: identity\r\n"},
    {"gzip alone", "Transfer-Encoding: gzip\r\n"},
    {"empty TE", "Transfer-Encoding:\r\n"},
    {"a coding we do not speak", "Transfer-Encoding: gzip, chunked\r\n", 501},
    {"TE in HTTP/1.0", "Transfer-Encoding: chunked\r\n", 400, "1.0"},
    {"two equal CL", "Content-Length: 5\r\nContent-Length: 5\r\n"},
    {"two CL", "Content-Length: 5\r\nContent-Length: 6\r\n"},
    {"list of CL", "Content-Length: 5, 5\r\n"},
    {"empty CL", "Content-Length:\r\n"},
    {"negative CL", "Content-Length: -1\r\n"},
    {"CL with plus", "Content-Length: +1\r\n"},
    {"hexadecimal CL", "Content-Length: 0x10\r\n"},
    {"CL with a fraction", "Content-Length: 1.0\r\n"},
    {"CL with a blank inside", "Content-Length: 1 0\r\n"},
    {"CL with text behind", "Content-Length: 10abc\r\n"},
    {"CL that overflows 63 bits", "Content-Length: 9223372036854775808\r\n"},
    {"CL that overflows 64 bits", "Content-Length: 18446744073709551621\r\n"},
    {"unknown expectation", "Expect: 200-ok\r\nContent-Length: 1\r\n", 417},
    {"two expectations", "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n",
     417},
};

TEST(RequestFraming, AnyDoubtIsARefusal) {
  for (const SmugglingCase& c : smuggling_cases) {
    SCOPED_TRACE(c.name);
    const auto framing = of_request(c.headers, c.version);
    ASSERT_FALSE(framing.has_value());
    EXPECT_EQ(framing.error().answer, c.answer) << framing.error().reason;
  }
}

TEST(Framing, PersistenceFollowsVersionAndConnection) {
  const auto keeps = [](std::string_view headers, std::string_view version) {
    return of_request(headers, version)->keep_alive;
  };
  EXPECT_TRUE(keeps("", "1.1"));
  EXPECT_FALSE(keeps("Connection: close\r\n", "1.1"));
  EXPECT_FALSE(keeps("Connection: x, CLOSE\r\n", "1.1"));
  EXPECT_FALSE(keeps("Connection: keep-alive\r\nConnection: close\r\n", "1.1"));
  EXPECT_TRUE(keeps("Connection: Upgrade\r\n", "1.1"));
  EXPECT_FALSE(keeps("Connection: a b\r\n", "1.1"));  // unreadable
  EXPECT_FALSE(keeps("", "1.0"));
  EXPECT_TRUE(keeps("Connection: Keep-Alive\r\n", "1.0"));
  EXPECT_FALSE(keeps("Connection: keep-alive, close\r\n", "1.0"));
}

TEST(RequestFraming, ContinueIsExpectedOnlyWithABodyAndInHttp11) {
  const auto expects = [](std::string_view headers, std::string_view version = "1.1") {
    return of_request(headers, version)->expects_continue;
  };
  EXPECT_TRUE(expects("Expect: 100-Continue\r\nContent-Length: 1\r\n"));
  EXPECT_TRUE(expects("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(expects("Expect: 100-continue\r\n"));
  EXPECT_FALSE(expects("Expect: 100-continue\r\nContent-Length: 0\r\n"));
  EXPECT_FALSE(expects("Expect: 100-continue\r\nContent-Length: 1\r\n", "1.0"));
  EXPECT_FALSE(expects("Content-Length: 1\r\n"));
}

TEST(ResponseFraming, WithoutDeclarationTheBodyEndsWithTheConnection) {
  EXPECT_EQ(of_response("HTTP/1.1 200 OK\r\n\r\n"),
            (Framing{BodyKind::until_close, 0, false, false}));
  EXPECT_EQ(of_response("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"),
            (Framing{BodyKind::until_close, 0, false, false}));
}

TEST(ResponseFraming, DeclaredBodiesAreTaken) {
  EXPECT_EQ(of_response("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),
            (Framing{BodyKind::length, 7, true, false}));
  EXPECT_EQ(
      of_response("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"),
      (Framing{BodyKind::chunked, 0, false, false}));
}

TEST(ResponseFraming, SomeResponsesNeverHaveABody) {
  const Framing none{BodyKind::none, 0, true, false};
  EXPECT_EQ(of_response("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", Method::head), none);
  EXPECT_EQ(of_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::head),
            none);
  EXPECT_EQ(of_response("HTTP/1.1 200 OK\r\n\r\n", Method::head), none);
  EXPECT_EQ(of_response("HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n"), none);
  EXPECT_EQ(of_response("HTTP/1.1 204 No\r\n\r\n"), none);
  EXPECT_EQ(of_response("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n"), none);
  EXPECT_EQ(of_response("HTTP/1.1 100 Continue\r\n\r\n"), none);
}

TEST(ResponseFraming, ABodyWhereNoneMayBeEndsTheConnection) {
  EXPECT_FALSE(of_response("HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n")->keep_alive);
  EXPECT_FALSE(of_response("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n")->keep_alive);
  EXPECT_FALSE(of_response("HTTP/1.1 101 Up\r\nUpgrade: websocket\r\n\r\n")->keep_alive);
  EXPECT_FALSE(of_response("HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\n").has_value());
}

TEST(ResponseFraming, DoubtIsARefusalInResponsesToo) {
  for (const std::string_view headers :
       {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Content-Length: 6\r\nContent-Length: 6\r\n", "Content-Length: 6, 6\r\n"}) {
    EXPECT_FALSE(of_response("HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n").has_value())
        << headers;
    EXPECT_FALSE(of_response("HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n", Method::head)
                     .has_value());
  }
  EXPECT_FALSE(of_response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").has_value());
}

}  // namespace
}  // namespace sluice::http
