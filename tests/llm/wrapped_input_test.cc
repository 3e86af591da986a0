#include "wrapped_input.h"

#include <gtest/gtest.h>

#include "sluice/json/utf8.h"

namespace sluice::llm {
namespace {

struct InputCase {
  std::string_view name;
  std::string_view arguments;
  std::string_view text;
};

const InputCase input_cases[] = {
    {"a plain text", R"({"input":"ls -l"})", "ls -l"},
    {"blanks between tokens", "{ \"input\" :\n\"ls\" }\n", "ls"},
    {"escapes", R"({"input":"a\n\t\"b\"\\ \/ \r\b\f"})", "a\n\t\"b\"\\ / \r\b\f"},
    {"code points", R"({"input":"\u00e9\u20ac\ud83d\ude00"})", "é€😀"},
    {"characters as they are", R"({"input":"é€😀"})", "é€😀"},
    {"half a pair", R"({"input":"\ud83dx\ude00\ud83d"})", "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"},
    {"an escape that is none", R"({"input":"\q\u12x4"})", "q\xef\xbf\xbdx4"},
    {"an escape that a character breaks off", R"({"input":"\u12é\é"})", "\xef\xbf\xbdéé"},
    {"an escape that the text's end breaks off", R"({"input":"a\u1"})", "a\xef\xbf\xbd"},
    {"a bare line end", "{\"input\":\"a\nb\"}", "a\nb"},
    {"nothing", R"({"input":""})", ""},
    {"members behind it", R"({"input":"a","b":"c"})", "a"},
    {"another object", R"({"command":"ls"})", R"({"command":"ls"})"},
    {"an input that is no text", R"({"input":7})", R"({"input":7})"},
    {"no object", "[1]", "[1]"},
    {"an empty object", "{}", "{}"},
    {"cut short in its beginning", "{\"inp", "{\"inp"},
    {"cut short in an escape", R"({"input":"a\u00)", "a"},
    {"no arguments", "", ""},
};

// A piece may end anywhere; those of a stream are whole characters.
TEST(WrappedInput, IsTheSameTextWhereverItIsCut) {
  for (const InputCase& c : input_cases) {
    for (std::size_t first = 0; first <= c.arguments.size(); ++first) {
      for (std::size_t second = first; second <= c.arguments.size(); ++second) {
        SCOPED_TRACE(testing::Message() << c.name << ", cut at " << first << " and " << second);
        WrappedInput input;
        std::string text;
        text += input.feed(c.arguments.substr(0, first));
        text += input.feed(c.arguments.substr(first, second - first));
        text += input.feed(c.arguments.substr(second));
        text += input.end();
        EXPECT_EQ(text, c.text);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::llm
