#include "sluice/llm/route_wishes.h"

#include <gtest/gtest.h>

#include "shown_wishes.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

using testing::shown_wishes;

std::string body_with(std::string_view members) {
  std::string body = R"({"model":"m","messages":[])";
  if (!members.empty()) body.append(",").append(members);
  return body + "}";
}

std::expected<Request, ApiError> chat(std::string_view body) {
  json::Index index;
  return understand_openai_json(*find_endpoint("POST", "/v1/chat/completions"), body, index);
}

std::expected<Request, ApiError> messages(std::string_view body) {
  json::Index index;
  return understand_anthropic_json(*find_endpoint("POST", "/v1/messages"), body, index);
}

struct WishCase {
  std::string_view members;
  std::string_view shown;
};

// Of both dialects.
const WishCase wish_cases[] = {
    {"", ""},
    {R"("provider":{})", ""},
    {R"("provider":null,"models":null,"routing":null,"model_region":null)", ""},
    {R"("provider":{"order":null,"sort":null,"max_price":{"prompt":null}})", ""},
    {R"("provider":{"allow_fallbacks":true,"data_collection":"allow","zdr":false})", ""},
    {R"("provider":{"order":["openai","azure"]})", "order=openai,azure"},
    {R"("provider":{"\u006frder":["open\u0061i"]})", "order=openai"},
    {R"("provider":{"only":["a"],"ignore":["b"]})", "only=a ignore=b"},
    {R"("provider":{"order":["a"],"sort":"price"})", "order=a sort=price"},
    {R"("provider":{"allow_fallbacks":false})", "first_only"},
    {R"("provider":{"require_parameters":true})", "all_parameters"},
    {R"("provider":{"data_collection":"deny","zdr":true})", "no_collection zdr"},
    {R"("provider":{"enforce_distillable_text":true})", "distillable"},
    {R"("provider":{"quantizations":["fp8","bf16","unknown"]})", "unknown fp8 bf16"},
    {R"("provider":{"sort":"throughput"})", "sort=throughput"},
    {R"("provider":{"sort":"latency"})", "sort=latency"},
    {R"("provider":{"sort":"exacto"})", "sort=throughput"},
    {R"("provider":{"sort":{"by":"price","partition":"none"}})", "sort=price across_models"},
    {R"("provider":{"sort":{"by":"price","partition":"model"}})", "sort=price"},
    {R"("provider":{"sort":{"partition":"none"}})", "across_models"},
    {R"("provider":{"preferred_min_throughput":50})", "rate: p50=50"},
    {R"("provider":{"preferred_min_throughput":{"p50":100,"p90":50.5,"p1":7}})",
     "rate: p50=100 p90=50.5"},
    {R"("provider":{"preferred_max_latency":{"p75":1,"p99":3}})", "latency: p75=1 p99=3"},
    {R"("provider":{"preferred_max_latency":0})", "latency: p50=0"},
    {R"("provider":{"max_price":{"prompt":1,"completion":"2.5","request":0,"image":1e-3}})",
     "prompt=1 completion=2.5 request=0 image=0.001"},
    {R"("provider":{"max_price":{"audio":1},"tier":[],"by":{}})", ""},
    {R"("models":["a","m","b","a"])", "then a then b on_any_error"},
    {R"("models":[])", ""},
    {R"("models":["a"],"provider":{"allow_fallbacks":false})", "first_only then a on_any_error"},
    {R"("route":"fallback")", ""},
    {R"("route":"sort")", "across_models"},
    {R"("fallback_config":{"retry":false,"depth":2,"latency_threshold_ms":800,"x":1})",
     "retry=false depth=2 slow=800"},
    {R"("fallback_config":{"depth":8})", "depth=8"},
    {R"("fallbacks":[],"provider":{"allow_fallbacks":false,"zdr":true})", "first_only zdr"},
    {R"("routing":"auto")", ""},
    {R"("routing":"auto","provider":{"sort":"price"})", "sort=price"},
    {R"("routing":"price","provider":{"sort":"price"})", "sort=price"},
    {R"("routing":"price")", "sort=price"},
    {R"("routing":"throughput")", "sort=throughput"},
    {R"("routing":"latency")", "sort=latency"},
    {R"("routing":"order")", "sort=order"},
    {R"("routing":"weighted")", "sort=weighted"},
    {R"("routing":"score")", "sort=score"},
    {R"("model_region":"EU")", "in eu"},
    {R"("model_region":"global")", "in global"},
    {R"("stream_rescue":true)", "rescue=true"},
    {R"("stream_rescue":false)", "rescue=false"},
    // wrong
    {R"("provider":[])", "refused: provider"},
    {R"("provider":{"order":"openai"})", "refused: provider.order"},
    {R"("provider":{"order":["a",5]})", "refused: provider.order[1]"},
    {R"("provider":{"order":[""]})", "refused: provider.order[0]"},
    {R"("provider":{"order":[null]})", "refused: provider.order[0]"},
    {R"("provider":{"only":["a"],"only":["b"]})", "refused: provider.only"},
    {R"("provider":{"only":{}})", "refused: provider.only"},
    {R"("provider":{"ignore":7})", "refused: provider.ignore"},
    {R"("provider":{"allow_fallbacks":"no"})", "refused: provider.allow_fallbacks"},
    {R"("provider":{"require_parameters":1})", "refused: provider.require_parameters"},
    {R"("provider":{"zdr":0})", "refused: provider.zdr"},
    {R"("provider":{"enforce_distillable_text":"x"})",
     "refused: provider.enforce_distillable_text"},
    {R"("provider":{"data_collection":"maybe"})", "refused: provider.data_collection"},
    {R"("provider":{"data_collection":false})", "refused: provider.data_collection"},
    {R"("provider":{"quantizations":["fp8","FP9"]})", "refused: provider.quantizations[1]"},
    {R"("provider":{"sort":"best"})", "refused: provider.sort"},
    {R"("provider":{"sort":3})", "refused: provider.sort"},
    {R"("provider":{"sort":{"by":"best"}})", "refused: provider.sort.by"},
    {R"("provider":{"sort":{"partition":"some"}})", "refused: provider.sort.partition"},
    {R"("provider":{"preferred_min_throughput":-1})", "refused: provider.preferred_min_throughput"},
    {R"("provider":{"preferred_min_throughput":1e999})",
     "refused: provider.preferred_min_throughput"},
    {R"("provider":{"preferred_min_throughput":1e13})",
     "refused: provider.preferred_min_throughput"},
    {R"("provider":{"preferred_max_latency":"1"})", "refused: provider.preferred_max_latency"},
    {R"("provider":{"preferred_max_latency":{"p90":-0.5}})",
     "refused: provider.preferred_max_latency.p90"},
    {R"("provider":{"max_price":1})", "refused: provider.max_price"},
    {R"("provider":{"max_price":{"prompt":-1}})", "refused: provider.max_price.prompt"},
    {R"("provider":{"max_price":{"prompt":"cheap"}})", "refused: provider.max_price.prompt"},
    {R"("provider":{"max_price":{"image":"nan"}})", "refused: provider.max_price.image"},
    {R"("provider":{"max_price":{"image":"inf"}})", "refused: provider.max_price.image"},
    {R"("provider":{"max_price":{"image":"1 "}})", "refused: provider.max_price.image"},
    {R"("provider":{"max_price":{"request":[]}})", "refused: provider.max_price.request"},
    {R"("models":"a")", "refused: models"},
    {R"("models":["a",{}])", "refused: models[1]"},
    {R"("route":"best")", "refused: route"},
    {R"("route":1)", "refused: route"},
    {R"("fallback_config":[])", "refused: fallback_config"},
    {R"("fallback_config":{"retry":1})", "refused: fallback_config.retry"},
    {R"("fallback_config":{"depth":9})", "refused: fallback_config.depth"},
    {R"("fallback_config":{"depth":-1})", "refused: fallback_config.depth"},
    {R"("fallback_config":{"depth":1.5})", "refused: fallback_config.depth"},
    {R"("fallback_config":{"latency_threshold_ms":0})",
     "refused: fallback_config.latency_threshold_ms"},
    {R"("fallback_config":{"latency_threshold_ms":1e99})",
     "refused: fallback_config.latency_threshold_ms"},
    {R"("routing":"fast")", "refused: routing"},
    {R"("routing":{})", "refused: routing"},
    {R"("model_region":"")", "refused: model_region"},
    {R"("model_region":["eu"])", "refused: model_region"},
    {R"("stream_rescue":"yes")", "refused: stream_rescue"},
    {R"("session_id":5)", "refused: session_id"},
    // entries of fallbacks
    {R"("fallbacks":[5])", "refused: fallbacks[0]"},
    {R"("fallbacks":["a",{}])", "refused: fallbacks[1]"},
    {R"("fallbacks":[{"model":7}])", "refused: fallbacks[0].model"},
    {R"("fallbacks":[{"model":"a","x":1,"x":2}])", "refused: fallbacks[0].x"},
    {R"("fallbacks":[{"model":"a","fallbacks":["b"]}])", "refused: fallbacks[0].fallbacks"},
    {R"("fallbacks":[{"model":"a","models":["b"]}])", "refused: fallbacks[0].models"},
    {R"("fallbacks":[{"fallback_config":{}}])", "refused: fallbacks[0].fallback_config"},
    {R"("fallbacks":[{"model":"a","stream":true}])", "refused: fallbacks[0].stream"},
    {R"("stream":true,"fallbacks":[{"model":"a","stream":false}])", "refused: fallbacks[0].stream"},
};

TEST(RouteWishes, AreReadTheSameInBothDialects) {
  for (const WishCase& c : wish_cases) {
    SCOPED_TRACE(c.members);
    EXPECT_EQ(shown_wishes(chat(body_with(c.members))), c.shown);
    EXPECT_EQ(shown_wishes(messages(body_with(c.members))), c.shown);
  }
}

TEST(RouteWishes, EveryRefusalIsTheClientsAndSaysWhatWouldBeRight) {
  for (const WishCase& c : wish_cases) {
    const auto request = chat(body_with(c.members));
    if (request) continue;
    EXPECT_EQ(request.error().status, 400) << c.members;
    EXPECT_FALSE(request.error().retryable) << c.members;
    EXPECT_NE(request.error().message.find(request.error().param), std::string::npos) << c.members;
  }
}

TEST(RouteWishes, FallbacksNameModelsOrOverrideMembers) {
  constexpr std::string_view fallbacks =
      R"("fallbacks":["a",{"model":"b"},{"model":"c","temperature":0},{"provider":{"order":["x"]}}])";
  EXPECT_EQ(shown_wishes(chat(body_with(fallbacks))), "then a then b then c+ then +");
  // What callers of this dialect know is OpenRouter's list, which is for every error.
  EXPECT_EQ(shown_wishes(messages(body_with(fallbacks))),
            "then a then b then c+ then + on_any_error");
}

TEST(RouteWishes, AFallbackMayRepeatTheFormOfTheAnswer) {
  EXPECT_EQ(shown_wishes(chat(body_with(R"("stream":true,"fallbacks":[{"stream":true}])"))),
            "then +");
  EXPECT_EQ(shown_wishes(messages(body_with(R"("fallbacks":[{"stream":false}])"))),
            "then + on_any_error");
}

struct ConflictCase {
  std::string_view members;
  std::string_view one;
  std::string_view other;
};
const ConflictCase conflict_cases[] = {
    {R"("models":["a"],"fallbacks":["b"])", "models", "fallbacks"},
    {R"("models":[],"fallbacks":[])", "models", "fallbacks"},
    {R"("provider":{"only":["a","B"],"ignore":["b"]})", "provider.only", "provider.ignore"},
    {R"("routing":"price","provider":{"sort":"latency"})", "routing", "provider.sort"},
    {R"("provider":{"allow_fallbacks":false},"fallbacks":["a"])", "fallbacks",
     "provider.allow_fallbacks"},
};

TEST(RouteWishes, WhatContradictsIsRefusedAndBothAreNamed) {
  for (const ConflictCase& c : conflict_cases) {
    for (const auto& request : {chat(body_with(c.members)), messages(body_with(c.members))}) {
      ASSERT_FALSE(request.has_value()) << c.members;
      EXPECT_EQ(request.error().status, 400);
      EXPECT_EQ(request.error().param, c.one);
      EXPECT_NE(request.error().message.find(c.one), std::string::npos) << request.error().message;
      EXPECT_NE(request.error().message.find(c.other), std::string::npos)
          << request.error().message;
    }
  }
}

std::string many(std::size_t count, std::string_view entry) {
  std::string out = "[";
  for (std::size_t n = 0; n < count; ++n) out.append(n == 0 ? "" : ",").append(entry);
  return out + "]";
}

TEST(RouteWishes, ListsAndNamesAreBounded) {
  const auto refused = [](const std::string& members) {
    const auto request = chat(body_with(members));
    return request ? "" : request.error().param;
  };
  EXPECT_EQ(refused(R"("models":)" + many(32, R"("a")")), "");
  EXPECT_EQ(refused(R"("models":)" + many(33, R"("a")")), "models");
  EXPECT_EQ(refused(R"("fallbacks":)" + many(32, R"({"model":"a"})")), "");
  EXPECT_EQ(refused(R"("fallbacks":)" + many(33, R"({"model":"a"})")), "fallbacks");
  EXPECT_EQ(refused(R"("provider":{"order":)" + many(33, R"("a")") + "}"), "provider.order");
  const std::string longest(wish_name_bytes_max, 'x');
  EXPECT_EQ(refused(R"("models":[")" + longest + R"("])"), "");
  EXPECT_EQ(refused(R"("models":["x)" + longest + R"("])"), "models[0]");
  EXPECT_EQ(refused(R"("provider":{"only":["x)" + longest + R"("]})"), "provider.only[0]");
  EXPECT_EQ(refused(R"("session_id":"x)" + longest + "\""), "session_id");
  EXPECT_EQ(refused(R"("model_region":")" + std::string(100'000, 'x') + "\""), "model_region");

  std::string entry = R"({"model":"a")";
  for (int n = 0; n < 63; ++n) entry += fmt::format(R"(,"m{}":1)", n);
  EXPECT_EQ(refused(R"("fallbacks":[)" + entry + "}]"), "");
  EXPECT_EQ(refused(R"("fallbacks":[)" + entry + R"(,"one_more":1}])"), "fallbacks[0]");
}

TEST(RouteWishes, NoneReachAProvider) {
  constexpr std::string_view members =
      R"("provider":{"zdr":true},"models":["a"],"route":"fallback","fallback_config":{"depth":1},"routing":"price","model_region":"eu","stream_rescue":true,"session_id":"s")";
  for (const auto& request : {chat(body_with(members)), messages(body_with(members))}) {
    ASSERT_TRUE(request.has_value());
    const Slice body = Slice::copy_of(body_with(members));
    EXPECT_EQ(openai_upstream_body(*request, body, "m").to_string(),
              R"({"model":"m","messages":[]})");
  }
  const std::string list = body_with(R"("fallbacks":["a"],"temperature":1)");
  for (const auto& request : {chat(list), messages(list)}) {
    EXPECT_EQ(openai_upstream_body(*request, Slice::copy_of(list), "m").to_string(),
              R"({"model":"m","messages":[],"temperature":1})");
  }
}

TEST(RouteWishes, AnthropicsOwnWordForFallbacksIsAnthropics) {
  const std::string body = body_with(R"("fallbacks":"default")");
  const auto request = messages(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->wishes, nullptr);
  EXPECT_EQ(openai_upstream_body(*request, Slice::copy_of(body), "m").to_string(), body);
  EXPECT_EQ(shown_wishes(chat(body)), "refused: fallbacks");
}

TEST(RouteWishes, AListOfModelsIsEnoughOfAModel) {
  constexpr std::string_view cases[][2] = {
      {R"({"models":["a","b"],"messages":[]})", R"({"model":"a","messages":[]})"},
      {R"({"model":null,"models":["a","b"],"messages":[]})", R"({"model":"a","messages":[]})"},
  };
  for (const auto& [body, sent] : cases) {
    const auto request = chat(body);
    ASSERT_TRUE(request.has_value()) << body;
    EXPECT_EQ(request->model, "a");
    EXPECT_EQ(shown_wishes(request), "then b on_any_error");
    EXPECT_EQ(openai_upstream_body(*request, Slice::copy_of(body), "a").to_string(), sent);
    EXPECT_NE(openai_upstream_body(*request, Slice::copy_of(body), "up")
                  .to_string()
                  .find(R"("model":"up")"),
              std::string::npos);
  }
  EXPECT_EQ(shown_wishes(chat(R"({"models":[5],"messages":[]})")), "refused: model");
  EXPECT_EQ(shown_wishes(chat(R"({"models":[""],"messages":[]})")), "refused: model");
  EXPECT_EQ(shown_wishes(messages(R"({"models":["a"],"messages":[]})")), "refused: model");
}

TEST(RouteWishes, TheSessionIsTheClearestNameOfTheConversation) {
  EXPECT_EQ(chat(body_with(R"("session_id":"s","prompt_cache_key":"k","user":"u")"))->session, "s");
  EXPECT_EQ(chat(body_with(R"("prompt_cache_key":"\u006b","user":"u")"))->session, "k");
  EXPECT_EQ(chat(body_with(R"("user":"u")"))->session, "");
  EXPECT_EQ(messages(body_with(R"("session_id":"s")"))->session, "s");
  // A provider's own member is a provider's to judge, and stays.
  const std::string odd = body_with(R"("prompt_cache_key":5)");
  EXPECT_EQ(openai_upstream_body(*chat(odd), Slice::copy_of(odd), "m").to_string(), odd);
  EXPECT_EQ(chat(odd)->session, "");
}

TEST(RouteWishes, SuffixesOfAModelAreRules) {
  EXPECT_EQ(split_route_suffix("a/b:nitro")->model, "a/b");
  EXPECT_EQ(split_route_suffix("a/b:nitro")->sort, RouteSort::throughput);
  EXPECT_EQ(split_route_suffix("gpt:floor")->sort, RouteSort::price);
  EXPECT_EQ(split_route_suffix("gpt:floor")->suffix, ":floor");
  EXPECT_EQ(split_route_suffix("llama3:8b:floor")->model, "llama3:8b");
  for (const std::string_view name : {"", "gpt", ":nitro", "gpt:free", "gpt:Nitro", "gptnitro"}) {
    EXPECT_FALSE(split_route_suffix(name).has_value()) << name;
  }
}

TEST(RouteWishes, ARegionMayStandBehindAModel) {
  EXPECT_EQ(split_region_suffix("gpt:eu")->model, "gpt");
  EXPECT_EQ(split_region_suffix("llama3:8b:eu-west-1")->region, "eu-west-1");
  for (const std::string_view name : {"", "gpt", ":eu", "gpt:", ":"}) {
    EXPECT_FALSE(split_region_suffix(name).has_value()) << name;
  }
}

TEST(RouteWishes, RulesAreKnownByTheirNames) {
  for (const RouteSort sort : {RouteSort::order, RouteSort::weighted, RouteSort::score,
                               RouteSort::price, RouteSort::latency, RouteSort::throughput}) {
    EXPECT_EQ(parse_route_sort(to_string(sort)), sort);
  }
  EXPECT_EQ(parse_route_sort("auto"), std::nullopt);
}

TEST(RouteWishes, ContradictionsThatOnlyTheTableShowsAreRefusedToo) {
  RouteWishes wishes;
  EXPECT_FALSE(contradicts_pin(nullptr, "openai"));
  EXPECT_FALSE(contradicts_pin(&wishes, "openai"));
  EXPECT_FALSE(contradicts_suffix(&wishes, *split_route_suffix("m:floor")));
  EXPECT_FALSE(contradicts_region(nullptr, "eu"));
  EXPECT_FALSE(contradicts_region(&wishes, "eu"));
  wishes.sort = RouteSort::price;
  wishes.region = "eu";
  const auto pinned = contradicts_pin(&wishes, "openai");
  ASSERT_TRUE(pinned.has_value());
  EXPECT_EQ(pinned->param, "routing");
  EXPECT_NE(pinned->message.find("openai"), std::string::npos);
  EXPECT_FALSE(contradicts_suffix(&wishes, *split_route_suffix("m:floor")));
  const auto suffixed = contradicts_suffix(&wishes, *split_route_suffix("m:nitro"));
  ASSERT_TRUE(suffixed.has_value());
  EXPECT_NE(suffixed->message.find(":nitro"), std::string::npos);
  EXPECT_FALSE(contradicts_region(&wishes, "EU"));
  ASSERT_TRUE(contradicts_region(&wishes, "us").has_value());
}

}  // namespace
}  // namespace sluice::llm
