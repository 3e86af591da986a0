#include "sluice/llm/media_by_url.h"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::llm {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() >= lower_case.size() &&
         std::ranges::equal(text.substr(0, lower_case.size()), lower_case, {}, lower);
}

// Addresses that mean something to Google beyond what is found there.
bool is_googles(std::string_view url) noexcept {
  constexpr std::array<std::string_view, 4> own = {"https://generativelanguage.googleapis.com/",
                                                   "https://www.youtube.com/",
                                                   "https://youtube.com/", "https://youtu.be/"};
  return std::ranges::any_of(own, [&](std::string_view each) { return begins_with(url, each); });
}

bool has_room_for(ChatDialect dialect, MediaKind kind) noexcept {
  if (kind != MediaKind::audio) return true;
  switch (dialect) {
    case ChatDialect::openai:
    case ChatDialect::gemini: return true;
    case ChatDialect::responses:
    case ChatDialect::anthropic:
    case ChatDialect::bedrock: return false;
  }
  __builtin_unreachable();
}

}  // namespace

bool is_web_url(std::string_view url) noexcept {
  return begins_with(url, "https://") || begins_with(url, "http://");
}

bool takes_url(ChatDialect dialect, const ModelTraits& traits, const MediaPart& part) {
  std::string scratch;
  const std::string_view url = part.data.plain(scratch);
  if (!is_web_url(url)) return true;  // its writer knows what to make of it
  switch (dialect) {
    case ChatDialect::openai: return part.kind == MediaKind::image && traits.takes_media_urls;
    case ChatDialect::responses:
    case ChatDialect::anthropic: return traits.takes_media_urls;
    case ChatDialect::gemini: return traits.takes_media_urls || is_googles(url);
    case ChatDialect::bedrock: return false;
  }
  __builtin_unreachable();
}

std::vector<MediaPart*> media_to_fetch(ChatRequest& request, ChatDialect dialect,
                                       const ModelTraits& traits) {
  std::vector<MediaPart*> found;
  const auto look = [&](std::vector<Part>& parts) {
    for (Part& part : parts) {
      auto* media = std::get_if<MediaPart>(&part.body);
      if (media == nullptr || media->source != MediaSource::url) continue;
      if (has_room_for(dialect, media->kind) && !takes_url(dialect, traits, *media)) {
        found.push_back(media);
      }
    }
  };
  look(request.parts);
  look(request.result_parts);
  return found;
}

std::size_t ordinal_of(const ChatRequest& request, const MediaPart& part) noexcept {
  std::size_t ordinal = 0;
  for (const std::vector<Part>* parts : {&request.parts, &request.result_parts}) {
    for (const Part& each : *parts) {
      const auto* media = std::get_if<MediaPart>(&each.body);
      if (media != nullptr) ++ordinal;
      if (media == &part) return ordinal;
    }
  }
  return ordinal;
}

}  // namespace sluice::llm
