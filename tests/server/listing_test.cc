#include "sluice/server/listing.h"

#include <gtest/gtest.h>

#include "support.h"

namespace sluice::server {
namespace {

TEST(Listing, ARowSaysModelProviderAndWhatIsNotKnown) {
  const config::Loaded loaded = testing::loaded(testing::local_provider);
  const std::string rows = render_model_rows(loaded.models);
  EXPECT_NE(rows.find("MODEL"), std::string::npos);
  EXPECT_NE(rows.find("own"), std::string::npos);
  EXPECT_NE(rows.find("m1"), std::string::npos);
  EXPECT_NE(rows.find("?"), std::string::npos) << rows;
}

TEST(Listing, JsonHasNullForAPriceThatIsNotKnown) {
  const config::Loaded loaded = testing::loaded(testing::local_provider);
  EXPECT_TRUE(
      render_models_json(loaded.models)
          .starts_with(
              R"({"models":[{"name":"m","mode":"chat","aliases":[],"deployments":[{"provider":"own","model":"m1","region":)"));
  EXPECT_NE(render_models_json(loaded.models).find(R"("input_usd_per_million":null)"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::server
