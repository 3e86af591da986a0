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
  EXPECT_TRUE(text.error().ends_with("Did you mean \"gpt-5-mini\"? \"sluice models\" lists them"))
      << text.error();
}

TEST(Listing, AnExplanationOfAProvidersModelNamesItsDeploymentsAlone) {
  const config::Loaded loaded = testing::loaded(
      std::string(testing::local_provider) +
      "[[model.deployment]]\nprovider = \"two\"\nmodel = \"m2\"\n[[provider]]\nname = \"two\"\n"
      "dialect = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\nkeys = []\n");
  const auto text = render_explanation(loaded.models, "two/m");
  ASSERT_TRUE(text.has_value()) << text.error();
  EXPECT_TRUE(text->starts_with("m: chat, 1 deployment at two alone,")) << *text;
  EXPECT_EQ(text->find("as m1"), std::string::npos) << *text;
  EXPECT_NE(text->find("as m2"), std::string::npos) << *text;
  EXPECT_FALSE(render_explanation(loaded.models, "none/m").has_value());
}

TEST(Listing, AnExplanationSaysEverythingThatBringsTheNextDeployment) {
  const config::Loaded loaded = testing::loaded(testing::local_provider);
  const auto text = render_explanation(loaded.models, "m");
  ASSERT_TRUE(text.has_value());
  for (const char* reason : {"connecting fails", "a time runs out", "401, 403", "402, 429 and 5xx",
                             "cannot be used", "nothing was sent"}) {
    EXPECT_NE(text->find(reason), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace sluice::server
