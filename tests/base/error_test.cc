#include "sluice/base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sluice/base/assert.h"
#include "sluice/base/attributes.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {
namespace {

TEST(Error, EveryKindHasItsOwnName) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::io); ++kind) {
    names.emplace(to_string(static_cast<ErrorKind>(kind)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorKind::io) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(Error, EveryFaultHasAName) {
  EXPECT_EQ(to_string(Fault::client), "client");
  EXPECT_EQ(to_string(Fault::gateway), "gateway");
  EXPECT_EQ(to_string(Fault::provider), "provider");
}

}  // namespace
}  // namespace sluice
