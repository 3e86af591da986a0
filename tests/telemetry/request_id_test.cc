#include "sluice/telemetry/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice::telemetry {
namespace {

TEST(RequestId, IsItsPrefixAndTwentyFourLetters) {
  RequestIdGenerator generator(0);
  EXPECT_EQ(generator.next().view(), "req_000000000000000000000000");
  EXPECT_EQ(generator.next().view(), "req_000000000000000000000001");
  RequestIdGenerator full(~std::uint64_t{0});
  EXPECT_EQ(full.next().view(), "req_zzzzzzzzzzzzy00000000000") << "64 bits, then 56";
}

TEST(RequestId, IsUniqueAndAscendsWithinAWorker) {
  RequestIdGenerator generator(0x123456789abcdef0);
  std::string last;
  for (int i = 0; i < 5'000; ++i) {
    const RequestId id = generator.next();
    ASSERT_GT(id.view(), last);
    last = id.view();
  }
}

TEST(RequestId, DiffersBetweenWorkersByEveryBitOfTheSeed) {
  std::set<std::string> ids;
  ids.emplace(RequestIdGenerator(0).next().view());
  for (unsigned bit = 0; bit < 64; ++bit) {
    ids.emplace(RequestIdGenerator(std::uint64_t{1} << bit).next().view());
  }
  EXPECT_EQ(ids.size(), 65U);
}

TEST(RequestId, OursPassesOurOwnCheck) {
  EXPECT_TRUE(is_acceptable_request_id(RequestIdGenerator(7).next().view()));
}

TEST(RequestId, OfAClientIsTakenOnlyWhenHarmless) {
  EXPECT_TRUE(is_acceptable_request_id("a"));
  EXPECT_TRUE(is_acceptable_request_id("0b1c2d3e-1111-4222-8333-444455556666"));
  EXPECT_TRUE(is_acceptable_request_id("Root=1-67891233-abcdef"));
  EXPECT_TRUE(is_acceptable_request_id(std::string(128, 'x')));
  EXPECT_FALSE(is_acceptable_request_id(std::string(129, 'x')));
  EXPECT_FALSE(is_acceptable_request_id(""));
}

TEST(RequestId, EveryOtherByteIsRefusedAnywhere) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool harmless =
        byte < 128 && (std::isalnum(byte) != 0 ||
                       std::string_view("-_.:~+/=@").find(c) != std::string_view::npos);
    EXPECT_EQ(is_acceptable_request_id(std::string("a") + c + "b"), harmless) << byte;
    EXPECT_EQ(is_acceptable_request_id(std::string(1, c)), harmless) << byte;
  }
}

}  // namespace
}  // namespace sluice::telemetry
