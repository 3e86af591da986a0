#include "sluice/llm/header_wishes.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "shown_wishes.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

std::expected<Request, ApiError> joined(const Fields& fields, std::string_view members = "") {
  const std::string body = R"({"model":"m","messages":[])" + std::string(members) + "}";
  json::Index index;
  auto request =
      understand_openai_json(*find_endpoint("POST", "/v1/chat/completions"), body, index);
  if (!request) return request;
  HeaderWishes wishes;
  for (const auto& [name, value] : fields) wishes.add(name, value);
  if (auto refused = wishes.join(*request)) return std::unexpected(std::move(*refused));
  return request;
}

struct HeaderCase {
  Fields fields;
  std::string_view shown;
};
const HeaderCase header_cases[] = {
    {{}, ""},
    {{{"x-other", "1"}, {"user-agent", "a"}, {"", "b"}, {"session", "c"}}, ""},
    {{{"X-No-Fallback", "true"}}, "no_fallback"},
    {{{"x-no-fallback", " TRUE\t"}}, "no_fallback"},
    {{{"x-no-fallback", "false"}}, ""},
    {{{"x-no-fallback", ""}}, ""},
    {{{"x-no-fallback", "1"}}, "refused: x-no-fallback"},
    {{{"x-sluice-hedge", "off"}}, "no_hedge"},
    {{{"x-sluice-hedge", "on"}}, ""},
    {{{"x-sluice-hedge", "later"}}, "refused: x-sluice-hedge"},
    {{{"X-Sluice-Metadata", "routing"}}, "shows_routing"},
    {{{"x-sluice-metadata", "everything"}}, "refused: x-sluice-metadata"},
    {{{"x-sluice-region", "EU"}}, "in eu"},
    {{{"x-llmgateway-data-residency", "eu"}}, "in eu"},
    {{{"x-llmgateway-data-residency", "eu"}, {"x-sluice-region", "EU"}}, "in eu"},
    {{{"x-llmgateway-data-residency", "eu"}, {"x-sluice-region", "us"}},
     "refused: x-sluice-region"},
    {{{"x-request-timeout", "30"}}, "timeout=30000"},
    {{{"x-request-timeout", "30s"}}, "timeout=30000"},
    {{{"x-request-timeout", "1500ms"}}, "timeout=1500"},
    {{{"x-request-timeout", "0.25"}}, "timeout=250"},
    {{{"x-request-timeout", "86400"}}, "timeout=86400000"},
    {{{"x-request-timeout", "86401"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "0"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "-1"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "1e999"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "nan"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "inf"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "5m"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "5 s"}}, "refused: x-request-timeout"},
    {{{"x-request-timeout", "soon"}}, "refused: x-request-timeout"},
    {{{"x-no-fallback", "maybe"}, {"x-request-timeout", "soon"}}, "refused: x-no-fallback"},
    {{{"x-session-id", "s"}}, ""},
};

TEST(HeaderWishes, AreReadInAnyLetterCase) {
  for (const HeaderCase& c : header_cases) {
    SCOPED_TRACE(c.fields.empty() ? "none" : c.fields.back().first);
    SCOPED_TRACE(c.fields.empty() ? "" : c.fields.back().second);
    EXPECT_EQ(testing::shown_wishes(joined(c.fields)), c.shown);
  }
}

TEST(HeaderWishes, JoinWhatTheBodySays) {
  EXPECT_EQ(testing::shown_wishes(joined({{"x-sluice-hedge", "off"}, {"x-sluice-region", "eu"}},
                                         R"(,"model_region":"EU","provider":{"zdr":true})")),
            "zdr in eu no_hedge");
  EXPECT_EQ(testing::shown_wishes(joined({{"x-session-id", "s"}}, R"(,"routing":"price")")),
            "sort=price");
}

struct ContradictionCase {
  Fields fields;
  std::string_view members;
  std::string_view one;
  std::string_view other;
};
const ContradictionCase contradiction_cases[] = {
    {{{"X-No-Fallback", "true"}}, R"(,"models":["a"])", "x-no-fallback", "models"},
    {{{"X-No-Fallback", "true"}}, R"(,"fallbacks":["a"])", "x-no-fallback", "fallbacks"},
    {{{"x-sluice-region", "us"}}, R"(,"model_region":"eu")", "x-sluice-region", "model_region"},
    {{{"x-sluice-region", "eu"}}, R"(,"model_region":"global")", "x-sluice-region", "model_region"},
    {{{"x-llmgateway-data-residency", "eu"}},
     R"(,"model_region":"us")",
     "x-llmgateway-data-residency",
     "model_region"},
};

TEST(HeaderWishes, WhatContradictsTheBodyIsRefusedAndBothAreNamed) {
  for (const ContradictionCase& c : contradiction_cases) {
    const auto request = joined(c.fields, c.members);
    ASSERT_FALSE(request.has_value()) << c.members;
    EXPECT_EQ(request.error().status, 400);
    EXPECT_NE(request.error().message.find(c.one), std::string::npos) << request.error().message;
    EXPECT_NE(request.error().message.find(c.other), std::string::npos) << request.error().message;
  }
}

TEST(HeaderWishes, OneSessionGoesBeforeAnother) {
  const Fields all = {
      {"session-id", "d"}, {"session_id", "c"}, {"x-session-affinity", "b"}, {"X-Session-Id", "a"}};
  constexpr std::string_view body = R"(,"session_id":"e","prompt_cache_key":"f","user":"g")";
  EXPECT_EQ(joined(all, body)->session, "a");
  EXPECT_EQ(joined({all[0], all[2]}, body)->session, "b");
  EXPECT_EQ(joined({all[3], all[2], all[0]}, body)->session, "a");
  EXPECT_EQ(joined({all[0]}, body)->session, "d");
  EXPECT_EQ(joined({}, body)->session, "e");
}

TEST(HeaderWishes, ValuesAreBounded) {
  const std::string longest(wish_name_bytes_max, 'x');
  EXPECT_TRUE(joined({{"x-session-id", longest}}).has_value());
  for (const std::string_view name : {"x-session-id", "x-sluice-region"}) {
    const auto request = joined({{name, longest + "x"}});
    ASSERT_FALSE(request.has_value()) << name;
    EXPECT_EQ(request.error().param, name);
  }
}

}  // namespace
}  // namespace sluice::llm
