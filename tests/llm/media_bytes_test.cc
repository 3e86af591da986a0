#include "sluice/llm/media_bytes.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv;
constexpr std::string_view jpeg = "\xff\xd8\xff\xe0\0\x10JFIF"sv;
constexpr std::string_view pdf = "%PDF-1.7\n";
constexpr std::string_view wav = "RIFF\x24\0\0\0WAVEfmt "sv;

std::string judged(std::string_view content_type, std::string_view bytes, MediaKind wanted) {
  const auto type = judge_media(content_type, bytes, wanted);
  if (!type) return "no: " + type.error();
  static constexpr std::string_view kinds[] = {"image", "document", "audio"};
  return type->name + " " + std::string(kinds[static_cast<std::size_t>(type->kind)]);
}

TEST(MediaBytes, AreRecognisedByHowTheyBegin) {
  const struct {
    std::string_view bytes, type;
  } cases[] = {{png, "image/png"},
               {jpeg, "image/jpeg"},
               {"GIF89a\1\0"sv, "image/gif"},
               {"RIFF\x24\0\0\0WEBPVP8 "sv, "image/webp"},
               {"\0\0\0\x18"
                "ftypheic"sv,
                "image/heic"},
               {"\0\0\0\x18"
                "ftypavif"sv,
                "image/avif"},
               {"\0\0\0\x18"
                "ftypM4A "sv,
                "audio/m4a"},
               {"\0\0\0\x18"
                "ftypisom"sv,
                "video/mp4"},
               {pdf, "application/pdf"},
               {wav, "audio/wav"},
               {"ID3\4\0"sv, "audio/mp3"},
               {"\xff\xfb\x90\x44"sv, "audio/mp3"},
               {"fLaC\0"sv, "audio/flac"},
               {"OggS\0"sv, "audio/ogg"},
               {"", ""},
               {"\x89PN", ""},
               {"RIFF\x24\0\0\0AVI "sv, ""},
               {"12345678WEBP", ""},
               {"<html>", ""}};
  for (const auto& c : cases) {
    const auto type = recognise_media(c.bytes);
    EXPECT_EQ(type ? type->name : "", c.type) << c.bytes;
  }
}

TEST(MediaBytes, AreBelievedBeforeTheServersWords) {
  EXPECT_EQ(judged("image/png", png, MediaKind::image), "image/png image");
  EXPECT_EQ(judged("image/png", jpeg, MediaKind::image), "image/jpeg image");
  EXPECT_EQ(judged("", png, MediaKind::image), "image/png image");
  EXPECT_EQ(judged("binary/octet-stream", pdf, MediaKind::document), "application/pdf document");
  EXPECT_EQ(judged("application/x-pdf", pdf, MediaKind::document), "application/pdf document");
  EXPECT_EQ(judged("Image/PNG; charset=binary", png, MediaKind::image), "image/png image");
}

TEST(MediaBytes, SayWhatAPartReallyIs) {
  EXPECT_EQ(judged("application/pdf", pdf, MediaKind::image), "application/pdf document");
  EXPECT_EQ(judged("image/png", png, MediaKind::document), "image/png image");
  EXPECT_EQ(judged("audio/wav", wav, MediaKind::document), "audio/wav audio");
  EXPECT_EQ(judged("text/markdown; charset=utf-8", "# Title", MediaKind::document),
            "text/markdown document");
  EXPECT_EQ(judged("application/json", "{}", MediaKind::document), "application/json document");
  EXPECT_EQ(judged("application/msword", "\xd0\xcf\x11\xe0\xa1"sv, MediaKind::document),
            "application/msword document");
}

TEST(MediaBytes, AreRefusedWhereWordsAndBytesAreOfDifferentWorlds) {
  const struct {
    std::string_view content_type, bytes;
    MediaKind wanted;
    std::string_view says;
  } cases[] = {
      {"image/png", "", MediaKind::image, "it is empty"},
      {"text/html", png, MediaKind::image, "its server calls it text/html"},
      {"image/png", pdf, MediaKind::document, "its server calls it image/png"},
      {"image/png", "<html>", MediaKind::image, "its bytes are of no known kind of image"},
      {"image/svg+xml", "<svg>", MediaKind::image, "its bytes are of no known kind of image"},
      {"text/html; charset=utf-8", "<html>", MediaKind::image,
       "it is text/html, which is no image"},
      {"", "<html>", MediaKind::image, "neither its server nor"},
      {"application/octet-stream", "\1\2\3", MediaKind::document, "neither its server nor"},
      {"audio/wav", wav, MediaKind::image, "it is audio/wav, which is no image"},
      {"image/png", png, MediaKind::audio, "it is image/png, which is no audio"},
      {"text/plain", "a\0b"sv, MediaKind::document, "which is no document"},
      {"application/msword", "PK\3\4"sv, MediaKind::document, "which is no document"},
      {"application/zip", "PK\3\4"sv, MediaKind::document, "it is application/zip"},
      {"application/x\r\nX-Evil: 1", "a", MediaKind::document, "it is application/x x-evil"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.content_type);
    const std::string said = judged(c.content_type, c.bytes, c.wanted);
    EXPECT_TRUE(said.starts_with("no: ")) << said;
    EXPECT_NE(said.find(c.says), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace sluice::llm
