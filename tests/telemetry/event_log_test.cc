#include "sluice/telemetry/event_log.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace sluice::telemetry {
namespace {

using namespace std::chrono_literals;
constexpr WallTime now{1'767'323'045'678ms};  // 2026-01-02 03:04:05.678 UTC

TEST(EventLog, WritesOneLine) {
  std::string out = "before\n";
  EventLine(out, now, EventLevel::warn, "configuration not reloaded")
      .add("file", "/etc/sluice/sluice.toml")
      .add("line", 7)
      .add("offset", std::int64_t{-3})
      .add("most", ~std::uint64_t{0})
      .add("kept", true);
  EXPECT_EQ(out,
            "before\n2026-01-02T03:04:05.678Z warn \"configuration not reloaded\" "
            "file=/etc/sluice/sluice.toml line=7 offset=-3 most=18446744073709551615 kept=true\n");
}

TEST(EventLog, QuotesWhatIsNoPlainWord) {
  std::string out;
  EventLine(out, now, EventLevel::info, "m")
      .add("blank", "a b")
      .add("empty", "")
      .add("quote", "a\"b")
      .add("equals", "a=b");
  EXPECT_TRUE(
      out.ends_with("info \"m\" blank=\"a b\" empty=\"\" quote=\"a\\\"b\" equals=\"a=b\"\n"))
      << out;
}

TEST(EventLog, NoValueForgesALine) {
  std::string out;
  EventLine(out, now, EventLevel::info, "a\nb").add("value", "x\r\ny\x01\xff");
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  EXPECT_EQ(out.find('\r'), std::string::npos);
  EXPECT_EQ(out.find('\x01'), std::string::npos);
  EXPECT_EQ(out.find('\xff'), std::string::npos);
}

TEST(EventLog, ErrorSaysWhatHappenedInWords) {
  std::string out;
  EventLine(out, now, EventLevel::error, "m")
      .add(Error{.kind = ErrorKind::io,
                 .fault = Fault::gateway,
                 .os_errno = ENOENT,
                 .what = "cannot open the file"});
  EXPECT_TRUE(
      out.ends_with("kind=io fault=gateway what=\"cannot open the file\" errno=2 "
                    "because=\"No such file or directory\"\n"))
      << out;
}

TEST(EventLog, LevelsHaveNames) {
  EXPECT_EQ(to_string(EventLevel::debug), "debug");
  EXPECT_EQ(to_string(EventLevel::info), "info");
  EXPECT_EQ(to_string(EventLevel::warn), "warn");
  EXPECT_EQ(to_string(EventLevel::error), "error");
}

TEST(EventLog, TimeIsRightAtItsEdges) {
  const auto time = [](WallTime at) {
    std::string out;
    EventLine(out, at, EventLevel::info, "");
    return out.substr(0, 24);
  };
  EXPECT_EQ(time(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time(WallTime{-1ns}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(time(std::chrono::sys_days{std::chrono::year(2024) / 2 / 29} + 23h + 59min + 59s +
                 999'999'999ns),
            "2024-02-29T23:59:59.999Z");
}

}  // namespace
}  // namespace sluice::telemetry
