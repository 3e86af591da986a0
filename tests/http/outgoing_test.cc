#include "sluice/http/outgoing.h"

#include <gtest/gtest.h>

#include <array>

#include "sluice/http/head_writer.h"

namespace sluice::http {
namespace {

TEST(OutgoingFields, ForwardedOnesGoOnWithoutTheDroppedThenOurOwn) {
  HeaderList from;
  from.add("A", "1");
  from.add("Date", "2");
  from.add("Connection", "close");
  from.add("Content-Length", "7");
  const std::array<Header, 1> own{{{"Date", "3"}}};
  HeadWriter writer;
  writer.status_line(status::ok);
  writer.fields({.forwarded = &from, .dropped = {FieldName::date}, .own = own});
  const Result<Slice> head = writer.finish();
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->view(), "HTTP/1.1 200 OK\r\nA: 1\r\nDate: 3\r\n\r\n");
}

TEST(OutgoingResponse, IsAnEmptyOkUnlessToldOtherwise) {
  const OutgoingResponse response;
  EXPECT_EQ(response.status, status::ok);
  EXPECT_EQ(response.fields.forwarded, nullptr);
  EXPECT_TRUE(response.fields.own.empty());
}

}  // namespace
}  // namespace sluice::http
