#include "sluice/http/media_type.h"

#include <gtest/gtest.h>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

TEST(MediaType, EssenceIsComparedInAnyLetterCase) {
  const auto json = MediaType::parse(" Application/JSON ; charset=utf-8 ");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->type(), "Application");
  EXPECT_EQ(json->subtype(), "JSON");
  EXPECT_TRUE(json->is("application/json"));
  EXPECT_FALSE(json->is("application/jsonl"));
  EXPECT_FALSE(json->is("json"));
  EXPECT_EQ(json->charset(), "utf-8");
}

TEST(MediaType, ParametersAreTokensOrQuoted) {
  const auto form = MediaType::parse("multipart/form-data; Boundary=\"a b;c\";; x=y");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->boundary(), "a b;c");
  EXPECT_EQ(form->parameter("X"), "y");
  EXPECT_FALSE(form->charset());
}

TEST(MediaType, AParameterInDoubtIsNone) {
  EXPECT_FALSE(MediaType::parse("a/b; boundary=x; boundary=y")->boundary());
  EXPECT_FALSE(MediaType::parse("a/b; boundary=\"x\\y\"")->boundary());
  EXPECT_EQ(MediaType::parse("a/b; boundary=\"\"")->boundary(), "");
}

TEST(MediaType, AnEssenceIsAskedForInOneQuestion) {
  for (const char* value :
       {"text/html", " TEXT/Html ", "text/html;charset=utf-8", "text/html ;a=b"}) {
    EXPECT_TRUE(has_essence(value, "text/html")) << value;
  }
  for (const char* value :
       {"", "text", "text/htm", "text/html5", "text/html; x", "text/html, a/b", "a/b;text/html"}) {
    EXPECT_FALSE(has_essence(value, "text/html")) << value;
  }
}

TEST(MediaType, BrokenValuesAreNone) {
  for (const char* bad :
       {"", "/", "a", "a/", "/b", "a /b", "a/b c", "a/b; x", "a/b; x=", "a/b; =y", "a/b; x=\"y",
        "a/b; x=\"y\"z", "a/b, c/d", "a/b; x=y z", "a/b; x = y", "a/b; x=\"\\"}) {
    const test::GuardedMemory memory(bad);
    EXPECT_FALSE(MediaType::parse(memory.view())) << bad;
  }
}

}  // namespace
}  // namespace sluice::http
