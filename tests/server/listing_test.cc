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

TEST(Listing, AnExplanationNamesTheDeploymentsInOrder) {
  const config::Loaded loaded =
      testing::loaded(std::string(testing::local_provider) +
                      "[[model.deployment]]\nprovider = \"own\"\nmodel = \"m2\"\n");
  const auto text = render_explanation(loaded.models, "M");
  ASSERT_TRUE(text.has_value());
  const auto first = text->find("as m1");
  const auto second = text->find("as m2");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, second);
}

TEST(Listing, AnUnknownModelGetsTheNearestName) {
  const config::Loaded loaded = load_configuration(
      {}, testing::catalogue(), testing::environment({{"OPENAI_API_KEY", "sk-test-1234567890"}}));
  const auto text = render_explanation(loaded.models, "gpt-5-mni");
  ASSERT_FALSE(text.has_value());
  EXPECT_NE(text.error().find("gpt-5-mini"), std::string::npos) << text.error();
}

}  // namespace
}  // namespace sluice::server
