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
constexpr std::array<std::string_view, 1> steady_text_keys = {"id"};
constexpr std::array<std::string_view, 1> steady_number_keys = {"created"};
constexpr TextTemplate::Keys keys = {.texts = text_keys, .numbers = number_keys};
constexpr TextTemplate::Keys keys_with_steady = {.texts = text_keys,
                                                 .numbers = number_keys,
                                                 .steady_texts = steady_text_keys,
                                                 .steady_numbers = steady_number_keys};

TextTemplate learned(std::string_view text, const TextTemplate::Keys& which = keys,
                     const TextTemplate::Frame& frame = {}) {
  Index index;
  EXPECT_TRUE(index.build(text).has_value());
  TextTemplate pattern;
  pattern.learn(text, root(index), which, frame);
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
        with("x", "y", "123456789012")}) {
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
        with("x", "y", "1234567890123"),  // more digits than a hole takes
        with(R"(","evil":")")}) {         // a member more
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
  const TextTemplate pattern = learned(base, keys, {.head = "data: ", .tail = "\n\n"});
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
  for (std::size_t i = 0; i <= TextTemplate::holes_max; ++i) many += R"({"content":"x"},)";
  many += "0]}";
  EXPECT_FALSE(learned(many).learned());
}

// What stands in a hole may be of any length, what stands outside must be kept.
TEST(TextTemplate, LearnsALongTextInAHoleAndNoneOutside) {
  const auto text = [](std::size_t content_bytes, std::size_t other_bytes) {
    return R"({"content":")" + std::string(content_bytes, 'x') + R"(","other":")" +
           std::string(other_bytes, 'y') + R"("})";
  };
  EXPECT_TRUE(learned(text(10'000, 100)).matches(text(100'000, 100)));
  EXPECT_FALSE(learned(text(10, TextTemplate::bytes_max)).learned());
  EXPECT_FALSE(
      learned(R"({"other":")" + std::string(TextTemplate::bytes_max, 'y') + R"(","content":"x"})")
          .learned());
  std::string tokens = R"({"content":"x","list":[0)";
  for (std::uint32_t i = 0; i < TextTemplate::json_tokens_max / 2; ++i) tokens += ",0";
  EXPECT_FALSE(learned(tokens + "]}").learned());
  EXPECT_FALSE(learned(R"({"seq":1234567890123})").learned());
}

TEST(TextTemplate, TellsWhatStandsInItsHoles) {
  const TextTemplate pattern = learned(base);
  TextTemplate::Values values;
  TextTemplate::LongString known;
  const std::string text = with(R"(a\nb)", "q", "42");
  ASSERT_TRUE(pattern.matches(text, values, known));
  EXPECT_EQ(values[0], "42");
  EXPECT_EQ(values[1], R"(a\nb)");
  EXPECT_EQ(values[2], "q");
  EXPECT_EQ(pattern.hole_at(base.find("7,")), 0U);
  EXPECT_EQ(pattern.hole_at(base.find("\"Hel")), 1U);
  EXPECT_FALSE(pattern.hole_at(base.find("null")).has_value());
  const std::string broken = with("a\nb");
  EXPECT_FALSE(pattern.matches(broken, values, known));
}

std::string of_stream(std::string_view id, std::string_view created, std::string_view content) {
  return R"({"id":")" + std::string(id) + R"(","created":)" + std::string(created) +
         R"(,"content":")" + std::string(content) + R"(","last":0})";
}

TEST(TextTemplate, ClosesItsSteadyHoles) {
  const TextTemplate pattern =
      learned(of_stream("a", "1", "x"), keys_with_steady, {.head = "data: ", .tail = "\n\n"});
  const std::string other = of_stream("b-2", "345", "some");
  ASSERT_TRUE(pattern.matches(other));
  TextTemplate narrowed;
  pattern.narrow(other, narrowed);
  ASSERT_TRUE(narrowed.learned());
  EXPECT_TRUE(narrowed.matches(other));
  EXPECT_TRUE(narrowed.matches(of_stream("b-2", "345", "more")));
  EXPECT_FALSE(narrowed.matches(of_stream("b-3", "345", "more")));
  EXPECT_FALSE(narrowed.matches(of_stream("b-2", "346", "more")));
  EXPECT_FALSE(narrowed.matches(of_stream("b-2", "345", "")));
  const std::string framed = "data: " + of_stream("b-2", "345", "lo") + "\n\n";
  EXPECT_EQ(narrowed.match_run(framed + framed + "data: {}", 1000).size_bytes, 2 * framed.size());
}

TEST(TextTemplate, IsNotNarrowedToNothingNorToWhatIsTooLarge) {
  TextTemplate narrowed;
  const std::string steady_alone = R"({"id":"a"})";
  learned(steady_alone, keys_with_steady).narrow(steady_alone, narrowed);
  EXPECT_FALSE(narrowed.learned());
  const std::string long_id = of_stream(std::string(100'000, 'i'), "1", "x");
  const TextTemplate pattern = learned(of_stream("a", "1", "x"), keys_with_steady);
  ASSERT_TRUE(pattern.matches(long_id));
  pattern.narrow(long_id, narrowed);
  EXPECT_FALSE(narrowed.learned());
  const auto id_behind = [](std::size_t bytes) {
    return R"({"content":"x","id":")" + std::string(bytes, 'i') + R"("})";
  };
  const TextTemplate front = learned(id_behind(1), keys_with_steady);
  ASSERT_TRUE(front.matches(id_behind(100'000)));
  front.narrow(id_behind(100'000), narrowed);
  EXPECT_FALSE(narrowed.learned());
  front.narrow(id_behind(100), narrowed);
  EXPECT_TRUE(narrowed.learned());
}

TEST(TextTemplate, LearnsNothingFramedByAGiant) {
  EXPECT_FALSE(learned(base, keys, {.head = std::string(10'000, 'h'), .tail = "\n\n"}).learned());
}

// What one template found out of a text serves the next, whether or not the string ended.
TEST(TextTemplate, SharesTheEndOfALongStringWithOthers) {
  const TextTemplate first = learned(with("a"));
  const TextTemplate second = learned(with(""));
  for (const std::string& content : {std::string(200, 'x'), std::string(200, 'x') + '\n'}) {
    const std::string text = with(content);
    TextTemplate::Values values;
    TextTemplate::LongString known;
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(first.matches(text, values, known), first.matches(text));
      EXPECT_FALSE(second.matches(text, values, known));
    }
  }
}

}  // namespace
}  // namespace sluice::json
