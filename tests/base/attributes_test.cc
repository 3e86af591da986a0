#include "sluice/base/attributes.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

struct Holder {
  std::string text = "kept";
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND { return text; }
};

TEST(Attributes, LifetimeboundChangesNoMeaning) {
  const Holder holder;
  EXPECT_EQ(holder.view(), "kept");
}

}  // namespace
