#include "sluice/http/multipart.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../support/guarded_memory.h"

namespace sluice::http {
namespace {

using test::GuardedMemory;

const char form_bytes[] =
    "--XX\r\n"
    "Content-Disposition: form-data; name=\"model\"\r\n"
    "\r\n"
    "whisper-1\r\n"
    "--XX\r\n"
    "content-disposition: Form-Data; Name=file; FileName=\"a\\\"b.mp3\"\r\n"
    "Content-Type: audio/mpeg\r\n"
    "\r\n"
    "\x00\r\n-- --XX and --XX--\r\n-\r\n"
    "--XX\r\n"
    "Content-Disposition: form-data; name=\"\"\r\n"
    "\r\n"
    "\r\n"
    "--XX--\r\n";
const std::string form(form_bytes, sizeof(form_bytes) - 1);  // holds a NUL

TEST(Multipart, ReadsPartsAsViews) {
  const GuardedMemory memory(form);
  const auto parsed = MultipartForm::parse(memory.view(), "XX");
  ASSERT_TRUE(parsed) << parsed.error().reason;
  ASSERT_EQ(parsed->parts().size(), 3U);
  const MultipartPart* model = parsed->find("model");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->body, "whisper-1");
  EXPECT_FALSE(model->filename);
  EXPECT_EQ(model->content_type, "");
  EXPECT_GE(model->body.data(), memory.view().data());
  const MultipartPart& file = parsed->parts()[1];
  EXPECT_EQ(file.name, "file");
  EXPECT_EQ(file.filename, "a\\\"b.mp3");
  EXPECT_EQ(file.content_type, "audio/mpeg");
  EXPECT_EQ(file.body, form.substr(form.find("audio/mpeg") + 14, file.body.size()));
  EXPECT_TRUE(file.body.ends_with("\r\n-"));
  EXPECT_EQ(parsed->parts()[2].name, "");
  EXPECT_EQ(parsed->parts()[2].body, "");
  EXPECT_EQ(parsed->find("absent"), nullptr);
  EXPECT_EQ(parsed->count("model"), 1U);
}

TEST(Multipart, RawPartsInOrderAreTheBody) {
  const auto parsed = MultipartForm::parse(form, "XX");
  ASSERT_TRUE(parsed);
  std::string joined;
  for (const MultipartPart& part : parsed->parts()) joined += part.raw;
  EXPECT_EQ(joined + "--XX--\r\n", form);
}

TEST(Multipart, AnEmptyFormHasNoParts) {
  const auto parsed = MultipartForm::parse("--XX--", "XX");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->parts().empty());
}

TEST(Multipart, ATruncatedBodyIsRefusedWhereverItEnds) {
  const std::size_t whole = form.size() - 2;  // the last CR LF may be missing
  for (std::size_t cut = 0; cut < whole; ++cut) {
    const GuardedMemory memory(std::string_view(form).substr(0, cut));
    EXPECT_FALSE(MultipartForm::parse(memory.view(), "XX")) << cut;
  }
  EXPECT_TRUE(MultipartForm::parse(std::string_view(form).substr(0, whole), "XX"));
}

struct BadCase {
  std::string_view name, body;
};
#define DISPOSITION "Content-Disposition: form-data; name=\"a\"\r\n"
const BadCase bad_cases[] = {
    {"nothing", ""},
    {"text before the first boundary", "x\r\n--XX\r\n" DISPOSITION "\r\nb\r\n--XX--"},
    {"CR LF before the first boundary", "\r\n--XX\r\n" DISPOSITION "\r\nb\r\n--XX--"},
    {"text behind the last boundary", "--XX\r\n" DISPOSITION "\r\nb\r\n--XX--\r\nx"},
    {"text on the last boundary's line", "--XX\r\n" DISPOSITION "\r\nb\r\n--XX--x"},
    {"blank behind a boundary", "--XX \r\n" DISPOSITION "\r\nb\r\n--XX--"},
    {"blank behind a later boundary",
     "--XX\r\n" DISPOSITION "\r\nb\r\n--XX \r\n" DISPOSITION "\r\n\r\n--XX--"},
    {"boundary ends in LF", "--XX\n" DISPOSITION "\r\nb\r\n--XX--"},
    {"boundary behind LF", "--XX\r\n" DISPOSITION "\r\nb\n--XX--"},
    {"boundary behind CR", "--XX\r\n" DISPOSITION "\r\nb\r--XX--"},
    {"a longer boundary", "--XX\r\n" DISPOSITION "\r\nb\r\n--XXY\r\n\r\n--XX--"},
    {"no closing boundary", "--XX\r\n" DISPOSITION "\r\nb\r\n--XX\r\n"},
    {"no part between two boundaries", "--XX\r\n--XX--"},
    {"no empty line", "--XX\r\n" DISPOSITION "b\r\n--XX--"},
    {"no headers", "--XX\r\n\r\nb\r\n--XX--"},
    {"no disposition", "--XX\r\nContent-Type: a/b\r\n\r\nb\r\n--XX--"},
    {"two dispositions", "--XX\r\n" DISPOSITION DISPOSITION "\r\nb\r\n--XX--"},
    {"two types",
     "--XX\r\n" DISPOSITION "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\nb\r\n--XX--"},
    {"another disposition",
     "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n--XX--"},
    {"no name", "--XX\r\nContent-Disposition: form-data\r\n\r\nb\r\n--XX--"},
    {"two names", "--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nb\r\n--XX--"},
    {"two file names",
     "--XX\r\nContent-Disposition: form-data; name=a; filename=x; filename=y\r\n\r\nb\r\n--XX--"},
    {"a name with an escape",
     "--XX\r\nContent-Disposition: form-data; name=\"a\\b\"\r\n\r\nb\r\n--XX--"},
    {"an open quote", "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n--XX--"},
    {"a folded header",
     "--XX\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\nb\r\n--XX--"},
    {"LF in a header",
     "--XX\r\nContent-Disposition: form-data; name=\"a\"\nX: y\r\n\r\nb\r\n--XX--"},
    {"an encoding that hides the bytes",
     "--XX\r\n" DISPOSITION "Content-Transfer-Encoding: base64\r\n\r\nb\r\n--XX--"},
};

TEST(Multipart, RefusesWhateverTwoReadersCouldReadDifferently) {
  for (const BadCase& c : bad_cases) {
    SCOPED_TRACE(c.name);
    const GuardedMemory memory(c.body);
    const auto parsed = MultipartForm::parse(memory.view(), "XX");
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().answer, 400);
    EXPECT_STRNE(parsed.error().reason, "");
  }
}

// The raw parts as a reader finds them that looks at every byte in turn; nothing: not a form.
// `head` is all of a part's head.
std::optional<std::vector<std::string>> naive_parts(const std::string& body,
                                                    const std::string& boundary,
                                                    const std::string& head) {
  const std::string dashed = "--" + boundary;
  std::vector<std::string> parts;
  std::optional<std::size_t> part_begin;
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (body.compare(at, dashed.size(), dashed) != 0) continue;
    if (at > 0 && body[at - 1] != '\n' && body[at - 1] != '\r') continue;
    if (at == 1 || (at > 1 && body.compare(at - 2, 2, "\r\n") != 0)) return std::nullopt;
    if (part_begin) {
      const std::string raw = body.substr(*part_begin, at - *part_begin);
      if (!raw.starts_with(dashed + "\r\n" + head + "\r\n") ||
          raw.size() < dashed.size() + head.size() + 6) {
        return std::nullopt;
      }
      parts.push_back(raw);
    }
    const std::string behind = body.substr(at + dashed.size(), 2);
    if (behind == "--") {
      const std::string epilogue = body.substr(at + dashed.size() + 2);
      if (!epilogue.empty() && epilogue != "\r\n") return std::nullopt;
      return parts;
    }
    if (behind != "\r\n") return std::nullopt;
    part_begin = at;
  }
  return std::nullopt;
}

TEST(Multipart, FindsTheBoundariesThatANaiveReaderFinds) {
  std::mt19937 random(4711);  // NOLINT: the same cases each time
  int forms = 0;
  int refused = 0;
  for (int i = 0; i < 60'000; ++i) {
    const std::string boundary = std::array{"X", "-X", "--", "XXXX"}[random() % 4];
    const std::string open = "--" + boundary + "\r\n" DISPOSITION "\r\n";
    const std::array<std::string, 9> pieces = {
        "\r\n", "-", "--", "X", "\r", "\n", "\r\n-", "--" + boundary, "\r\n" + open};
    std::string body = open;
    for (std::size_t count = random() % 60; count > 0; --count) {
      body += pieces[random() % (random() % 8 == 0 ? 9 : 7)];
    }
    body += "\r\n--" + boundary + "--";
    const auto expected = naive_parts(body, boundary, DISPOSITION);
    const GuardedMemory memory(body);
    const auto parsed = MultipartForm::parse(memory.view(), boundary);
    ASSERT_EQ(parsed.has_value(), expected.has_value()) << body;
    ++(parsed ? forms : refused);
    if (!parsed) continue;
    ASSERT_EQ(parsed->parts().size(), expected->size()) << body;
    for (std::size_t part = 0; part < expected->size(); ++part) {
      ASSERT_EQ(parsed->parts()[part].raw, (*expected)[part]) << body;
    }
  }
  EXPECT_GT(forms, 10'000);
  EXPECT_GT(refused, 10'000);
}

// What is like a boundary all the way to its last character, or to its first: searched for in the
// simplest way, the first of these costs its length times that of the boundary.
TEST(Multipart, ABodyOfNearBoundariesIsReadToItsEnd) {
  const std::string boundary = std::string(69, '-') + "x";
  for (const std::string& filler :
       {std::string("-"), std::string("\n"), std::string("\r"), std::string("\r\n"),
        "\r\n" + std::string(71, '-'), std::string("\n---")}) {
    SCOPED_TRACE(filler);
    std::string data;
    data.reserve((std::size_t{16} << 20) + filler.size());
    while (data.size() < std::size_t{16} << 20) data += filler;
    const std::string open = "--" + boundary + "\r\n" DISPOSITION "\r\n";
    const std::string body = open + data + "\r\n--" + boundary + "--";
    const auto parsed = MultipartForm::parse(body, boundary);
    ASSERT_TRUE(parsed) << parsed.error().reason;
    ASSERT_EQ(parsed->parts().size(), 1U);
    EXPECT_EQ(parsed->parts()[0].body.size(), data.size());
  }
}

TEST(Multipart, APartWhoseHeadDoesNotEndIsLookedAtNoFurtherThanAHeadMayGo) {
  const std::string body = "--XX\r\n" DISPOSITION + std::string(20'000, '\r') + "\r\n--XX--";
  const auto parsed = MultipartForm::parse(body, "XX");
  ASSERT_FALSE(parsed);
  EXPECT_STREQ(parsed.error().reason, "a part's headers are too long");
}

TEST(Multipart, ABoundaryMustBeOne) {
  const std::string seventy(70, 'b');
  for (const std::string& good : {std::string("a b"), std::string("'()+_,-./:=?"), seventy}) {
    EXPECT_TRUE(MultipartForm::parse("--" + good + "--", good)) << good;
  }
  for (const std::string& bad : {std::string(), seventy + "b", std::string("a "),
                                 std::string("a\"b"), std::string("a\r\n"), std::string("a\xff")}) {
    EXPECT_FALSE(MultipartForm::parse("--" + bad + "--", bad)) << bad;
  }
}

TEST(Multipart, HoldsItsLimits) {
  const std::string part = "--XX\r\n" DISPOSITION "\r\nb\r\n";
  const auto answer = [](const std::string& body, const MultipartLimits& limits) {
    const auto parsed = MultipartForm::parse(body, "XX", limits);
    return parsed ? StatusCode{0} : parsed.error().answer;
  };
  EXPECT_EQ(answer(part + part + "--XX--", {.part_count_max = 2}), 0);
  EXPECT_EQ(answer(part + part + part + "--XX--", {.part_count_max = 2}), 413);
  EXPECT_EQ(answer(part + "--XX--", {.part_head_bytes_max = 42}), 0);
  EXPECT_EQ(answer(part + "--XX--", {.part_head_bytes_max = 20}), 400);
}

TEST(Multipart, CountsRepeatedNames) {
  const std::string part = "--XX\r\n" DISPOSITION "\r\nb\r\n";
  const std::string body = part + part + "--XX--";  // the form's views point into it
  const auto parsed = MultipartForm::parse(body, "XX");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->count("a"), 2U);
}

}  // namespace
}  // namespace sluice::http
