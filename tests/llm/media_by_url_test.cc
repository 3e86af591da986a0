#include "sluice/llm/media_by_url.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::llm {
namespace {

constexpr std::array dialects = {ChatDialect::openai, ChatDialect::responses,
                                 ChatDialect::anthropic, ChatDialect::gemini, ChatDialect::bedrock};

MediaPart media_at(MediaKind kind, std::string_view url) {
  return {.kind = kind, .source = MediaSource::url, .data = {.bytes = url, .escaped = true}};
}

ChatRequest chat_with(const MediaPart& part) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "What is this?"}}});
  request.parts.push_back({.body = part});
  request.messages.push_back({.role = Role::user, .first_part = 0, .part_count = 2});
  return request;
}

bool is_written(ChatDialect dialect, const ChatRequest& request, const ModelTraits& traits) {
  json::Index index;
  const ChatTarget target{.upstream_model = "us.anthropic.claude-sonnet-4-5", .traits = traits};
  return write_chat_call(dialect, request, target, index).has_value();
}

TEST(MediaByUrl, IsOfTheWebWhateverTheLetters) {
  EXPECT_TRUE(is_web_url("https://a") && is_web_url("HTTP://a"));
  for (const char* url : {"", "https:/a", "s3://a", "gs://a", "file:///etc/passwd", "ftp://a"}) {
    EXPECT_FALSE(is_web_url(url)) << url;
  }
}

// What a provider fetches itself and what is left to be fetched is all that its writer refuses.
TEST(MediaByUrl, IsFetchedExactlyWhereAWriterWouldRefuseIt) {
  for (const bool takes_urls : {true, false}) {
    const ModelTraits traits{.takes_media_urls = takes_urls};
    for (const ChatDialect dialect : dialects) {
      for (const MediaKind kind : {MediaKind::image, MediaKind::document}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(dialect) << ' '
                                        << static_cast<int>(kind) << ' ' << takes_urls);
        ChatRequest request = chat_with(media_at(kind, "https:\\/\\/a.example/b.pdf?x.png"));
        const auto wanted = media_to_fetch(request, dialect, traits);
        EXPECT_EQ(wanted.empty(), is_written(dialect, request, traits));
        if (wanted.empty()) continue;
        ASSERT_EQ(wanted.size(), 1U);
        wanted[0]->source = MediaSource::base64;
        wanted[0]->data = {.bytes = "JVBERi0=", .escaped = true};
        wanted[0]->media_type = {.bytes =
                                     kind == MediaKind::image ? "image/png" : "application/pdf"};
        EXPECT_TRUE(is_written(dialect, request, traits)) << "once it is there";
      }
    }
  }
}

TEST(MediaByUrl, IsLeftAloneWhereNobodyButTheProviderCouldFetchIt) {
  for (const char* url : {"s3://bucket/key.png", "gs://bucket/key.png"}) {
    ChatRequest request = chat_with(media_at(MediaKind::image, url));
    EXPECT_TRUE(media_to_fetch(request, ChatDialect::bedrock, {}).empty()) << url;
  }
  for (const char* url : {"https://youtu.be/abc", "https://www.youtube.com/watch?v=abc",
                          "https://generativelanguage.googleapis.com/v1beta/files/abc"}) {
    ChatRequest request = chat_with(media_at(MediaKind::document, url));
    const ModelTraits old{.takes_media_urls = false};
    EXPECT_TRUE(media_to_fetch(request, ChatDialect::gemini, old).empty()) << url;
    EXPECT_TRUE(is_written(ChatDialect::gemini, request, old)) << url;
    EXPECT_EQ(media_to_fetch(request, ChatDialect::bedrock, old).size(), 1U) << url;
  }
}

TEST(MediaByUrl, IsNotFetchedForADialectThatHasNoRoomForIt) {
  ChatRequest request = chat_with(media_at(MediaKind::audio, "https://a.example/a.wav"));
  EXPECT_TRUE(media_to_fetch(request, ChatDialect::bedrock, {}).empty());
  EXPECT_TRUE(media_to_fetch(request, ChatDialect::anthropic, {}).empty());
  EXPECT_TRUE(media_to_fetch(request, ChatDialect::responses, {}).empty());
  EXPECT_TRUE(media_to_fetch(request, ChatDialect::gemini, {}).empty());
  EXPECT_EQ(media_to_fetch(request, ChatDialect::openai, {}).size(), 1U);
}

TEST(MediaByUrl, IsFoundInResultsOfToolsAndCounted) {
  ChatRequest request = chat_with(media_at(MediaKind::image, "https://a.example/a.png"));
  request.result_parts.push_back({.body = media_at(MediaKind::image, "https://a.example/b.png")});
  const auto wanted = media_to_fetch(request, ChatDialect::bedrock, {});
  ASSERT_EQ(wanted.size(), 2U);
  EXPECT_EQ(ordinal_of(request, *wanted[0]), 1U);
  EXPECT_EQ(ordinal_of(request, *wanted[1]), 2U);
}

}  // namespace
}  // namespace sluice::llm
