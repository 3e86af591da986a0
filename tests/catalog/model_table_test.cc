#include "sluice/catalog/model_table.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <utility>

namespace sluice::catalog {
namespace {

Provider provider(std::string name, std::string region) {
  Provider result;
  result.name = std::move(name);
  result.region = std::move(region);
  return result;
}

Model model(std::string name, std::vector<std::string> aliases, const Provider& at) {
  Model result;
  result.name = std::move(name);
  result.aliases = std::move(aliases);
  result.owned_by = "maker";
  result.created = 1'700'000'000;
  result.deployments.emplace_back();
  result.deployments[0].provider = &at;
  result.deployments[0].region = at.region;
  return result;
}

TEST(ModelTable, LeadsFromAnyNameToDeploymentsInOrder) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  const Provider& b = builder.add_provider(provider("b", "eu"));
  Model two = model("Big", {"large"}, b);
  two.deployments.emplace_back();
  two.deployments[1].provider = &a;
  ASSERT_TRUE(builder.add_model(std::move(two)));
  ASSERT_TRUE(builder.add_model(model("small", {}, a)));
  const ModelTable table = std::move(builder).seal();

  const Model* big = table.find("BIG");
  ASSERT_NE(big, nullptr);
  EXPECT_EQ(big, table.find("Large"));
  EXPECT_EQ(big->deployments[0].provider->name, "b");
  EXPECT_EQ(big->deployments[1].provider->name, "a");
  EXPECT_EQ(table.find("huge"), nullptr);
  EXPECT_EQ(table.find_provider("b")->index, 1U);
  EXPECT_EQ(table.find_provider("c"), nullptr);
}

TEST(ModelTable, AProviderBeforeASlashChoosesItsDeploymentsAlone) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  const Provider& b = builder.add_provider(provider("b", "eu"));
  Model both = model("big", {"large"}, a);
  both.deployments.emplace_back();
  both.deployments[1].provider = &b;
  ASSERT_TRUE(builder.add_model(std::move(both)));
  ASSERT_TRUE(builder.add_model(model("a/odd", {}, b)));
  ASSERT_TRUE(builder.add_model(model("small", {}, a)));
  const ModelTable table = std::move(builder).seal();

  const Model* const big = table.find("big");
  EXPECT_EQ(table.select("big").model, big);
  EXPECT_TRUE(table.select("big").includes(big->deployments[0]));
  EXPECT_TRUE(table.select("big").includes(big->deployments[1]));
  for (const char* name : {"b/big", "b/LARGE"}) {
    const Selection pinned = table.select(name);
    EXPECT_EQ(pinned.model, big) << name;
    EXPECT_FALSE(pinned.includes(big->deployments[0])) << name;
    EXPECT_TRUE(pinned.includes(big->deployments[1])) << name;
  }
  EXPECT_EQ(table.select("a/odd").provider, "") << "a name with a slash is a name first";
  EXPECT_NE(table.select("a/odd").model, nullptr);
  for (const char* name : {"b/small", "c/big", "a/", "/big", "a/huge", ""}) {
    EXPECT_EQ(table.select(name).model, nullptr) << name;
  }
}

TEST(ModelTable, NumbersDeploymentsAndProvidersFromZeroWithoutGaps) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  for (int i = 0; i < 100; ++i) builder.add_model(model("m" + std::to_string(i), {}, a));
  const ModelTable table = std::move(builder).seal();
  ASSERT_EQ(table.deployment_count(), 100U);
  std::uint32_t expected = 0;
  for (const Model& each : table.models()) EXPECT_EQ(each.deployments[0].index, expected++);
}

TEST(ModelTable, ATableThatMovesKeepsItsProvidersWhereTheyAre) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  builder.add_model(model("m", {}, a));
  ModelTable first = std::move(builder).seal();
  const ModelTable second = std::move(first);
  EXPECT_EQ(second.find("m")->deployments[0].provider, second.providers()[0].get());
}

TEST(ModelTable, TakesNoNameTwice) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  ASSERT_TRUE(builder.add_model(model("m", {"x"}, a)));
  EXPECT_FALSE(builder.add_model(model("M", {}, a)));
  EXPECT_FALSE(builder.add_model(model("x", {}, a))) << "an alias holds it";
  ASSERT_TRUE(builder.add_model(model("n", {"X", "y"}, a)));
  const ModelTable table = std::move(builder).seal();
  EXPECT_EQ(table.find("x")->name, "m");
  EXPECT_EQ(table.find("n")->aliases, std::vector<std::string>{"y"}) << "the clash is dropped";
}

TEST(ModelTable, TakesNoModelWithoutDeployments) {
  ModelTable::Builder builder;
  Model empty;
  empty.name = "m";
  EXPECT_FALSE(builder.add_model(std::move(empty)));
  EXPECT_FALSE(builder.has("m"));
}

TEST(ModelTable, AListStandsForOtherModelsAndHasNoDeployments) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  Model list;
  list.name = "auto";
  list.members = {"small", "gone"};
  Model both = model("both", {}, a);
  both.members = {"small"};
  ASSERT_TRUE(builder.add_model(std::move(list)));
  ASSERT_TRUE(builder.add_model(model("small", {}, a)));
  EXPECT_FALSE(builder.add_model(std::move(both)));
  ASSERT_NE(builder.find("AUTO"), nullptr);
  EXPECT_TRUE(builder.find("auto")->is_list());
  EXPECT_EQ(builder.find("gone"), nullptr);
  builder.set_members("auto", {"small"});
  const ModelTable table = std::move(builder).seal();
  const Model* found = table.find("auto");
  EXPECT_EQ(found->members, std::vector<std::string>{"small"});
  EXPECT_NE(found->json.find(R"("members":["small"])"), std::string::npos) << found->json;
  EXPECT_FALSE(table.find("small")->is_list());
  EXPECT_EQ(table.find("small")->json.find("members"), std::string::npos);
  EXPECT_EQ(table.deployment_count(), 1U);
}

TEST(ModelTable, TheListIsOpenAisShapeWithOurMembers) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("prov", "eu"));
  Model full = model("b-model", {"al"}, a);
  full.context_tokens = 128'000;
  full.capabilities.tools = true;
  full.capabilities.vision = false;
  full.deployments[0].price.tokens.input = 0.25;
  builder.add_model(std::move(full));
  builder.add_model(model("a \"quoted\"\\\x01 name", {}, a));
  const ModelTable table = std::move(builder).seal();

  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(std::string(table.models_json()));
  EXPECT_EQ(std::string_view(root["object"]), "list");
  const simdjson::dom::array data = root["data"];
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(std::string_view(data.at(0)["id"]), "a \"quoted\"\\\x01 name") << "sorted by name";
  const simdjson::dom::element second = data.at(1);
  EXPECT_EQ(std::string_view(second["object"]), "model");
  EXPECT_EQ(std::int64_t(second["created"]), 1'700'000'000);
  EXPECT_EQ(std::string_view(second["owned_by"]), "maker");
  EXPECT_EQ(std::int64_t(second["context_length"]), 128'000);
  EXPECT_EQ(std::string_view(second["providers"].at(0)), "prov");
  EXPECT_EQ(std::string_view(second["regions"].at(0)), "eu");
  EXPECT_EQ(bool(second["capabilities"]["vision"]), false);
  EXPECT_EQ(second["capabilities"]["reasoning"].error(), simdjson::NO_SUCH_FIELD) << "unknown";
  EXPECT_EQ(double(second["price"]["input"]), 0.25);
  EXPECT_EQ(second["price"]["output"].error(), simdjson::NO_SUCH_FIELD) << "unknown is never 0";
  EXPECT_EQ(data.at(0)["price"].error(), simdjson::NO_SUCH_FIELD);
  EXPECT_EQ(table.find("b-model")->json, simdjson::minify(second));
}

TEST(ModelTable, ACallerIsShownWhatHeMaySee) {
  ModelTable::Builder builder;
  const Provider& a = builder.add_provider(provider("a", "us"));
  builder.add_model(model("one", {}, a));
  builder.add_model(model("two", {}, a));
  const ModelTable table = std::move(builder).seal();
  const std::string seen = table.models_json([](const Model& m) { return m.name == "two"; });
  EXPECT_EQ(seen.find("\"one\""), std::string::npos);
  EXPECT_NE(seen.find("\"two\""), std::string::npos);
  EXPECT_EQ(table.models_json([](const Model&) { return false; }),
            R"({"object":"list","data":[]})");
}

TEST(ModelTable, AnEmptyTableAnswersToo) {
  const ModelTable table = ModelTable::Builder().seal();
  EXPECT_EQ(table.models_json(), R"({"object":"list","data":[]})");
  EXPECT_EQ(table.find(""), nullptr);
}

}  // namespace
}  // namespace sluice::catalog
