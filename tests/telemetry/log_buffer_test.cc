#include "sluice/telemetry/log_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace sluice::telemetry {
namespace {

std::string take(LogBuffer& buffer, std::size_t bytes_max = std::string::npos) {
  const auto pieces = buffer.peek();
  std::string taken = std::string(pieces[0]) + std::string(pieces[1]);
  taken.resize(std::min(taken.size(), bytes_max));
  buffer.consume(taken.size());
  return taken;
}

TEST(LogBuffer, GivesLinesBackInOrder) {
  LogBuffer buffer(4096);
  EXPECT_TRUE(buffer.append("one\n"));
  EXPECT_TRUE(buffer.append("two\n"));
  EXPECT_EQ(buffer.waiting_bytes(), 8U);
  EXPECT_EQ(take(buffer), "one\ntwo\n");
  EXPECT_EQ(buffer.waiting_bytes(), 0U);
  EXPECT_EQ(take(buffer), "");
  EXPECT_EQ(buffer.appended_count(), 2U);
}

TEST(LogBuffer, CapacityIsRoundedUp) {
  EXPECT_EQ(LogBuffer(0).capacity_bytes(), 4096U);
  EXPECT_EQ(LogBuffer(5000).capacity_bytes(), 8192U);
}

TEST(LogBuffer, DropsWholeLinesAndCountsThem) {
  LogBuffer buffer(4096);
  const std::string line = std::string(999, 'x') + "\n";
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(buffer.append(line));
  EXPECT_FALSE(buffer.append(line));
  EXPECT_FALSE(buffer.append(line));
  EXPECT_TRUE(buffer.append("a short one still fits\n"));
  EXPECT_EQ(buffer.dropped_count(), 2U);
  EXPECT_EQ(take(buffer), line + line + line + line + "a short one still fits\n");
  EXPECT_TRUE(buffer.append(line)) << "room again";
}

TEST(LogBuffer, LineOfTheWholeCapacityFitsAndALongerOneNever) {
  LogBuffer buffer(4096);
  const std::string whole = std::string(4095, 'x') + "\n";
  EXPECT_FALSE(buffer.append("x" + whole));
  EXPECT_TRUE(buffer.append(whole));
  EXPECT_EQ(take(buffer), whole);
}

TEST(LogBuffer, SurvivesShortWritesAndTheEdgeAtEveryByte) {
  LogBuffer buffer(4096);
  std::string written, read;
  for (int i = 0; i < 3'000; ++i) {
    const std::string line =
        std::to_string(i) + std::string(static_cast<std::size_t>(i % 37), '.') + "\n";
    ASSERT_TRUE(buffer.append(line));
    written += line;
    read += take(buffer, static_cast<std::size_t>(i) % 61);
    if (buffer.waiting_bytes() > 3'000) read += take(buffer);
  }
  read += take(buffer);
  EXPECT_EQ(read, written);
  EXPECT_EQ(buffer.dropped_count(), 0U);
}

TEST(LogBuffer, HandsLinesFromOneThreadToAnother) {
  constexpr int lines = 20'000;
  LogBuffer buffer(4096);
  std::thread producer([&buffer] {
    for (int i = 0; i < lines; ++i) {
      buffer.append("line " + std::to_string(i) + "\n");
    }
  });
  std::string text;
  std::uint64_t known = 0;
  while (known < lines) {
    known = buffer.appended_count() + buffer.dropped_count();
    text += take(buffer);
  }
  producer.join();
  text += take(buffer);
  // Every line is whole and they ascend; together with the dropped ones they are all.
  std::uint64_t count = 0;
  int last = -1;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = text.substr(at, end - at);
    ASSERT_EQ(line.substr(0, 5), "line ");
    const int number = std::stoi(line.substr(5));
    ASSERT_EQ(line, "line " + std::to_string(number));
    ASSERT_GT(number, last);
    last = number;
    at = end + 1;
  }
  EXPECT_EQ(count, buffer.appended_count());
  EXPECT_EQ(count + buffer.dropped_count(), static_cast<std::uint64_t>(lines));
}

}  // namespace
}  // namespace sluice::telemetry
