#include "sluice/server/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "support.h"

namespace sluice::server {
namespace {

using testing::Folder;
using testing::read_file;

config::LogConfig to_file(const std::string& path) {
  config::LogConfig log;
  log.access = config::LogConfig::Target::file;
  log.access_path = path;
  return log;
}

void wait_until_written(const telemetry::LogBuffer& buffer) {
  while (buffer.waiting_bytes() > 0) ::usleep(1000);
}

TEST(LogWriter, LinesOfSeveralBuffersReachTheFileWhole) {
  const Folder folder;
  telemetry::LogBuffer first(4096);
  telemetry::LogBuffer second(4096);
  {
    LogWriter writer;
    ASSERT_TRUE(writer.use_access_target(to_file(folder.path("a.log"))).has_value());
    writer.read_access_lines(first);
    writer.read_access_lines(second);
    writer.start();
    for (int i = 0; i < 500; ++i) {
      while (!first.append("one\n")) ::usleep(100);
      while (!second.append("two\n")) ::usleep(100);
    }
  }
  const std::string text = read_file(folder.path("a.log"));
  EXPECT_EQ(text.size(), 4000U);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::string line = text.substr(at, 4);
    ASSERT_TRUE(line == "one\n" || line == "two\n") << line;
  }
}

TEST(LogWriter, AfterARenameReopenWritesIntoANewFile) {
  const Folder folder;
  telemetry::LogBuffer buffer(4096);
  {
    LogWriter writer;
    ASSERT_TRUE(writer.use_access_target(to_file(folder.path("a.log"))).has_value());
    writer.read_access_lines(buffer);
    writer.start();
    buffer.append("before\n");
    wait_until_written(buffer);
    ASSERT_EQ(std::rename(folder.path("a.log").c_str(), folder.path("a.old").c_str()), 0);
    ASSERT_TRUE(writer.reopen().has_value());
    buffer.append("after\n");
  }
  EXPECT_EQ(read_file(folder.path("a.old")), "before\n");
  EXPECT_EQ(read_file(folder.path("a.log")), "after\n");
}

TEST(LogWriter, AFileThatCannotBeOpenedIsASentenceAndChangesNothing) {
  const Folder folder;
  telemetry::LogBuffer buffer(4096);
  {
    LogWriter writer;
    ASSERT_TRUE(writer.use_access_target(to_file(folder.path("a.log"))).has_value());
    writer.read_access_lines(buffer);
    const auto refused = writer.use_access_target(to_file(folder.path("no/such/a.log")));
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().find("no/such/a.log"), std::string::npos);
    writer.start();
    buffer.append("kept\n");
  }
  EXPECT_EQ(read_file(folder.path("a.log")), "kept\n");
}

TEST(LogWriter, APipeNobodyReadsHoldsUpNobodyForLong) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  const int reader = ::open(folder.path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  telemetry::LogBuffer buffer(1024 * 1024);
  {
    LogWriter writer;
    ASSERT_TRUE(writer.use_access_target(to_file(folder.path("pipe"))).has_value());
    writer.read_access_lines(buffer);
    writer.start();
    const std::string line = std::string(999, 'x') + "\n";
    while (
        buffer.append(line)) {  // until the buffer refuses: dropped and counted, never waited for
    }
  }
  EXPECT_EQ(buffer.dropped_count(), 1U);
  ::close(reader);
}

TEST(LogWriter, ATargetOffTakesTheLinesAndWritesNothing) {
  telemetry::LogBuffer buffer(4096);
  ::testing::internal::CaptureStderr();
  {
    config::LogConfig off;
    off.access = config::LogConfig::Target::off;
    LogWriter writer;
    ASSERT_TRUE(writer.use_access_target(off).has_value());
    writer.read_access_lines(buffer);
    writer.start();
    buffer.append("unseen\n");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(buffer.waiting_bytes(), 0U);
}

}  // namespace
}  // namespace sluice::server
