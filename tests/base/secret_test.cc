#include "sluice/base/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <string>

namespace sluice {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Secret>);
static_assert(!std::equality_comparable<Secret>);
static_assert(!std::copy_constructible<Secret>);
static_assert(!std::convertible_to<Secret, std::string_view>);

TEST(Secret, WipesTheStringItWasMadeFrom) {
  std::string source = "sk-canary";
  const Secret secret(std::move(source));
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(secret.reveal(), "sk-canary");
}

TEST(Secret, ComparesByContent) {
  const Secret secret(std::string("abc"));
  EXPECT_TRUE(secret.equals("abc"));
  EXPECT_FALSE(secret.equals("abd"));
  EXPECT_FALSE(secret.equals("ab"));
  EXPECT_FALSE(secret.equals(""));
}

TEST(Secret, MovesAndClones) {
  Secret secret(std::string("abc"));
  const Secret copy = secret.clone();
  const Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(copy.equals("abc"));
  EXPECT_TRUE(moved.equals("abc"));
}

TEST(Secret, WipeMemoryOverwritesEveryByte) {
  char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  wipe_memory(bytes, sizeof bytes);
  for (const char byte : bytes) EXPECT_EQ(byte, 0);
}

}  // namespace
}  // namespace sluice
