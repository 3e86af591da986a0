#include "sluice/json/text_template.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sluice/json/index.h"

namespace sluice::json {
namespace {

constexpr std::array<std::string_view, 2> text_keys = {"content", "pad"};
constexpr std::array<std::string_view, 1> number_keys = {"seq"};

TextTemplate learned(std::string_view text) {
  Index index;
  EXPECT_TRUE(index.build(text).has_value());
  TextTemplate pattern;
  pattern.learn(text, root(index), text_keys, number_keys);
  return pattern;
}

const std::string base =
    R"({"id":"c","seq":7,"choices":[{"index":0,"delta":{"content":"Hel"}}],"pad":"xyz","n":null})";

std::string with(std::string_view content, std::string_view pad = "q", std::string_view seq = "8") {
  return R"({"id":"c","seq":)" + std::string(seq) +
         R"(,"choices":[{"index":0,"delta":{"content":")" + std::string(content) +
         R"("}}],"pad":")" + std::string(pad) + R"(","n":null})";
}

TEST(TextTemplate, MatchesItselfAndOtherTextsInItsHoles) {
  const TextTemplate pattern = learned(base);
  ASSERT_TRUE(pattern.learned());
  for (const std::string& text :
       {base, with("lo"), with("a longer text than the one learned"), with(R"(\"q\" \n \u00e9)"),
        with("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80"), with("x", "y", "0"),
        with("x", "y", "123456789")}) {
    EXPECT_TRUE(pattern.matches(text)) << text;
  }
}

TEST(TextTemplate, MatchesNothingElse) {
  const TextTemplate pattern = learned(base);
  for (const std::string& text :
       {std::string(), std::string("{}"), base + " ", " " + base, base.substr(0, base.size() - 1),
        with(""),                                          // empty where it was not
        with("a\nb"),                                      // a control character
        with(R"(\x)"), with(R"(\u12)"),                    // no escapes
        with("\xc3"), with("\xed\xa0\x80"), with("\xff"),  // no UTF-8
        with("x", "y", "07"), with("x", "y", "-1"), with("x", "y", "1.5"), with("x", "y", ""),
        with(R"(","evil":")")}) {  // a member more
    EXPECT_FALSE(pattern.matches(text)) << text;
  }
}

// What matches must be valid, and must differ from the learned text in holes alone.
TEST(TextTemplate, NoCutAndNoChangedByteOutsideAHoleMatches) {
  const TextTemplate pattern = learned(base);
  for (std::size_t cut = 0; cut < base.size(); ++cut) {
    EXPECT_FALSE(pattern.matches(base.substr(0, cut))) << cut;
  }
  Index index;
  for (std::size_t at = 0; at < base.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = base;
      text[at] = static_cast<char>(byte);
      if (pattern.matches(text)) {
        EXPECT_TRUE(index.build(text).has_value()) << text;
      }
    }
  }
}

TEST(TextTemplate, CountsTheFramedDocumentsThatATextBeginsWith) {
  Index index;
  ASSERT_TRUE(index.build(base).has_value());
  TextTemplate pattern;
  pattern.learn(base, root(index), text_keys, number_keys, {.head = "data: ", .tail = "\n\n"});
  EXPECT_TRUE(pattern.matches(with("lo")));
  EXPECT_FALSE(pattern.matches("data: " + with("lo") + "\n\n"));

  std::vector<std::size_t> ends;  // of the documents, in `text`
  std::string text;
  for (const std::string_view content : {"some", "gr\xc3\xbc\xc3\x9f", R"(\"q\")", "a"}) {
    text += "data: " + with(content) + "\n\n";
    ends.push_back(text.size());
  }
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto whole =
        std::count_if(ends.begin(), ends.end(), [&](auto end) { return end <= cut; });
    const TextTemplate::Run run = pattern.match_run(text.substr(0, cut), text.size());
    ASSERT_EQ(run.count, static_cast<std::uint32_t>(whole)) << cut;
    ASSERT_EQ(run.size_bytes, whole == 0 ? 0 : ends[static_cast<std::size_t>(whole) - 1]) << cut;
  }
  for (const std::string_view behind : {"data: {}\n\n", "\n", "data: [DONE]\n\n", ": ping\n\n"}) {
    EXPECT_EQ(pattern.match_run(text + std::string(behind), 1000).size_bytes, text.size());
  }
  EXPECT_EQ(pattern.match_run("data: " + with("a\xff") + "\n\n", 1000).count, 0U);
  EXPECT_EQ(TextTemplate().match_run(text, 1000).count, 0U);
}

TEST(TextTemplate, ALongDocumentEndsTheRun) {
  const TextTemplate pattern = learned(base);
  const std::string text = with("ab") + with("abcd") + with("ab");
  EXPECT_EQ(pattern.match_run(text, with("abcd").size()).count, 3U);
  EXPECT_EQ(pattern.match_run(text, with("abcd").size() - 1).size_bytes, with("ab").size());
}

TEST(TextTemplate, AnEmptyTextMatchesOnlyEmptyTexts) {
  const TextTemplate pattern = learned(with(""));
  EXPECT_TRUE(pattern.matches(with("")));
  EXPECT_FALSE(pattern.matches(with("a")));
}

TEST(TextTemplate, LearnsNothingWithoutHolesOrWithTooMany) {
  EXPECT_FALSE(learned(R"({"a":1})").learned());
  std::string many = R"({"list":[)";
  for (int i = 0; i < 20; ++i) many += R"({"content":"x"},)";
  many += "0]}";
  EXPECT_FALSE(learned(many).learned());
  EXPECT_FALSE(learned(R"({"content":")" + std::string(10'000, 'x') + R"("})").learned());
}

}  // namespace
}  // namespace sluice::json
