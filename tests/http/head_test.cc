#include "sluice/http/head.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

TEST(Head, MethodsAreCaseSensitive) {
  EXPECT_EQ(method_of("GET"), Method::get);
  EXPECT_EQ(method_of("PUT"), Method::put);
  EXPECT_EQ(method_of("POST"), Method::post);
  EXPECT_EQ(method_of("HEAD"), Method::head);
  EXPECT_EQ(method_of("PATCH"), Method::patch);
  EXPECT_EQ(method_of("TRACE"), Method::trace);
  EXPECT_EQ(method_of("DELETE"), Method::delete_);
  EXPECT_EQ(method_of("OPTIONS"), Method::options);
  EXPECT_EQ(method_of("get"), Method::other);
  EXPECT_EQ(method_of("POSTS"), Method::other);
}

TEST(HeaderList, FindsTheFirstOfANameInAnyLetterCase) {
  HeaderList headers;
  headers.add("Accept", "a");
  headers.add("X-Key", "1");
  headers.add("x-kEY", "2");
  EXPECT_EQ(headers.value("X-KEY"), "1");
  EXPECT_EQ(headers.count("x-key"), 2U);
  EXPECT_EQ(headers.count("accept"), 1U);
  EXPECT_FALSE(headers.contains("x-kez"));   // same length
  EXPECT_FALSE(headers.contains("absent"));  // same length as Accept
  EXPECT_FALSE(headers.contains("x"));       // no such length
  EXPECT_EQ(headers.find(""), nullptr);
}

TEST(HeaderList, NamesWhoseLengthsShareABitAreToldApart) {
  HeaderList headers;
  headers.add(std::string_view("a234567"), "short");
  const std::string long_name = "a234567" + std::string(64, 'x');
  EXPECT_FALSE(headers.contains(long_name));
  headers.add(long_name, "long");
  EXPECT_EQ(headers.value(long_name), "long");
}

TEST(HeaderList, ClearForgetsNamesToo) {
  HeaderList headers;
  headers.add("host", "a");
  headers.clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_FALSE(headers.contains("host"));
  headers.add("host", "b");
  headers.release_memory();
  EXPECT_FALSE(headers.contains("host"));
}

TEST(HeaderList, RebaseMovesEveryView) {
  std::string first = "name: value";
  HeaderList headers;
  headers.add(std::string_view(first).substr(0, 4), std::string_view(first).substr(6));
  const auto from = reinterpret_cast<std::uintptr_t>(first.data());
  const std::string second = "other/thing";
  headers.rebase(from, second.data());
  EXPECT_EQ(headers[0], (Header{"othe", "thing"}));
}

TEST(Head, SwitchingProtocolsIsNoInterimResponse) {
  ResponseHead head;
  head.status = 100;
  EXPECT_TRUE(head.is_interim());
  head.status = 103;
  EXPECT_TRUE(head.is_interim());
  head.status = 101;
  EXPECT_FALSE(head.is_interim());
  head.status = 200;
  EXPECT_FALSE(head.is_interim());
}

TEST(Head, ClearForgetsTheMessage) {
  RequestHead request;
  request.method_text = request.target = request.authority = request.path = request.query = "x";
  request.headers.add("a", "b");
  request.clear();
  EXPECT_TRUE(request.target.empty() && request.path.empty() && request.authority.empty());
  EXPECT_TRUE(request.query.empty() && request.method_text.empty() && request.headers.empty());
  ResponseHead response;
  response.status = 200;
  response.reason = "OK";
  response.headers.add("a", "b");
  response.clear();
  EXPECT_EQ(response.status, 0);
  EXPECT_TRUE(response.reason.empty() && response.headers.empty());
}

}  // namespace
}  // namespace sluice::http
