#include "sluice/catalog/catalog.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sluice/catalog/url.h"

namespace sluice::catalog {
namespace {

const Catalog& builtin() {
  static const Catalog catalog = [] {
    auto parsed = Catalog::parse(builtin_catalog_json());
    EXPECT_TRUE(parsed) << parsed.error();
    return parsed ? std::move(*parsed) : Catalog{};
  }();
  return catalog;
}

const char* const small = R"({"schema_version":1,
 "providers":[
  {"id":"p","dialect":"openai","kind":"cloud","base_url":"https://p/v1",
   "other_dialects":{"anthropic":"https://p/a","cohere-native":"https://p/c"},
   "auth":{"header":"Authorization","format":"Bearer {key}","extra_headers":{"x":"1"}},
   "key_env":["P_KEY"],"regions":[{"id":"eu","base_url":"https://eu.p/v1"}],"default_region":"eu",
   "quirks":{"takes_developer_role":false,"seed_name":"random_seed","call_id_letters":9,
     "output_tokens_name":"max_tokens","reasoning_name":"reasoning","refused":["user"]}}],
 "trait_rules":[{"models":["m*"],"traits":{"takes_prefill":false,"thinking":"level",
   "publisher":"q","output_tokens_max":7}}],
 "models":[
  {"id":"m","aliases":["M-Latest"],"mode":"embedding","status":"retired","released":"2026-03",
   "context_tokens":1000,"capabilities":{"tools":true,"vision":null,"reasoning":false},
   "reasoning_efforts":["low","high"],
   "deployments":[{"provider":"p","upstream_model":"up-m","regions":["eu","us"],"publisher":"q",
     "price":{"input":1,"output":null,"cache_read":0.25},
     "tiers":[{"above_input_tokens":20,"input":3},{"above_input_tokens":10,"input":2}],
     "service_tiers":{"batch":{"multiplier":0.5}},"region_multiplier":{"us":2},
     "unit_prices":{"per_image":0.04}}]}],
 "compat_ids":{"p":{"models":[{"id":"Bare-M","model":"m","regions":["us"]}]}}})";

std::string edited(std::string_view from, std::string_view to) {
  std::string text = small;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Catalog, ReadsEveryFieldItPromises) {
  const auto catalog = Catalog::parse(small);
  ASSERT_TRUE(catalog) << catalog.error();
  const CatalogProvider& provider = catalog->providers().at(0);
  EXPECT_EQ(provider.base_url, "https://p/v1");
  ASSERT_EQ(provider.other_dialects.size(), 1U) << "a wire format without a name here is left out";
  EXPECT_EQ(provider.other_dialects[0].first, Dialect::anthropic);
  EXPECT_EQ(provider.auth.extra_headers.at(0).second, "1");
  EXPECT_EQ(provider.region("eu")->base_url, "https://eu.p/v1");
  EXPECT_EQ(provider.region("us"), nullptr);
  llm::HostTraits host;
  provider.quirks.apply_to(host);
  EXPECT_FALSE(host.takes_developer_role);
  EXPECT_EQ(host.seed_name, "random_seed");
  EXPECT_EQ(host.call_id_letters, 9U);
  EXPECT_EQ(host.output_tokens_name, "max_tokens");
  EXPECT_EQ(host.reasoning_name, "reasoning");
  EXPECT_EQ(host.refused, std::vector<std::string>{"user"});

  const CatalogModel* model = catalog->find_model("M");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model, catalog->find_model("m-latest")) << "an alias in another letter case";
  EXPECT_EQ(model->mode, Mode::embedding);
  EXPECT_TRUE(model->retired);
  EXPECT_EQ(model->released, 1'772'323'200) << "2026-03-01";
  EXPECT_EQ(model->context_tokens, 1000U);
  EXPECT_EQ(model->output_tokens_max, std::nullopt);
  EXPECT_EQ(model->capabilities.tools, true);
  EXPECT_EQ(model->capabilities.vision, std::nullopt);
  EXPECT_EQ(model->capabilities.reasoning, false);

  const CatalogDeployment& deployment = model->deployments.at(0);
  EXPECT_EQ(deployment.upstream_model, "up-m");
  EXPECT_TRUE(deployment.serves("us"));
  EXPECT_FALSE(deployment.serves("jp"));
  EXPECT_EQ(deployment.price.tokens.input, 1);
  EXPECT_EQ(deployment.price.tokens.output, std::nullopt) << "unknown is never 0";
  EXPECT_EQ(deployment.price.tokens.cached_input, 0.25);
  EXPECT_EQ(deployment.price.at(15).input, 2) << "tiers are put in order";
  EXPECT_EQ(deployment.price.service_tiers.at(0).multiplier, 0.5);
  EXPECT_EQ(deployment.price.units.per_image, 0.04);
  EXPECT_EQ(deployment.price_in("eu").tokens.input, 1);
  EXPECT_EQ(deployment.price_in("us").tokens.input, 2);
}

TEST(Catalog, TraitsComeOfTheRulesAndOfTheModelsOwnFacts) {
  const auto catalog = Catalog::parse(small);
  ASSERT_TRUE(catalog) << catalog.error();
  const auto known = catalog->traits_of("x/M-Latest");
  ASSERT_TRUE(known) << "an alias behind a path";
  EXPECT_FALSE(known->takes_prefill);
  EXPECT_EQ(known->thinking, llm::ThinkingControl::none) << "the model does not reason";
  EXPECT_EQ(known->output_tokens_max, std::nullopt) << "a known model's own limit holds";
  const auto of_rule = catalog->traits_of("m-2");
  ASSERT_TRUE(of_rule);
  EXPECT_EQ(of_rule->thinking, llm::ThinkingControl::level);
  EXPECT_EQ(of_rule->publisher, "q");
  EXPECT_EQ(of_rule->output_tokens_max, 7U);
  EXPECT_FALSE(catalog->traits_of("n"));
}

TEST(Catalog, AGatewaysOwnSpellingIsOneMoreDeployment) {
  const auto catalog = Catalog::parse(small);
  ASSERT_TRUE(catalog) << catalog.error();
  const auto& deployments = catalog->find_model("m")->deployments;
  ASSERT_EQ(deployments.size(), 2U);
  EXPECT_EQ(deployments[1].upstream_model, "Bare-M");
  EXPECT_FALSE(deployments[1].price.tokens.known());
}

struct Fault {
  std::string_view from, to, says;
};

TEST(Catalog, AFaultIsOneSentenceThatNamesTheEntry) {
  const Fault faults[] = {
      {R"("schema_version":1)", R"("schema_version":2)", "schema_version"},
      {R"("dialect":"openai")", R"("dialect":"klingon")", "provider \"p\": dialect"},
      {R"("kind":"cloud")", R"("kind":"fog")", "provider \"p\": kind"},
      {R"("mode":"embedding")", R"("mode":"dance")", "model \"m\": mode"},
      {R"("provider":"p")", R"("provider":"q")", "model \"m\": a deployment names a provider"},
      {R"("upstream_model":"up-m")", R"("upstream_model":null)", "upstream_model is missing"},
      {R"("input":1)", R"("input":-1)", "input must be a number"},
      {R"("input":1)", R"("input":"1")", "input must be a number"},
      {R"("context_tokens":1000)", R"("context_tokens":0)", "context_tokens"},
      {R"("aliases":["M-Latest"])", R"("aliases":["M"])", "alias is there twice"},
      {R"("aliases":["M-Latest"])", R"("aliases":"M")", "aliases must be a list"},
      {R"("tools":true)", R"("tools":"yes")", "tools must be"},
      {R"("us":2)", R"("us":0)", "region_multiplier"},
      {R"("model":"m")", R"("model":"n")", "compat_ids \"p\""},
      {R"("takes_prefill":false)", R"("takes_prefil":false)",
       "trait_rules[0]: takes_prefil is no trait of a model"},
      {R"("takes_prefill":false)", R"("takes_prefill":0)", "takes_prefill must be true or false"},
      {R"("thinking":"level")", R"("thinking":"deep")", "thinking is no way of thinking"},
      {R"("models":["m*"])", R"("models":[])", "models is missing"},
      {R"("takes_developer_role")", R"("speaks")", "provider \"p\": speaks is no trait of a host"},
      {R"("call_id_letters":9)", R"("call_id_letters":1)", "call_id_letters must be"},
      {R"("refused":["user"])", R"("refused":["model"])", "refused must not hold"},
      {R"({"schema_version")", R"({{"schema_version")", "not valid JSON"},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(std::string(fault.to));
    const auto catalog = Catalog::parse(edited(fault.from, fault.to));
    ASSERT_FALSE(catalog);
    EXPECT_NE(catalog.error().find(fault.says), std::string::npos) << catalog.error();
    EXPECT_EQ(catalog.error().find('\n'), std::string::npos);
  }
}

TEST(Catalog, AnyPrefixOfADocumentIsAFaultAndNotACrash) {
  const std::string_view text = small;
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_FALSE(Catalog::parse(text.substr(0, cut))) << cut;
  }
}

TEST(BuiltinCatalog, ReadsWithoutAFault) {
  EXPECT_EQ(builtin().providers().size(), 51U);
  EXPECT_EQ(builtin().models().size(), 295U);
  std::size_t deployments = 0;
  std::size_t aliases = 0;
  for (const CatalogModel& model : builtin().models()) {
    deployments += model.deployments.size();
    aliases += model.aliases.size();
  }
  EXPECT_EQ(deployments, 1265U + 24U) << "those of compat_ids included";
  EXPECT_EQ(aliases, 384U);
}

TEST(BuiltinCatalog, FindsModelsByIdAndAliasInAnyLetterCase) {
  for (const CatalogModel& model : builtin().models()) {
    EXPECT_EQ(builtin().find_model(model.id), &model);
    for (std::string alias : model.aliases) {
      for (char& c : alias) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      EXPECT_EQ(builtin().find_model(alias), &model) << alias;
    }
  }
  EXPECT_EQ(builtin().find_model("no-such-model"), nullptr);
  EXPECT_EQ(builtin().find_provider("OpenAI")->id, "openai");
  EXPECT_EQ(builtin().find_provider("nobody"), nullptr);
}

TEST(BuiltinCatalog, EveryUrlWithoutBracesIsOneTheProgramCanUse) {
  for (const CatalogProvider& provider : builtin().providers()) {
    for (const CatalogRegion& region : provider.regions) {
      if (region.base_url.empty() || region.base_url.find('{') != std::string::npos) continue;
      EXPECT_TRUE(parse_url(region.base_url)) << region.base_url;
    }
    if (provider.base_url.empty() || provider.base_url.find('{') != std::string::npos) continue;
    EXPECT_TRUE(parse_url(provider.base_url)) << provider.base_url;
  }
}

TEST(BuiltinCatalog, KnowsAPriceWhereThereIsOneAndNoneWhereNot) {
  const CatalogModel* model = builtin().find_model("gpt-5-mini");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->deployments.at(0).price.tokens.input, 0.25);
  EXPECT_EQ(model->deployments.at(0).price.tokens.cached_input, 0.025);
  EXPECT_EQ(model->deployments.at(0).price.tokens.output, 2.0);
  std::size_t unknown = 0;
  for (const CatalogModel& each : builtin().models()) {
    for (const CatalogDeployment& deployment : each.deployments) {
      unknown += deployment.price.tokens.known() ? 0U : 1U;
    }
  }
  EXPECT_GT(unknown, 40U);
}

TEST(BuiltinCatalog, KnowsWhatHostsDoWithWhatTheyAreSent) {
  const std::pair<std::string_view, DataPolicy> cases[] = {
      {"openai", {.trains = false, .retains = true}},
      {"deepseek", {.trains = true, .retains = true}},
      {"groq", {.trains = false, .retains = false}},
      {"baseten", {}},
  };
  for (const auto& [name, policy] : cases) {
    const CatalogProvider* found = builtin().find_provider(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->data_policy, policy) << name;
  }
}

TEST(Mode, EveryModeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const Mode mode : {Mode::chat, Mode::embedding, Mode::image, Mode::video, Mode::rerank,
                          Mode::transcription, Mode::speech, Mode::moderation}) {
    names.insert(to_string(mode));
  }
  EXPECT_EQ(names.size(), 8U);
}

}  // namespace
}  // namespace sluice::catalog
